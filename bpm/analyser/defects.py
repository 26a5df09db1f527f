"""What is written in a DMN file and cannot be meant: in the requirement graph, in cells, types and allowed values.

Deciding says null with a warning in most of these places, and the case goes on with nothing in its hands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from bpm.analyser.given import Given, TableAt, parts_of
from bpm.analyser.offers import unfit
from bpm.analyser.tables import agree, declared_input, declared_output, names_of, output_of
from bpm.errors import FeelError
from bpm.feel import ranges
from bpm.feel.ranges import Interval, Region, kind_of, literal, to_text
from bpm.feel.syntax import parse_expression, parse_unary_tests
from bpm.feel.syntax.tree import Context, For, FunctionDefinition, Invocation, Name, Node, Quantified
from bpm.feel.syntax.walk import children
from bpm.model.decision import (
    Boxed,
    BusinessKnowledgeModel,
    ContextExpression,
    Decision,
    DecisionModel,
    FunctionExpression,
    IteratorExpression,
    LiteralExpression,
    OutputClause,
    RelationExpression,
)


@dataclass(frozen=True, slots=True)
class Defect:
    """One defect. `text` says what is wrong by language; `rule` is 1-based; `stable` tells it apart from others;
    `elements` are steps of the flow it concerns too."""

    kind: str
    owner: str
    text: Mapping[str, str]
    stable: str
    rule: int | None = None
    line: int | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    elements: tuple[str, ...] = ()


# --- requirement graph ---------------------------------------------------------------------------------------


def dangling(model: DecisionModel, others: Mapping[str, DecisionModel]) -> Iterator[Defect]:
    """Requirements that point to nothing. Into an imported file that is not here nothing is said."""
    own = _ids(model)
    imported = {entry.namespace for entry in model.imports}
    elements: tuple[Decision | BusinessKnowledgeModel, ...] = (*model.decisions, *model.knowledge)
    for element in elements:
        wanted = (*element.requires, *element.knowledge) if isinstance(element, Decision) else element.knowledge
        for reference in wanted:
            namespace, _, id = reference.rpartition("#")
            if namespace and namespace in imported and namespace not in others:
                continue
            if id not in (_ids(others[namespace]) if namespace in imported else () if namespace else own):
                yield Defect(
                    "dangling",
                    element.id,
                    {
                        "de": f"braucht „{reference}“, das es nicht gibt",
                        "en": f"requires {reference!r}, which is not there",
                    },
                    reference,
                    line=element.line,
                    evidence={"requires": reference},
                )


def _ids(model: DecisionModel) -> frozenset[str]:
    everything = (model.decisions, model.inputs, model.knowledge, model.services)
    return frozenset(element.id for kind in everything for element in kind)


def cycles(model: DecisionModel) -> Iterator[Defect]:
    """Decisions that require themselves, each cycle once, by its members in the order of requirement."""
    by_id = {decision.id: decision for decision in model.decisions}
    state: dict[str, int] = {}
    for start in by_id:
        path: list[str] = []
        stack: list[tuple[str, int]] = [(start, 0)] if start not in state else []
        while stack:
            current, position = stack.pop()
            if position == 0:
                state[current] = 1
                path.append(current)
            required = by_id[current].requires
            if position == len(required):
                state[current] = 2
                path.pop()
                continue
            stack.append((current, position + 1))
            following = required[position]
            if state.get(following) == 1:
                yield _cycle(by_id, path[path.index(following) :])
            elif following in by_id and following not in state:
                stack.append((following, 0))


def _cycle(by_id: Mapping[str, Decision], members: list[str]) -> Defect:
    first = members.index(min(members))
    members = [*members[first:], *members[:first]]
    shown = " → ".join(by_id[member].name or member for member in (*members, members[0]))
    return Defect(
        "cycle",
        members[0],
        {"de": f"braucht am Ende sich selbst: {shown}", "en": f"requires itself in the end: {shown}"},
        " ".join(members),
        line=by_id[members[0]].line,
        evidence={"cycle": members},
    )


def namesakes(model: DecisionModel) -> Iterator[Defect]:
    """Inputs that share their name with a decision: whoever asks for the name gets one of the two."""
    inputs = {entry.name: entry for entry in model.inputs if entry.name}
    for decision in model.decisions:
        shared = [name for name in dict.fromkeys((decision.variable, decision.name)) if name in inputs]
        for name in shared[:1]:
            text = {
                "de": f"heißt wie die Eingabe „{name}“; wer den Namen liest, bekommt eine von beiden",
                "en": f"has the name of the input {name!r}; whoever reads the name gets one of the two",
            }
            evidence = {"name": name, "input": inputs[name].id}
            yield Defect("name", decision.id, text, f"{name} {inputs[name].id}", line=decision.line, evidence=evidence)


# --- language ------------------------------------------------------------------------------------------------


def unreadable(at: TableAt, known: frozenset[str]) -> Iterator[Defect]:
    """Cells of a table in another language, that are no FEEL, or that call a function nobody defines."""
    names = names_of(at.model)
    for language, line in at.table.foreign:
        yield _foreign(at.owner, language, line)
    if at.table.foreign:
        return
    for clause in at.table.inputs:
        yield from _judge(clause.expression, names, known, at.owner, None, clause.line or at.table.line)
    for number, rule in enumerate(at.table.rules, 1):
        for text in rule.inputs:
            yield from _judge(text, names, known, at.owner, number, rule.line, cell=True)
        for text in rule.outputs:
            yield from _judge(text, names, known, at.owner, number, rule.line)


def _foreign(owner: str, language: str, line: int | None) -> Defect:
    return Defect(
        "language",
        owner,
        {
            "de": f"ist in der Sprache „{language}“ geschrieben, die hier nicht ausgewertet wird",
            "en": f"is written in the language {language!r}, which is not evaluated here",
        },
        language,
        line=line,
        evidence={"language": language},
    )


def unreadable_logic(owner: str, root: Boxed | None, names: frozenset[str], known: frozenset[str]) -> Iterator[Defect]:
    """The same for literal expressions anywhere inside a boxed expression."""
    stack: list[Boxed | None] = [root]
    while stack:
        part = stack.pop()
        if isinstance(part, FunctionExpression) and part.kind != "FEEL":
            continue
        if isinstance(part, LiteralExpression):
            if part.language != "feel":
                yield _foreign(owner, part.language, part.line)
            else:
                yield from _judge(part.text, names, known, owner, None, part.line)
        elif part is not None:
            stack.extend(reversed(parts_of(part)))


def _judge(
    text: str,
    names: frozenset[str],
    known: frozenset[str],
    owner: str,
    rule: int | None,
    line: int | None,
    *,
    cell: bool = False,
) -> Iterator[Defect]:
    shown = " ".join(text.split())[:80]
    if shown in {"", "-"}:
        return
    found = _functions(text, names, cell)
    if found is None:
        said = {"de": f"„{shown}“ ist kein FEEL", "en": f"{shown!r} is no FEEL"}
        yield Defect("syntax", owner, said, shown, rule, line, {"cell": shown})
        return
    for name in sorted(found - known):
        said = {
            "de": f"„{shown}“ ruft die Funktion „{name}“, die es nicht gibt",
            "en": f"{shown!r} calls the function {name!r}, which is not there",
        }
        yield Defect("function", owner, said, f"{name} {shown}", rule, line, {"cell": shown, "function": name})


@lru_cache(maxsize=10_000)
def _functions(text: str, names: frozenset[str], cell: bool) -> frozenset[str] | None:
    """Names called as functions that the text does not define itself; None if it is no FEEL."""
    try:
        root: Node = parse_unary_tests(text, names) if cell else parse_expression(text, names)
    except FeelError:
        return None
    called: set[str] = set()
    own: set[str] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        match node:
            case Invocation(Name(name), _, _):
                called.add(name)
            case Context(entries):
                own |= {name for name, _ in entries}
            case For(iterations, _) | Quantified(_, iterations, _):
                own |= {iteration.name for iteration in iterations}
            case FunctionDefinition(parameters, _, _):
                own |= {parameter.name for parameter in parameters}
        stack.extend(child for child, _ in children(node))
    return frozenset(called - own)


def callable_names(models: tuple[DecisionModel, ...]) -> frozenset[str]:
    """Everything that may be called by its name: built-in functions, and whatever the models give a name to."""
    from bpm.feel.builtins import BUILTINS

    found = set(BUILTINS)
    for model in models:
        found |= names_of(model) | {entry.name for entry in model.knowledge}
        found |= {name for entry in model.services for name in (entry.name, entry.variable)}
        stack: list[Boxed | None] = [decision.logic for decision in model.decisions]
        stack += [entry.logic for entry in model.knowledge]
        while stack:
            part = stack.pop()
            match part:
                case ContextExpression():
                    found |= {entry.name for entry in part.entries if entry.name}
                case FunctionExpression():
                    found |= {name for name, _ in part.parameters}
                case IteratorExpression():
                    found.add(part.variable)
                case RelationExpression():
                    found |= set(part.columns)
            if part is not None:
                stack.extend(parts_of(part))
    return frozenset(found)


# --- types and allowed values --------------------------------------------------------------------------------


def misfits(at: TableAt) -> Iterator[Defect]:
    """Cells outside the declared type or the allowed values of their column, of inputs and of results."""
    names = names_of(at.model)
    for position, clause in enumerate(at.table.inputs):
        kind, allowed = declared_input(at.model, clause)
        if not kind and allowed is None:
            continue
        for number, rule in enumerate(at.table.rules, 1):
            if position < len(rule.inputs):
                found = _region(rule.inputs[position], names)
                if found is not None:
                    yield from _misfit(at, number, clause.expression, rule.inputs[position], found, kind, allowed)
    for position, result in enumerate(at.table.outputs):
        yield from _misfits_of_result(at, position, result, names)


def _misfits_of_result(at: TableAt, position: int, result: OutputClause, names: frozenset[str]) -> Iterator[Defect]:
    kind, allowed = declared_output(at.model, result)
    if not kind and allowed is None:
        return
    name = result.name or result.label or at.name
    cells: list[tuple[int | None, str]] = [
        (number, rule.outputs[position])
        for number, rule in enumerate(at.table.rules, 1)
        if position < len(rule.outputs)
    ]
    for number, text in (*cells, (None, result.default or "")):
        value = output_of(text, names) if text.strip() else ("text",)
        if value[0] == "constant" and value[2] is not None:
            point = Region((Interval(value[2], value[2], True, True),))
            yield from _misfit(at, number, name, text, point, kind, allowed)


@lru_cache(maxsize=10_000)
def _region_of(text: str, names: frozenset[str]) -> Region | None:
    try:
        return ranges.region(parse_unary_tests(text, names))
    except FeelError:
        return None


def _region(text: str, names: frozenset[str]) -> Region | None:
    return None if text.strip() in {"", "-"} else _region_of(text, names)


def _misfit(
    at: TableAt, number: int | None, column: str, cell: str, found: Region, kind: str, allowed: Region | None
) -> Iterator[Defect]:
    """Every bound must be of the declared kind; a value must be allowed, and of a range some value."""
    line = at.table.line if number is None else at.table.rules[number - 1].line
    column = " ".join(column.split())
    others = sorted({kind_of(bound) for bound in found.values()})
    if any(not agree(kind, other) for other in others):
        text = {
            "de": f"„{cell}“ ist nicht vom Typ {kind} der Spalte „{column}“",
            "en": f"{cell!r} is not of the type {kind} of the column {column!r}",
        }
        evidence = {"cell": cell, "column": column, "declared": kind, "found": others}
        yield Defect("type", at.owner, text, f"{column}: {cell}", number, line, evidence)
        return
    if allowed is None or {kind_of(bound) for bound in allowed.values()} - set(others):
        return
    nothing_allowed = not ranges.intersection(found, allowed).intervals
    for entry in found.intervals:
        # a range may be one half of "not(...)": it is meant as a whole with the others
        if not (nothing_allowed or entry.is_point) or ranges.intersection(Region((entry,)), allowed).intervals:
            continue
        shown = literal(entry.low) if entry.is_point else to_text(Region((entry,)))
        text = {
            "de": f"{shown} liegt außerhalb der erlaubten Werte von „{column}“",
            "en": f"{shown} is outside the allowed values of {column!r}",
        }
        evidence = {"cell": cell, "column": column, "value": shown, "allowed": to_text(allowed)}
        yield Defect("outside", at.owner, text, f"{column}: {shown}", number, line, evidence)


# --- forms ---------------------------------------------------------------------------------------------------


def unfit_forms(given: Given, at: TableAt) -> Iterator[Defect]:
    """Form fields that give a column another type than it has, or values that are not allowed there."""
    for clause in at.table.inputs:
        column = " ".join(clause.expression.split())
        for offer, what, found in unfit(given, at, clause):
            place = {"de": f"das Formular bei „{offer.element_name}“", "en": f"the form at {offer.element_name!r}"}
            declared, allowed = declared_input(at.model, clause)
            text = (
                {
                    "de": f"{place['de']} gibt für „{column}“ den Typ {found}, die Spalte ist vom Typ {declared}",
                    "en": f"{place['en']} gives {column!r} the type {found}, the column is of the type {declared}",
                }
                if what == "type"
                else {
                    "de": f"{place['de']} lässt für „{column}“ {found} zu; erlaubt: {to_text(allowed or ranges.ALL)}",
                    "en": f"{place['en']} lets in {found} for {column!r}, allowed is {to_text(allowed or ranges.ALL)}",
                }
            )
            evidence = {"column": column, "form": offer.form, "field": offer.field.key, "found": found}
            evidence |= {"declared": declared} if what == "type" else {"allowed": to_text(allowed or ranges.ALL)}
            line = clause.line or at.table.line
            stable = f"{column}: {offer.form} {found}"
            yield Defect("form", at.owner, text, stable, None, line, evidence, (offer.element,))
