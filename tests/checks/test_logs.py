"""`bpm check --log`: a real log beside a model or alone, in counts of cases; the published numbers of a real log."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from bpm.analyser.given import Given
from bpm.analyser.observed import Observed
from bpm.cli import main
from bpm.eventlog import Guide
from bpm.exchange.logs import read_log
from bpm.model.procedure import Procedure
from bpm.service.check import check
from tests.checks.fixtures import HERE
from tests.checks.logs import played

DATA = Path(os.environ.get("BPM_CONFORMANCE_DATA") or HERE.parents[2] / "shared" / "data")
PROCEDURE = HERE / "rs03" / "invalid-branch-of-the-model"
ADVICE = (
    "T07-1 Draft intern advice aspect 1", "T07-2 Draft intern advice aspect 2",
    "T07-3 Draft intern advice hold for aspect 3", "T07-4 Draft internal advice to hold for type 4",
    "T07-5 Draft intern advice aspect 5", "T08 Draft and send request for advice",
)  # fmt: skip
GUIDE: dict[str, Any] = {
    "data": {"channel": "start"},
    "results": [
        {"step": "T02 Check confirmation of receipt", "refused_by": ["T03 Adjust confirmation of receipt"]},
        {"step": "T06 Determine necessity of stop advice", "refused_by": list(ADVICE)},
        {"step": "T10 Determine necessity to stop indication", "refused_by": ["T16 Report reasons to hold request"]},
    ],
}


def receipt() -> Path:
    path = DATA / "logs" / "receipt.xes.gz"
    if not path.is_file():
        pytest.skip(f"no event log at {path}")
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    out, err = capsys.readouterr()
    return int(stopped.value.code or 0), out, err


def small_log(folder: Path, refused: int = 0) -> Path:
    """A CSV log of 400 cases of the fixture's procedure."""
    lines = ["case;activity;end"]
    for number in range(400):
        last = "Ablehnung mitteilen" if number < refused else "Bescheid erlassen"
        for hour, name in enumerate(("Antrag prüfen", "Amtsleitung zeichnet mit", last)):
            lines.append(f"{number};{name};2025-02-03T{8 + hour:02}:{number % 60:02}:00")
    path = folder / "faelle.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_the_published_numbers_of_the_receipt_log_come_out_exactly(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    guide = tmp_path / "guide.json"
    guide.write_text(json.dumps(GUIDE), "utf-8")
    code, out, err = run(capsys, "check", str(receipt()), "--log-map", str(guide), "--format", "json")
    assert code == 0, err
    values = json.loads(out)
    (log,) = values["logs"]
    assert (log["cases"], log["events"], log["activities"], log["variants"]) == (1434, 8577, 27, 116)
    assert (log["cases_of_top_variant"], log["variants_for_80_percent"]) == (713, 6)
    assert [(it["cases"], it["of"]) for it in log["results"]] == [(37, 1316), (60, 1309), (20, 1283)]
    assert round(log["results"][0]["share"], 4) == 0.0281
    assert [(it["cases"], it["of"]) for it in log["same_person"]] == [(1088, 1316)]
    ends = {it["activity"][:3]: (it["cases"], it["of"]) for it in log["ends"]}
    assert ends["T10"] == (828, 1283)
    assert {it["value"]: round(it["median_s"] / 3600, 1) for it in log["by_datum"][0]["values"]} == {
        "Internet": 0.5, "e-mail": 0.6, "Desk": 18.8, "Post": 97.4,
    }  # fmt: skip
    assert log["kpis"]["processing_time_s"]["n"] == 0
    assert values["findings"] == []  # 2.81 % is a reason to ask, and no approval that never refuses


def test_a_normal_end_is_no_refusal(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "check", str(receipt()), "--select", "RS03", "--lang", "en", "--format", "json")
    values = json.loads(out)
    assert values["logs"][0]["results"] == []
    assert values["findings"] == []
    assert ["no outcome known" in it["reason"] for it in values["skipped"]] == [True]
    # what follows almost only this step and seldom is told, without calling it a refusal
    seldom = {(it["step"][:3], it["then"][:3]): it["cases"] for it in values["logs"][0]["seldom"]}
    assert seldom["T02", "T03"] == 37
    assert seldom["T10", "T16"] == 20


def test_people_are_counted_together_and_never_shown(capsys: pytest.CaptureFixture[str]) -> None:
    text = run(capsys, "check", str(receipt()))[1] + run(capsys, "check", str(receipt()), "--format", "json")[1]
    assert "Resource" not in text
    assert "admin" not in text
    observed = Observed(read_log(receipt()).recorded, Guide(), None)
    places = {name.split()[0]: number for number, name in enumerate(observed.names)}
    assert observed.same_person([places[name] for name in ("T02", "T04", "T05")]) == (856, 1299)


def test_paper_goes_out_for_what_came_in_digitally() -> None:
    recorded = read_log(receipt(), Guide(data={"channel": "start"})).recorded
    observed = Observed(recorded, Guide(), None)
    printed = set(observed.having(observed.called("T05 Print and send confirmation of receipt")))
    digital = {n for n, value in enumerate(recorded.data["channel"].values) if value in ("Internet", "e-mail")}
    assert (len(digital & printed), len(digital)) == (1152, 1271)


def test_a_log_lies_beside_the_procedure_it_fits(tmp_path: Path) -> None:
    log = small_log(tmp_path)
    checked = check([PROCEDURE, HERE / "rr02" / "valid-decided-as-written"], log=log, select=("RS03",))
    (told,) = checked.logs
    assert told["procedure"] == "antrag"
    assert told["matched"]["Antrag prüfen"] == "pruefen"
    assert told["unseen"] == ["absagen"]
    assert [found.finding.element_ids for found in checked.findings] == [("mitzeichnen",)]
    assert check([PROCEDURE], log=small_log(tmp_path, refused=9), select=("RS03",)).findings == ()


def test_a_log_alone_needs_no_path(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = run(capsys, "check", "--log", str(small_log(tmp_path)))
    assert code == 0
    assert "400 Fälle" in out
    assert "Beginn der Arbeit nicht erfasst" in out
    assert run(capsys, "check")[0] == 2


def test_a_log_that_cannot_be_read_is_one_line_and_the_rest_is_checked(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    broken = tmp_path / "log.csv"
    broken.write_text("case,activity,end\n1,A,gestern\n")
    code, out, err = run(capsys, "check", str(PROCEDURE), "--log", str(broken), "--format", "json")
    assert code == 2
    assert "log-time" in err
    assert f"{broken}:2:" in err
    assert json.loads(out)["checks_run"]
    assert run(capsys, "check", "--log", str(broken), "--log-map", str(tmp_path / "fehlt.json"))[0] == 2


def test_waiting_by_hand_over_sums_up_in_what_is_shown(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    lines = ["case;activity;enabled;start;end;resource"]
    for day in range(1, 29):
        lines.append(f"{day};A;2025-02-{day:02}T08:00;2025-02-{day:02}T08:30;2025-02-{day:02}T10:00;x")
        lines.append(f"{day};B;2025-02-{day:02}T10:00;2025-02-{day:02}T12:15;2025-02-{day:02}T12:30;y")
        lines.append(f"x{day};A;2025-02-{day:02}T08:00;2025-02-{day:02}T10:00;2025-02-{day:02}T11:00;x")
    path = tmp_path / "log.csv"
    path.write_text("\n".join(lines))
    (log,) = json.loads(run(capsys, "check", "--log", str(path), "--format", "json")[1])["logs"]
    (one,) = log["waiting"]
    assert (one["before"], one["after"], one["n"]) == (None, "A", 56)
    assert sum(round(1000 * value) for value in one["parts_s"].values()) == round(1000 * one["waiting_s"])
    assert "Liegezeit je Übergabe" in run(capsys, "check", "--log", str(path))[1]


def test_without_a_log_nothing_is_measured_and_it_is_said() -> None:
    checked = check([PROCEDURE], select=("RS03", "RS10", "RR02"))
    assert checked.findings == ()
    assert "logs" not in checked.as_json()
    assert [entry.code for analysis in checked.analyses for entry in analysis.skipped] == ["RS03"]


def test_two_steps_of_one_name_are_not_guessed() -> None:
    recorded, guide = played({"traces": [{"times": 5, "steps": ["Antrag prüfen", "Prüfung des Antrags"]}]})
    from bpm.model.reader import read

    given = Given(read(PROCEDURE)[0], recorded=recorded, guide=guide)
    assert given.observed is not None
    assert given.observed.element[0] == "pruefen"
    assert Given(Procedure("x", "x", "x", None), recorded=recorded).observed is not None
