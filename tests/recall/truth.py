"""What the definitions say of a table, found by looking at one point of every piece its cells cut the space into.

This is exact for tables of intervals and words, and shares no code with the analyser.
"""

from __future__ import annotations

from itertools import product

from tests.recall.tables import Row, Table, points

Point = tuple[object, ...]
Defect = tuple[str, frozenset[int]]


class Looked:
    """A table and the rules that meet each of its points (rules by 1-based number)."""

    def __init__(self, table: Table) -> None:
        self.table = table
        real = tuple(row for row in table.rows if not row.raw)
        self.space: list[Point] = list(product(*(points(column, real, at) for at, column in enumerate(table.columns))))
        self.met = {point: self.meeting(point) for point in self.space}
        self.boxes = {
            number: frozenset(point for point, numbers in self.met.items() if number in numbers)
            for number in range(1, len(table.rows) + 1)
        }

    def row(self, number: int) -> Row:
        return self.table.rows[number - 1]

    def meeting(self, point: Point) -> tuple[int, ...]:
        rows = enumerate(self.table.rows, 1)
        return tuple(n for n, r in rows if all(c.holds(v) for c, v in zip(r.cuts, point, strict=True)))

    def strength(self, number: int) -> tuple[int, int]:
        """The smaller, the stronger, where several rules meet one point."""
        if self.table.policy == "PRIORITY":
            return self.table.outputs.index(self.row(number).output), number
        return (0, number)

    def result(self, point: Point) -> object:
        numbers = self.met[point]
        if not numbers:
            return None
        if self.table.policy in ("FIRST", "PRIORITY"):
            return self.row(min(numbers, key=self.strength)).output
        return tuple(sorted({self.row(n).output for n in numbers}))


def defects(table: Table, looked: Looked | None = None) -> set[Defect]:
    """Every RC01 to RC08 of a table by definition, with the rules it is about (RC07: pairs only; RC08: columns)."""
    it = looked or Looked(table)
    found: set[Defect] = set()
    if any(not numbers for numbers in it.met.values()):
        found.add(("RC01", frozenset()))
    numbers = sorted(it.boxes)
    for one in numbers:
        for two in numbers:
            if one < two:
                found |= set(_pair(it, one, two))
            if one != two and it.row(one).output == it.row(two).output and it.boxes[one] <= it.boxes[two]:
                found.add(("RC04", frozenset((one, two))))
            if one != two and misleads(it, one, two):
                found.add(("RC06", frozenset((one, two))))
        if unreachable(it, one):
            found.add(("RC05", frozenset((one,))))
    for at in range(len(table.columns)):
        if irrelevant(it, at):
            found.add(("RC08", frozenset((at,))))
    return found


def _pair(it: Looked, one: int, two: int) -> list[Defect]:
    made: list[Defect] = []
    equal = it.row(one).output == it.row(two).output
    if it.table.policy in ("UNIQUE", "ANY") and it.boxes[one] & it.boxes[two]:
        made.append(("RC03" if equal else "RC02", frozenset((one, two))))
    if mergeable(it, (one, two)):
        made.append(("RC07", frozenset((one, two))))
    return made


def mergeable(it: Looked, numbers: tuple[int, ...]) -> bool:
    """Equal output, and the union of the boxes is a box."""
    if len({it.row(n).output for n in numbers}) != 1:
        return False
    union = frozenset().union(*(it.boxes[n] for n in numbers))
    sides = [{point[at] for point in union} for at in range(len(it.table.columns))]
    size = 1
    for at, side in enumerate(sides):
        size *= len(side)
        if it.table.columns[at].kind == "number" and not _connected(it, at, side):
            return False
    return size == len(union)


def _connected(it: Looked, at: int, side: set[object]) -> bool:
    order = sorted({point[at] for point in it.space}, key=float)  # type: ignore[arg-type]
    places = sorted(order.index(value) for value in side)
    return places[-1] - places[0] == len(places) - 1


def unreachable(it: Looked, number: int) -> bool:
    """No point of the domain gets its result from this rule."""
    if it.table.policy in ("FIRST", "PRIORITY"):
        return all(min(it.met[point], key=it.strength) != number for point in it.boxes[number])
    return not it.boxes[number]


def silenced(it: Looked, number: int) -> bool:
    """UNIQUE or ANY: wherever this rule matches, another one contradicts it, so that its result is never given."""
    if it.table.policy not in ("UNIQUE", "ANY") or not it.boxes[number]:
        return False
    mine = it.row(number).output
    return all(any(it.row(n).output != mine for n in it.met[point]) for point in it.boxes[number])


def misleads(it: Looked, strong: int, weak: int) -> bool:
    """A stronger rule with a dash takes cases of a specific one (which has no dash) and decides otherwise."""
    if it.table.policy not in ("FIRST", "PRIORITY") or it.strength(strong) > it.strength(weak):
        return False
    if it.row(strong).output == it.row(weak).output or not it.boxes[strong] & it.boxes[weak]:
        return False
    fulls = [column.full() for column in it.table.columns]
    weaker, stronger = it.row(weak).cuts, it.row(strong).cuts
    return any(a == b for a, b in zip(stronger, fulls, strict=True)) and all(
        a != b for a, b in zip(weaker, fulls, strict=True)
    )


def irrelevant(it: Looked, at: int) -> bool:
    """The decision is equal for all inputs that differ in this column only."""
    seen: dict[Point, object] = {}
    return all(
        seen.setdefault((*point[:at], *point[at + 1 :]), result) == result
        for point in it.space
        for result in (it.result(point),)
    )
