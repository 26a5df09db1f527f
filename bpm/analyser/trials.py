"""The checks of a real log whose refusals are known: how many, at which cost, by which rule, and on every case.

What a check would have said to a case that never came to it nobody saw; there its rule speaks, if one was found.
Without named refusals there are no checks, and without the times at which work began there is no cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bpm.analyser.observed import Observed
from bpm.analyser.rulefinding import RuleFound, applied, columns_of, find_rule

ENOUGH = 30
"""So many refused cases at least, else nothing is said of a check."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One check: its activity numbers, the cases that had it, those it refused, seconds of work it takes on average
    (None: not recorded), the rule, and per case of the log whether it is (or by the rule would be) refused."""

    step: frozenset[int]
    had: tuple[int, ...]
    refused: frozenset[int]
    seconds: float | None
    rule: RuleFound | None
    verdicts: Any
    place: float

    @property
    def share(self) -> float:
        return len(self.refused) / len(self.had)


def together(checks: Sequence[Trial]) -> Any | None:
    """Verdicts [case, check] of the cases that come to the first of some checks; None if a check has no verdict on some
    of them, because it never saw them and no rule speaks for it."""
    cases = checks[0].had
    if any(one.rule is None and not set(cases) <= set(one.had) for one in checks):
        return None
    return np.stack([one.verdicts[list(cases)] for one in checks], axis=1)


def trials(observed: Observed) -> tuple[Trial, ...]:
    """The checks with at least `ENOUGH` refused cases, in the order in which cases come to them."""
    found: dict[frozenset[int], Trial] = {}
    for result in observed.results:
        step, cases = observed.called(result.step), observed.refused(result)
        if step and cases is not None and len(cases) >= ENOUGH:
            found[step] = _trial(observed, step, frozenset(cases))
    return tuple(sorted(found.values(), key=lambda it: (it.place, sorted(it.step))))


def unseen(checks: Sequence[Trial]) -> int:
    """Cases of the first check in which another one's verdict is only its rule's, since the case never came to it."""
    had = [set(one.had) for one in checks]
    return sum(any(case not in seen for seen in had) for case in checks[0].had)


def _trial(observed: Observed, step: frozenset[int], refused: frozenset[int]) -> Trial:
    had = tuple(observed.having(step))
    rule = find_rule(observed, step, refused)
    verdicts: Any = np.zeros(observed.cases, bool)
    if rule is not None:
        verdicts = applied(rule.rules, columns_of(observed, rule.data), observed.cases)
    verdicts[list(had)] = [case in refused for case in had]
    return Trial(step, had, refused, seconds_of(observed, step), rule, verdicts, _place(observed, step, had))


def seconds_of(observed: Observed, step: frozenset[int]) -> float | None:
    """Mean work of a step per execution; None where the log does not record when work began."""
    log = observed.recorded.log
    worked = log.worked[np.isin(log.node, sorted(step)) & ~np.isnan(log.started)]
    return float(np.mean(worked)) if len(worked) else None


def _place(observed: Observed, step: frozenset[int], had: tuple[int, ...]) -> float:
    """Where in their cases a step stands on average."""
    places = [next(k for k, one in enumerate(observed.traces[case]) if one in step) for case in had]
    return float(np.mean(places))


def wasted(observed: Observed, trial: Trial, before: frozenset[int]) -> Any:
    """Per case that had the check the seconds of work on some steps before it, nothing where it was not refused."""
    log, found = observed.recorded.log, []
    for case in trial.had:
        total = 0.0
        if case in trial.refused:
            for row, one in zip(observed.rows[case], observed.traces[case], strict=True):
                if one in trial.step:
                    break
                if one in before and not np.isnan(log.started[row]):
                    total += float(log.worked[row])
        found.append(total)
    return np.array(found, float)


def always_before(observed: Observed, trial: Trial) -> frozenset[int]:
    """Activities that nearly every case of a check has before it."""
    counts: dict[int, int] = {}
    for case in trial.had:
        seen = set()
        for one in observed.traces[case]:
            if one in trial.step:
                break
            seen.add(one)
        for one in seen:
            counts[one] = counts.get(one, 0) + 1
    return frozenset(one for one, n in counts.items() if n >= 0.95 * len(trial.had))
