"""Decision tables as values: generated clean, written as DMN, wording and layout varied.

A column holds its boundaries or words; a cell is a `Cut`: the interval or the words it lets in. Nothing of
`bpm` is used here, so that what is true of a table is known independently.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from random import Random
from xml.sax.saxutils import escape

FACTS = (  # (variable, label, another label, unit bounds)
    ("einkommen", "Einkommen im Monat", "Monatseinkommen", (0, 6000, 50)),
    ("alter", "Alter in Jahren", "Lebensalter", (0, 110, 1)),
    ("flaeche", "Fläche in m²", "Flaeche (Quadratmeter)", (0, 900, 5)),
    ("dauer", "Dauer in Monaten", "Monate der Nutzung", (0, 60, 1)),
    ("personen", "Personen im Haushalt", "Haushaltsgröße", (1, 15, 1)),
    ("abstand", "Abstand zur Grenze", "Grenzabstand", (0, 200, 1)),
)
WORDS = (
    ("gebiet", "Gebiet", "Stadtbezirk", ("Altstadt", "Au", "Laim", "Pasing", "Moosach")),
    ("nutzung", "Art der Nutzung", "Nutzungsart", ("Wohnen", "Gewerbe", "Lager", "Büro")),
    ("rechtsform", "Rechtsform", "Form des Unternehmens", ("Verein", "GmbH", "natürliche Person")),
    ("anlass", "Anlass", "Grund des Antrags", ("neu", "Änderung", "Verlängerung", "Rückgabe")),
    ("klasse", "Klasse", "Stufe", ("A", "B", "C", "D", "E", "F")),
)
FLAGS = (("ermaessigt", "Ermäßigung", "ermaessigt?"), ("befreit", "Befreiung", "Ist befreit"))
RESULTS = (
    ("stufe", "Stufe", ("gering", "mittel", "hoch", "sehr hoch", "keine", "besonders")),
    ("weg", "Leitweg", ("Sachgebiet 1", "Sachgebiet 2", "Leitung", "Referat", "Stadtrat", "Amt")),
    ("satz", "Satz", ("10", "20", "35", "50", "80", "120")),
)


@dataclass(frozen=True)
class Column:
    """`kind` is number, string or boolean; numbers know their lowest and highest value, the others their words."""

    variable: str
    label: str
    kind: str
    low: float = 0
    high: float = 0
    words: tuple[str, ...] = ()
    step: float = 1

    def full(self) -> Cut:
        if self.kind == "number":
            return Cut(self.low, self.high, True, True)
        return Cut(words=frozenset(self.words))


@dataclass(frozen=True)
class Cut:
    """What one cell lets in: an interval (with its ends or without), or words."""

    low: float = 0
    high: float = 0
    with_low: bool = True
    with_high: bool = True
    words: frozenset[str] | None = None

    def holds(self, value: object) -> bool:
        if self.words is not None:
            return value in self.words
        number = float(value)  # type: ignore[arg-type]
        above = number >= self.low if self.with_low else number > self.low
        below = number <= self.high if self.with_high else number < self.high
        return above and below


@dataclass(frozen=True)
class Row:
    """`dash` are the columns written as a dash although they let everything in anyway (all full ones)."""

    cuts: tuple[Cut, ...]
    output: str
    raw: tuple[str | None, ...] = ()  # cell texts that are written as they stand, for cells that mean nothing
    raw_output: str | None = None


@dataclass(frozen=True)
class Table:
    """One decision with its table. `outputs` are the allowed results in order of priority."""

    id: str
    name: str
    variable: str
    policy: str
    columns: tuple[Column, ...]
    outputs: tuple[str, ...]
    rows: tuple[Row, ...]
    number: bool = False
    requires: tuple[str, ...] = ()  # decisions
    hrefs: tuple[str, ...] = ()  # requirements written as they stand


def generate(random: Random, key: str = "regelung", policy: str | None = None, rows: int | None = None) -> Table:
    """A clean table: no gap, no overlap, nothing to merge, every column decides something."""
    from tests.recall.truth import defects

    while True:
        columns = tuple(_columns(random))
        boxes = _partition(random, columns, rows or random.randint(3, 8))
        if boxes is None:
            continue
        name, label, results = random.choice(RESULTS)
        if any(name == column.variable for column in columns):
            continue
        few = results[: random.randint(3, len(results))]
        for _ in range(30):
            made = tuple(Row(box, random.choice(few)) for box in boxes)
            table = Table(
                key,
                f"{label} bestimmen",
                name,
                policy or random.choice(("UNIQUE", "UNIQUE", "ANY", "FIRST", "PRIORITY")),
                columns,
                few,
                made,
                number=results[0].isdigit(),
            )
            if {row.output for row in made} == set(few) and not defects(table):
                return table


def _columns(random: Random) -> list[Column]:
    """One to three columns, at least one of them with more than two values."""
    made: list[Column] = []
    for variable, label, other, (low, high, step) in random.sample(FACTS, random.randint(0, 2)):
        made.append(Column(variable, random.choice((label, label, other)), "number", low, high, step=step))
    for variable, label, other, words in random.sample(WORDS, random.randint(0 if made else 1, 2)):
        made.append(Column(variable, random.choice((label, label, other)), "string", words=words))
    if random.random() < 0.25:
        variable, label, other = random.choice(FLAGS)
        made.append(Column(variable, random.choice((label, other)), "boolean", words=("true", "false")))
    random.shuffle(made)
    return made[:3]


def _partition(random: Random, columns: tuple[Column, ...], rows: int) -> list[tuple[Cut, ...]] | None:
    """Cut the whole space again and again, as a decision tree does; None if there is nothing left to cut."""
    boxes = [tuple(column.full() for column in columns)]
    for _ in range(60):
        if len(boxes) >= rows:
            random.shuffle(boxes)
            return boxes
        box = boxes.pop(random.randrange(len(boxes)))
        at = random.randrange(len(columns))
        halves = split(random, columns[at], box[at])
        if halves is None:
            boxes.append(box)
        else:
            boxes.extend((*box[:at], half, *box[at + 1 :]) for half in halves)
    return None


def split(random: Random, column: Column, cut: Cut) -> tuple[Cut, Cut] | None:
    """Two parts of a cell that together are it; None if it is a single value."""
    if cut.words is not None:
        if len(cut.words) < 2:
            return None
        order = sorted(cut.words)
        random.shuffle(order)
        at = random.randint(1, len(order) - 1)
        return Cut(words=frozenset(order[:at])), Cut(words=frozenset(order[at:]))
    places = int((cut.high - cut.low) / column.step)
    if places < 2:
        return None
    bound = cut.low + column.step * random.randint(1, places - 1)
    closed = random.random() < 0.5
    return replace(cut, high=bound, with_high=closed), replace(cut, low=bound, with_low=not closed)


@dataclass
class Style:
    """How a file is written; a plain one writes every cell the same way."""

    random: Random = field(default_factory=lambda: Random(0))
    varied: bool = False

    def chance(self) -> bool:
        return self.varied and self.random.random() < 0.5


def number(value: float, style: Style) -> str:
    text = str(int(value)) if float(value).is_integer() else str(value)
    return f"{text}.0" if style.chance() and style.chance() and "." not in text else text


def cell(column: Column, cut: Cut, style: Style) -> str:
    """A cell as a unary test; everything allowed is a dash."""
    full = column.full()
    if cut.words is not None:
        if cut.words == full.words:
            return "-"
        quote = (lambda w: w) if column.kind == "boolean" else (lambda w: f'"{w}"')
        inside = [word for word in column.words if word in cut.words]
        outside = [word for word in column.words if word not in cut.words]
        if style.chance():
            inside.reverse()
        if column.kind == "string" and len(outside) < len(inside) and style.chance():
            return f"not({', '.join(map(quote, outside))})"
        return ("," if style.chance() else ", ").join(map(quote, inside))
    low, high = number(cut.low, style), number(cut.high, style)
    if (cut.low, cut.with_low) == (full.low, True) and (cut.high, cut.with_high) == (full.high, True):
        return "-"
    if cut.low == cut.high:
        return low
    if (cut.low, cut.with_low) == (full.low, True) and not style.chance():
        return f"{'<=' if cut.with_high else '<'} {high}"
    if (cut.high, cut.with_high) == (full.high, True) and not style.chance():
        return f"{'>=' if cut.with_low else '>'}{'' if style.chance() else ' '}{low}"
    left = "[" if cut.with_low else ("]" if style.chance() else "(")
    right = "]" if cut.with_high else ("[" if style.chance() else ")")
    gap = " " if style.chance() else ""
    return f"{left}{low}{gap}..{gap}{high}{right}"


HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" '
    'xmlns:li="urn:lichtung:bpmn:1" id="regeln" name="Regeln" namespace="urn:test:regeln">\n'
)
LAW = '<extensionElements><li:legalBasis citation="Satzung § 3" organ="council" force="must"/></extensionElements>'


def written(tables: tuple[Table, ...], style: Style) -> bytes:
    """A DMN file with these decisions; the rules rest on one paragraph."""
    variables = {column.variable: column for table in tables for column in table.columns}
    made = {table.variable: table.id for table in tables}
    parts = [
        f'<inputData id="ein_{name}" name="{name}"><variable id="v_{name}" name="{name}" typeRef="{column.kind}"/>'
        "</inputData>\n"
        for name, column in variables.items()
        if name not in made
    ]
    order = list(tables)
    if style.chance():
        order.reverse()
    parts += [_decision(table, made, style) for table in order]
    return (HEAD + "".join(parts) + "</definitions>\n").encode()


def _decision(table: Table, made: dict[str, str], style: Style) -> str:
    kind = "number" if table.number else "string"
    out = [f'<decision id="{table.id}" name="{escape(table.name)}">']
    out.append(f'<variable id="{table.id}_v" name="{table.variable}" typeRef="{kind}"/>\n')
    needs = [
        f'<requiredDecision href="#{made[c.variable]}"/>'
        if c.variable in made
        else f'<requiredInput href="#ein_{c.variable}"/>'
        for c in table.columns
    ]
    needs += [f'<requiredDecision href="{href}"/>' for href in table.hrefs]
    out += [
        f'<informationRequirement id="{table.id}_n{at}">{it}</informationRequirement>\n' for at, it in enumerate(needs)
    ]
    out.append(f'<decisionTable id="{table.id}_t" hitPolicy="{table.policy}">\n')
    for at, column in enumerate(table.columns):
        out.append(
            f'<input id="{table.id}_i{at}" label="{escape(column.label)}"><inputExpression id="{table.id}_e{at}" '
            f'typeRef="{column.kind}"><text>{column.variable}</text></inputExpression>'
            f'<inputValues id="{table.id}_w{at}"><text>{escape(_values(column))}</text></inputValues></input>\n'
        )
    results = ", ".join(table.outputs if table.number else (f'"{word}"' for word in table.outputs))
    out.append(f'<output id="{table.id}_o" name="{table.variable}" typeRef="{kind}">')
    out.append(f'<outputValues id="{table.id}_ow"><text>{escape(results)}</text></outputValues></output>\n')
    for n, row in enumerate(table.rows):
        out.append(f'<rule id="{table.id}_r{n}">{LAW}')
        raw = row.raw or (None,) * len(table.columns)
        for at, (column, cut) in enumerate(zip(table.columns, row.cuts, strict=True)):
            text = raw[at] if raw[at] is not None else cell(column, cut, style)
            out.append(f'<inputEntry id="{table.id}_r{n}_{at}"><text>{escape(str(text))}</text></inputEntry>')
        result = row.output if table.number else f'"{row.output}"'
        result = result if row.raw_output is None else row.raw_output
        out.append(f'<outputEntry id="{table.id}_r{n}_o"><text>{escape(result)}</text></outputEntry></rule>\n')
    out.append("</decisionTable></decision>\n")
    return "".join(out)


def _values(column: Column) -> str:
    if column.kind == "number":
        return f"[{number(column.low, Style())}..{number(column.high, Style())}]"
    return ", ".join(column.words if column.kind == "boolean" else (f'"{word}"' for word in column.words))


def points(column: Column, rows: tuple[Row, ...], at: int) -> list[object]:
    """Values of a column, one from every piece that the cells cut it into: bounds and what lies between them."""
    if column.kind != "number":
        return list(column.words)
    bounds = {column.low, column.high}
    for row in rows:
        bounds |= {row.cuts[at].low, row.cuts[at].high}
    inside = sorted(bound for bound in bounds if column.low <= bound <= column.high)
    return [*inside, *((a + b) / 2 for a, b in pairwise(inside))]
