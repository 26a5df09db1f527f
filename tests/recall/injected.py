"""The run over many mutants: what is counted, and how it is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from tests.recall import flowops, flowrun, stepops, tableops, tablerun
from tests.recall.verdict import FAMILIES, Outcome

CODES = tuple(sorted({*tableops.OPERATORS, *flowops.OPERATORS, *stepops.OPERATORS}))
GOAL_FAMILY = 0.95
GOAL_CODE = 0.85
EXAMPLES = 3


def outcomes(mutants: int, seed: int, codes: Iterable[str] = CODES, ignore: tuple[str, ...] = ()) -> Iterator[Outcome]:
    """One outcome per mutant, the codes taking turns; each mutant can be replayed by its own seed."""
    chosen = list(codes)
    for n in range(mutants):
        code = chosen[n % len(chosen)]
        yield replay(code, f"{seed}:{n}", ignore)


def replay(code: str, seed: str, ignore: tuple[str, ...] = ()) -> Outcome:
    """One mutant again."""
    run = tablerun.run if code in tableops.OPERATORS else flowrun.run
    return run(code, seed, ignore)


def lines(found: list[Outcome]) -> Iterator[dict[str, Any]]:
    """One line per code, then one per family, then the misses and false alarms to look at."""
    for code in sorted({one.code for one in found}):
        yield {"code": code, **_figures([one for one in found if one.code == code], found, code)}
    for family in FAMILIES:
        mine = [one for one in found if one.code.startswith(family)]
        if mine:
            yield {"family": family, **_figures(mine, found, family)}
    for one in found:
        if one.state == "missed" or one.false:
            yield {"look": one.code, "operator": one.operator, "seed": one.seed, "state": one.state,
                   "false": one.false, "note": one.note.strip()[:300]}  # fmt: skip


def _figures(mine: list[Outcome], everything: list[Outcome], prefix: str) -> dict[str, Any]:
    """Recall over the mutants of the code; precision over all new findings of the code, whatever was injected."""
    states = Counter(one.state for one in mine)
    decided = states["found"] + states["missed"]
    true = sum(code.startswith(prefix) for one in everything for code in one.true)
    false = sum(code.startswith(prefix) for one in everything for code in one.false)
    recall = states["found"] / decided if decided else None
    precision = true / (true + false) if true + false else None
    goal = GOAL_FAMILY if len(prefix) == 2 else GOAL_CODE
    return {
        "n": len(mine),
        "varied": sum(one.varied for one in mine),
        "equivalent": states["equivalent"],
        "found": states["found"],
        "missed": states["missed"],
        "recall": rounded(recall),
        "true": true,
        "false": false,
        "precision": rounded(precision),
        "reached": recall is not None and recall >= goal and (precision is None or precision >= goal),
    }


def rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
