"""Small readable rules that tell which cases a check refuses, learned from a real log - or "no rule found".

A rule may look only at case data that were known before the check began in that case. Resources, groups, times and
identifiers are never looked at: a log whose last office is `Group1` would else "explain" every refusal by the office
that wrote it down. A rule is found on the earlier cases and tried on the later ones; it has to be precise there, and
to do better than always giving the answer that most cases get.

Source: after the idea of separate-and-conquer (Fürnkranz: Separate-and-conquer rule learning, 1999), two conditions
a rule, three rules a check.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bpm.analyser.observed import Observed
from bpm.eventlog import CaseData
from bpm.kpis import wilson

ENOUGH = 30
EARLIER = 0.7
PRECISE = 0.8
MOST_RULES, MOST_CONDITIONS = 3, 2
IDENTIFYING = 0.3
"""A text with so many different values per case names cases, it does not describe them."""


@dataclass(frozen=True, slots=True)
class Condition:
    """`datum` <=, > or = `value`."""

    datum: str
    sign: str
    value: Any

    def text(self) -> str:
        plain = str(self.value)
        value = plain.lower() if plain in ("True", "False") or not isinstance(self.value, str) else f'"{plain}"'
        return f"{self.datum} {self.sign} {value}"


@dataclass(frozen=True, slots=True)
class RuleFound:
    """Any of `rules` (each: all of its conditions) refuses. Figures are of the later cases: `n` of them, `predicted`
    refused by the rule, `right` of these really refused; `accuracy` beside that of the majority answer."""

    rules: tuple[tuple[Condition, ...], ...]
    n: int
    predicted: int
    right: int
    accuracy: float
    majority: float

    @property
    def data(self) -> frozenset[str]:
        return frozenset(condition.datum for rule in self.rules for condition in rule)

    def text(self) -> str:
        return " or ".join(" and ".join(condition.text() for condition in rule) for rule in self.rules)

    def as_json(self) -> dict[str, Any]:
        low, high = wilson(self.right, self.predicted)
        return {
            "rule": self.text(),
            "later_cases": self.n,
            "predicted": self.predicted,
            "right": self.right,
            "precision_interval_95": [round(low, 4), round(high, 4)],
            "accuracy": round(self.accuracy, 4),
            "majority_accuracy": round(self.majority, 4),
        }


def find_rule(observed: Observed, step: frozenset[int], refused: frozenset[int]) -> RuleFound | None:
    """A rule for the refusals of a step; None: no rule found."""
    cases = observed.having(step)
    began = {case: _began(observed, case, step) for case in cases}
    columns = {
        name: values
        for name, column in sorted(observed.recorded.data.items())
        if (values := _usable(column, cases, began)) is not None
    }
    order = sorted(range(len(cases)), key=lambda k: (began[cases[k]], cases[k]))
    cut = int(len(order) * EARLIER)
    early, late = np.array(order[:cut], int), np.array(order[cut:], int)
    truth = np.array([case in refused for case in cases], bool)
    if not columns or truth[early].sum() < ENOUGH * EARLIER or not len(late):
        return None
    rules = tuple(_learn(columns, truth, early))
    if not rules:
        return None
    said = applied(rules, columns, len(cases))
    predicted, right = int(said[late].sum()), int((said & truth)[late].sum())
    accuracy = float(np.mean(said[late] == truth[late]))
    majority = float(max(truth[late].mean(), 1.0 - truth[late].mean()))
    if not predicted or right < PRECISE * predicted or accuracy <= majority:
        return None
    if wilson(right, predicted)[0] <= truth[late].mean():
        return None
    return RuleFound(rules, len(late), predicted, right, accuracy, majority)


def applied(rules: tuple[tuple[Condition, ...], ...], columns: Mapping[str, Any], n: int) -> Any:
    """Which of `n` cases any rule refuses."""
    found: Any = np.zeros(n, bool)
    for rule in rules:
        every: Any = np.ones(n, bool)
        for condition in rule:
            every &= _holds(condition, columns[condition.datum])
        found |= every
    return found


def columns_of(observed: Observed, names: frozenset[str]) -> dict[str, Any]:
    """The values of some data over all cases, as rules look at them."""
    return {name: _array(observed.recorded.data[name], range(observed.cases)) for name in sorted(names)}


def known_from(observed: Observed, rule: RuleFound) -> dict[str, float]:
    """Per datum of a rule the share of cases in which it was there from the start."""
    known = {name: observed.recorded.data[name].known for name in sorted(rule.data)}
    return {name: float(np.mean(np.isneginf(values))) for name, values in known.items()}


def _began(observed: Observed, case: int, step: frozenset[int]) -> float:
    """When a check began in a case: its start, else just before its completion."""
    log = observed.recorded.log
    row = next(row for row, one in zip(observed.rows[case], observed.traces[case], strict=True) if one in step)
    started = float(log.started[row])
    return float(log.completed[row]) if started != started else started


def _usable(column: CaseData, cases: list[int], began: Mapping[int, float]) -> Any | None:
    """The values that were there before the check began, if nearly all were and they describe instead of name."""
    if column.kind == "time":
        return None
    there = [column.values[case] is not None and column.known[case] < began[case] for case in cases]
    if sum(there) < 0.9 * len(cases):
        return None
    kept = [case if known else -1 for case, known in zip(cases, there, strict=True)]
    different = {column.values[case] for case in kept if case >= 0}
    if len(different) < 2 or (column.kind == "text" and len(different) > max(20, IDENTIFYING * len(cases))):
        return None
    return _array(column, kept)


def _array(column: CaseData, cases: Any) -> Any:
    values = [None if case < 0 else column.values[case] for case in cases]
    if column.kind == "number":
        return np.array([np.nan if value is None else value for value in values], float)
    return np.array(["" if value is None else str(value) for value in values], object)


def _holds(condition: Condition, values: Any) -> Any:
    if condition.sign == "<=":
        return values <= condition.value
    if condition.sign == ">":
        return values > condition.value
    return values == condition.value


def _learn(columns: Mapping[str, Any], truth: Any, rows: Any) -> Iterator[tuple[Condition, ...]]:
    """Rules one after the other, each for what the former ones left."""
    left = rows
    support = max(10, int(0.1 * truth[rows].sum()))
    held = {name: values[rows] for name, values in columns.items()}
    place = {int(row): k for k, row in enumerate(rows)}
    for _ in range(MOST_RULES):
        here = np.array([place[int(row)] for row in left], int)
        part = {name: values[here] for name, values in held.items()}
        rule, mask = _one_rule(part, truth[left], support)
        if not rule:
            return
        yield rule
        left = left[~mask]
        if truth[left].sum() < support:
            return


def _one_rule(columns: Mapping[str, Any], truth: Any, support: int) -> tuple[tuple[Condition, ...], Any]:
    rule: tuple[Condition, ...] = ()
    mask: Any = np.ones(len(truth), bool)
    for _ in range(MOST_CONDITIONS):
        best: tuple[float, int, Condition, Any] | None = None
        base = _precision(mask, truth)
        for condition in _candidates(columns):
            now = mask & _holds(condition, columns[condition.datum])
            right = int((now & truth).sum())
            if right < support:
                continue
            gain = _precision(now, truth)
            if gain > base + 0.02 and (best is None or (gain * right, right) > (best[0], best[1])):
                best = (gain * right, right, condition, now)
        if best is None:
            break
        rule, mask = (*rule, best[2]), best[3]
        if _precision(mask, truth) >= 0.99:
            break
    return (rule, mask) if rule and _precision(mask, truth) >= PRECISE else ((), mask)


def _precision(mask: Any, truth: Any) -> float:
    return float((mask & truth).sum()) / max(int(mask.sum()), 1)


def _candidates(columns: Mapping[str, Any]) -> Iterator[Condition]:
    for name, values in columns.items():
        if values.dtype == object:
            for value in sorted(set(values.tolist()) - {""}):
                yield Condition(name, "=", value)
            continue
        known = np.unique(values[~np.isnan(values)])
        middles = (known[1:] + known[:-1]) / 2
        if len(middles) > 64:
            middles = np.unique(np.quantile(middles, np.linspace(0, 1, 64), method="nearest"))
        for value in middles.tolist():
            yield Condition(name, "<=", round(value, 6))
            yield Condition(name, ">", round(value, 6))
