"""The evaluator: a tree, a scope and a budget give a value (DMN 1.5, 10.3.2).

An error is never an exception: the part becomes null and a warning says why. Only a spent budget stops the whole.
Logic is ternary. Numbers are decimal128 with half-even rounding. Names are looked up in the scope first, then among
the built-in functions; there is no way from a name to anything of Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from bpm.errors import BudgetExceeded
from bpm.feel import temporal, types
from bpm.feel.budget import STEPS, Budget
from bpm.feel.operators import arithmetic, negated
from bpm.feel.paths import member
from bpm.feel.syntax import tree
from bpm.feel.syntax.walk import free_names
from bpm.feel.types import NO_TYPES, Types
from bpm.feel.values import (
    FUNCTIONS,
    Builtin,
    Fault,
    Function,
    HostFunction,
    RangeValue,
    Value,
    equal,
    kind,
    order,
    within,
)

_FARTHEST = Decimal(10) ** 30
WARNINGS = 100
"""Warnings kept of one evaluation; the rest would only repeat."""


class Scope:
    """Names bound at one level, and the level around it."""

    __slots__ = ("around", "names")

    def __init__(self, names: Mapping[str, Value], around: Scope | None = None) -> None:
        self.names = names
        self.around = around

    def find(self, name: str) -> tuple[bool, Value]:
        """Is it bound, and to what?"""
        level: Scope | None = self
        while level is not None:
            if name in level.names:
                return True, level.names[name]
            level = level.around
        return False, None


def evaluate(
    node: tree.Node,
    scope: Mapping[str, Value],
    *,
    budget: Budget | None = None,
    warnings: list[str] | None = None,
    types: Types = NO_TYPES,
    now: datetime | None = None,
) -> Value:
    """The value of an expression. `now` is what the functions `now` and `today` give; without it they are null.

    Raises BudgetExceeded; whatever else goes wrong is null and a warning.
    """
    return Evaluation(budget, warnings, types, now).value(node, Scope(scope))


def matches(
    tests: tree.UnaryTests,
    value: Value,
    scope: Mapping[str, Value],
    *,
    budget: Budget | None = None,
    warnings: list[str] | None = None,
    types: Types = NO_TYPES,
    now: datetime | None = None,
) -> bool | None:
    """Does `value` pass the unary tests? None where that cannot be said."""
    return Evaluation(budget, warnings, types, now).passes(tests, value, Scope(scope))


class Evaluation:
    """One run: what it may still cost, what it complained about, and the types it knows."""

    __slots__ = ("budget", "now", "types", "warnings")

    def __init__(
        self,
        budget: Budget | None = None,
        warnings: list[str] | None = None,
        types: Types = NO_TYPES,
        now: datetime | None = None,
    ) -> None:
        self.budget = Budget() if budget is None else budget
        self.warnings: list[str] = [] if warnings is None else warnings
        self.types = types
        self.now = now

    def value(self, node: tree.Node, scope: Scope) -> Value:
        """As `run`; a stack that ends before the counters do is a spent budget too."""
        try:
            return self.run(node, scope)
        except RecursionError:
            raise BudgetExceeded("levels of nesting", self.budget.depth) from None

    def passes(self, tests: tree.UnaryTests, value: Value, scope: Scope) -> bool | None:
        try:
            return self.any_test(tests, value, scope)
        except RecursionError:
            raise BudgetExceeded("levels of nesting", self.budget.depth) from None

    def run(self, node: tree.Node, scope: Scope) -> Value:
        self.budget.spend(1)
        return _HANDLERS[type(node)](self, node, scope)

    def fault(self, message: str) -> Any:
        """Null, with the reason kept."""
        if len(self.warnings) < WARNINGS:
            self.warnings.append(message)
        return None

    # --- unary tests -----------------------------------------------------------------------------------------

    def any_test(self, tests: tree.UnaryTests, value: Value, scope: Scope) -> bool | None:
        if tests.is_dash:
            return True
        result = self.first_holding(tests.tests, value, scope)
        if not tests.negated:
            return result
        return None if result is None else not result

    def first_holding(self, tests: Sequence[tree.Node], value: Value, scope: Scope) -> bool | None:
        around = Scope({"?": value}, scope)
        unknown = False
        for test in tests:
            result = self.holds(test, value, around)
            if result is True:
                return True
            unknown = unknown or result is None
        return None if unknown else False

    def holds(self, test: tree.Node, value: Value, scope: Scope) -> bool | None:
        if not isinstance(test, tree.Test):
            return self.contained(value, self.run(test, scope))
        operand = self.run(test.operand, scope)
        if test.operator == "?":
            if operand is None or isinstance(operand, bool):
                return operand
            return self.contained(value, operand)
        if test.operator in ("=", "in"):
            if test.operator == "=" and operand is True and not isinstance(value, bool) and value is not None:
                return True
            return self.contained(value, operand)
        return self.compare(test.operator, value, operand)

    def contained(self, value: Value, operand: Value) -> bool | None:
        """`value` equals `operand`, lies in it (a range), or is one of it (a list)."""
        if isinstance(operand, RangeValue) and not isinstance(value, RangeValue):
            return None if value is None else within(value, operand)
        if isinstance(operand, list) and not isinstance(value, list):
            self.budget.spend(len(operand))
            return any(self.contained(value, item) is True for item in operand)
        if isinstance(operand, list) and any(isinstance(item, list) for item in operand):
            return any(equal(value, item, self.budget) is True for item in operand) or equal(
                value, operand, self.budget
            )
        return equal(value, operand, self.budget)

    def compare(self, operator: str, left: Value, right: Value) -> bool | None:
        if operator in ("=", "!="):
            same = equal(left, right, self.budget)
            if same is None:
                self.fault(f"{kind(left)} {operator} {kind(right)} is not defined")
                return None
            return same == (operator == "=")
        sign = order(left, right)
        if sign is None:
            self.fault(f"{kind(left)} {operator} {kind(right)} is not defined")
            return None
        return _ORDER[operator](sign)

    # --- calls -----------------------------------------------------------------------------------------------

    def call(self, function: Value, arguments: Sequence[Value]) -> Value:
        """Call any FEEL function with arguments in order. Raises Fault where they do not fit."""
        if isinstance(function, Builtin):
            return self.call_builtin(function, arguments)
        if not isinstance(function, (Function, HostFunction)):
            raise Fault(f"a {kind(function)} is not a function")
        if len(arguments) != len(function.parameters):
            raise Fault(f"{len(function.parameters)} arguments expected, {len(arguments)} given")
        self.budget.enter()
        try:
            if isinstance(function, HostFunction):
                return function.call(arguments)
            if function.external:
                raise Fault("functions in other languages are never called")
            values = self.typed_arguments(function, arguments)
            return self.run(function.body, Scope(values, function.scope))
        finally:
            self.budget.leave()

    def typed_arguments(self, function: Function, arguments: Sequence[Value]) -> dict[str, Value]:
        values = dict(zip(function.parameters, arguments, strict=True))
        for name, type in zip(function.parameters, function.types, strict=False):
            if type is not None:
                values[name], problem = types.coerce(values[name], type)
                if problem is not None:
                    raise Fault(f"argument {name}: {problem}")
        return values

    def call_builtin(self, function: Builtin, arguments: Sequence[Value]) -> Value:
        if len(arguments) < function.required or (
            not function.variadic and len(arguments) > max(map(len, function.shapes))
        ):
            raise Fault(f"{function.name}: wrong number of arguments")
        if function.scalars:
            arguments = [
                argument[0]
                if at in function.scalars and isinstance(argument, list) and len(argument) == 1
                else argument
                for at, argument in enumerate(arguments)
            ]
        return function.call(self, *arguments)

    def call_named(self, function: Value, named: Mapping[str, Value]) -> Value:
        if isinstance(function, Builtin):
            for shape in function.shapes:
                if set(named) <= set(shape):
                    if "key" in shape and isinstance(named.get("key"), list):
                        continue  # by name, `key` is one; several are `keys`
                    used = [name in named for name in shape]
                    count = max((at + 1 for at, there in enumerate(used) if there), default=0)
                    count = max(count, min(function.required, len(shape)))
                    return self.call_builtin(function, [named.get(name) for name in shape[:count]])
            raise Fault(f"{function.name}: no such parameters {', '.join(named)}")
        if not isinstance(function, (Function, HostFunction)):
            raise Fault(f"a {kind(function)} is not a function")
        if set(named) != set(function.parameters):
            raise Fault(f"parameters {', '.join(function.parameters)} expected")
        return self.call(function, [named[name] for name in function.parameters])


# --- one handler per node ------------------------------------------------------------------------------------

_ORDER: dict[str, Callable[[int], bool]] = {
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
    ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0,
}


def _literal(ev: Evaluation, node: Any, scope: Scope) -> Value:
    return node.value


def _null(ev: Evaluation, node: tree.Null, scope: Scope) -> Value:
    return None


def _at_literal(ev: Evaluation, node: tree.AtLiteral, scope: Scope) -> Value:
    value = temporal.parse(node.text)
    return ev.fault(f"@{node.text[:40]!r} is no date, time or duration") if value is None else value


def _name(ev: Evaluation, node: tree.Name, scope: Scope) -> Value:
    found, value = scope.find(node.name)
    if found:
        return value
    builtin = _builtins().get(node.name)
    return ev.fault(f"nothing is named {node.name!r}") if builtin is None else builtin


def _list(ev: Evaluation, node: tree.ListOf, scope: Scope) -> Value:
    return [ev.run(item, scope) for item in node.items]


def _context(ev: Evaluation, node: tree.Context, scope: Scope) -> Value:
    values: dict[str, Value] = {}
    inner = Scope(values, scope)
    for name, entry in node.entries:
        if name in values:
            return ev.fault(f"the context has two entries {name!r}")
        values[name] = ev.run(entry, inner)
    return dict(values)


def _range(ev: Evaluation, node: tree.Range, scope: Scope) -> Value:
    low = None if node.low is None else ev.run(node.low, scope)
    high = None if node.high is None else ev.run(node.high, scope)
    if (low is None and node.low is not None) or (high is None and node.high is not None):
        return ev.fault("a range end is null") if low is None and high is None else _half(ev, node, low, high)
    if low is not None and high is not None and low is not high:
        sign = order(low, high)
        if sign is None:
            return ev.fault(f"no range from {kind(low)} to {kind(high)}")
    return RangeValue(low, high, node.low_included, node.high_included)


def _half(ev: Evaluation, node: tree.Range, low: Value, high: Value) -> Value:
    return RangeValue(low, high, node.low_included and low is not None, node.high_included and high is not None)


def _negation(ev: Evaluation, node: tree.Negation, scope: Scope) -> Value:
    try:
        return negated(ev.run(node.operand, scope))
    except Fault as fault:
        return ev.fault(str(fault))


def _left_row(node: Any, cls: type) -> list[Any]:
    """A row of operators that leans left, outermost last: walked in a loop, so its length costs no stack."""
    row = [node]
    while type(row[-1].left) is cls:
        row.append(row[-1].left)
    row.reverse()
    return row


def _arithmetic(ev: Evaluation, node: tree.Arithmetic, scope: Scope) -> Value:
    row = _left_row(node, tree.Arithmetic)
    value = ev.run(row[0].left, scope)
    for part in row:
        try:
            value = arithmetic(part.operator, value, ev.run(part.right, scope), ev.budget)
        except Fault as fault:
            value = ev.fault(str(fault))
    return value


def _comparison(ev: Evaluation, node: tree.Comparison, scope: Scope) -> Value:
    return ev.compare(node.operator, ev.run(node.left, scope), ev.run(node.right, scope))


def _logic(ev: Evaluation, node: tree.Logic, scope: Scope) -> Value:
    row = _left_row(node, tree.Logic)
    value = ev.run(row[0].left, scope)
    for part in row:
        decisive = part.operator == "or"
        if value is decisive:
            continue
        right = ev.run(part.right, scope)
        for side in (value, right):
            if side is not None and not isinstance(side, bool):
                ev.fault(f"{kind(side)} beside {part.operator}")
        if right is decisive:
            value = decisive
        else:
            value = (not decisive) if value is right is (not decisive) else None
    return value


def _between(ev: Evaluation, node: tree.Between, scope: Scope) -> Value:
    value = ev.run(node.value, scope)
    low = ev.compare(">=", value, ev.run(node.low, scope))
    high = ev.compare("<=", value, ev.run(node.high, scope))
    if low is False or high is False:
        return False if low is not None and high is not None else None
    return None if low is None or high is None else True


def _in(ev: Evaluation, node: tree.In, scope: Scope) -> Value:
    value = ev.run(node.value, scope)
    result = ev.first_holding(node.tests, value, scope)
    return ev.fault("in: the two cannot be compared") if result is None else result


def _instance_of(ev: Evaluation, node: tree.InstanceOf, scope: Scope) -> Value:
    value = ev.run(node.value, scope)
    type = types.from_tree(node.type, ev.types)
    if type is None:
        return ev.fault(f"no type is named {node.type.name!r}")
    return types.conforms(value, type)


def _if(ev: Evaluation, node: tree.If, scope: Scope) -> Value:
    condition = ev.run(node.condition, scope)
    if condition is not None and not isinstance(condition, bool):
        ev.fault(f"if on a {kind(condition)}")
    return ev.run(node.then if condition is True else node.otherwise, scope)


def _bindings(
    ev: Evaluation, iterations: Sequence[tree.Iteration], scope: Scope, fixed: dict[str, Value]
) -> Iterator[dict[str, Value]]:
    """Every combination of the iterations, first one slowest. Raises Fault on a domain that cannot be walked."""
    if not iterations:
        yield fixed
        return
    first, rest = iterations[0], iterations[1:]
    around = Scope(fixed, scope)
    for item in _domain(ev, first, around):
        ev.budget.spend(1)
        yield from _bindings(ev, rest, scope, {**fixed, first.name: item})


def _domain(ev: Evaluation, iteration: tree.Iteration, scope: Scope) -> Iterator[Value] | list[Value]:
    start = ev.run(iteration.domain, scope)
    if iteration.end is not None:
        return _counted(start, ev.run(iteration.end, scope), True, True)
    if isinstance(start, RangeValue):
        if (order(start.low, start.high) or 0) > 0:
            raise Fault("the range ends before it starts")
        return _counted(start.low, start.high, start.low_included, start.high_included)
    if start is None:
        raise Fault("null cannot be walked")
    return start if isinstance(start, list) else [start]


def _counted(low: Value, high: Value, low_included: bool, high_included: bool) -> Iterator[Value]:
    """Whole numbers or days from one end to the other, downwards if the first is larger; one by one, never stored."""
    days = all(isinstance(end, date) and not isinstance(end, datetime) for end in (low, high))
    numbers = all(isinstance(end, Decimal) and end == end.to_integral_value() for end in (low, high))
    if not days and not numbers:
        raise Fault(f"no counting from {kind(low)} to {kind(high)}")
    if numbers and max(abs(low), abs(high)) > _FARTHEST:
        raise BudgetExceeded("steps", STEPS)  # whole numbers of thousands of digits cost more than a step each
    first, last = (low.toordinal(), high.toordinal()) if days else (int(low), int(high))
    step = 1 if last >= first else -1
    first += 0 if low_included else step
    last += step if high_included else 0
    if days:
        return (date.fromordinal(number) for number in range(first, last, step))
    return (Decimal(number) for number in range(first, last, step))


def _for(ev: Evaluation, node: tree.For, scope: Scope) -> Value:
    results: list[Value] = []
    looks_back = "partial" in free_names(node.result)
    try:
        for names in _bindings(ev, node.iterations, scope, {}):
            if looks_back:
                ev.budget.spend(len(results) // 20)
                names = {"partial": results.copy(), **names}
            results.append(ev.run(node.result, Scope(names, scope)))
    except Fault as fault:
        return ev.fault(str(fault))
    return results


def _quantified(ev: Evaluation, node: tree.Quantified, scope: Scope) -> Value:
    decisive = node.quantifier == "some"
    unknown = False
    try:
        for names in _bindings(ev, node.iterations, scope, {}):
            result = ev.run(node.condition, Scope(names, scope))
            if result is decisive:
                return decisive
            if not isinstance(result, bool):
                unknown = True
    except Fault as fault:
        return ev.fault(str(fault))
    return ev.fault(f"{node.quantifier}: a condition is not boolean") if unknown else not decisive


def _path(ev: Evaluation, node: tree.Path, scope: Scope) -> Value:
    try:
        return member(ev.run(node.value, scope), node.name, ev.budget)
    except Fault as fault:
        return ev.fault(str(fault))


def _filter(ev: Evaluation, node: tree.Filter, scope: Scope) -> Value:
    value = ev.run(node.value, scope)
    if isinstance(node.condition, tree.Number):
        return _item_at(ev, value, node.condition.value)
    if value is None:
        ev.fault("a filter on null")
        return None
    items = value if isinstance(value, list) else [value]
    if not items:
        first: Value = ev.run(node.condition, Scope({"item": None}, scope)) if _constant(node.condition) else None
        return ev.fault("no such position") if isinstance(first, Decimal) else []
    kept = []
    for at, item in enumerate(items):
        names = {"item": item, **item} if isinstance(item, dict) else {"item": item}
        result = ev.run(node.condition, Scope(names, scope))
        if at == 0 and isinstance(result, Decimal):
            return _item_at(ev, value, result)
        if result is True:
            kept.append(item)
        elif result is not None and not isinstance(result, bool):
            return ev.fault(f"a filter by a {kind(result)}")
    return kept


def _constant(node: tree.Node) -> bool:
    return isinstance(node, (tree.Number, tree.Negation))


def _item_at(ev: Evaluation, value: Value, position: Decimal) -> Value:
    if value is None:
        return ev.fault("a filter on null")
    items = value if isinstance(value, list) else [value]
    if position != position.to_integral_value() or not 0 < abs(position) <= len(items):
        return ev.fault(f"no position {position} in {len(items)} element(s)")
    return items[int(position) - 1 if position > 0 else int(position)]


def _function(ev: Evaluation, node: tree.FunctionDefinition, scope: Scope) -> Value:
    known = tuple(None if part.type is None else types.from_tree(part.type, ev.types) for part in node.parameters)
    return Function(tuple(part.name for part in node.parameters), node.body, scope, known, node.external)


def _invocation(ev: Evaluation, node: tree.Invocation, scope: Scope) -> Value:
    function: Value = None
    if isinstance(node.function, tree.Name):
        function = scope.find(node.function.name)[1]
        if not isinstance(function, FUNCTIONS):
            function = _builtins().get(node.function.name, function)
        if function is None:
            return ev.fault(f"no function is named {node.function.name!r}")
    else:
        function = ev.run(node.function, scope)
    try:
        if node.named:
            return ev.call_named(function, {name: ev.run(value, scope) for name, value in node.named})
        return ev.call(function, [ev.run(argument, scope) for argument in node.arguments])
    except Fault as fault:
        return ev.fault(str(fault))


def _test(ev: Evaluation, node: tree.Test, scope: Scope) -> Value:
    return ev.holds(node, scope.find("?")[1], scope)


def _unary_tests(ev: Evaluation, node: tree.UnaryTests, scope: Scope) -> Value:
    return ev.any_test(node, scope.find("?")[1], scope)


def _builtins() -> Mapping[str, Builtin]:
    global _table
    if _table is None:
        from bpm.feel.builtins import BUILTINS  # the functions call back into this module

        _table = BUILTINS
    return _table


_table: Mapping[str, Builtin] | None = None

_HANDLERS: dict[type, Callable[[Evaluation, Any, Scope], Value]] = {
    tree.Number: _literal,
    tree.String: _literal,
    tree.Boolean: _literal,
    tree.Null: _null,
    tree.AtLiteral: _at_literal,
    tree.Name: _name,
    tree.ListOf: _list,
    tree.Context: _context,
    tree.Range: _range,
    tree.Negation: _negation,
    tree.Arithmetic: _arithmetic,
    tree.Comparison: _comparison,
    tree.Logic: _logic,
    tree.Between: _between,
    tree.In: _in,
    tree.InstanceOf: _instance_of,
    tree.If: _if,
    tree.For: _for,
    tree.Quantified: _quantified,
    tree.Path: _path,
    tree.Filter: _filter,
    tree.FunctionDefinition: _function,
    tree.Invocation: _invocation,
    tree.Test: _test,
    tree.UnaryTests: _unary_tests,
}
