"""Decision tables: which rules match, and what the hit policy makes of them (DMN 1.5, chapter 8)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cmp_to_key

from bpm.decisions.boxed import Logic, Names, Run, conform, parsed
from bpm.decisions.index import Index, members
from bpm.decisions.itemtypes import ItemTypes
from bpm.errors import DecisionError, FeelError
from bpm.feel import from_json, parse_unary_tests
from bpm.feel.evaluate import Evaluation, Scope
from bpm.feel.operators import arithmetic
from bpm.feel.syntax import tree
from bpm.feel.syntax.parser import LENGTH
from bpm.feel.types import Type
from bpm.feel.values import Fault, Value, equal, kind, order, text_of
from bpm.model.decision import DecisionTable, OutputClause

LONG = 100_000
"""Characters of a list of allowed values, which may enumerate a whole register."""

HIT_POLICIES = ("UNIQUE", "ANY", "PRIORITY", "FIRST", "OUTPUT ORDER", "RULE ORDER", "COLLECT")
AGGREGATIONS = ("SUM", "MIN", "MAX", "COUNT")


@dataclass(frozen=True, slots=True)
class _Column:
    node: tree.Node
    type: Type
    values: tree.UnaryTests | None
    label: str


@dataclass(frozen=True, slots=True)
class _Output:
    clause: OutputClause
    type: Type
    values: tree.UnaryTests | None
    default: tree.Node | None


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    tests: tuple[tree.UnaryTests, ...]
    results: tuple[tree.Node, ...]


class Table:
    """A table whose cells are parsed. `matching` is of use to others who want the rules without the result."""

    def __init__(self, table: DecisionTable, names: Names, known: ItemTypes) -> None:
        if table.foreign:
            language, line = table.foreign[0]
            raise DecisionError(
                "expression-language", f"line {line}: {language!r} is not evaluated, only FEEL", element=table.id
            )
        if table.hit_policy not in HIT_POLICIES:
            raise DecisionError("hit-policy", f"there is no hit policy {table.hit_policy!r}", element=table.id)
        if table.aggregation is not None and table.aggregation not in AGGREGATIONS:
            raise DecisionError("hit-policy", f"there is no aggregation {table.aggregation!r}", element=table.id)
        self.table = table
        self.columns = tuple(
            _Column(
                parsed(clause.expression or clause.label, names, "feel", clause.id),
                known.named(clause.type),
                None if clause.values is None else _tests(clause.values, names, clause.id, (), LONG),
                clause.label or clause.expression,
            )
            for clause in table.inputs
        )
        self.outputs = tuple(
            _Output(
                clause,
                known.named(clause.type),
                None if clause.values is None else _tests(clause.values, names, clause.id, (), LONG),
                None if clause.default is None else parsed(clause.default, names, "feel", clause.id),
            )
            for clause in table.outputs
        )
        cells: dict[str, tree.UnaryTests] = {}
        self.rows = tuple(self._row(number, names, cells) for number in range(1, len(table.rules) + 1))
        self.index = Index([row.tests for row in self.rows], len(self.columns))
        self.first_only = table.hit_policy == "FIRST"

    def _row(self, number: int, names: Names, cells: dict[str, tree.UnaryTests]) -> _Row:
        """A rule parsed; `cells` are those parsed before, by their text."""
        rule = self.table.rules[number - 1]
        if len(rule.inputs) != len(self.columns) or len(rule.outputs) != len(self.outputs):
            raise DecisionError(
                "rule-shape", f"rule {number} has not one cell per column", element=self.table.id, rules=(number,)
            )
        for text in rule.inputs:
            if text not in cells:
                cells[text] = _tests(text, names, rule.id, (number,))
        return _Row(
            number,
            tuple(cells[text] for text in rule.inputs),
            tuple(_result(text, names, rule.id, number) for text in rule.outputs),
        )

    def values(self, ev: Evaluation, scope: Scope) -> list[Value]:
        """The value of each input column."""
        return [self.column_value(ev, column, scope) for column in self.columns]

    def column_value(self, ev: Evaluation, column: _Column, scope: Scope) -> Value:
        value = ev.run(column.node, scope)
        if isinstance(value, str) and column.type.kind not in ("Any", "string"):
            value = from_json(value, column.type)
        value = conform(ev, value, column.type)
        if column.values is not None and value is not None and not self.allowed(ev, column.values, value, scope):
            ev.fault(f"{column.label}: {text_of(value, ev.budget, True)} is not an allowed value")
        return value

    def allowed(self, ev: Evaluation, tests: tree.UnaryTests, value: Value, scope: Scope) -> bool:
        items = value if isinstance(value, list) else [value]
        return all(ev.any_test(tests, item, scope) is True for item in items)

    def matching(self, ev: Evaluation, scope: Scope) -> list[_Row]:
        """All matching rows in order (the first alone under FIRST)."""
        values = self.values(ev, scope)
        rules = self.index.candidates(values, scope)
        if rules is None:
            return self.tried(ev, self.rows, values, scope)
        found = []
        for rule in members(rules):
            row, start = self.rows[rule], self.index.loose.get(rule)
            if start is None or self.fits(ev, row, values, scope, start):
                found.append(row)
                if self.first_only:
                    break
        return found

    def tried(self, ev: Evaluation, rows: Sequence[_Row], values: list[Value], scope: Scope) -> list[_Row]:
        """The same, row by row: what the index must agree with, and where it gives no answer."""
        found = []
        for row in rows:
            if self.fits(ev, row, values, scope, 0):
                found.append(row)
                if self.first_only:
                    break
        return found

    def fits(self, ev: Evaluation, row: _Row, values: list[Value], scope: Scope, start: int) -> bool:
        """Do all cells of a row hold, from column `start` on?"""
        for test, value in zip(row.tests[start:], values[start:], strict=True):
            told = len(ev.warnings)
            holds = ev.any_test(test, value, scope)
            if value is None:
                del ev.warnings[told:]  # that null fits no range was said once, where it came from
            if holds is not True:
                return False
        return True

    def run(self, run: Run, scope: Scope) -> Value:
        """The result under the table's hit policy; the matched rules are noted in the run."""
        matched = self.matching(run.ev, scope)
        run.hit(self.table.id, tuple(row.number for row in matched))
        if not matched:
            return self.default(run.ev, scope)
        results = [(row.number, self.result(run.ev, row, scope)) for row in matched]
        return _POLICIES[self.table.hit_policy](self, run.ev, results)

    def result(self, ev: Evaluation, row: _Row, scope: Scope) -> tuple[Value, ...]:
        return tuple(
            self.output_value(ev, output, ev.run(node, scope), scope)
            for output, node in zip(self.outputs, row.results, strict=True)
        )

    def output_value(self, ev: Evaluation, output: _Output, value: Value, scope: Scope) -> Value:
        value = conform(ev, value, output.type)
        if output.values is not None and value is not None and not self.allowed(ev, output.values, value, scope):
            ev.fault(f"{output.clause.name or 'output'}: {text_of(value, ev.budget, True)} is not an allowed value")
        return value

    def default(self, ev: Evaluation, scope: Scope) -> Value:
        if all(output.default is None for output in self.outputs):
            return Decimal(0) if self.table.aggregation == "COUNT" else None
        return self.compound(
            tuple(
                None if output.default is None else conform(ev, ev.run(output.default, scope), output.type)
                for output in self.outputs
            )
        )

    def compound(self, values: Sequence[Value]) -> Value:
        """One output is its value, several are a context."""
        if len(values) == 1:
            return values[0]
        return {output.clause.name: value for output, value in zip(self.outputs, values, strict=True)}

    # --- hit policies ----------------------------------------------------------------------------------------

    def agreed(self, ev: Evaluation, results: list[tuple[int, tuple[Value, ...]]]) -> Value:
        """UNIQUE and ANY: all matching rules must say the same."""
        first = results[0][1]
        numbers = tuple(number for number, _ in results)
        for _, other in results[1:]:
            if not all(equal(a, b, ev.budget) is True for a, b in zip(first, other, strict=True)):
                code = "unique-violated" if self.table.hit_policy == "UNIQUE" else "any-violated"
                listed = ", ".join(map(str, numbers))
                raise DecisionError(
                    code,
                    f"rules {listed} match together and disagree under {self.table.hit_policy}",
                    element=self.table.id,
                    rules=numbers,
                )
        if len(results) > 1 and self.table.hit_policy == "UNIQUE":
            ev.warnings.append(f"rules {', '.join(map(str, numbers))} match together under UNIQUE, with equal outputs")
        return self.compound(first)

    def first(self, ev: Evaluation, results: list[tuple[int, tuple[Value, ...]]]) -> Value:
        return self.compound(results[0][1])

    def by_priority(self, ev: Evaluation, results: list[tuple[int, tuple[Value, ...]]]) -> Value:
        return self.compound(self.prioritised(ev, results)[0])

    def in_output_order(self, ev: Evaluation, results: list[tuple[int, tuple[Value, ...]]]) -> Value:
        return [self.compound(values) for values in self.prioritised(ev, results)]

    def in_rule_order(self, ev: Evaluation, results: list[tuple[int, tuple[Value, ...]]]) -> Value:
        return [self.compound(values) for _, values in results]

    def prioritised(self, ev: Evaluation, results: list[tuple[int, tuple[Value, ...]]]) -> list[tuple[Value, ...]]:
        """By the order of the output values, first column first; equal ranks stay in rule order."""
        if all(output.values is None for output in self.outputs):
            raise DecisionError(
                "no-output-values", f"{self.table.hit_policy} needs a list of output values", element=self.table.id
            )

        def rank(values: tuple[Value, ...]) -> tuple[int, ...]:
            return tuple(self.rank(ev, output, value) for output, value in zip(self.outputs, values, strict=True))

        return [values for _, values in sorted(results, key=lambda entry: rank(entry[1]))]

    def rank(self, ev: Evaluation, output: _Output, value: Value) -> int:
        if output.values is None:
            return 0
        scope = Scope({})
        for at, test in enumerate(output.values.tests):
            if ev.first_holding((test,), value, scope) is True:
                return at
        return len(output.values.tests)

    def collected(self, ev: Evaluation, results: list[tuple[int, tuple[Value, ...]]]) -> Value:
        if self.table.aggregation is None:
            return self.in_rule_order(ev, results)
        if self.table.aggregation == "COUNT":
            return Decimal(len(results))
        if len(self.outputs) != 1:
            raise DecisionError(
                "hit-policy", f"{self.table.aggregation} is defined for one output only", element=self.table.id
            )
        values = [values[0] for _, values in results]
        if self.table.aggregation == "SUM":
            return self.total(ev, values)
        sign = -1 if self.table.aggregation == "MIN" else 1

        def compare(left: Value, right: Value) -> int:
            found = order(left, right)
            if found is None:
                raise self.unordered(left, right)
            return sign * found

        return max(values, key=cmp_to_key(compare))

    def total(self, ev: Evaluation, values: list[Value]) -> Value:
        result = values[0]
        for value in values[1:]:
            try:
                result = arithmetic("+", result, value, ev.budget)
            except Fault:
                raise self.unordered(result, value) from None
        return result

    def unordered(self, left: Value, right: Value) -> DecisionError:
        return DecisionError(
            "aggregation", f"{self.table.aggregation} of {kind(left)} and {kind(right)}", element=self.table.id
        )


_POLICIES: dict[str, Callable[[Table, Evaluation, list[tuple[int, tuple[Value, ...]]]], Value]] = {
    "UNIQUE": Table.agreed,
    "ANY": Table.agreed,
    "FIRST": Table.first,
    "PRIORITY": Table.by_priority,
    "OUTPUT ORDER": Table.in_output_order,
    "RULE ORDER": Table.in_rule_order,
    "COLLECT": Table.collected,
}


def _tests(text: str, names: Names, element: str, rules: tuple[int, ...], length: int = LENGTH) -> tree.UnaryTests:
    try:
        return parse_unary_tests(text, names, length=length)
    except FeelError as error:
        where = f"rule {rules[0]}: " if rules else ""
        raise DecisionError(error.code, f"{where}not FEEL: {error.message}", element=element, rules=rules) from error


def _result(text: str, names: Names, element: str, number: int) -> tree.Node:
    if text.strip() in ("", "-"):
        return tree.Null()
    try:
        return parsed(text, names, "feel", element)
    except DecisionError as error:
        raise DecisionError(error.code, f"rule {number}: {error.message}", element=element, rules=(number,)) from error


def compile_table(table: DecisionTable, names: Names, known: ItemTypes) -> Logic:
    """The function of a table. Raises DecisionError where a cell is not FEEL."""
    return Table(table, names, known).run
