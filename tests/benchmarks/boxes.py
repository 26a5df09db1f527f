"""How fast the geometry of generated tables is questioned: overlaps, first gap boxes, unreachable and mergeable rules.

Tables are random partitions of the input space (two columns in five hold 3 to 11 texts, the others whole numbers from
0 to 999), where every tenth rule has then lost a condition or was deleted. CPU seconds of one core; reading of the
cells is a figure of its own. *Cold* is the first pass of a fresh process, with every import it makes and the loading of
machine code compiled before; start of Python, generating and reading of the table are not in it.

`python -m tests.benchmarks.boxes RULES COLUMNS SEED FLAW` prints one first pass.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.tables import grow

ROOT = Path(__file__).parents[2]
GOALS = {1_000: {"warm": 0.2, "cold": 1.5}, 10_000: {"warm": 2.0, "cold": None}}
SEEDS = (1, 2, 3)
SAMPLED = 40_000
FIRST = 1_000
LIMIT_S = 600


def measure() -> Iterator[dict[str, Any]]:
    """For both sizes and both flaws: the middle warm figure, its parts, the cold one, and the baselines beside it."""
    for rules, goals in GOALS.items():
        for flaw in ("lost", "deleted"):
            runs = [warm(rules, 10, seed, flaw) for seed in (SEEDS if rules <= 1_000 else SEEDS[:1])]
            chosen = sorted(runs, key=lambda it: float(it["together_cpu_s"]))[len(runs) // 2]
            cold = fresh(rules, 10, SEEDS[0], flaw)
            yield {
                "benchmark": f"boxes, {rules} x 10, every tenth rule "
                + ("without a condition" if flaw == "lost" else "deleted"),
                **chosen,
                "goal_warm_s": goals["warm"],
                "reached_warm": chosen["together_cpu_s"] <= float(goals["warm"] or 0),
                "cold_cpu_s": cold["together_cpu_s"],
                "goal_cold_s": goals["cold"],
                "reached_cold": None if goals["cold"] is None else cold["together_cpu_s"] <= goals["cold"],
                "numba": "warm: loaded; cold: compiled before, loaded in the pass where it is needed",
                "beside": [pairwise(rules, 10, SEEDS[0], flaw), solver(rules, 10, SEEDS[0], flaw)],
            }


def warm(rules: int, columns: int, seed: int, flaw: str) -> dict[str, Any]:
    """The second of two passes over freshly read tables."""
    ask(table(rules, columns, seed, flaw))
    begin = time.process_time()
    boxes = table(rules, columns, seed, flaw)
    made = time.process_time() - begin
    return {**ask(boxes), "making_and_reading_cpu_s": round(made, 3)}


def fresh(rules: int, columns: int, seed: int, flaw: str) -> dict[str, Any]:
    """The first pass of a new process; one before it, not counted, may have to compile."""
    words = [sys.executable, "-m", "tests.benchmarks.boxes", str(rules), str(columns), str(seed), flaw]
    # as an installed program: byte code is written once, outside this tree
    surroundings = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder:
        surroundings["PYTHONPYCACHEPREFIX"] = folder
        for _ in range(2):
            done = subprocess.run(
                words, capture_output=True, text=True, check=True, timeout=LIMIT_S, cwd=ROOT, env=surroundings
            )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def table(rules: int, columns: int, seed: int, flaw: str) -> Any:
    """The boxes of a generated table."""
    from bpm.analyser.tables import Geometry, geometry

    at = grow(seed, rules, columns, deleted=flaw == "deleted", numbers="integer")
    shape = geometry(at)
    assert isinstance(shape, Geometry)
    return shape.boxes


def ask(boxes: Any) -> dict[str, Any]:
    """All four questions, one after the other, as the checks put them."""
    from bpm.analyser.boxes import Budget, cover, gaps, merge_groups, neighbours

    marks = [time.process_time()]
    near = list(neighbours(boxes))
    pairs = sum(other > rule for rule, others in near for other in others)
    marks.append(time.process_time())
    found = gaps(boxes, most=FIRST, paths=FIRST, budget=Budget(20_000_000))
    marks.append(time.process_time())
    unreachable = undecided = 0
    for rule, others in near:
        answer = cover(boxes, boxes.box(rule), [other for other in others if other < rule])
        unreachable += bool(answer.covered)
        undecided += answer.covered is None
    marks.append(time.process_time())
    groups, _ = merge_groups(boxes, [0] * boxes.count, budget=Budget(20_000_000))
    marks.append(time.process_time())
    names = ("overlaps", "gaps", "unreachable", "mergeable")
    parts = {f"{name}_cpu_s": round(b - a, 3) for name, a, b in zip(names, marks, marks[1:], strict=False)}
    return {
        "together_cpu_s": round(marks[-1] - marks[0], 3), **parts, "rules": boxes.count, "overlaps": pairs,
        "gap": found.exists, "gap_boxes": len(found.boxes), "gaps_complete": found.complete,
        "unreachable": unreachable, "undecided": undecided, "merge_groups": len(groups),
    }  # fmt: skip


def pairwise(rules: int, columns: int, seed: int, flaw: str) -> dict[str, Any]:
    """Every pair of rules compared in plain Python, by ends and sets; overlaps only. Sampled and scaled."""
    at = grow(seed, rules, columns, deleted=flaw == "deleted", numbers="integer")
    rows = [[_cell(text) for text in rule.inputs] for rule in at.table.rules]
    pick = random.Random(seed)
    pairs = [(pick.choice(rows), pick.choice(rows)) for _ in range(SAMPLED)]
    begin = time.process_time()
    met = sum(all(map(_together, one, other)) for one, other in pairs)
    spent = time.process_time() - begin
    every = len(rows) * (len(rows) - 1) // 2
    return {
        "engine": "pairwise Python, overlaps only",
        "cpu_s": round(spent * every / SAMPLED, 3),
        "note": f"scaled from {SAMPLED} random pairs, {met} of which meet, to {every}",
    }


def _cell(text: str) -> Any:
    if text == "-":
        return None
    if text.startswith("["):
        low, high = text[1:-1].split("..")
        return int(low), int(high)
    return frozenset(text.split(", "))


def _together(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return True
    if isinstance(one, tuple):
        return bool(one[0] <= other[1] and other[0] <= one[1])
    return bool(one & other)


def solver(rules: int, columns: int, seed: int, flaw: str) -> dict[str, Any]:
    """z3 on the existence of a gap, with making the terms; said when it is not installed."""
    name = "z3, is there a gap"
    try:
        import z3  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        return {"engine": name, "error": "z3 is not installed, nothing measured"}
    at = grow(seed, rules, columns, deleted=flaw == "deleted", numbers="integer")
    begin = time.process_time()
    ints = [z3.Int(f"x{c}") for c in range(columns)]
    names = [sorted(_cell(clause.values)) if clause.values.startswith('"') else None for clause in at.table.inputs]
    question = z3.Solver()
    for x, known in zip(ints, names, strict=True):
        question.add(x >= 0, x <= (len(known) - 1 if known else 999))

    def term(x: Any, known: Any, cell: Any) -> Any:
        if isinstance(cell, tuple):
            return z3.And(x >= cell[0], x <= cell[1])
        return z3.Or([x == known.index(word) for word in sorted(cell)])

    for rule in at.table.rules:
        cells = zip(ints, names, map(_cell, rule.inputs), strict=True)
        question.add(z3.Not(z3.And([term(x, known, cell) for x, known, cell in cells if cell is not None])))
    found = str(question.check())
    return {"engine": name, "cpu_s": round(time.process_time() - begin, 3), "found": found}


def main() -> None:
    """One first pass as one JSON line."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    rules, columns, seed, flaw = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    print(json.dumps(ask(table(rules, columns, seed, flaw)), sort_keys=True))


if __name__ == "__main__":
    main()
