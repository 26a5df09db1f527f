"""Boxed expressions compiled to functions of a run and a scope (DMN 1.5, 7.3 and 10.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol, TypeAlias

from bpm.decisions.itemtypes import ItemTypes
from bpm.errors import DecisionError, FeelError
from bpm.feel import parse_expression, types
from bpm.feel.evaluate import Evaluation, Scope
from bpm.feel.juel import parse_juel
from bpm.feel.syntax import tree
from bpm.feel.types import ANY, PLAIN, Type
from bpm.feel.values import Builtin, Fault, HostFunction, RangeValue, Value, kind
from bpm.model import decision as model


class Run(Protocol):
    """What an expression needs while a decision runs."""

    @property
    def ev(self) -> Evaluation: ...

    def hit(self, table: str, rules: tuple[int, ...]) -> None:
        """A table was evaluated and these rules matched."""


Logic: TypeAlias = Callable[[Run, Scope], Value]
Names: TypeAlias = frozenset[str]


def parsed(text: str, names: Names, language: str, element: str | None) -> tree.Node:
    """An expression text as a tree. Raises DecisionError in place of FEEL's errors."""
    try:
        if language.lower() == "juel" or text.lstrip().startswith(("${", "#{")):
            return parse_juel(text)
        if language != "feel":
            raise DecisionError("expression-language", f"{language!r} is not evaluated, only FEEL", element=element)
        return parse_expression(text, names)
    except FeelError as error:
        raise DecisionError(error.code, f"not FEEL: {error.message}", element=element) from error


def compile_boxed(boxed: model.Boxed | None, names: Names, known: ItemTypes) -> Logic:
    """The function of a boxed expression; its declared type is applied to the result."""
    if boxed is None:
        return lambda run, scope: None
    found: Logic = _COMPILERS[type(boxed)](boxed, names, known)
    declared = getattr(boxed, "type", None)
    return found if declared is None else typed(found, known.named(declared))


def typed(logic: Logic, type: Type) -> Logic:
    """`logic` with its result made to conform to `type`."""
    if type is ANY:
        return logic

    def run_typed(run: Run, scope: Scope) -> Value:
        return conform(run.ev, logic(run, scope), type)

    return run_typed


def conform(ev: Evaluation, value: Value, type: Type) -> Value:
    """`value` as `type`; null with a warning where it is none."""
    if type is ANY or value is None or (type.allowed is None and PLAIN.get(value.__class__) == type.kind):
        return value  # most values: nothing to convert, nothing else to ask
    result, problem = types.coerce(value, type)
    return result if problem is None else ev.fault(problem)


def _literal(boxed: model.LiteralExpression, names: Names, known: ItemTypes) -> Logic:
    text = boxed.text.strip()
    if not text:
        return lambda run, scope: None
    node = parsed(text, names, boxed.language, boxed.id)
    return lambda run, scope: run.ev.run(node, scope)


def _table(boxed: model.DecisionTable, names: Names, known: ItemTypes) -> Logic:
    from bpm.decisions.tables import compile_table

    return compile_table(boxed, names, known)


def _context(boxed: model.ContextExpression, names: Names, known: ItemTypes) -> Logic:
    entries: list[tuple[str | None, Logic]] = []
    for entry in boxed.entries:
        logic = compile_boxed(entry.value, names, known)
        entries.append((entry.name, typed(logic, known.named(entry.type))))
        if entry.name is not None:
            names = names | {entry.name}

    def run_context(run: Run, scope: Scope) -> Value:
        values: dict[str, Value] = {}
        inner = Scope(values, scope)
        for name, logic in entries:
            if name is None:
                return logic(run, inner)
            values[name] = logic(run, inner)
        return dict(values)

    return run_context


def _invocation(boxed: model.InvocationExpression, names: Names, known: ItemTypes) -> Logic:
    function = compile_boxed(boxed.function, names, known)
    bindings = [(name, compile_boxed(value, names, known)) for name, value in boxed.bindings]

    def run_invocation(run: Run, scope: Scope) -> Value:
        found = function(run, scope)
        arguments = {name: logic(run, scope) for name, logic in bindings}
        try:
            if isinstance(found, Builtin):
                return run.ev.call_named(found, arguments)
            if not isinstance(found, HostFunction):
                return run.ev.call_named(found, arguments)
            unknown = [name for name in arguments if name not in found.parameters]
            if unknown:
                raise Fault(f"{found.name} has no parameter {unknown[0]!r}")
            return run.ev.call(found, [arguments.get(name) for name in found.parameters])
        except Fault as fault:
            return run.ev.fault(str(fault))

    return run_invocation


def _function(boxed: model.FunctionExpression, names: Names, known: ItemTypes) -> Logic:
    return compile_function(boxed, names, known, "function")


def compile_function(boxed: model.FunctionExpression, names: Names, known: ItemTypes, name: str) -> Logic:
    """A function value that closes over its scope."""
    parameters = tuple(parameter for parameter, _ in boxed.parameters)
    asked = tuple(known.named(type) for _, type in boxed.parameters)
    external = boxed.kind.upper() != "FEEL"
    body = None if external else compile_boxed(boxed.body, names | frozenset(parameters) | {name}, known)

    def run_function(run: Run, scope: Scope) -> Value:
        def call(arguments: Sequence[Value]) -> Value:
            if body is None:
                raise Fault(f"{boxed.kind} functions are never called")
            values = {}
            for parameter, value, type in zip(parameters, arguments, asked, strict=True):
                values[parameter], problem = types.coerce(value, type)
                if problem is not None:
                    raise Fault(f"argument {parameter}: {problem}")
            return body(run, Scope(values, scope))

        return HostFunction(name, parameters, call)

    return run_function


def _list(boxed: model.ListExpression, names: Names, known: ItemTypes) -> Logic:
    items = [compile_boxed(item, names, known) for item in boxed.items]
    return lambda run, scope: [item(run, scope) for item in items]


def _relation(boxed: model.RelationExpression, names: Names, known: ItemTypes) -> Logic:
    rows = [[compile_boxed(cell, names, known) for cell in row] for row in boxed.rows]

    def run_relation(run: Run, scope: Scope) -> Value:
        return [{column: cell(run, scope) for column, cell in zip(boxed.columns, row, strict=False)} for row in rows]

    return run_relation


def _conditional(boxed: model.ConditionalExpression, names: Names, known: ItemTypes) -> Logic:
    condition, then, otherwise = (
        compile_boxed(part, names, known) for part in (boxed.condition, boxed.then, boxed.otherwise)
    )

    def run_conditional(run: Run, scope: Scope) -> Value:
        value = condition(run, scope)
        if value is not None and not isinstance(value, bool):
            return run.ev.fault(f"if on a {kind(value)}")
        return then(run, scope) if value is True else otherwise(run, scope)

    return run_conditional


def _filter(boxed: model.FilterExpression, names: Names, known: ItemTypes) -> Logic:
    value = compile_boxed(boxed.value, names, known)
    match = compile_boxed(boxed.match, names | {"item"}, known)

    def run_filter(run: Run, scope: Scope) -> Value:
        found = value(run, scope)
        if found is None:
            return run.ev.fault("a filter on null")
        kept = []
        for at, item in enumerate(found if isinstance(found, list) else [found]):
            names = {**item, "item": item} if isinstance(item, dict) else {"item": item}
            result = match(run, Scope(names, scope))
            if at == 0 and isinstance(result, Decimal):
                return run.ev.run(tree.Filter(tree.Name("list"), tree.Number(result)), Scope({"list": found}))
            if result is True:
                kept.append(item)
            elif not isinstance(result, bool):
                return run.ev.fault(f"a filter by a {kind(result)}")
        return kept

    return run_filter


def _iterator(boxed: model.IteratorExpression, names: Names, known: ItemTypes) -> Logic:
    domain = compile_boxed(boxed.domain, names, known)
    result = compile_boxed(boxed.result, names | {boxed.variable, "partial"}, known)

    def run_iterator(run: Run, scope: Scope) -> Value:
        found = domain(run, scope)
        if isinstance(found, RangeValue):
            walk = tree.For((tree.Iteration("x", tree.Name("range")),), tree.Name("x"))
            found = run.ev.run(walk, Scope({"range": found}))
        if not isinstance(found, list):
            return run.ev.fault(f"{boxed.kind}: a {kind(found)} cannot be walked")
        partial: list[Value] = []
        for item in found:
            run.ev.budget.spend(1)
            value = result(run, Scope({boxed.variable: item, "partial": partial.copy()}, scope))
            if boxed.kind != "for" and not isinstance(value, bool):
                return run.ev.fault(f"{boxed.kind}: a condition is a {kind(value)}")
            if boxed.kind != "for" and value == (boxed.kind == "some"):
                return value
            partial.append(value)
        return partial if boxed.kind == "for" else boxed.kind == "every"

    return run_iterator


_COMPILERS: Mapping[type, Callable[[Any, Names, ItemTypes], Logic]] = {
    model.LiteralExpression: _literal,
    model.DecisionTable: _table,
    model.ContextExpression: _context,
    model.InvocationExpression: _invocation,
    model.FunctionExpression: _function,
    model.ListExpression: _list,
    model.RelationExpression: _relation,
    model.ConditionalExpression: _conditional,
    model.FilterExpression: _filter,
    model.IteratorExpression: _iterator,
}
