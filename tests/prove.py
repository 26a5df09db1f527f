"""The table of proofs: claimed, measured, seed, verdict, one line for each promise (`make prove`).

    python -m tests.prove                 run the tests with their full sizes, print the table, write it into README.md
    python -m tests.prove --only R1 S6    some of them
    python -m tests.prove --soak 30       the long forms, about so many minutes each

A line holds when every test of it passed, with what was measured beside it; a time or rate that a busy machine did
not reach is told as missed. What no test measures is called
absent and never green; a figure that was not measured today keeps its day.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
BEGIN, END = "<!-- proofs: written by make prove -->", "<!-- end of proofs -->"
HEAD = "| | claimed | measured | seed | verdict | day |\n|---|---|---|---|---|---|"


@dataclass(frozen=True)
class Promise:
    """One line: where its tests are (files, or parts of test ids), and what a plain pass of them means."""

    id: str
    claimed: str
    tests: tuple[str, ...] = ()
    missing: str = ""


PROMISES = (
    Promise("R1", "a killed server lost or doubled nothing it acknowledged", ("tests/reliability/test_kill.py",)),
    Promise("R2", "a killed database lost nothing; 503 meanwhile", ("tests/reliability/test_database_loss.py",)),
    Promise("R3", "exactly one of eight wins", ("tests/reliability/test_race.py",)),
    Promise("R4", "equal requests: one effect, equal answers", ("tests/reliability/test_retry.py",)),
    Promise("R5", "every job recorded once while workers die", ("tests/reliability/test_worker_death.py",)),
    Promise(
        "R6",
        "random processes: engine, token game and simulator agree",
        ("tests/properties/test_engine_agrees.py", "tests/properties/test_kernel_agrees.py"),
    ),
    Promise("R7", "snapshots of earlier versions load and finish", ("tests/reliability/test_replay.py",)),
    Promise("R8", "timers fire once and never early, whatever the clock does", ("tests/reliability/test_clock.py",)),
    Promise("R9", "a full disk leaves no half state", ("tests/reliability/test_disk_full.py",)),
    Promise("R10", "a dump under load restores whole", ("tests/reliability/test_restore.py",)),
    Promise("R11", "each released schema upgrades with its data", ("tests/reliability/test_upgrade.py",)),
    Promise(
        "R12", "running cases move to a new version or are refused", ("tests/api/test_migrat", "tests/api/test_moving")
    ),
    Promise(
        "S1",
        "hostile files are refused by their code",
        ("tests/hostile/test_s1_files.py", "tests/hostile/test_trial.py"),
    ),
    Promise("S2", "no expression runs code", ("tests/hostile/test_s2_engine.py", "tests/hostile/test_s2_feel.py")),
    Promise("S3", "costly expressions end by their budget", ("tests/hostile/test_s3_feel_budget.py",)),
    Promise("S4", "generated requests: no 5xx, nothing undocumented", ("tests/hostile/test_s4_requests.py",)),
    Promise("S5", "mutated files raise model errors only", ("tests/hostile/test_s1_files.py::test_mutated",)),
    Promise("S6", "every role at every operation as the table says", ("tests/hostile/test_s6_access.py",)),
    Promise(
        "S7",
        "no cell of a spreadsheet is a formula",
        (
            "tests/report/test_report.py::test_no_cell_is_a_formula",
            "tests/unit/exchange/test_stepsheet.py::test_markup_and_formulas",
            "tests/unit/exchange/test_questionnaire.py::test_the_sheet_asks",
        ),
    ),
    Promise("S8", "no archive writes outside or expands without end", ("tests/hostile/test_s8_archives.py",)),
    Promise("S9", "no outbound connection: there are no connectors", ("tests/hostile/test_s9_outbound.py",)),
    Promise(
        "S10",
        "every later change of the ledger is found",
        ("tests/hostile/test_s10_ledger.py", "tests/store/test_checkpoints.py"),
    ),
    Promise("S11", "names are shown as text", ("tests/hostile/test_s11_markup.py",)),
    Promise("S12", "no secret and no personal data in logs", ("tests/hostile/test_s12_secrets.py",)),
    Promise(
        "S13",
        "no eval, exec, pickle, yaml.load or shell in any source file",
        (
            "tests/architecture/test_house.py::test_nothing_forbidden",
            "tests/architecture/test_house.py::test_the_guards_of_this_file",
        ),
        "advisories cannot be asked offline",
    ),
)

GREEN, RED, MISSED, ABSENT = "holds", "BROKEN", "goal missed", "absent"


def main() -> int:
    """Run, print, write. Exit code 1 when a promise is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove", description="proofs of what is promised")
    parser.add_argument("--only", nargs="+", metavar="ID", help="some promises, as R1 or S6")
    parser.add_argument("--soak", type=float, default=0, metavar="MINUTES", help="the long forms")
    parser.add_argument("--no-write", action="store_true", help="leave README.md as it is")
    given = parser.parse_args()
    chosen = [one for one in PROMISES if given.only is None or one.id in given.only]
    began = time.monotonic()
    lines = run(files_of(chosen), given.soak)
    table = [line_of(one, lines, str(datetime.now(UTC).date())) for one in chosen]
    print(f"\n{render(table)}\n\n{time.monotonic() - began:.0f} s")
    if not given.no_write:
        write(table)
    return int(any(row["verdict"] == RED for row in table))


def files_of(promises: list[Promise]) -> list[str]:
    """The test files of these promises that exist."""
    found = set()
    for promise in promises:
        for part in promise.tests:
            name = part.partition("::")[0]
            if name.endswith(".py"):
                found |= {name} if (ROOT / name).is_file() else set()
            else:
                found |= {str(one.relative_to(ROOT)) for one in ROOT.glob(f"{name}*.py")}
    return sorted(found)


def run(files: list[str], soak: float) -> list[dict[str, Any]]:
    """What the tests of these files tell, with their full sizes."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told.jsonl"
        told.touch()
        surroundings = {**os.environ, "BPM_PROVE_FULL": "1", "BPM_PROOF": str(told), "PYTHONDONTWRITEBYTECODE": ""}
        if soak:
            surroundings["BPM_SOAK_MINUTES"] = str(soak)
        words = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", *files]
        subprocess.run(words, cwd=ROOT, env=surroundings, check=False)
        # the process that collects reports each test again: what it says counts once
        unique = dict.fromkeys(told.read_text(encoding="utf-8").splitlines())
        return [json.loads(line) for line in unique]


def line_of(promise: Promise, lines: list[dict[str, Any]], today: str) -> dict[str, str]:
    """One row of the table."""
    own = [one for one in lines if any(part in one["test"] for part in promise.tests)]
    figures = [one for one in lines if one["kind"] == "figure" and one["id"] == promise.id]
    tests = {one["test"] for one in own if one["kind"] == "test"} | {one["test"] for one in figures}
    ended = [one for one in lines if one["kind"] == "test" and one["test"] in tests]
    failed = sorted({one["test"].partition("::")[2] for one in ended if one["outcome"] == "failed"})
    passed = len({one["test"] for one in ended if one["outcome"] == "passed"})
    measured = "; ".join(dict.fromkeys(one["measured"] for one in figures)) or f"{passed} tests passed"
    claimed = "; ".join(dict.fromkeys(one["claimed"] for one in figures)) or promise.claimed
    seeds = ", ".join(dict.fromkeys(str(one["seed"]) for one in figures if one["seed"] is not None))
    verdict = RED if failed else GREEN if passed else ABSENT
    if verdict == GREEN and not all(one["met"] for one in figures):
        verdict = MISSED
    if failed:
        measured = f"failed: {', '.join(failed)[:200]}"
    elif verdict == ABSENT:
        measured = "no test"
    if promise.missing:
        measured += f"; not measured: {promise.missing}"
    day = today if verdict != ABSENT else "-"
    row = {"id": promise.id, "claimed": claimed, "measured": measured, "seed": seeds or "-"}
    return {**row, "verdict": verdict, "day": day}


def render(table: list[dict[str, str]]) -> str:
    """The table as Markdown."""
    rows = ["| " + " | ".join(value.replace("|", "/") for value in row.values()) + " |" for row in table]
    return "\n".join([HEAD, *rows])


def write(table: list[dict[str, str]]) -> None:
    """Put the table between the markers of README.md; rows that were not run stay as they are."""
    text = README.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise SystemExit("README.md has no place for the table of proofs")
    before, _, rest = text.partition(BEGIN)
    kept, _, after = rest.partition(END)
    rows = {found[1]: found[0] for found in re.finditer(r"^\| ([RS]\d+) \|.*$", kept, re.MULTILINE)}
    for row in table:
        if row["verdict"] != ABSENT or row["id"] not in rows:
            rows[row["id"]] = render([row]).splitlines()[-1]
    lines = [rows[one.id] for one in PROMISES if one.id in rows]
    README.write_text("\n".join([before + BEGIN, HEAD, *lines, END]) + after, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
