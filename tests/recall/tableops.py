"""Mutation operators for decision tables, written from the definitions RC01 to RC12.

An operator takes a clean case and a random source and gives the case with one defect, and where that defect is;
None where the case offers no place for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from tests.recall.tables import Column, Cut, Row, Style, Table, generate, split


@dataclass(frozen=True)
class Aim:
    """Where a defect was put: the decision, and rules or a column that the finding must name (empty: any)."""

    decision: str
    rules: frozenset[int] = frozenset()
    column: str | None = None
    also: tuple[str, ...] = ()  # further decisions that may be the place


Mutated = tuple[tuple[Table, ...], Aim]
Operator = Callable[[Random, tuple[Table, ...]], "Mutated | None"]


def put(tables: tuple[Table, ...], table: Table) -> tuple[Table, ...]:
    return tuple(table if one.id == table.id else one for one in tables)


def placed(random: Random, table: Table, row: Row, low: int = 0, high: int | None = None) -> tuple[Table, int]:
    """The table with one more row between two places, and its 1-based number."""
    at = random.randint(low, len(table.rows) if high is None else high)
    return replace(table, rows=(*table.rows[:at], row, *table.rows[at:])), at + 1


def other(random: Random, table: Table, *outputs: str) -> str:
    return random.choice([word for word in table.outputs if word not in outputs] or ["anders"])


# --- RC01: an input that no rule matches ---


def drop_rule(random: Random, tables: tuple[Table, ...]) -> Mutated:
    table = random.choice(tables)
    at = random.randrange(len(table.rows))
    made = replace(table, rows=table.rows[:at] + table.rows[at + 1 :])
    return put(tables, made), Aim(table.id)


def narrow_cell(random: Random, tables: tuple[Table, ...]) -> Mutated | None:
    table = random.choice(tables)
    at, column = random.randrange(len(table.rows)), random.randrange(len(table.columns))
    row = table.rows[at]
    halves = split(random, table.columns[column], row.cuts[column])
    if halves is None:
        return None
    return put(tables, with_row(table, at, with_cut(row, column, random.choice(halves)))), Aim(table.id)


def open_bound(random: Random, tables: tuple[Table, ...]) -> Mutated | None:
    """Leave out a single point: the bound that one rule held."""
    table = random.choice(tables)
    places = [
        (r, c)
        for r, row in enumerate(table.rows)
        for c, cut in enumerate(row.cuts)
        if cut.words is None and cut.low < cut.high and (cut.with_high or cut.with_low)
    ]
    if not places:
        return None
    r, c = random.choice(places)
    cut = table.rows[r].cuts[c]
    side = random.choice([side for side in ("with_low", "with_high") if getattr(cut, side)])
    return put(tables, with_row(table, r, with_cut(table.rows[r], c, replace(cut, **{side: False})))), Aim(table.id)


# --- RC02, RC03: two rules for one input ---


def widen(random: Random, tables: tuple[Table, ...], equal: bool) -> Mutated | None:
    """Let a cell of one rule reach into the box of another one."""
    table = random.choice(tables)
    if table.policy not in ("UNIQUE", "ANY"):
        return None
    one, two = random.sample(range(len(table.rows)), 2)
    column = random.randrange(len(table.columns))
    a, b = table.rows[one], table.rows[two]
    cuts = tuple(
        join(x, y) if at == column or random.random() < 0.3 else x
        for at, (x, y) in enumerate(zip(a.cuts, b.cuts, strict=True))
    )
    changed = replace(a, cuts=cuts)
    if (changed.output == b.output) != equal:
        return None
    return put(tables, with_row(table, one, changed)), Aim(table.id)


def widen_unequal(random: Random, tables: tuple[Table, ...]) -> Mutated | None:
    return widen(random, tables, False)


def widen_equal(random: Random, tables: tuple[Table, ...]) -> Mutated | None:
    return None if tables[0].policy != "UNIQUE" else widen(random, tables, True)


def second_answer(random: Random, tables: tuple[Table, ...]) -> Mutated | None:
    """A rule is written once more, or for a part of its cases, with another result."""
    table = random.choice(tables)
    if table.policy not in ("UNIQUE", "ANY"):
        return None
    row = random.choice(table.rows)
    made, _ = placed(random, table, replace(part(random, table, row), output=other(random, table, row.output)))
    return put(tables, made), Aim(table.id)


def overlapping_halves(random: Random, tables: tuple[Table, ...]) -> Mutated | None:
    """Two rules with the same result instead of one; both hold its middle."""
    table = random.choice(tables)
    if table.policy != "UNIQUE":
        return None
    at, column = random.randrange(len(table.rows)), random.randrange(len(table.columns))
    row = table.rows[at]
    cut = row.cuts[column]
    if cut.words is not None:
        if len(cut.words) < 3:
            return None
        order = sorted(cut.words)
        random.shuffle(order)
        halves = Cut(words=frozenset(order[:-1])), Cut(words=frozenset(order[1:]))
    else:
        step = table.columns[column].step
        if cut.high - cut.low < 3 * step:
            return None
        bounds = [cut.low + step * n for n in range(1, int((cut.high - cut.low) / step))]
        low, high = sorted(random.sample(bounds, 2))
        halves = replace(cut, high=high, with_high=True), replace(cut, low=low, with_low=True)
    first, second = (with_cut(row, column, half) for half in halves)
    rest = replace(table, rows=(*table.rows[:at], first, *table.rows[at + 1 :]))
    made, _ = placed(random, rest, second)
    return put(tables, made), Aim(table.id)


# --- RC04: a rule inside another one with the same result ---


def repeat_rule(random: Random, tables: tuple[Table, ...]) -> Mutated:
    table = random.choice(tables)
    made, _ = placed(random, table, random.choice(table.rows))
    return put(tables, made), Aim(table.id)


def narrower_twin(random: Random, tables: tuple[Table, ...]) -> Mutated | None:
    table = random.choice(tables)
    row = random.choice(table.rows)
    twin = part(random, table, row)
    if twin == row:
        return None
    made, _ = placed(random, table, twin)
    return put(tables, made), Aim(table.id)


# --- RC05: a rule whose box minus the stronger rules is empty ---


def below_one(random: Random, tables: tuple[Table, ...]) -> Mutated | None:
    """FIRST: a rule that a single earlier rule covers."""
    table = random.choice(tables)
    if table.policy != "FIRST":
        return None
    at = random.randrange(len(table.rows))
    row = table.rows[at]
    late = replace(part(random, table, row), output=other(random, table, row.output))
    made, number = placed(random, table, late, at + 1)
    return put(tables, made), Aim(table.id, frozenset((number,)))


def below_all(random: Random, tables: tuple[Table, ...]) -> Mutated | None:
    """FIRST: a rule that only several earlier rules together cover; the last row, dashes or joined cells."""
    table = random.choice(tables)
    if table.policy != "FIRST":
        return None
    one, two = random.sample(table.rows, 2)
    cuts = tuple(join(x, y) for x, y in zip(one.cuts, two.cuts, strict=True))
    late = Row(cuts, other(random, table))
    made = replace(table, rows=(*table.rows, late))
    return put(tables, made), Aim(table.id, frozenset((len(made.rows),)))


def outside_domain(random: Random, tables: tuple[Table, ...]) -> Mutated | None:
    """A rule for values that the column does not allow."""
    table = random.choice(tables)
    numbers = [at for at, column in enumerate(table.columns) if column.kind == "number"]
    if not numbers:
        return None
    at = random.choice(numbers)
    row = random.choice(table.rows)
    high = table.columns[at].high
    beyond = Cut(high + 10, high + 50, True, random.random() < 0.5)
    made, number = placed(random, table, with_cut(row, at, beyond))
    return put(tables, made), Aim(table.id, frozenset((number,)))


def weaker_result(random: Random, tables: tuple[Table, ...]) -> Mutated | None:
    """PRIORITY: a rule inside another one whose result always wins."""
    table = random.choice(tables)
    if table.policy != "PRIORITY":
        return None
    rows = [row for row in table.rows if row.output != table.outputs[-1]]
    row = random.choice(rows)
    weaker = table.outputs[table.outputs.index(row.output) + 1 :]
    made, number = placed(random, table, replace(part(random, table, row), output=random.choice(weaker)))
    return put(tables, made), Aim(table.id, frozenset((number,)))


# --- RC06: a stronger rule with dashes overrides a specific one ---


def dash_before(random: Random, tables: tuple[Table, ...]) -> Mutated | None:
    """FIRST or PRIORITY: a stronger rule with a dash takes a part of a specific one, which has none."""
    table = random.choice(tables)
    if table.policy not in ("FIRST", "PRIORITY"):
        return None
    full = [column.full() for column in table.columns]
    places = [
        (r, c)
        for r, row in enumerate(table.rows)
        for c in range(len(full))
        if len(full) > 1 and all(cut != full[at] for at, cut in enumerate(row.cuts))
    ]
    if not places:
        return None
    r, dash = random.choice(places)
    weak = table.rows[r]
    parts = part(random, table, weak)
    cuts = tuple(full[c] if c == dash else parts.cuts[c] for c in range(len(full)))
    if table.policy == "PRIORITY":
        better = table.outputs[: table.outputs.index(weak.output)]
        if not better:
            return None
        made, number = placed(random, table, Row(cuts, random.choice(better)))
    else:
        made, number = placed(random, table, Row(cuts, other(random, table, weak.output)), 0, r)
    at = r + 1 if number > r + 1 else r + 2
    return put(tables, made), Aim(table.id, frozenset((number, at)))


# --- RC07, RC08 ---


def split_rule(random: Random, tables: tuple[Table, ...]) -> Mutated | None:
    """Write one rule as two with the same result."""
    table = random.choice(tables)
    at, column = random.randrange(len(table.rows)), random.randrange(len(table.columns))
    row = table.rows[at]
    halves = split(random, table.columns[column], row.cuts[column])
    if halves is None:
        return None
    first, second = (with_cut(row, column, half) for half in halves)
    rest = replace(table, rows=(*table.rows[:at], first, *table.rows[at + 1 :]))
    made, _ = placed(random, rest, second)
    return put(tables, made), Aim(table.id)


def same_result(random: Random, tables: tuple[Table, ...]) -> Mutated | None:
    """Give a rule the result of another one."""
    table = random.choice(tables)
    one, two = random.sample(range(len(table.rows)), 2)
    made = with_row(table, one, replace(table.rows[one], output=table.rows[two].output))
    return put(tables, made), Aim(table.id)


EXTRA = (
    Column("farbe", "Farbe", "string", words=("rot", "blau", "grün")),
    Column("kanal", "Eingangsweg", "string", words=("Post", "Schalter", "Netz")),
    Column("hoehe", "Höhe in cm", "number", 0, 300),
)


def idle_column(random: Random, tables: tuple[Table, ...]) -> Mutated:
    """A further input with dashes only."""
    table = random.choice(tables)
    column, at = random.choice(EXTRA), random.randint(0, len(table.columns))
    made = _with_column(table, column, at, [(row, column.full()) for row in table.rows])
    return put(tables, made), Aim(table.id, column=column.variable)


def idle_split(random: Random, tables: tuple[Table, ...]) -> Mutated | None:
    """A further input by which one rule is split, with the same result on both sides."""
    table = random.choice(tables)
    column, at = random.choice(EXTRA), random.randint(0, len(table.columns))
    chosen = random.randrange(len(table.rows))
    cells: list[tuple[Row, Cut]] = []
    for number, row in enumerate(table.rows):
        halves = split(random, column, column.full()) if number == chosen or random.random() < 0.2 else None
        cells += [(row, half) for half in halves or (column.full(),)]
    return put(tables, _with_column(table, column, at, cells)), Aim(table.id, column=column.variable)


def _with_column(table: Table, column: Column, at: int, cells: list[tuple[Row, Cut]]) -> Table:
    rows = tuple(replace(row, cuts=(*row.cuts[:at], cut, *row.cuts[at:])) for row, cut in cells)
    return replace(table, columns=(*table.columns[:at], column, *table.columns[at:]), rows=rows)


# --- RC09: dead through the tables above ---


def chain(random: Random) -> tuple[Table, Table] | None:
    """A clean pair: the results of the upper table are a column of the lower one, each of them possible."""
    from tests.recall.truth import defects

    upper = generate(random, "vorstufe", rows=random.randint(3, 6))
    if upper.number or upper.policy == "PRIORITY":
        return None
    for _ in range(40):
        lower = generate(random, "ergebnis", rows=random.randint(3, 6))
        words = [at for at, column in enumerate(lower.columns) if column.kind == "string"]
        taken = {column.variable for column in upper.columns}
        same = taken & {column.variable for column in lower.columns}
        if not words or same or lower.variable == upper.variable or lower.variable in taken:
            continue
        at = random.choice(words)
        old = lower.columns[at].words
        if len(old) != len(upper.outputs) or upper.variable in {column.variable for column in lower.columns}:
            continue
        renamed = dict(zip(old, upper.outputs, strict=True))
        column = replace(lower.columns[at], variable=upper.variable, label=upper.variable.title(), words=upper.outputs)
        rows = []
        for row in lower.rows:
            cut = Cut(words=frozenset(renamed[word] for word in row.cuts[at].words or ()))
            rows.append(with_cut(row, at, cut))
        columns = (*lower.columns[:at], column, *lower.columns[at + 1 :])
        made = replace(lower, columns=columns, rows=tuple(rows))
        if not defects(made):
            return upper, made
    return None


def never_given(random: Random, tables: tuple[Table, ...]) -> Mutated | None:
    """The upper table gives another result instead of one that rules below wait for."""
    if len(tables) < 2:
        return None
    upper, lower = tables
    at = next(at for at, column in enumerate(lower.columns) if column.variable == upper.variable)
    gone = random.choice(upper.outputs)
    dead = frozenset(n for n, row in enumerate(lower.rows, 1) if row.cuts[at].words == frozenset((gone,)))
    if not dead:
        return None
    rows = tuple(replace(r, output=other(random, upper, gone)) if r.output == gone else r for r in upper.rows)
    return (replace(upper, rows=rows), lower), Aim(lower.id, dead)


def waits_for_more(random: Random, tables: tuple[Table, ...]) -> Mutated | None:
    """The lower table gets a rule for a result that the upper one allows and never gives."""
    if len(tables) < 2:
        return None
    upper, lower = tables
    at = next(at for at, column in enumerate(lower.columns) if column.variable == upper.variable)
    word = "Sonderfall"
    column = replace(lower.columns[at], words=(*lower.columns[at].words, word))
    columns = (*lower.columns[:at], column, *lower.columns[at + 1 :])
    fulls = [one.full() for one in columns]
    rows = tuple(
        with_cut(row, at, column.full()) if row.cuts[at] == lower.columns[at].full() else row for row in lower.rows
    )
    cuts = tuple(Cut(words=frozenset((word,))) if c == at else fulls[c] for c in range(len(fulls)))
    if any(row.cuts[at] == column.full() for row in rows):
        return None
    wide = replace(lower, columns=columns, rows=rows)
    made, number = placed(random, wide, Row(cuts, other(random, lower)))
    upper = replace(upper, outputs=(*upper.outputs, word))
    return (upper, made), Aim(lower.id, frozenset((number,)))


# --- RC10, RC11: two tables about one fact ---


def contradicting_twin(random: Random, tables: tuple[Table, ...]) -> Mutated | None:
    """A second table settles the same fact from the same inputs, and one rule of it decides otherwise."""
    table = tables[0]
    rows = list(table.rows)
    at = random.randrange(len(rows))
    rows[at] = replace(rows[at], output=other(random, table, rows[at].output))
    random.shuffle(rows)
    if table.policy == "FIRST":
        table_policy = "UNIQUE"
    else:
        table_policy = table.policy
    twin = replace(table, id="zweite", name=f"{table.name} (Merkblatt)", rows=tuple(rows), policy=table_policy)
    return (*tables, twin), Aim(table.id, also=("zweite",))


def _threshold(random: Random, shifted: bool, closed: bool) -> Mutated:
    """Two tables cut the same quantity once each, unequally: apart in the bound, or in which side holds it."""
    from tests.recall.tables import FACTS

    variable, label, second, (low, high, step) = random.choice(FACTS)
    column = Column(variable, label, "number", low, high, step=step)
    bound = low + step * random.randint(3, int((high - low) / step) - 3)
    moved = bound + (step * random.choice((-1, 1, 2)) if shifted else 0)
    with_it = random.random() < 0.5

    def table(id: str, name: str, result: str, words: tuple[str, str], at: float, holds: bool, label: str) -> Table:
        rows = (
            Row((Cut(low, at, True, holds),), words[0]),
            Row((Cut(at, high, not holds, True),), words[1]),
        )
        named = replace(column, label=label)
        return Table(id, name, result, "UNIQUE", (named,), words, rows if random.random() < 0.5 else rows[::-1])

    first = table("pruefweg", "Prüfweg bestimmen", "pruefweg", ("einfach", "vertieft"), bound, with_it, label)
    holds = with_it if not closed else not with_it
    both = table("zustaendig", "Zuständige Stelle", "stelle", ("Sachgebiet", "Leitung"), moved, holds, second)
    return (first, both), Aim("pruefweg", also=("zustaendig",))


def unequal_bounds(random: Random, tables: tuple[Table, ...]) -> Mutated:
    return _threshold(random, True, False)


def unequal_sides(random: Random, tables: tuple[Table, ...]) -> Mutated:
    return _threshold(random, False, True)


# --- RC12: type, domain or requirement defects ---


def wrong_type(random: Random, tables: tuple[Table, ...]) -> Mutated:
    """A word in a column of numbers, or a number in a column of words."""
    table = random.choice(tables)
    at, column = random.randrange(len(table.rows)), random.randrange(len(table.columns))
    text = '"viel"' if table.columns[column].kind == "number" else random.choice(("17", "[3..9]"))
    return put(tables, _raw(table, at, column, text)), Aim(table.id, frozenset((at + 1,)))


def not_allowed(random: Random, tables: tuple[Table, ...]) -> Mutated | None:
    """A cell names a value that the column does not allow (a misspelling)."""
    table = random.choice(tables)
    words = [at for at, column in enumerate(table.columns) if column.kind == "string"]
    if not words:
        return None
    at, column = random.randrange(len(table.rows)), random.choice(words)
    value = random.choice(table.columns[column].words)
    wrong = random.choice((value + "s", value[:-1], value.swapcase(), f"{value} "))
    if wrong in table.columns[column].words:
        return None
    return put(tables, _raw(table, at, column, f'"{wrong}"')), Aim(table.id, frozenset((at + 1,)))


def wrong_output(random: Random, tables: tuple[Table, ...]) -> Mutated:
    """A result that the table does not allow, or of another type."""
    table = random.choice(tables)
    at = random.randrange(len(table.rows))
    text = random.choice(('"unbekannt"', "7777") if table.number else ('"unbekannt"', "4"))
    made = with_row(table, at, replace(table.rows[at], raw_output=text))
    return put(tables, made), Aim(table.id, frozenset((at + 1,)))


def dangling(random: Random, tables: tuple[Table, ...]) -> Mutated:
    table = random.choice(tables)
    return put(tables, replace(table, hrefs=("#gibt_es_nicht",))), Aim(table.id)


def cycle(random: Random, tables: tuple[Table, ...]) -> Mutated:
    table = tables[0]
    below = tables[-1].id if len(tables) > 1 else table.id
    return put(tables, replace(table, hrefs=(f"#{below}",))), Aim(table.id, also=tuple(one.id for one in tables))


def _raw(table: Table, at: int, column: int, text: str) -> Table:
    raw = tuple(text if c == column else None for c in range(len(table.columns)))
    return with_row(table, at, replace(table.rows[at], raw=raw))


def with_row(table: Table, at: int, row: Row) -> Table:
    return replace(table, rows=(*table.rows[:at], row, *table.rows[at + 1 :]))


def with_cut(row: Row, at: int, cut: Cut) -> Row:
    return replace(row, cuts=(*row.cuts[:at], cut, *row.cuts[at + 1 :]))


def join(one: Cut, two: Cut) -> Cut:
    """The smallest cell that lets in both."""
    if one.words is not None and two.words is not None:
        return Cut(words=one.words | two.words)
    low = min((one.low, not one.with_low), (two.low, not two.with_low))
    high = max((one.high, one.with_high), (two.high, two.with_high))
    return Cut(low[0], high[0], not low[1], high[1])


def part(random: Random, table: Table, row: Row) -> Row:
    """A rule for a part of the cases of another one, or for all of them."""
    for at in range(len(row.cuts)):
        if random.random() < 0.5:
            halves = split(random, table.columns[at], row.cuts[at])
            if halves is not None:
                row = with_cut(row, at, random.choice(halves))
    return row


OPERATORS: dict[str, tuple[Operator, ...]] = {
    "RC01": (drop_rule, narrow_cell, open_bound),
    "RC02": (widen_unequal, second_answer),
    "RC03": (widen_equal, overlapping_halves),
    "RC04": (repeat_rule, narrower_twin),
    "RC05": (below_one, below_all, outside_domain, weaker_result),
    "RC06": (dash_before,),
    "RC07": (split_rule, same_result),
    "RC08": (idle_column, idle_split),
    "RC09": (never_given, waits_for_more),
    "RC10": (contradicting_twin,),
    "RC11": (unequal_bounds, unequal_sides),
    "RC12": (wrong_type, not_allowed, wrong_output, dangling, cycle),
}


def base(random: Random, code: str) -> tuple[Table, ...] | None:
    """A clean case on which an operator of `code` can work."""
    if code == "RC09" or (code == "RC12" and random.random() < 0.3):
        return chain(random)
    wanted = {"RC02": ("UNIQUE", "ANY"), "RC03": ("UNIQUE",), "RC06": ("FIRST", "PRIORITY")}.get(code)
    if code == "RC05":
        wanted = ("FIRST", "FIRST", "PRIORITY", "UNIQUE")
    if code == "RC10":
        wanted = ("UNIQUE", "ANY", "FIRST")
    return (generate(random, policy=random.choice(wanted) if wanted else None),)


def shuffled(random: Random, tables: tuple[Table, ...], aim: Aim) -> tuple[tuple[Table, ...], Aim]:
    """Another order of rows where order means nothing, and of columns; the aim moves along."""
    made, rules = [], aim.rules
    for table in tables:
        rows = list(range(len(table.rows)))
        if table.policy in ("UNIQUE", "ANY"):
            random.shuffle(rows)
        if table.id == aim.decision:
            rules = frozenset(rows.index(number - 1) + 1 for number in aim.rules)
        order = list(range(len(table.columns)))
        random.shuffle(order)
        turned = tuple(
            replace(
                table.rows[r],
                cuts=tuple(table.rows[r].cuts[c] for c in order),
                raw=tuple(table.rows[r].raw[c] for c in order) if table.rows[r].raw else (),
            )
            for r in rows
        )
        made.append(replace(table, columns=tuple(table.columns[c] for c in order), rows=turned))
    return tuple(made), replace(aim, rules=rules)


def style(random: Random, varied: bool) -> Style:
    return Style(random, varied)
