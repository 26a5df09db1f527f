"""Real logs for the checks: read with a guide, laid beside the procedure they fit, and told in figures.

What is told counts cases, never people: who did what stands nowhere, and an end is called an end, not an outcome.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from bpm.analyser.given import Given
from bpm.analyser.likeness import says_check
from bpm.analyser.observed import Observed
from bpm.analyser.waiting import PARTS, cycle_time, handovers
from bpm.eventlog import NO_GUIDE, Guide
from bpm.exchange.logs import Reading, read_guide, read_log
from bpm.kpis import exact_share, observed
from bpm.model.procedure import Procedure
from bpm.settings import settings

SELDOM = 0.05
ENOUGH = 300
FEW_CASES = 5
"""A group of fewer cases is not shown by a datum: it could be known whose they are."""


@dataclass(frozen=True, slots=True)
class LogRead:
    """A log with its guide, as it was read."""

    reading: Reading
    guide: Guide

    @property
    def path(self) -> str:
        return self.reading.recorded.path


def open_log(path: str | Path, guide: str | Path | None = None) -> LogRead:
    """Read a log, with the guide that people wrote for it.

    Raises:
        ModelError: log or guide cannot be read.
    """
    read = NO_GUIDE if guide is None else read_guide(guide)
    return LogRead(read_log(path, read, zone=settings().timezone), read)


def alone(log: LogRead) -> Given:
    """A log without a model, for the checks that need none."""
    name = Path(log.path).name.partition(".")[0]
    return beside(Given(Procedure(name, name, log.path, None)), log)


def beside(given: Given, log: LogRead) -> Given:
    """A procedure with a log of its cases."""
    return replace(given, recorded=log.reading.recorded, guide=log.guide)


def laid(givens: Sequence[Given], log: LogRead) -> list[Given]:
    """The procedures, the log beside the one whose steps it shows most of; beside none if it shows none."""
    shown = [len(beside(given, log).observed.activity) if given.process else 0 for given in givens]  # type: ignore[union-attr]
    best = max(range(len(shown)), key=lambda k: (shown[k], -k), default=None)
    return [beside(given, log) if k == best and shown[k] else given for k, given in enumerate(givens)]


def told(log: LogRead, given: Given | None) -> dict[str, Any]:
    """What a log shows, as JSON; `given` is the procedure it lies beside."""
    recorded, seen = log.reading.recorded, None if given is None else given.observed
    seen = seen or Observed(recorded, log.guide, None)
    named = {name: element for name, element in zip(seen.names, seen.element, strict=True) if element is not None}
    return {
        "path": recorded.path,
        "digest": recorded.digest,
        "procedure": None if given is None or given.process is None else given.key,
        "cases": seen.cases,
        "events": len(recorded.log),
        "activities": len(seen.names),
        "variants": len(seen.variants),
        "cases_of_top_variant": max(seen.variants.values(), default=0),
        "variants_for_80_percent": _cover(seen, 0.8),
        "persons": len(recorded.log.resources),
        "groups": len(recorded.groups),
        "kpis": {name: value.as_json() for name, value in observed(recorded).items()},
        "matched": named,
        "unmatched": list(seen.unmatched) if given is not None and given.process is not None else [],
        "unseen": list(seen.unseen),
        "steps": _steps(seen),
        "results": list(_results(seen)),
        "seldom": list(_seldom(seen)),
        "ends": _ends(seen),
        "same_person": list(_same_person(seen)),
        "by_datum": list(_by_datum(seen)),
        "waiting": _waiting(seen),
        "notes": [note.as_json() for note in log.reading.notes],
    }


def _cover(seen: Observed, share: float) -> int:
    total = 0
    for number, (_, cases) in enumerate(seen.variants.most_common(), start=1):
        total += cases
        if total >= share * seen.cases:
            return number
    return 0


def _steps(seen: Observed) -> list[dict[str, Any]]:
    counted = [
        {"activity": seen.names[one], "cases": len(seen.having((one,))), "executions": n}
        for one, n in seen.executions.items()
    ]
    return sorted(counted, key=lambda it: (-it["cases"], it["activity"]))


def _share(cases: int, of: int) -> dict[str, Any]:
    low, high = exact_share(cases, of)
    interval = [round(low, 6), round(high, 6)]
    return {"cases": cases, "of": of, "share": round(cases / of, 6) if of else None, "interval_95": interval}


def _results(seen: Observed) -> Iterator[dict[str, Any]]:
    """Per step with a known result: how many cases had it, and how many deviated."""
    for result in seen.results:
        cases = seen.refused(result)
        if cases is not None:
            step = seen.called(result.step)
            by = [seen.names[one] for name in result.refused_by for one in sorted(seen.called(name))]
            named = {"step": ", ".join(seen.names[one] for one in sorted(step)), "by": by or list(result.refused)}
            yield named | _share(len(cases), len(seen.having(step)))


def _seldom(seen: Observed) -> Iterator[dict[str, Any]]:
    """Steps that follow another one, mostly at once and practically never without it, in at most 5 % of its cases."""
    directly: dict[tuple[int, int], int] = {}
    for trace in seen.traces:
        for pair in {(a, b) for a, b in pairwise(trace) if a != b}:
            directly[pair] = directly.get(pair, 0) + 1
    having = {one: len(seen.having((one,))) for one in seen.executions}
    for (step, then), at_once in sorted(directly.items()):
        if having[step] < ENOUGH or having[then] > SELDOM * having[step] or 2 * at_once < having[then]:
            continue
        after = len(seen.followed((step,), (then,)))
        if after >= max(0.95 * having[then], FEW_CASES):
            yield {"step": seen.names[step], "then": seen.names[then]} | _share(after, having[step])


def _ends(seen: Observed) -> list[dict[str, Any]]:
    """Activities with which at least one case in a hundred ends."""
    return [
        {"activity": seen.names[one], "cases": n, "of": len(seen.having((one,)))}
        for one, n in seen.ends.most_common()
        if n * 100 >= seen.cases
    ]


def _same_person(seen: Observed) -> Iterator[dict[str, Any]]:
    """Checks that the person does who did the step right before, counted over all cases."""
    before: dict[int, dict[int, int]] = {}
    for trace in seen.traces:
        for first, then in pairwise(trace):
            if first != then and says_check(seen.names[then]):
                counts = before.setdefault(then, {})
                counts[first] = counts.get(first, 0) + 1
    for then, counts in sorted(before.items()):
        first = max(sorted(counts), key=lambda one: counts[one])
        same, of = seen.same_person((first, then))
        if of >= ENOUGH:
            yield {"steps": [seen.names[first], seen.names[then]]} | _share(same, of)


def _waiting(seen: Observed) -> list[dict[str, Any]] | None:
    """Waiting by hand-over in seconds, its parts summing to it; None where the log does not record the times."""
    found = handovers(seen)
    if found is None:
        return None
    cycle, _ = cycle_time(seen)
    return [
        {
            "before": None if one.before is None else seen.names[one.before],
            "after": seen.names[one.after],
            "n": one.n,
            "waiting_s": one.total / 1000,
            "parts_s": {name: value / 1000 for name, value in zip(PARTS, one.parts, strict=True)},
            "share_of_cycle_time": round(one.total / cycle, 6) if cycle else None,
            "outside": one.outside,
        }
        for one in found
    ]


def _by_datum(seen: Observed) -> Iterator[dict[str, Any]]:
    """Cycle time by the values of each case datum that has few of them; values of fewer than five cases together."""
    log = seen.recorded.log
    times = log.case_end - log.case_start
    for name, column in sorted(seen.recorded.data.items()):
        values = sorted({value for value in column.values if value is not None}, key=str)
        if column.kind in ("number", "time") or not 2 <= len(values) <= 20:
            continue
        rows: list[dict[str, Any]] = []
        rest: Any = np.zeros(len(times), bool)
        for value in values:
            where = np.array([one == value for one in column.values])
            if where.sum() < FEW_CASES:
                rest |= where
                continue
            rows.append({"value": value, "cases": int(where.sum()), "median_s": float(np.median(times[where]))})
        yield {"datum": name, "values": rows, "other_cases": int(rest.sum())}
