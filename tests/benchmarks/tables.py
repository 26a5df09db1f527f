"""How fast decision tables are questioned: generated tables grown like decision trees, where every tenth rule loses
a condition, so that rules overlap. CPU seconds of one core; reading of the cells is a figure of its own.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

from bpm.analyser.ablation import Ablation
from bpm.analyser.boxes import neighbours
from bpm.analyser.given import TableAt
from bpm.analyser.tables import Geometry, geometry
from bpm.model.decision import Decision, DecisionModel, DecisionTable, InputClause, OutputClause, Rule

GOAL_S = 0.5
SEEDS = (1, 2, 3)


def measure() -> Iterator[dict[str, Any]]:
    """One line: all ablation proofs of a FIRST table of 1,000 rules and 10 columns, and its core; the middle of three
    tables, after a small one that pays for the imports."""
    _trial(grow(0, 50, 5))
    runs = sorted((_trial(grow(seed, 1_000, 10)) for seed in SEEDS), key=lambda it: float(it["proofs_cpu_s"]))
    chosen = runs[1]
    yield {
        "benchmark": "ablation of every rule, 1,000 x 10, FIRST",
        **chosen,
        "goal_s": GOAL_S,
        "reached": chosen["proofs_cpu_s"] <= GOAL_S,
        "beside": solver(),
        "numba": "not used: these proofs are sets of bits in Python and numpy",
    }


def solver() -> dict[str, Any]:
    """z3 alone on the same question: texts as numbers, no missing inputs, and told which rules meet. What is compared
    with it are our verdicts about cases where all inputs are there."""
    name = "z3 alone, every rule of 1,000 x 10, told which rules meet"
    try:
        import z3  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        return {"engine": name, "error": "z3 is not installed, nothing measured"}
    at = grow(SEEDS[0], 1_000, 10)
    shape = geometry(at)
    assert isinstance(shape, Geometry)
    near = dict(neighbours(shape.boxes))
    outputs = [rule.outputs for rule in at.table.rules]
    (question, met), making = _timed(lambda: _terms(z3, at))

    def changed(rule: int) -> bool:
        above = [z3.Not(met[other]) for other in near[rule] if other < rule]
        ways, passed = [], []
        for other in (other for other in near[rule] if other > rule):
            if outputs[other] != outputs[rule]:
                ways.append(z3.And(met[other], *passed))
            passed.append(z3.Not(met[other]))
        question.push()
        question.add(met[rule], *above, z3.Or(z3.And(passed), *ways))
        found = question.check() == z3.sat
        question.pop()
        return bool(found)

    shown, asking = _timed(lambda: [changed(rule) for rule in range(len(met))])
    ours = [verdict.decisive is True and not verdict.only_missing for verdict in Ablation(shape).verdicts]
    return {
        "engine": name,
        "cpu_s": round(making + asking, 3),
        "terms_cpu_s": round(making, 3),
        "disagreements": sum(one is not other for one, other in zip(shown, ours, strict=True)),
    }


def _terms(z3: Any, at: TableAt) -> tuple[Any, list[Any]]:
    """A solver that knows what can come in, and every rule as a term."""
    question = z3.Solver()
    inputs, known = [z3.Real(f"x{c}") for c in range(len(at.table.inputs))], []
    for value, clause in zip(inputs, at.table.inputs, strict=True):
        allowed = clause.values or ""
        known.append(sorted(allowed.split(", ")) if allowed.startswith('"') else None)
        question.add(value >= 0, value <= (len(known[-1] or ()) - 1 if known[-1] else 999))
        if known[-1]:
            question.add(z3.IsInt(value))

    def term(value: Any, words: Any, cell: str) -> Any:
        if cell.startswith("["):
            low, high = cell[1:-1].split("..")
            return z3.And(value >= int(low), value <= int(high))
        return z3.Or([value == words.index(word) for word in cell.split(", ")])

    rules = [
        z3.And([term(*parts) for parts in zip(inputs, known, rule.inputs, strict=True) if parts[2] != "-"])
        for rule in at.table.rules
    ]
    return question, rules


def _trial(at: TableAt) -> dict[str, Any]:
    shape, reading = _timed(lambda: geometry(at))
    assert isinstance(shape, Geometry)
    ablation = Ablation(shape)
    verdicts, proofs = _timed(lambda: ablation.verdicts)
    core, reducing = _timed(lambda: ablation.core)
    return {
        "proofs_cpu_s": round(proofs, 3),
        "core_cpu_s": round(reducing, 3),
        "reading_cpu_s": round(reading, 3),
        "never_decisive": sum(verdict.decisive is False for verdict in verdicts),
        "undecided": sum(verdict.decisive is None for verdict in verdicts),
        "core_rules": len(core.kept),
    }


def _timed(act: Callable[[], Any]) -> tuple[Any, float]:
    begin = time.process_time()
    found = act()
    return found, time.process_time() - begin


def grow(seed: int, rules: int, columns: int, *, deleted: bool = False, numbers: str = "number") -> TableAt:
    """A space of texts (two columns in five) and numbers from 0 to 999, split at random into so many boxes; every
    tenth rule then loses a condition, or is deleted."""
    pick = random.Random(seed)
    words = [[f"k{n}" for n in range(pick.randint(3, 11))] if pick.random() < 0.4 else None for _ in range(columns)]
    whole: list[Any] = [known if known else (0, 999) for known in words]
    leaves = [whole]
    while len(leaves) < rules:
        leaf = leaves.pop(pick.randrange(len(leaves)))
        c = pick.randrange(columns)
        halves = _halves(pick, leaf[c])
        leaves += [[*leaf[:c], part, *leaf[c + 1 :]] for part in halves]
    pick.shuffle(leaves)
    if deleted:
        leaves = leaves[: rules - rules // 10]
    for leaf in [] if deleted else leaves:
        if pick.random() < 0.1:
            c = pick.randrange(columns)
            leaf[c] = whole[c]
    inputs = tuple(
        InputClause(f"i{c}", f"x{c}", f"x{c}", "string" if known else numbers, _cell(whole[c], None))
        for c, known in enumerate(words)
    )
    made = tuple(
        Rule(f"r{n}", tuple(_cell(part, whole[c]) for c, part in enumerate(leaf)), (f'"{pick.choice("abc")}"',))
        for n, leaf in enumerate(leaves)
    )
    table = DecisionTable("t", "FIRST", None, inputs, (OutputClause("o", "aus"),), made)
    decision = Decision("d", "D", "D", None, table)
    return TableAt(DecisionModel("t.dmn", "", "t", "urn:t", (decision,)), "d", "D", table, decision)


def _halves(pick: random.Random, part: Any) -> tuple[Any, ...]:
    if isinstance(part, list):
        if len(part) < 2:
            return (part,)
        mixed = pick.sample(part, len(part))
        cut = pick.randint(1, len(part) - 1)
        return mixed[:cut], mixed[cut:]
    low, high = part
    if low == high:
        return (part,)
    middle = pick.randint(low, high - 1)
    return (low, middle), (middle + 1, high)


def _cell(part: Any, whole: Any) -> str:
    if whole is not None and (sorted(part) if isinstance(part, list) else part) == (
        sorted(whole) if isinstance(whole, list) else whole
    ):
        return "-"
    return ", ".join(f'"{word}"' for word in part) if isinstance(part, list) else f"[{part[0]}..{part[1]}]"
