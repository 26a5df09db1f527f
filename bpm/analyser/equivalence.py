"""Whether two decision tables decide every case the same: a proof, or a case that they decide differently.

*Every case* is more than the model lets in: values that no type or list of allowed values permits, missing inputs,
and, where a column has no type that would turn it into null, a value of a kind that no cell speaks of. What comes from
tables above is not believed either. So a proof still holds when the model around the tables changes.

*The same* is the result: the same value, the same list in the same order, no result where rules contradict each other.
Where the hit policy shows every matching rule (RULE ORDER, OUTPUT ORDER, COLLECT) their annotations count too, since
they are what the result is explained with.

The columns are cut into atoms that no cell tells apart. Walking down the columns, a branch ends as soon as no row is
left that only one of the tables has, or has in another place. What two rows say is compared as `outcomes` settles it:
formulas are equal only if they are written alike. The walk is bounded; what exceeds it is neither.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from bpm.analyser.boxes import Boxes, Budget, Column, with_missing
from bpm.analyser.examples import PLAIN, example_of
from bpm.analyser.given import TableAt
from bpm.analyser.outcomes import EVERY, LISTS, Outcomes, Unclear, outcomes
from bpm.analyser.tables import Geometry, NotBoxes, freely, output_of
from bpm.decisions import prepare
from bpm.errors import FeelError, LichtungError
from bpm.feel import matches, ranges
from bpm.feel.syntax import parse_unary_tests
from bpm.model.decision import DecisionTable, Rule

WORK = 200_000
"""Branches that one table's comparisons may cost together."""

SETTLING = frozenset({"number", "string", "boolean", "date", "days and time duration", "years and months duration"})
"""Types that leave one kind of value or null in a column; a time may come with an offset or without."""

Seen: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """Every case is decided the same. `branches` were looked at."""

    branches: int


@dataclass(frozen=True, slots=True)
class Witness:
    """A case, as JSON values by input expression, that the two tables decide differently. `other`: inputs whose value
    is of a kind that no cell speaks of (the case shows null for them)."""

    case: Mapping[str, Any]
    other: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Undecided:
    """Neither is known; the reason by language."""

    reason: Mapping[str, str]


Answer: TypeAlias = Proof | Witness | Undecided

ENTANGLED = Undecided({"de": "die Regeln sind zu verflochten", "en": "the rules are too entangled"})
FORMULAS = Undecided({"de": "das Ergebnis hängt von Formeln ab", "en": "the result depends on formulas"})
SHAPES = Undecided(
    {
        "de": "die Tabellen haben andere Spalten oder Ergebnisse",
        "en": "the tables have other columns or outputs",
    }
)


def equivalent(before: TableAt, after: TableAt, *, work: int = WORK) -> Answer:
    """Whether two tables with the same outputs decide the same; one may have fewer columns than the other."""
    return Prover(before).compare(after.table, Budget(work))


class Prover:
    """One table, asked about several others that come from it."""

    def __init__(self, at: TableAt) -> None:
        self.at = at
        self._space: _Space | Undecided | None = None

    def compare(self, after: DecisionTable, budget: Budget) -> Answer:
        """Whether the table and `after` decide the same; what that takes is taken from `budget`."""
        if budget.left <= 0:
            return ENTANGLED
        before = self.at.table
        if not _comparable(before, after):
            return SHAPES
        filled = list(_filled(before, after))
        known: dict[tuple[tuple[str, ...], ...], list[int]] = {}
        for number, rule in enumerate(before.rules):
            known.setdefault((rule.inputs, rule.outputs), []).append(number)
        new = [rule for rule in dict.fromkeys(filled) if (rule.inputs, rule.outputs) not in known]
        space = self._space_of(new)
        if isinstance(space, Undecided):
            return space
        for number, rule in enumerate(new, start=len(before.rules)):
            known[rule.inputs, rule.outputs] = [number]
        rows = []
        for rule in filled:
            # of equal rows the first stands for the first, and so on
            places = known[rule.inputs, rule.outputs]
            rows.append(places.pop(0) if len(places) > 1 else places[0])
        try:
            said = space.outcomes(before)
            same = (before.hit_policy, before.aggregation) == (after.hit_policy, after.aggregation)
            old = _Sheet(said, range(len(before.rules)), before.rules)
            now = _Sheet(said if same else space.outcomes(after), rows, after.rules)
        except Unclear as problem:
            return Undecided(problem.reason)
        return _Walk(space, old, now, budget).run()

    def _space_of(self, new: Sequence[Rule]) -> _Space | Undecided:
        """The table's atoms, with the rows that only the other one has."""
        if self._space is None:
            self._space = _space(self.at, self.at.table)
        if not new or isinstance(self._space, Undecided):
            return self._space
        wider = self._space.with_rows(new)
        if wider is not None:
            return wider
        return _space(self.at, replace(self.at.table, rules=(*self.at.table.rules, *new)))


def _comparable(before: DecisionTable, after: DecisionTable) -> bool:
    mine = [_one_line(clause.expression) for clause in before.inputs]
    theirs = [_one_line(clause.expression) for clause in after.inputs]
    outputs = [[(it.name, it.type, it.values, it.default) for it in table.outputs] for table in (before, after)]
    return set(theirs) <= set(mine) and len(set(mine)) >= len(set(theirs)) and outputs[0] == outputs[1]


def _filled(before: DecisionTable, after: DecisionTable) -> Iterator[Rule]:
    """The other table's rules with a cell for every column of the first; one that is gone matches everything."""
    theirs = [(_one_line(clause.expression), clause.type) for clause in after.inputs]
    if theirs == [(_one_line(clause.expression), clause.type) for clause in before.inputs]:
        yield from (Rule("", rule.inputs, rule.outputs) for rule in after.rules)
        return
    for rule in after.rules:
        cells = list(zip(theirs, rule.inputs, strict=False))
        row = []
        for clause in before.inputs:
            wanted = (_one_line(clause.expression), clause.type)
            position = next((at for at, (name, _) in enumerate(cells) if name == wanted), None)
            row.append("-" if position is None else cells.pop(position)[1])
        yield Rule("", tuple(row), rule.outputs)


def _one_line(text: str) -> str:
    return " ".join(text.split())


# --- the space -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Space:
    """The atoms of every column, each with the rows it meets (a mask). `foreign` says by column, for a value of another
    kind, which rows it meets; None where no such value can come in."""

    at: TableAt
    table: DecisionTable
    geometry: Geometry
    boxes: Boxes
    foreign: tuple[int | None, ...]
    atoms: tuple[tuple[tuple[int, int], ...], ...]

    def outcomes(self, policy_of: DecisionTable) -> Outcomes:
        """What the rows say under the hit policy of one of the tables."""
        table = replace(self.table, hit_policy=policy_of.hit_policy, aggregation=policy_of.aggregation)
        decision = self.at.decision
        if decision is not None and decision.logic is self.at.table:
            decision = replace(decision, logic=table)
        return outcomes(replace(self.geometry, at=replace(self.at, table=table, decision=decision)))

    def with_rows(self, new: Sequence[Rule]) -> _Space | None:
        """The same with more rows; None if their cells have bounds that no cell had."""
        table = replace(self.table, rules=(*self.table.rules, *new))
        columns = []
        for entry in self.boxes.columns:
            positions = [at for at, it in enumerate(table.inputs) if _one_line(it.expression) == entry.expression]
            masks = []
            for rule in new:
                regions = [_region(rule.inputs[at]) for at in positions]
                if any(it is None or not set(it.values()) <= set(entry.bounds) for it in regions):
                    return None
                found = entry.exists | entry.others
                for it in regions:
                    assert it is not None
                    found &= entry.mask(it) | (entry.null if it.null else 0)
                if found & entry.others not in (0, entry.others):
                    return None
                masks.append(found & entry.exists)
            columns.append(replace(entry, masks=(*entry.masks, *masks), missing=()))
        outputs = tuple(tuple(output_of(text) for text in rule.outputs) for rule in new)
        geometry = replace(self.geometry, outputs=(*self.geometry.outputs, *outputs))
        boxes = Boxes(tuple(columns), len(table.rules))
        first = len(self.table.rules)
        more = [_atoms(replace(entry, masks=entry.masks[first:])) for entry in columns]
        atoms = tuple(
            tuple((bit, rows | later << first) for (bit, rows), (_, later) in zip(here, there, strict=True))
            for here, there in zip(self.atoms, more, strict=True)
        )
        return _Space(self.at, table, geometry, boxes, _foreign(self.at, table, boxes), atoms)


def _region(cell: str) -> ranges.Region | None:
    if cell.strip() in ("", "-"):
        return ranges.ALL
    try:
        return ranges.region(parse_unary_tests(cell))
    except FeelError:
        return None


def _space(at: TableAt, table: DecisionTable) -> _Space | Undecided:
    decision = at.decision
    if decision is not None and decision.logic is at.table:
        decision = replace(decision, logic=table)
    shape = freely(replace(at, table=table, decision=decision))
    if isinstance(shape, NotBoxes):
        return Undecided(shape.skipped.reason)
    boxes = with_missing(shape.boxes)
    try:
        return _Space(at, table, shape, boxes, _foreign(at, table, boxes), tuple(map(_atoms, boxes.columns)))
    except _Mixed:
        return Undecided(
            {
                "de": "zwei Spalten lesen dieselbe Angabe mit verschiedenen Typen",
                "en": "two columns read the same input with different types",
            }
        )
    except LichtungError as error:
        return Undecided({"de": f"die Tabelle ist nicht lesbar ({error.code})", "en": f"unreadable ({error.code})"})


class _Mixed(Exception):
    """Two clauses over one expression have different types."""


def _foreign(at: TableAt, table: DecisionTable, boxes: Boxes) -> tuple[int | None, ...]:
    known = prepare(at.model).types
    found: list[int | None] = []
    for entry in boxes.columns:
        positions = [n for n, it in enumerate(table.inputs) if _one_line(it.expression) == entry.expression]
        if len({table.inputs[position].type for position in positions}) > 1:
            raise _Mixed
        if known.named(table.inputs[positions[0]].type).kind in SETTLING:
            found.append(None)
            continue
        texts: dict[str, bool] = {}
        rows = 0
        for number, rule in enumerate(table.rules):
            for position in positions:
                text = rule.inputs[position]
                if text not in texts:
                    # an empty context is of a kind that no cell of a table of boxes speaks of
                    texts[text] = text.strip() in ("", "-") or matches(parse_unary_tests(text), {}, {}) is True
            if all(texts[rule.inputs[position]] for position in positions):
                rows |= 1 << number
        found.append(rows)
    return tuple(found)


# --- the comparison ------------------------------------------------------------------------------------------


class _Sheet:
    """A table as rows of the space, in its own order."""

    def __init__(self, known: Outcomes, rows: Sequence[int], rules: Sequence[Rule]) -> None:
        self.known, self.rows = known, rows
        self.mask = sum({1 << row for row in rows})
        self.notes = [rule.annotations for rule in rules]
        self.shows_all = known.policy in LISTS

    def met(self, live: int) -> list[int]:
        """Positions in the table, ascending."""
        return [position for position, row in enumerate(self.rows) if live >> row & 1]

    def result(self, live: int) -> Any:
        """What the table gives where it meets these rows: equal values are equal results, `_Open` may be anything."""
        met, known = self.met(live), self.known
        policy = known.policy
        if not met:
            return ("one", known.default) if policy not in LISTS and known.default is not None else ("nothing",)
        rows = [self.rows[position] for position in met]
        if policy in ("PRIORITY", "OUTPUT ORDER"):
            ranks = [known.strength[row] for row in rows]
            if any(rank is None for rank in ranks):
                return _Open(tuple(rows))
            order = sorted(range(len(rows)), key=lambda at: ((ranks[at] or ())[:-1], at))
            met, rows = [met[at] for at in order], [rows[at] for at in order]
        if policy in LISTS:
            return "list", tuple((known.rows[row], self.notes[at]) for at, row in zip(met, rows, strict=True))
        if policy in ("FIRST", "PRIORITY"):
            return "one", tuple(known.rows[rows[0]])
        if policy == EVERY:
            return "one", (("constant", "number", len(rows)),)
        if policy in ("SUM", "MIN", "MAX"):
            values = [known.number(row) for row in rows]
            total = sum(values[1:], values[0]) if policy == "SUM" else min(values) if policy == "MIN" else max(values)
            return "one", ((*known.rows[rows[0]][0][:2], total),)
        return self._agreed(rows)

    def _agreed(self, rows: Sequence[int]) -> Any:
        """UNIQUE and ANY: what all say, or that they contradict each other."""
        said = dict.fromkeys(self.known.rows[row] for row in rows)
        if len(said) == 1:
            return "one", tuple(next(iter(said)))
        if any(self.known.differ(rows[0], row) for row in rows[1:]):
            return ("conflict",)
        return _Open(tuple(sorted(set(rows))))


@dataclass(frozen=True, slots=True)
class _Open:
    """A result that depends on more than which rows are met; the same of the same rows under the same policy."""

    rows: tuple[int, ...]


class _Walk:
    def __init__(self, space: _Space, old: _Sheet, now: _Sheet, budget: Budget) -> None:
        self.space, self.old, self.now, self.budget = space, old, now, budget
        self.at_first = budget.left
        policies = {old.known.policy, now.known.policy}
        # UNIQUE and ANY give the same to the same rows; with other policies even a case without a rule may differ
        self.every = len(policies) > 1 and policies != {"UNIQUE", "ANY"}
        self.changed = -1 if self.every else _changed(old, now)
        self.rows = old.mask | now.mask
        if not self.every:
            self.rows &= self._near()
        self.cuts = [self._cut(number) for number in range(len(space.boxes.columns))]

    def _cut(self, number: int) -> list[tuple[int, int | None]]:
        """A column's values as (rows met, atom), one for each set of rows; atom None for a value of another kind."""
        found: dict[int, int | None] = {}
        for bit, rows in self.space.atoms[number]:
            if rows & self.changed or self.every:
                found.setdefault(rows & self.rows, bit)
        foreign = self.space.foreign[number]
        if foreign is not None and (foreign & self.changed or self.every):
            found.setdefault(foreign & self.rows, None)
        return list(found.items())

    def _near(self) -> int:
        """The rows that some case meets together with a changed one: no other row matters to it."""
        near = 0
        for changed in _single(self.changed):
            beside = -1
            for number, atoms in enumerate(self.space.atoms):
                here = self.space.foreign[number] or 0
                meeting = here if here & changed else 0
                for _, rows in atoms:
                    if rows & changed:
                        meeting |= rows
                beside &= meeting
            near |= beside
        return near

    def run(self) -> Answer:
        if self.changed == 0:
            return Proof(0)
        # where few values meet the changed rows, the walk ends soonest
        order = sorted(
            range(len(self.cuts)), key=lambda at: sum(bool(rows & self.changed) for rows, _ in self.cuts[at])
        )
        stack: list[tuple[int, int, Seen]] = [(0, self.rows, ())]
        seen: set[tuple[int, int]] = set()
        unsure = False
        while stack:
            depth, live, way = stack.pop()
            if depth == len(order):
                answer = self._leaf(live)
                if answer is False:
                    return self._witness(order, way)
                unsure = unsure or answer is None
                continue
            cut = self.cuts[order[depth]]
            if not self.budget.take(len(cut)):
                return ENTANGLED
            for choice, (rows, _) in enumerate(cut):
                following = live & rows
                if (following & self.changed or self.every) and (depth + 1, following) not in seen:
                    seen.add((depth + 1, following))
                    stack.append((depth + 1, following, (*way, choice)))
        return FORMULAS if unsure else Proof(self.at_first - self.budget.left)

    def _leaf(self, live: int) -> bool | None:
        """Whether both tables give the same where these rows are met; None if that depends on the case."""
        one, other = self.old.result(live), self.now.result(live)
        if one == other:
            return True if not isinstance(one, _Open) or not self.every else None
        if isinstance(one, _Open) or isinstance(other, _Open):
            return None
        return False if _surely_differ(one, other) else None

    def _witness(self, order: Sequence[int], way: Seen) -> Witness:
        case: dict[str, Any] = {}
        strange = []
        chosen = {number: self.cuts[number][choice][1] for number, choice in zip(order, way, strict=True)}
        for number, entry in enumerate(self.space.boxes.columns):
            bit = chosen[number]
            if bit is None:
                strange.append(entry.expression)
            value = None if bit is None else example_of(entry, bit)
            # no cell and no type says what kind of value it is, but there is one
            case[entry.expression] = PLAIN["string"] if value is None and bit not in (None, entry.null) else value
        return Witness(case, tuple(strange))


def _single(mask: int) -> Iterator[int]:
    """The bits of a mask, each as a mask."""
    while mask:
        yield mask & -mask
        mask &= mask - 1


def _atoms(entry: Column) -> tuple[tuple[int, int], ...]:
    """The atoms that exist, each with the rows (a mask) whose cells hold for it."""
    changes: dict[int, int] = {}
    for row, mask in enumerate(entry.masks):
        edges = mask ^ mask << 1
        while edges:
            lowest = edges & -edges
            changes[lowest] = changes.get(lowest, 0) ^ 1 << row
            edges ^= lowest
    found = []
    rows = 0
    for at in range(entry.exists.bit_length()):
        rows ^= changes.get(1 << at, 0)
        if entry.exists >> at & 1:
            found.append((1 << at, rows))
    return tuple(found)


def _changed(old: _Sheet, now: _Sheet) -> int:
    """Rows that only one of the tables has, has more than once, has elsewhere, or explains otherwise."""
    times = Counter(now.rows)
    place = {row: at for at, row in enumerate(old.rows)}
    common = [row for row in now.rows if row in place and times[row] == 1]
    kept = set(_longest_rising(common, place))
    if old.shows_all or now.shows_all:
        notes = {row: now.notes[at] for at, row in enumerate(now.rows)}
        kept = {row for row in kept if notes[row] == old.notes[place[row]]}
    return sum(1 << row for row in {*old.rows, *now.rows} - kept)


def _longest_rising(rows: Sequence[int], place: Mapping[int, int]) -> list[int]:
    """The longest part of `rows` that stands in the same order in the other table (patience sorting)."""
    ends: list[int] = []
    last: list[int] = []
    before: dict[int, int | None] = {}
    for row in rows:
        at = bisect_left(ends, place[row])
        before[row] = last[at - 1] if at else None
        ends[at : at + 1] = [place[row]]
        last[at : at + 1] = [row]
    found: list[int] = []
    at_end: int | None = last[-1] if last else None
    while at_end is not None:
        found.append(at_end)
        at_end = before[at_end]
    return found


def _surely_differ(one: Any, other: Any) -> bool:
    """Whether two unequal results differ in every case: formulas may still come out the same."""
    if one[0] != other[0]:
        # a single value and a list, a conflict, or nothing; "nothing" may be what a formula or a cell gives
        return not ("nothing" in (one[0], other[0]) and "one" in (one[0], other[0]) and _has_formula(one, other))
    if one[0] == "one":
        return any(a[0] == b[0] == "constant" and a != b for a, b in zip(one[1], other[1], strict=False))
    if len(one[1]) != len(other[1]):
        return True
    return not _has_formula(one, other) or any(
        a[0] == b[0] == "constant" and a != b
        for (left, _), (right, _) in zip(one[1], other[1], strict=True)
        for a, b in zip(left, right, strict=False)
    )


def _has_formula(*results: Any) -> bool:
    def cells(result: Any) -> Iterator[Any]:
        if result[0] == "one":
            yield from result[1]
        elif result[0] == "list":
            for row, _ in result[1]:
                yield from row

    return any(cell[0] != "constant" for result in results for cell in cells(result))
