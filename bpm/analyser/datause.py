"""Which data every element of a process reads, writes and deletes, and where that is said.

Sources: `li:reads`, `li:writes`, `li:deletes`; the fields of forms; inputs and results of decisions; conditions of
flows, events, loops and timers; input and output mappings; collections of multi-instance activities; data
associations. What an element does not say is unknown, not empty: `recorded` tells the two apart.

An item is named as written; of a path like `antrag.betrag` the first name counts, since a change of the part is a
change of the whole. Names a mapping or a loop makes for inside are not data of the case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bpm.analyser.given import parts_of
from bpm.errors import LichtungError
from bpm.feel import free_names, parse_expression, parse_unary_tests
from bpm.feel.juel import parse_juel
from bpm.model.decision import (
    Boxed,
    ContextExpression,
    Decision,
    DecisionModel,
    DecisionTable,
    FunctionExpression,
    IteratorExpression,
    LiteralExpression,
)
from bpm.model.form import Form
from bpm.model.graph import Graph
from bpm.model.procedure import Procedure
from bpm.model.process import (
    Activity,
    BusinessRuleTask,
    Event,
    Expression,
    FlowNode,
    Gateway,
    ScriptTask,
    SubProcess,
    UserTask,
)

_PATH = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)+")
_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_ISO_TIME = re.compile(r"R\d*/|P[\dT]|\d{4}-\d\d|\d[\d*/ ?]* [\d*]")  # durations, cycles, dates, cron
_FORM_KEYS = ("formKey", "formRef", "formId")


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """One use of a datum. `how` is read, write or delete; `said` where it is recorded: step, form, decision, guard,
    mapping, association, collection, condition or result; `origin` (of writes) as in `li:writes from`."""

    element: str
    item: str
    how: str
    said: str
    origin: str | None = None
    line: int | None = None


def item_name(text: str) -> str:
    """The datum that a name or path belongs to."""
    return text.split(".", 1)[0] if _PATH.fullmatch(text) else text


def collect_uses(procedure: Procedure, graph: Graph) -> Mapping[str, tuple[Use, ...]]:
    """The uses of every flow node that has any, in document order; what a gateway asks stands with the gateway."""
    collector = _Collector(procedure, graph)
    found: dict[str, tuple[Use, ...]] = {}
    for node in graph.process.nodes:
        if uses := tuple(dict.fromkeys(collector.uses(node))):
            found[node.id] = uses
    return found


def names_in(expression: Expression | None) -> frozenset[str]:
    """The data a formal expression reads; none if it is a time, or in a language nobody here reads."""
    if expression is None or _ISO_TIME.match(expression.text.strip()):
        return frozenset()
    return _names(expression.text, expression.language)


def _names(text: str, language: str = "feel") -> frozenset[str]:
    text = text.strip()
    try:
        if text[:2] in ("${", "#{"):
            return free_names(parse_juel(text))
        if language in ("feel", "juel") or text.startswith("="):
            return free_names(parse_expression(text.removeprefix("=").lstrip()))
    except LichtungError:
        pass
    return frozenset()


def decision_inputs(procedure: Procedure, decision: str) -> frozenset[str] | None:
    """The data of the case that a decision looks at, directly or through those it requires; None: no such decision."""
    at = procedure.decision(decision)
    if at is None:
        return None
    found: set[str] = set()
    produced: set[str] = set()
    todo, seen = [at], set[tuple[str, str]]()
    while todo:
        model, one = todo.pop()
        if (model.path, one.id) in seen:
            continue
        seen.add((model.path, one.id))
        names = {entry.id: entry.name for entry in model.inputs}
        found |= {names[key] for key in one.inputs if key in names}
        produced |= {entry.variable or entry.name for entry in model.decisions}
        produced |= {entry.variable or entry.name for entry in model.knowledge}
        produced |= {entry.variable or entry.name for entry in model.services}
        found |= set(_logic_names(one.logic))
        todo += [required for key in one.requires if (required := _required(procedure, model, key)) is not None]
    return frozenset(found - produced)


def _required(procedure: Procedure, model: DecisionModel, key: str) -> tuple[DecisionModel, Decision] | None:
    """The decision a requirement names, in the same file or (`namespace#id`) in another one."""
    namespace, _, name = key.rpartition("#")
    models = [one for one in procedure.decisions if one.namespace == namespace] if namespace else [model]
    return next(((one, entry) for one in models for entry in one.decisions if entry.id == name), None)


def _logic_names(root: Boxed | None) -> Iterator[str]:
    stack: list[tuple[Boxed | None, frozenset[str]]] = [(root, frozenset())]
    while stack:
        value, own = stack.pop()
        if isinstance(value, LiteralExpression):
            yield from _names(value.text, value.language) - own
        elif isinstance(value, DecisionTable):
            yield from _table_names(value) - own
        elif value is not None:
            if isinstance(value, ContextExpression):
                own = own | {entry.name for entry in value.entries if entry.name}
            elif isinstance(value, FunctionExpression):
                own = own | {name for name, _ in value.parameters}
            elif isinstance(value, IteratorExpression):
                own = own | {value.variable}
            stack += [(part, own) for part in parts_of(value)]


def _table_names(table: DecisionTable) -> frozenset[str]:
    found: set[str] = set()
    for clause in table.inputs:
        found |= _names(clause.expression)
    for output in table.outputs:
        found |= _names(output.default) if output.default else set()
    for text in {cell for rule in table.rules for cell in rule.inputs if cell.strip() not in ("", "-")}:
        try:
            found |= free_names(parse_unary_tests(text)) - {"?"}
        except LichtungError:
            continue
    for text in {cell for rule in table.rules for cell in rule.outputs}:
        found |= _names(text)
    return frozenset(found)


class _Collector:
    def __init__(self, procedure: Procedure, graph: Graph) -> None:
        self.procedure, self.graph = procedure, graph
        self._data = {element.id: element for element in graph.process.data}
        self._into: dict[str, list[str]] = {}
        self._out: dict[str, list[str]] = {}
        for association in graph.process.data_associations:
            names = association.sources if association.into else (association.target or "",)
            (self._into if association.into else self._out).setdefault(association.element, []).extend(names)

    def uses(self, node: FlowNode) -> Iterator[Use]:
        for item in node.facts.reads:
            yield Use(node.id, item_name(item.item), "read", "step", None, item.line)
        for item in node.facts.writes:
            yield Use(node.id, item_name(item.item), "write", "step", item.origin, item.line)
        for item in node.facts.deletes:
            yield Use(node.id, item_name(item.item), "delete", "step", None, item.line)
        for how, ids in (("read", self._into), ("write", self._out)):
            for id in ids.get(node.id, ()):
                if name := self._data_name(id):
                    yield Use(node.id, name, how, "association", None, node.line)
        yield from self._form(node)
        yield from self._activity(node)
        if isinstance(node, Event):
            for definition in node.definitions:
                for name in sorted(names_in(definition.expression)):
                    yield Use(node.id, name, "read", "condition", None, node.line)
        if isinstance(node, Gateway):
            for name in sorted(names_in(node.activation)):
                yield Use(node.id, name, "read", "condition", None, node.line)
        for flow in self.graph.outgoing[node.id]:
            for name in sorted(names_in(flow.condition)):
                yield Use(node.id, name, "read", "guard", None, flow.line)

    def _data_name(self, id: str) -> str:
        """The name of what a data association points to: of a reference, that of the object behind it."""
        element = self._data.get(id)
        if element is None:
            return ""
        behind = self._data.get(element.ref or "")
        return element.name or (behind.name if behind is not None else "") or element.ref or element.id

    def _form(self, node: FlowNode) -> Iterator[Use]:
        form = self.form_of(node)
        if form is None:
            return
        for field in form.fields:
            how = "read" if field.disabled else "write"
            yield Use(node.id, item_name(field.key), how, "form", None, node.line)
            for name in sorted(free_names(field.hidden) if field.hidden is not None else ()):
                yield Use(node.id, name, "read", "form", None, node.line)
        for text in form.texts:
            for inner in _PLACEHOLDER.findall(text):
                for name in sorted(_names(inner)):
                    yield Use(node.id, name, "read", "form", None, node.line)

    def form_of(self, node: FlowNode) -> Form | None:
        """The form of a user task or start event that can be read."""
        key = node.form if isinstance(node, UserTask) else None
        for name, value in node.attributes.items():
            if key is None and name.rpartition("}")[2] in _FORM_KEYS:
                key = value
        schema = self.procedure.form(key) if key else None
        try:
            return None if schema is None else Form.parse(schema, key or "")
        except LichtungError:
            return None

    def _activity(self, node: FlowNode) -> Iterator[Use]:
        if not isinstance(node, Activity):
            return
        inner: set[str] = set()
        if node.loop is not None:
            inner |= {node.loop.element_variable} if node.loop.element_variable else set()
            for name in sorted(names_in(node.loop.collection) | names_in(node.loop.cardinality)):
                yield Use(node.id, item_name(name), "read", "collection", None, node.line)
            if node.loop.output_collection:
                yield Use(node.id, item_name(node.loop.output_collection), "write", "collection", None, node.line)
        for mapping in node.inputs:
            inner.add(mapping.target)
            for name in sorted(names_in(mapping.source)):
                yield Use(node.id, name, "read", "mapping", None, node.line)
        for mapping in node.outputs:
            if mapping.target:
                yield Use(node.id, item_name(mapping.target), "write", "mapping", None, node.line)
        yield from self._decision(node, inner)
        for name in sorted(self._conditions(node) - inner):
            yield Use(node.id, name, "read", "condition", None, node.line)

    def _decision(self, node: Activity, inner: set[str]) -> Iterator[Use]:
        if isinstance(node, BusinessRuleTask):
            for name in sorted((decision_inputs(self.procedure, node.decision or "") or frozenset()) - inner):
                yield Use(node.id, item_name(name), "read", "decision", None, node.line)
            if node.result_variable:
                yield Use(node.id, item_name(node.result_variable), "write", "result", None, node.line)
        elif isinstance(node, ScriptTask):
            if node.script and "feel" in (node.format or "").lower():
                for name in sorted(_names(node.script) - inner):
                    yield Use(node.id, name, "read", "mapping", None, node.line)
            if node.result_variable:
                yield Use(node.id, item_name(node.result_variable), "write", "result", None, node.line)

    @staticmethod
    def _conditions(node: Activity) -> frozenset[str]:
        found = names_in(node.completion_condition) if isinstance(node, SubProcess) else frozenset()
        if node.loop is not None:
            counters = {"nrOfInstances", "nrOfActiveInstances", "nrOfCompletedInstances", "loopCounter"}
            found |= (names_in(node.loop.completion_condition) | names_in(node.loop.condition)) - counters
        return found
