"""Case data of a simulation: which columns there are, how they are drawn, and the rules compiled on them.

Columns come from case attributes, from the results of steps, and from the result variables of business rule tasks,
whose decisions are compiled with all they require. A decision with one output gives the column of its variable; several
outputs give `variable.output` each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bpm.errors import FeelError, LichtungError
from bpm.feel import machine as M
from bpm.feel.columns import Assembly, NotCompilable
from bpm.feel.syntax import tree
from bpm.feel.syntax.parser import parse_expression, parse_unary_tests
from bpm.model.decision import Decision, DecisionModel, DecisionTable, LiteralExpression
from bpm.model.process import Expression
from bpm.model.scenario import AnyOf, Attribute, Condition, Value

_COMPARISONS = {"=": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


class Data:
    """Columns by name and the code that reads them."""

    def __init__(self) -> None:
        self.columns: dict[str, int] = {}
        self.assembly = Assembly()
        self._temporary = 0
        self._widths: dict[int, int] = {}

    def column(self, name: str) -> int:
        """The column of a datum, made if new."""
        return self.columns.setdefault(name, len(self.columns))

    def temporary(self) -> int:
        self._temporary += 1
        return self.column(f"\0{self._temporary}")

    def resolve(self, name: str) -> int | None:
        return self.columns.get(name)

    def names(self) -> set[str]:
        """Names a parser must know: whole names and the variables that hold several outputs."""
        shown = {name for name in self.columns if not name.startswith("\0")}
        return shown | {name.partition(".")[0] for name in shown}

    # --- conditions ------------------------------------------------------------------------------------------

    def condition(self, expression: Expression) -> int:
        """Compile a FEEL condition; raises FeelError if it cannot be."""
        if expression.language != "feel":
            raise NotCompilable(f"a condition in {expression.language}")
        node = parse_expression(expression.text.strip().removeprefix("="), self.names())
        return self.assembly.condition(node, self.resolve)

    def rule(self, rule: AnyOf) -> int:
        """Compile a rule of comparisons: outer or, inner and; unknown attributes are false."""
        start = len(self.assembly)
        self.assembly.emit(M.PUSH_BOOLEAN, 0)
        for together in rule:
            self.assembly.emit(M.PUSH_BOOLEAN, 1)
            for condition in together:
                self._compare(condition)
                self.assembly.emit(M.AND)
            self.assembly.emit(M.OR)
        self.assembly.emit(M.STOP)
        return start

    def _compare(self, condition: Condition) -> None:
        if condition.attribute not in self.columns:
            self.assembly.emit(M.PUSH_BOOLEAN, 0)
            return
        name = tree.Name(condition.attribute)
        if isinstance(condition.value, tuple):
            low, high = (_literal(end) for end in condition.value)
            node: tree.Node = tree.Between(name, low, high)
        else:
            node = tree.Comparison(_COMPARISONS[condition.comparison], name, _literal(condition.value))
        self.assembly.expression(node, self.resolve)
        self.assembly.emit(M.IS_TRUE)

    # --- decisions -------------------------------------------------------------------------------------------

    def decision(self, models: Iterable[DecisionModel], decision: Decision, variable: str) -> int:
        """Compile a decision with its requirements into `variable`; raises FeelError, or DecisionError on a cycle."""
        start = len(self.assembly)
        columns = dict(self.columns)
        try:
            known = {d.id: d for model in models for d in model.decisions}
            self._decision(known, decision, variable, ())
        except LichtungError:
            del self.assembly.code[start:]
            self.columns = columns
            raise
        self.assembly.emit(M.STOP)
        return start

    def _decision(
        self, known: Mapping[str, Decision], decision: Decision, variable: str, path: tuple[str, ...]
    ) -> None:
        if decision.id in path:
            raise NotCompilable(f"a decision that requires itself ({decision.id})")
        local: dict[str, str] = {}
        for required in decision.requires:
            other = known.get(required.rpartition("#")[2])
            if other is None:
                continue  # an input: its data are the case's
            hidden = f"\0{decision.id}.{other.id}"
            self._decision(known, other, hidden, (*path, decision.id))
            local[other.variable] = hidden
        if decision.knowledge:
            raise NotCompilable(f"the business knowledge that {decision.id} uses")
        scope = _Scope(self, local)
        if isinstance(decision.logic, DecisionTable):
            self._table(decision.logic, variable, scope)
        elif isinstance(decision.logic, LiteralExpression):
            self._value(decision.logic.text, scope)
            self.assembly.emit(M.STORE, self.column(variable))
        else:
            raise NotCompilable(f"the boxed expression of {decision.id}")

    def _value(self, text: str, scope: _Scope) -> None:
        start = len(self.assembly)
        self.assembly.expression(parse_expression(text, scope.names()), scope.resolve)
        self.assembly.check_depth(start)

    def _table(self, table: DecisionTable, variable: str, scope: _Scope) -> None:
        if table.hit_policy not in ("UNIQUE", "ANY", "FIRST"):
            raise NotCompilable(f"hit policy {table.hit_policy}")
        emit, several = self.assembly.emit, len(table.outputs) > 1
        targets = [self.column(f"{variable}.{o.name}" if several else variable) for o in table.outputs]
        inputs = []
        for clause in table.inputs:
            self._value(clause.expression, scope)
            inputs.append(f"\0in{self._temporary}")
            emit(M.STORE, self.column(inputs[-1]))
            self._temporary += 1
        for output, target in zip(table.outputs, targets, strict=True):
            if output.default:
                self._value(output.default, scope)
            else:
                emit(M.PUSH_NULL)
            emit(M.STORE, target)
        matched = self.temporary()
        emit(M.PUSH_BOOLEAN, 0)
        emit(M.STORE, matched)
        ends: list[int] = []
        for rule in table.rules:
            misses = []
            for column, cell in zip(inputs, rule.inputs, strict=True):
                tests = parse_unary_tests(cell or "-", scope.names())
                if not tests.is_dash:
                    self.assembly.unary_tests(tree.Name(column), tests, scope.resolve)
                    misses.append(emit(M.JUMP_UNLESS_TRUE))
            if table.hit_policy != "FIRST":
                emit(M.LOAD, matched)
                first = emit(M.JUMP_UNLESS_TRUE)
                for text, target in zip(rule.outputs, targets, strict=True):
                    self._value(text or "null", scope)
                    emit(M.AGREE, target)
                misses.append(emit(M.JUMP))
                self.assembly.patch(first)
            for text, target in zip(rule.outputs, targets, strict=True):
                self._value(text or "null", scope)
                emit(M.STORE, target)
            emit(M.PUSH_BOOLEAN, 1)
            emit(M.STORE, matched)
            if table.hit_policy == "FIRST":
                ends.append(emit(M.JUMP))
            for miss in misses:
                self.assembly.patch(miss)
        for end in ends:
            self.assembly.patch(end)


class _Scope:
    """Names inside a decision: what it requires hides the case's data."""

    def __init__(self, data: Data, local: Mapping[str, str]) -> None:
        self._data, self._local = data, local

    def resolve(self, name: str) -> int | None:
        variable, dot, output = name.partition(".")
        hidden = self._local.get(variable)
        return self._data.resolve(name if hidden is None else hidden + dot + output)

    def names(self) -> set[str]:
        return self._data.names() | set(self._local)


def _literal(value: Value) -> tree.Node:
    if isinstance(value, bool):
        return tree.Boolean(value)
    if isinstance(value, str):
        return tree.String(value)
    from decimal import Decimal

    return tree.Number(Decimal(repr(float(value))))


def type_of(attribute: Attribute) -> int:
    """The machine type of an attribute's values; mixed ones are refused."""
    types = {
        M.BOOLEAN if isinstance(value, bool) else M.STRING if isinstance(value, str) else M.NUMBER
        for value, _ in attribute.choices
    } or {M.NUMBER}
    if len(types) > 1:
        raise FeelError("feel-mixed-types", f"the values of {attribute.name!r} have different types")
    return types.pop()


def numbers_of(attribute: Attribute, assembly: Assembly) -> list[Any]:
    """The values of a discrete attribute as machine numbers; texts as provisional numbers, wrapped in a list."""
    return [[assembly.text(value)] if isinstance(value, str) else float(value) for value, _ in attribute.choices]
