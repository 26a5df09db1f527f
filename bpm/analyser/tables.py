"""From a decision table to boxes: what its cells, types and allowed values mean, or why that cannot be said.

A table is a set of boxes if every cell is a union of intervals over constants of one type and its columns are
independent: two columns over the same expression are joined, two that share a variable in different expressions are
not independent, and nothing is claimed then. What can come into a column is bounded by the allowed values of the input
clause, by its type (item definitions with their constraints, boolean, whole numbers) and, if it is the result of
another decision table with constant outputs, by these outputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from bpm.analyser.boxes import Box, Boxes, Column, column
from bpm.analyser.check import Skipped
from bpm.analyser.examples import example_of
from bpm.analyser.given import TableAt
from bpm.errors import FeelError
from bpm.feel import ranges
from bpm.feel.ranges import Interval, Region
from bpm.feel.syntax import parse_expression, parse_unary_tests
from bpm.feel.syntax.tree import Invocation, Name, Node, Null, Path
from bpm.feel.syntax.walk import children
from bpm.model.decision import DecisionModel, DecisionTable, InputClause, ItemDefinition, OutputClause, Rule

MOST_COLUMNS = 200
"""Columns of a table that is still looked at; no table made by people has as many."""

MOST_RULES = 20_000
"""Rows of a table that is still looked at."""

KINDS = {
    "number": "number",
    "integer": "integer",
    "long": "integer",
    "double": "number",
    "string": "string",
    "boolean": "boolean",
    "date": "date",
    "time": "time",
    "dateTime": "date and time",
    "date and time": "date and time",
    "dayTimeDuration": "days and time duration",
    "days and time duration": "days and time duration",
    "yearMonthDuration": "years and months duration",
    "years and months duration": "years and months duration",
}
"""Type names of DMN 1.1 to 1.5 and of Camunda to the kinds of `bpm.feel.ranges`."""

Output: TypeAlias = tuple[Any, ...]
"""One output cell: ("constant", kind, value), ("formula", tree) or ("text", what is no FEEL)."""


@dataclass(frozen=True, slots=True)
class NotBoxes:
    """Why a table is no set of boxes."""

    skipped: Skipped


@dataclass(frozen=True, slots=True)
class Geometry:
    """A table as boxes, with its output cells by rule (0-based) and output."""

    at: TableAt
    boxes: Boxes
    outputs: tuple[tuple[Output, ...], ...]

    def texts(self, box: Box) -> dict[str, str]:
        """A box as FEEL unary tests by input expression."""
        return {
            column.expression: ranges.to_text(column.region(mask))
            for column, mask in zip(self.boxes.columns, box, strict=True)
        }

    def example(self, box: Box) -> dict[str, Any]:
        """One case inside a box, as JSON values by input expression."""
        return {
            column.expression: example_of(column, mask) for column, mask in zip(self.boxes.columns, box, strict=True)
        }

    def content(self, rules: tuple[int, ...]) -> tuple[str, ...]:
        """What 0-based rules say, for the fingerprint."""
        return tuple(self.at.content(rule + 1) for rule in rules)


class _Not(Exception):
    """The table is no set of boxes; carries the reason by language."""

    def __init__(self, de: str, en: str) -> None:
        super().__init__(en)
        self.reason = {"de": de, "en": en}


def geometry(at: TableAt) -> Geometry | NotBoxes:
    """The boxes of a table, or the reason why it has none."""
    return _geometry(at, free=False)


def freely(at: TableAt) -> Geometry | NotBoxes:
    """The same where anything can come in, whatever types, allowed values and the tables above say."""
    return _geometry(at, free=True)


def _geometry(at: TableAt, *, free: bool) -> Geometry | NotBoxes:
    try:
        names = names_of(at.model)
        columns = _columns(at, names, free)
        outputs = tuple(tuple(output_of(text, names) for text in rule.outputs) for rule in at.table.rules)
        return Geometry(at, Boxes(columns, len(at.table.rules)), outputs)
    except _Not as problem:
        reason = {
            lang: f"„{at.name}“: {text}" if lang == "de" else f"{at.name!r}: {text}"
            for lang, text in problem.reason.items()
        }
        return NotBoxes(Skipped(reason=reason, element=at.owner, path=at.model.path))


def output_of(text: str, names: frozenset[str] = frozenset()) -> Output:
    """An output cell (or any expression) as a comparable value."""
    try:
        node = parse_expression(text, names)
    except FeelError:
        return ("text", " ".join(text.split()))
    try:
        value = ranges.constant(node)
    except (FeelError, TypeError):
        return ("formula", node)
    return ("constant", "null" if value is None else ranges.kind_of(value), value)


def names_in(expression: str | Node) -> frozenset[str]:
    """The variables an expression reads, each by the first part of its path; none if it is no FEEL."""
    try:
        node = parse_expression(expression) if isinstance(expression, str) else expression
    except FeelError:
        return frozenset((expression,)) if isinstance(expression, str) else frozenset()
    return frozenset(path[0] for path in _variables(node))


def differ(left: tuple[Output, ...], right: tuple[Output, ...]) -> bool | None:
    """Whether two rows of outputs are unequal for every case; None if that depends on the case."""
    if left == right:
        return False
    for one, other in zip(left, right, strict=False):
        if one[0] == other[0] == "constant" and one != other:
            return True
    return None


def in_force_together(left: Rule, right: Rule) -> bool:
    """Whether there is a day on which both rules are in force, by their legal bases' dates (last included)."""
    (start, end), (other_start, other_end) = in_force(left), in_force(right)
    return not (end < other_start or other_end < start)


def in_force(rule: Rule) -> tuple[str, str]:
    """From when until when a rule is in force, as ISO dates; `` and `9999` where nothing is recorded."""
    starts = [basis.valid_from or "" for basis in rule.legal_bases]
    ends = [basis.valid_to or "9999" for basis in rule.legal_bases]
    return min(starts, default=""), max(ends, default="9999")


# --- columns -------------------------------------------------------------------------------------------------


def names_of(model: DecisionModel) -> frozenset[str]:
    """Names that may occur in expressions of the model, for those with blanks."""
    found = {entry.name for entry in model.inputs} | {decision.variable for decision in model.decisions}
    found |= {decision.name for decision in model.decisions} | {entry.variable for entry in model.knowledge}
    stack = list(model.items)
    while stack:
        item = stack.pop()
        found.add(item.name)
        stack.extend(item.components)
    return frozenset(name for name in found if name)


def _columns(at: TableAt, names: frozenset[str], free: bool) -> tuple[Column, ...]:
    table = at.table
    if len(table.inputs) > MOST_COLUMNS:
        raise _Not(f"mehr als {MOST_COLUMNS} Eingaben", f"more than {MOST_COLUMNS} inputs")
    if len(table.rules) > MOST_RULES:
        raise _Not(f"mehr als {MOST_RULES} Zeilen", f"more than {MOST_RULES} rules")
    if not table.inputs:
        raise _Not("die Tabelle hat keine Eingabe", "the table has no input")
    if any(len(rule.inputs) != len(table.inputs) for rule in table.rules):
        raise _Not("eine Zeile hat nicht so viele Zellen wie Eingaben", "a row has not as many cells as inputs")
    positions: dict[Any, list[int]] = {}
    expressions: list[Node] = []
    for position, clause in enumerate(table.inputs):
        node = _parse_input(clause, names)
        if node not in positions:
            expressions.append(node)
        positions.setdefault(node, []).append(position)
    _check_independence(expressions)
    return tuple(_column(at, node, positions[node], names, free) for node in expressions)


def _parse_input(clause: InputClause, names: frozenset[str]) -> Node:
    try:
        return parse_expression(clause.expression, names)
    except FeelError as error:
        raise _Not(
            f"die Eingabe {clause.expression!r} ist kein FEEL", f"the input {clause.expression!r} is no FEEL"
        ) from error


def _column(at: TableAt, node: Node, positions: list[int], names: frozenset[str], free: bool) -> Column:
    """The column of one expression; clauses over the same expression are met together."""
    clauses = [at.table.inputs[position] for position in positions]
    cells = [ranges.ALL] * len(at.table.rules)
    with_null = False
    for position in positions:
        for number, rule in enumerate(at.table.rules):
            found, null = _cell(rule.inputs[position], names, number + 1)
            cells[number] = found if cells[number] is ranges.ALL else ranges.intersection(cells[number], found)
            with_null = with_null or null
    kind, domain = "", None
    for clause in clauses:
        declared, bounds = _domain(at, clause, node, names)
        kind = kind or ("number" if free and declared == "integer" else declared)
        bounds = None if free else bounds
        domain = bounds if domain is None else domain if bounds is None else ranges.intersection(domain, bounds)
    kinds = {ranges.kind_of(bound) for region in (*cells, *([domain] if domain else [])) for bound in region.values()}
    if len(kinds) > 1 or (kinds and kind and not _agree(kind, *kinds)):
        named = ", ".join(sorted({*kinds, *([kind] if kind else [])}))
        raise _Not(
            f"die Spalte {clauses[0].expression!r} mischt Typen ({named})",
            f"the column {clauses[0].expression!r} mixes types ({named})",
        )
    kind = "integer" if kind == "integer" else next(iter(kinds), kind)
    return column(" ".join(clauses[0].expression.split()), kind, cells, domain=domain, with_null=with_null)


def _agree(declared: str, found: str) -> bool:
    """Camunda's `date` is a date and time; a declared type says nothing of offsets."""
    found = found.removesuffix(" with offset")
    return declared == found or {declared, found} in ({"integer", "number"}, {"date", "date and time"})


def _cell(text: str, names: frozenset[str], number: int) -> tuple[Region, bool]:
    """A cell's region, and whether it names null."""
    if text.strip() in {"", "-"}:
        return ranges.ALL, False
    try:
        tests = parse_unary_tests(text, names)
    except FeelError as error:
        raise _Not(f"Zeile {number}: {text!r} ist kein FEEL", f"rule {number}: {text!r} is no FEEL") from error
    found = ranges.region(tests)
    if found is None:
        raise _Not(
            f"Zeile {number}: {text!r} ist kein Wert, Bereich oder Liste davon",
            f"rule {number}: {text!r} is no value, range or list of them",
        )
    return found, _names_null(tests)


def _names_null(root: Node) -> bool:
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, Null):
            return True
        stack.extend(child for child, _ in children(node))
    return False


def _check_independence(expressions: list[Node]) -> None:
    """Columns are independent if no variable (or path into one) occurs in two of them."""
    seen: list[tuple[str, ...]] = []
    for expression in expressions:
        mine = list(_variables(expression))
        for path in mine:
            for other in seen:
                shorter = min(len(path), len(other))
                if path[:shorter] == other[:shorter]:
                    name = ".".join(path)
                    raise _Not(f"mehrere Spalten hängen von {name!r} ab", f"several columns depend on {name!r}")
        seen.extend(mine)


def _variables(root: Node) -> Iterator[tuple[str, ...]]:
    stack = [root]
    while stack:
        node = stack.pop()
        path = path_of(node)
        if path is not None:
            yield path
        elif isinstance(node, Invocation) and isinstance(node.function, Name):
            stack.extend((*node.arguments, *(argument for _, argument in node.named)))
        else:
            stack.extend(child for child, _ in children(node))


def path_of(node: Node) -> tuple[str, ...] | None:
    """The variable a node is, or the path into one; None if it is something else."""
    names: list[str] = []
    while isinstance(node, Path):
        names.append(node.name)
        node = node.value
    return (node.name, *reversed(names)) if isinstance(node, Name) else None


# --- what can come in ----------------------------------------------------------------------------------------


def _domain(at: TableAt, clause: InputClause, node: Node, names: frozenset[str]) -> tuple[str, Region | None]:
    """The declared kind of an input (empty: none) and what can come in (None: all)."""
    kind, domain = _declared(at.model, clause, node, names)
    path = path_of(node)
    if domain is None and path is not None and len(path) == 1:
        domain = _outputs_of(at, path[0], names)
    return kind, domain


def _declared(
    model: DecisionModel, clause: InputClause, node: Node, names: frozenset[str]
) -> tuple[str, Region | None]:
    kind, domain = _type(model, clause.type, names)
    path = path_of(node)
    if path is not None:
        other_kind, other = _type_of_variable(model, path, names)
        kind = kind or other_kind
        domain = _both(domain, other)
    return kind, _both(domain, _tests(clause.values, names))


def declared_input(model: DecisionModel, clause: InputClause) -> tuple[str, Region | None]:
    """The declared kind of an input (empty: none) and its allowed values (None: all), whatever its table says."""
    names = names_of(model)
    try:
        return _declared(model, clause, parse_expression(clause.expression, names), names)
    except FeelError:
        return "", None


def incoming(at: TableAt, clause: InputClause) -> tuple[str, Region | None]:
    """The declared kind of an input (empty: none) and what can come in (None: all), results of tables above counted."""
    names = names_of(at.model)
    try:
        return _domain(at, clause, parse_expression(clause.expression, names), names)
    except FeelError:
        return "", None


def declared_name(model: DecisionModel, name: str) -> tuple[str, Region | None]:
    """The declared kind of a variable or a part of one, by its dotted name, and its allowed values."""
    return _type_of_variable(model, tuple(name.split(".")), names_of(model))


def declared_output(model: DecisionModel, clause: OutputClause) -> tuple[str, Region | None]:
    """The same for a result column."""
    names = names_of(model)
    kind, domain = _type(model, clause.type, names)
    return kind, _both(domain, _tests(clause.values, names))


def agree(declared: str, found: str) -> bool:
    """Whether a constant of one kind may stand where another is declared."""
    return not declared or _agree(declared, found)


def _both(left: Region | None, right: Region | None) -> Region | None:
    return left if right is None else right if left is None else ranges.intersection(left, right)


def _tests(text: str | None, names: frozenset[str]) -> Region | None:
    """Allowed values as a region; None if there are none or they are more than a region can say."""
    if text is None or text.strip() in {"", "-"}:
        return None
    try:
        return ranges.region(parse_unary_tests(text, names))
    except FeelError:
        return None


def _type(model: DecisionModel, name: str | None, names: frozenset[str], depth: int = 0) -> tuple[str, Region | None]:
    if not name or depth > 20:
        return "", None
    bare = name.rsplit(":", 1)[-1]
    for item in model.items:
        if item.name in {name, bare}:
            return _item(model, item, names, depth)
    return KINDS.get(bare, ""), None


def _item(model: DecisionModel, item: ItemDefinition, names: frozenset[str], depth: int) -> tuple[str, Region | None]:
    if item.collection or item.components:
        return "", None
    kind, domain = _type(model, item.base, names, depth + 1)
    return kind, _both(domain, _both(_tests(item.allowed, names), _tests(item.constraint, names)))


def _type_of_variable(model: DecisionModel, path: tuple[str, ...], names: frozenset[str]) -> tuple[str, Region | None]:
    """The type of a variable, or of a component of one."""
    declared = {entry.name: entry.type for entry in model.inputs}
    declared |= {decision.variable: decision.type for decision in model.decisions}
    name = declared.get(path[0])
    for part in path[1:]:
        bare = (name or "").rsplit(":", 1)[-1]
        item = next((entry for entry in model.items if entry.name in {name, bare}), None)
        inner = next((entry for entry in item.components if entry.name == part), None) if item else None
        if inner is None:
            return "", None
        if inner is not None and part == path[-1]:
            return _item(model, inner, names, 0)
        name = inner.base
    return _type(model, name, names)


def _outputs_of(at: TableAt, variable: str, names: frozenset[str]) -> Region | None:
    """The constants another decision of the model can give under this name; None if it can give anything else."""
    for decision in at.model.decisions:
        table = decision.logic
        if decision.variable != variable or not isinstance(table, DecisionTable):
            continue
        if (
            decision.id == at.owner
            or len(table.outputs) != 1
            or table.hit_policy
            not in {
                "UNIQUE",
                "ANY",
                "FIRST",
                "PRIORITY",
            }
        ):
            return None
        texts = [rule.outputs[0] for rule in table.rules if rule.outputs]
        texts += [clause.default for clause in table.outputs if clause.default]
        values = [output_of(text, names) for text in texts]
        if any(value[0] != "constant" for value in values):
            return None
        points = [Interval(value[2], value[2], True, True) for value in values if value[2] is not None]
        region = ranges.NOTHING
        for point in points:
            if ranges.kind_of(point.low) != ranges.kind_of(points[0].low):
                return None
            region = ranges.union(region, Region((point,)))
        return region
    return None


def output_texts(at: TableAt, rule: int) -> Mapping[str, str]:
    """The output cells of a 0-based rule as written, by output name (a single output may go by the table's)."""
    outputs = at.table.outputs
    names = [clause.name or clause.label or (at.name if len(outputs) == 1 else clause.id) for clause in outputs]
    return dict(zip(names, at.table.rules[rule].outputs, strict=False))


def priorities(shape: Geometry) -> tuple[int | None, ...]:
    """The rank of every rule's outputs by the output values of a PRIORITY table (0 is strongest), None where unknown.

    With several outputs the first one decides, then the second, and so on (DMN 1.5, 8.2.8).
    """
    orders = []
    for clause in shape.at.table.outputs:
        try:
            tests = parse_unary_tests(clause.values or "", ())
            orders.append([ranges.constant(test.operand) for test in tests.tests])
        except (FeelError, TypeError):
            orders.append([])
    ranks: list[int | None] = []
    for row in shape.outputs:
        rank: int | None = 0
        for output, order in zip(row, orders, strict=False):
            known = output[0] == "constant" and output[2] in order
            rank = rank * (len(order) + 1) + order.index(output[2]) if known and rank is not None else None
        ranks.append(rank)
    return tuple(ranks)
