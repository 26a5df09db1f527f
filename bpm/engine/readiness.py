"""Can this model be run as a whole? Gates 3 to 5: what blocks execution, and what is read in a way of ours.

A blocker keeps the model from being started; it can still be inspected, checked and simulated. A rewrite says where
the model leaves something open (a flow without id, several flows out of a task) and how it is run. Nothing is lost
silently: what appears in neither list runs as drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bpm.engine import obstacles
from bpm.engine.expression import is_translated, known_names, parse
from bpm.engine.obstacles import Note
from bpm.engine.reasons import reason
from bpm.engine.scopes import executed_processes, scopes_of
from bpm.errors import Blocker, FeelError
from bpm.model.decision import DecisionModel
from bpm.model.process import Expression, Extension, Process, ProcessModel


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a model can be started; `rewrites` are (element id, what is done), `blockers` say why not."""

    ready: bool
    rewrites: tuple[tuple[str, str], ...]
    blockers: tuple[Blocker, ...]


def assess(model: ProcessModel, decisions: Iterable[DecisionModel] = ()) -> Readiness:
    """Everything that keeps `model` from being run with `decisions`, and every reading that is ours."""
    notes = list(_notes(model, tuple(decisions)))
    blockers: dict[tuple[str, str], Blocker] = {}
    rewrites: dict[tuple[str, str], None] = {}
    for note in notes:
        if note.code is None:
            rewrites.setdefault((note.element, note.detail))
        else:
            text = reason(note.code, note.detail)
            blockers.setdefault((note.element, text), Blocker(note.element, note.line, text))
    ordered = sorted(blockers.values(), key=lambda blocker: (blocker.line or 0, blocker.element, blocker.reason))
    return Readiness(not ordered, tuple(rewrites), tuple(ordered))


def _notes(model: ProcessModel, decisions: tuple[DecisionModel, ...]) -> Iterator[Note]:
    yield from _problems(model)
    run = executed_processes(model)
    if not any(process.nodes for process in run):
        element = run[0].id if run else model.path
        yield Note(element, run[0].line if run else None, "empty")
    known = {
        decision.id
        for decision_model in decisions
        for decision in decision_model.decisions
        if decision.logic is not None
    }
    context = obstacles.Context({process.id: process for process in model.processes}, frozenset(known))
    names = known_names(model)
    for process in model.processes:
        if process not in run:
            yield Note(process.id, process.line, None, "this pool is not executable: it is shown, not run")
            continue
        yield from _process(process)
        for scope in scopes_of(process):
            yield from obstacles.of_scope(scope, context)
        for element, line, expression in expressions_of(process):
            yield from _expression(element, line, expression, names)


def _process(process: Process) -> Iterator[Note]:
    if process.executable is False:
        yield Note(process.id, process.line, "not-executable")
    elif process.executable is None:
        yield Note(process.id, process.line, None, "isExecutable is absent: taken as true")
    yield from _extensions(process.id, process.line, process.extensions, process.attributes)
    for node in process.nodes:
        # a class or delegate of a task is named by its `implementation` already
        named = getattr(node, "implementation", None) is not None
        yield from _extensions(node.id, node.line, node.extensions, {} if named else node.attributes)
    for flow in process.flows:
        yield from _extensions(flow.id, flow.line, flow.extensions, flow.attributes)
        if not flow.has_id:
            yield Note(flow.id, flow.line, None, "the flow has no id: it is named by its ends")
    for association in process.data_associations:
        yield Note(
            association.element,
            association.line,
            None,
            "data associations are documentation: variables are seen in the whole process",
        )


def expressions_of(process: Process) -> Iterator[tuple[str, int | None, Expression]]:
    """(element, line, expression) for every FEEL or JUEL place of a process, timers apart."""
    for flow in process.flows:
        if flow.condition is not None:
            yield flow.id, flow.condition.line or flow.line, flow.condition
    for node in process.nodes:
        for expression in _expressions_of_node(node):
            yield node.id, expression.line or node.line, expression


def _expressions_of_node(node: Any) -> Iterator[Expression]:
    for mapping in (*getattr(node, "inputs", ()), *getattr(node, "outputs", ())):
        if mapping.source is not None:
            yield mapping.source
    loop = getattr(node, "loop", None)
    if loop is not None:
        for expression in (
            loop.cardinality,
            loop.collection,
            loop.output_element,
            loop.completion_condition,
            loop.condition,
        ):
            if expression is not None:
                yield expression
    activation = getattr(node, "activation", None)
    if activation is not None:
        yield activation
    for definition in getattr(node, "definitions", ()):
        if definition.kind == "conditional" and definition.expression is not None:
            yield definition.expression
    assignment = getattr(node, "assignment", None)
    for text in obstacles.texts_of(assignment) if assignment is not None else ():
        yield Expression(text, "juel" if not text.startswith("=") else "feel")
    for vendor_text in (getattr(node, "topic", None), getattr(node, "form", None)):
        if vendor_text is not None and obstacles.is_dynamic(vendor_text):
            yield Expression(vendor_text, "juel" if not vendor_text.startswith("=") else "feel")


def _expression(element: str, line: int | None, expression: Expression, names: Iterable[str]) -> Iterator[Note]:
    try:
        parse(expression, names)
    except FeelError as error:
        yield Note(element, line, "expression", error.message)
        return
    if is_translated(expression):
        yield Note(element, line, None, f"translated to FEEL: {expression.text.strip()[:80]}")


_LISTENERS = {"executionListener", "taskListener", "executionListeners", "taskListeners"}
_CODE_ATTRIBUTES = {
    "class",
    "delegateExpression",
    "expression",
    "variableMappingClass",
    "variableMappingDelegateExpression",
    "customFormFieldValidator",
}


def _extensions(
    element: str, line: int | None, extensions: tuple[Extension, ...], attributes: Mapping[str, str]
) -> Iterator[Note]:
    for name in attributes:
        local = name.rpartition("}")[2]
        if local in _CODE_ATTRIBUTES:
            yield Note(element, line, "code", local)
    todo = list(extensions)
    while todo:
        extension = todo.pop()
        local = extension.name.rpartition("}")[2]
        if local in _LISTENERS:
            yield Note(element, line, "listener", local)
        elif local == "connector":
            yield Note(element, line, "connector")
        elif local == "script":
            yield Note(element, line, "script", "in an extension element")
        elif local == "constraint" and extension.attributes.get("name") == "validator":
            yield Note(element, line, "code", "form field validator")
        else:
            todo.extend(extension.children)


_BLOCKING = {"dangling-flow", "unknown-element", "unresolved-reference"}


def _problems(model: ProcessModel) -> Iterator[Note]:
    """What the reader found inconsistent: trouble in a process blocks, trouble in pools and our own facts does not."""
    pools = {participant.id for participant in model.participants} | {flow.id for flow in model.message_flows}
    for problem in model.extras.get("problems", ()):
        if problem.code in _BLOCKING and problem.element not in pools:
            yield Note(problem.element or model.path, problem.line, "problem", problem.message)
    for note in model.extras.get("notes", ()):
        yield Note(note["element"], None, None, f"{note['field']}: {note['why']}")
