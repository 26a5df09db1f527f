"""Guards as small decision trees over case data that somebody allowed: never over persons, offices or special data.

Only data come in that the reader of the log let in by name (resources and data of GDPR Art. 9 never do), and only
values that were known before the decision. A tree has at most two questions one after the other and 30 cases in every
leaf. It is learned from the earlier cases and must prove itself on the later ones: right in nine of ten, with at most
half the errors of always guessing the commonest way. Otherwise frequencies stay, and the tree is only told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bpm.simulator.calibration.following import Ways
from bpm.simulator.calibration.history import History
from bpm.simulator.calibration.laws import fit

LEAF = 30
DEPTH = 2
EARLIER = 0.7
RIGHT = 0.9
FEW_CASES = 5
REST = "übrige"

Value = float | bool | str
Test = tuple[str, str, Value]
"""Attribute, comparison (`=` or `<=`), value."""
_OTHER = {"=": "!=", "<=": ">"}


@dataclass(frozen=True, slots=True)
class Leaf:
    """Conditions from the root (test, answer) and the way that most of its cases took."""

    conditions: tuple[tuple[Test, bool], ...]
    flow: str
    cases: int


@dataclass(frozen=True, slots=True)
class Tree:
    """A learned guard: its leaves, how often it is right on later cases, and what guessing would be."""

    leaves: tuple[Leaf, ...]
    n: int
    later: int
    right: float
    majority: float

    @property
    def accepted(self) -> bool:
        return self.right >= RIGHT and (1.0 - self.right) <= 0.5 * (1.0 - self.majority)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted({test[0] for leaf in self.leaves for test, _ in leaf.conditions}))

    def rules(self, flow: str) -> list[list[dict[str, Any]]]:
        """The leaves of a way as Prosimos' outer or, inner and."""
        return [
            [
                {"attribute": name, "comparison": sign if yes else _OTHER[sign], "value": value}
                for (name, sign, value), yes in leaf.conditions
            ]
            for leaf in self.leaves
            if leaf.flow == flow
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "what": "Bedingung als Entscheidungsbaum über Falldaten", "n": self.n, "later": self.later,
            "right": round(self.right, 6), "majority": round(self.majority, 6), "accepted": self.accepted,
            "leaves": [{"flow": leaf.flow, "cases": leaf.cases,
                        "if": [[name, sign if yes else _OTHER[sign], value]
                               for (name, sign, value), yes in leaf.conditions]} for leaf in self.leaves],
        }  # fmt: skip


def learn(
    history: History, ways: Ways, variant_of: Sequence[int], gateway: str, flows: Mapping[str, int],
    element_of: Sequence[str | None],
) -> Tree | None:  # fmt: skip
    """The tree of a gateway; None where there are no data, too few cases, or nothing to tell apart."""
    if not history.recorded.data or sum(count >= LEAF for count in flows.values()) < 2:
        return None
    made = _decisions(history, ways, variant_of, gateway, element_of)
    columns = _columns(history, made)
    if not columns or len(made) < 4 * LEAF:
        return None
    order = np.argsort([moment for _, _, moment in made], kind="stable").tolist()
    cut = int(len(order) * EARLIER)
    earlier, later = order[:cut], order[cut:]
    taken = [flow for _, flow, _ in made]
    leaves = tuple(_grown(columns, taken, earlier, ()))
    if len(leaves) < 2:
        return None
    common = Counter(taken[k] for k in earlier).most_common(1)[0][0]
    right = sum(_flow(leaves, columns, k) == taken[k] for k in later) / len(later)
    majority = sum(taken[k] == common for k in later) / len(later)
    return Tree(leaves, len(made), len(later), right, majority)


def _decisions(
    history: History, ways: Ways, variant_of: Sequence[int], gateway: str, element_of: Sequence[str | None]
) -> list[tuple[int, str, float]]:
    """(case, flow, moment of the last record before) for each time a case passed the gateway."""
    by_variant: dict[int, list[tuple[str, int]]] = {}
    for variant, at, flow, position in ways.decisions:
        if at == gateway:
            by_variant.setdefault(variant, []).append((flow, position))
    moments: list[list[float]] = [[] for _ in range(len(history.numbers))]
    for case, activity, completed in zip(
        history.case.tolist(), history.activity.tolist(), history.completed.tolist(), strict=True
    ):
        if element_of[activity] is not None:
            moments[case].append(completed)
    arrivals = history.arrivals.tolist()
    return [
        (case, flow, arrivals[case] if position < 0 else moments[case][position])
        for case, variant in enumerate(variant_of)
        for flow, position in by_variant.get(variant, ())
    ]


def _columns(history: History, made: Sequence[tuple[int, str, float]]) -> dict[str, list[Value]]:
    """Case data that every decision could know, one value per decision."""
    epoch = (history.recorded.log.epoch - history.monday).total_seconds()
    found = {}
    for name, column in sorted(history.recorded.data.items()):
        if column.kind == "time":
            continue
        values, known = [], True
        for case, _, moment in made:
            number = int(history.numbers[case])
            value, since = column.values[number], float(column.known[number]) + epoch
            if value is None or not since <= moment:
                known = False
                break
            values.append(value)
        if known and len(set(values)) > 1:
            found[name] = values
    return found


def _grown(
    columns: Mapping[str, Sequence[Value]], taken: Sequence[str], rows: Sequence[int],
    above: tuple[tuple[Test, bool], ...],
) -> Iterator[Leaf]:  # fmt: skip
    counts = Counter(taken[k] for k in rows)
    best = None if len(above) == DEPTH or len(counts) == 1 else _best(columns, taken, rows)
    if best is None:
        yield Leaf(above, max(sorted(counts), key=lambda flow: counts[flow]), len(rows))
        return
    for yes in (True, False):
        inside = [k for k in rows if _holds(best, columns, k) == yes]
        yield from _grown(columns, taken, inside, (*above, (best, yes)))


def _best(columns: Mapping[str, Sequence[Value]], taken: Sequence[str], rows: Sequence[int]) -> Test | None:
    """The question that leaves the least Gini impurity, if it leaves less than there was."""
    least, chosen = _impurity([taken[k] for k in rows]) * 0.98, None
    for test in _tests(columns, rows):
        yes = [taken[k] for k in rows if _holds(test, columns, k)]
        if not LEAF <= len(yes) <= len(rows) - LEAF:
            continue
        no = [taken[k] for k in rows if not _holds(test, columns, k)]
        impurity = _impurity(yes) + _impurity(no)
        if impurity < least:
            least, chosen = impurity, test
    return chosen


def _impurity(flows: Sequence[str]) -> float:
    return len(flows) - sum(n * n for n in Counter(flows).values()) / len(flows)


def _tests(columns: Mapping[str, Sequence[Value]], rows: Sequence[int]) -> Iterator[Test]:
    for name, values in columns.items():
        held = [values[k] for k in rows]
        if all(isinstance(value, float | int) and not isinstance(value, bool) for value in held):
            numbers = np.unique(np.array(held, float))
            middles = (numbers[1:] + numbers[:-1]) / 2.0
            picked = (
                middles if len(middles) <= 20 else np.quantile(middles, np.linspace(0.0, 1.0, 20), method="nearest")
            )
            yield from ((name, "<=", float(x)) for x in np.unique(picked))
        else:
            counts = Counter(held)
            yield from ((name, "=", value) for value in sorted(counts, key=str) if counts[value] >= LEAF)


def _holds(test: Test, columns: Mapping[str, Sequence[Value]], row: int) -> bool:
    name, sign, value = test
    held = columns[name][row]
    return bool(held == value if sign == "=" else held <= value)  # type: ignore[operator]  # numbers only, see _tests


def _flow(leaves: Sequence[Leaf], columns: Mapping[str, Sequence[Value]], row: int) -> str:
    return next(leaf.flow for leaf in leaves if all(_holds(test, columns, row) == yes for test, yes in leaf.conditions))


def attribute(history: History, name: str) -> dict[str, Any]:
    """How a datum is distributed over the cases; texts of fewer than five cases are told together."""
    values = [v for k in history.numbers.tolist() if (v := history.recorded.data[name].values[k]) is not None]
    counts = Counter(values)
    if len(counts) > FEW_CASES * 4 and all(not isinstance(value, str | bool) for value in counts):
        return {"name": name, "type": "continuous", "values": fit(np.array(values, float)).law()}
    shown: Counter[Any] = Counter()
    for value, n in counts.items():
        shown[REST if isinstance(value, str) and n < FEW_CASES else value] += n
    total = shown.total()
    return {
        "name": name, "type": "discrete",
        "values": [{"key": value, "value": shown[value] / total} for value in sorted(shown, key=str)],
    }  # fmt: skip
