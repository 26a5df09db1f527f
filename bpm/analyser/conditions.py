"""What is certain about the data when a case arrives at a node, whatever way it came.

Two sources: conditions that the case has passed - a flow that lies on *every* way to the node, and after which nothing
writes the datum again - and what those who write the datum can write at all (the options and limits of a form field,
the constant results of a decision table). A datum that may arrive without having been written by any of them, or that
is written in a way nobody describes, can be anything. A missing value is always possible.

Everything told here is told too little rather than too much, so that *impossible* is proven.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TypeAlias

from bpm.analyser.boxes import cover
from bpm.analyser.given import Given
from bpm.analyser.guards import meet, partial_regions
from bpm.analyser.likeness import beside, recorded
from bpm.analyser.tables import NotBoxes
from bpm.errors import ModelError
from bpm.feel import ranges
from bpm.feel.ranges import Interval, Region
from bpm.model.form import Field, Form
from bpm.model.graph import EXIT, Graph
from bpm.model.process import Activity, BusinessRuleTask, FlowNode, Gateway, ScriptTask, SequenceFlow, UserTask

Datum: TypeAlias = tuple[str, ...]
"""A variable, or a part of it: the names of its path."""

ONE_RESULT = ("UNIQUE", "ANY", "FIRST", "PRIORITY")
DECIDING = ("exclusiveGateway", "inclusiveGateway")


@dataclass(frozen=True, slots=True)
class Bound:
    """The values a datum can have, and the flows or nodes that say so."""

    region: Region
    by: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """No value and no missing value is possible."""
        return not self.region.intervals and self.region.null is not True


class Conditions:
    """One process. Built once, asked per node."""

    def __init__(self, given: Given, graph: Graph) -> None:
        self.given, self.graph = given, graph
        self._domains: dict[Datum, Bound | None] = {}

    def at(self, node: str, *, trusting: bool = False) -> dict[Datum, Bound]:
        """What the conditions passed on every way to `node` say, by datum.

        `trusting`: steps that do not record which data they use are taken to write none; not a proof then."""
        found: dict[Datum, Bound] = {}
        for flow in self._passed(node):
            for datum, region in self.asked[flow.id].items():
                if self._written_after(datum, flow, node, trusting):
                    continue
                known = found.get(datum)
                both = region if known is None else meet(known.region, region)
                if both is not None:
                    found[datum] = Bound(both, (*(known.by if known else ()), flow.id))
        return found

    def domain(self, datum: Datum, node: str, *, trusting: bool = False) -> Bound | None:
        """What can have been written into a datum before `node`; None: anything, or nobody knows."""
        writers = self._writers(datum[0])
        if not writers or self._arrives_unwritten(writers, node):
            return None
        if not trusting and any(node in self._reach(one) for one in self._silent):
            return None
        if datum not in self._domains:
            self._domains[datum] = self._written(datum, writers)
        return self._domains[datum]

    @cached_property
    def asked(self) -> Mapping[str, Mapping[Datum, Region]]:
        """Flow id -> what must hold of single data for a case to go there."""
        found: dict[str, Mapping[Datum, Region]] = {}
        for node in self.graph.process.nodes:
            if not isinstance(node, Gateway) or node.type not in DECIDING:
                continue
            out = self.graph.outgoing[node.id]
            for flow in out:
                told = partial_regions(flow)[0] if flow.id != node.default else _otherwise(node, out)
                if told:
                    found[flow.id] = told
        return found

    def writes(self, node: str) -> frozenset[str] | None:
        """The data a node may write; None: nobody says which."""
        if node in self._silent:
            return None
        found = self.graph.nodes.get(node)
        return frozenset() if found is None else frozenset(self._written_names(found))

    # --- what was passed ---------------------------------------------------------------------------------------

    def _passed(self, node: str) -> list[SequenceFlow]:
        """The flows with a condition that lie on every way from a start to `node`."""
        flows = {flow.id: flow for flow in self.graph.flows if flow.id in self.asked}
        found: list[SequenceFlow] = []
        vertex: str | None = node
        seen: set[str] = set()
        while vertex is not None and vertex not in seen:
            seen.add(vertex)
            if vertex.startswith(_FLOW) and vertex.removeprefix(_FLOW) in flows:
                found.append(flows[vertex.removeprefix(_FLOW)])
            vertex = self._dominators.get(vertex)
        return found[::-1]

    @cached_property
    def _dominators(self) -> Mapping[str, str]:
        """Immediate dominators in the control graph with a vertex of its own for each conditional flow (Cooper,
        Harvey, Kennedy: A simple, fast dominance algorithm, 2001)."""
        after: dict[str, list[str]] = {vertex: list(targets) for vertex, targets in self.graph.control.items()}
        for flow in self.graph.flows:
            if flow.id not in self.asked:
                continue
            source = self.graph.leaving(flow.source)
            others = [one for one in self.graph.outgoing[flow.source] if one.target == flow.target]
            if len(others) == 1:
                after[source] = [target for target in after[source] if target != flow.target]
                after[source].append(_FLOW + flow.id)
                after[_FLOW + flow.id] = [flow.target]
        root = _FLOW
        after[root] = [start.id for start in self.graph.starts(self.graph.process.id)]
        return _dominators(after, root)

    # --- who writes --------------------------------------------------------------------------------------------

    def _writers(self, name: str) -> tuple[FlowNode, ...]:
        return self._by_name.get(name, ())

    @cached_property
    def _by_name(self) -> Mapping[str, tuple[FlowNode, ...]]:
        found: dict[str, list[FlowNode]] = {}
        for node in self.graph.process.nodes:
            for name in self._written_names(node):
                found.setdefault(name, []).append(node)
        return {name: tuple(nodes) for name, nodes in found.items()}

    def _written_names(self, node: FlowNode) -> set[str]:
        names = {use.item for use in node.facts.writes} | set(self.fields(node))
        if isinstance(node, Activity):
            names |= {mapping.target.partition(".")[0] for mapping in node.outputs}
        if isinstance(node, BusinessRuleTask | ScriptTask) and node.result_variable:
            names.add(node.result_variable)
        return names

    def fields(self, node: FlowNode) -> Mapping[str, Field]:
        """The fields of the form of a user task or start event that people may fill in, by key."""
        key = node.form if isinstance(node, UserTask) else None
        if node.type == "startEvent":
            key = next((value for name, value in node.attributes.items() if name.endswith("}formKey")), None)
        schema = self.given.procedure.form(key) if key else None
        if schema is None:
            return {}
        try:
            form = Form.parse(schema, key or "")
        except ModelError:
            return {}
        return {field.key: field for field in form.fields if not field.disabled}

    @cached_property
    def _silent(self) -> tuple[str, ...]:
        """Steps of which nobody says which data they use."""
        return tuple(
            node.id
            for node in self.graph.steps()
            if not (recorded(node) or self.fields(node) or node.type == "sendTask")
        )

    def _written_after(self, datum: Datum, flow: SequenceFlow, node: str, trusting: bool) -> bool:
        """Whether somebody may write the datum after the flow was passed and before `node` is reached."""
        ahead = self._reach(flow.target) | {flow.target}
        known = [writer.id for writer in self._writers(datum[0])]
        for writer in known if trusting else (*known, *self._silent):
            if writer != node and writer in ahead and node in self._reach(writer):
                return True
            if beside(self.graph, writer, flow.source) or beside(self.graph, writer, node):
                return True
        return False

    def _reach(self, node: str) -> frozenset[str]:
        """Everything that can come later, loops included."""
        if node not in self._reached:
            seen: set[str] = set()
            todo = [self.graph.leaving(node), node]
            while todo:
                for target in self.graph.control[todo.pop()]:
                    if target not in seen:
                        seen.add(target)
                        todo.append(target)
            self._reached[node] = frozenset(vertex.removesuffix(EXIT) for vertex in seen)
        return self._reached[node]

    @cached_property
    def _reached(self) -> dict[str, frozenset[str]]:
        return {}

    def _arrives_unwritten(self, writers: tuple[FlowNode, ...], node: str) -> bool:
        ids = {writer.id for writer in writers}
        todo = [start.id for start in self.graph.starts(self.graph.process.id) if start.id not in ids]
        todo += [event.id for writer in writers for event in self.graph.boundary(writer.id)]
        seen = set(todo)
        while todo:
            for target in self.graph.control[todo.pop()]:
                if target not in seen and target not in ids:
                    seen.add(target)
                    todo.append(target)
        return node in seen

    # --- what they can write -----------------------------------------------------------------------------------

    def _written(self, datum: Datum, writers: tuple[FlowNode, ...]) -> Bound | None:
        whole: Region | None = None
        for writer in writers:
            region = self._of_writer(datum, writer)
            if region is None:
                return None
            kinds = {ranges.kind_of(bound) for one in (whole, region) if one for bound in one.values()}
            if len(kinds) > 1:
                return None
            whole = region if whole is None else ranges.union(whole, region)
        return None if whole is None else Bound(Region(whole.intervals, True), tuple(one.id for one in writers))

    def _of_writer(self, datum: Datum, writer: FlowNode) -> Region | None:
        field = self.fields(writer).get(datum[0])
        if field is not None:
            return _of_field(field) if len(datum) == 1 else None
        if isinstance(writer, BusinessRuleTask) and writer.result_variable == datum[0] and not _mapped(writer, datum):
            return self._of_decision(datum, writer)
        return None

    def _of_decision(self, datum: Datum, task: BusinessRuleTask) -> Region | None:
        found = self.given.procedure.decision(task.decision or "")
        at = self.given.table_of(found[1].id) if found is not None else None
        if at is None or at.table.hit_policy not in ONE_RESULT:
            return None
        shape = next(shape for place, shape in self.given.geometries if place is at)
        if isinstance(shape, NotBoxes):
            return None
        names = [clause.name for clause in at.table.outputs]
        if len(names) == 1 and len(datum) == 1:
            position = 0
        elif len(names) > 1 and len(datum) == 2 and datum[1] in names:
            position = names.index(datum[1])
        else:
            return None
        rules = [rule for rule in range(shape.boxes.count) if not shape.boxes.is_empty(rule)]
        if at.table.hit_policy == "FIRST":
            rules = [rule for rule in rules if not cover(shape.boxes, shape.boxes.box(rule), range(rule)).covered]
        cells = [shape.outputs[rule][position] for rule in rules]
        if any(cell[0] != "constant" for cell in cells) or at.table.outputs[position].default:
            return None
        return _points(cell[2] for cell in cells)


_FLOW = "\x00"
"""Begins the vertex of a flow, which no id does."""


def _mapped(task: Activity, datum: Datum) -> bool:
    return any(mapping.target.partition(".")[0] == datum[0] for mapping in task.outputs)


def _otherwise(node: Gateway, out: tuple[SequenceFlow, ...]) -> Mapping[Datum, Region]:
    """What holds on the default flow: that none of the other conditions does, if all are about one datum alone."""
    asked = [flow for flow in out if flow.id != node.default]
    told = [partial_regions(flow) for flow in asked]
    data = {datum for one, _ in told for datum in one}
    if len(data) != 1 or not all(whole and len(one) == 1 for one, whole in told):
        return {}
    datum = next(iter(data))
    regions = [one[datum] for one, _ in told]
    if len({ranges.kind_of(bound) for region in regions for bound in region.values()}) > 1:
        return {}
    whole = regions[0]
    for region in regions[1:]:
        whole = ranges.union(whole, region)
    rest = ranges.complement(Region(whole.intervals, False))
    return {datum: Region(rest.intervals, whole.null is not True)}


def _of_field(field: Field) -> Region | None:
    if field.several:
        return None
    if field.type == "checkbox":
        return _points((False, True))
    if field.options is not None:
        return _points(option.value for option in field.options)
    if field.type == "number" and (field.least is not None or field.most is not None):
        low = None if field.least is None else Decimal(str(field.least))
        high = None if field.most is None else Decimal(str(field.most))
        return Region((Interval(low, high, low is not None, high is not None),), True)
    return None


def _points(values: Iterable[object]) -> Region | None:
    """Exactly these constants; None if they are of several types or of one that has no order."""
    found = [Decimal(str(value)) if _is_number(value) else value for value in values]
    known = [value for value in found if value is not None]
    if not known or any(not isinstance(value, str | bool | Decimal) for value in known):
        return None
    if len({ranges.kind_of(value) for value in known}) > 1:
        return None
    region = Region((), True)
    for value in known:
        region = ranges.union(region, Region((Interval(value, value, True, True),), True))
    return region


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _dominators(after: Mapping[str, list[str]], root: str) -> dict[str, str]:
    order: list[str] = []
    seen = {root}
    stack = [(root, iter(after[root]))]
    while stack:
        vertex, targets = stack[-1]
        target = next((one for one in targets if one not in seen), None)
        if target is None:
            order.append(vertex)
            stack.pop()
        else:
            seen.add(target)
            stack.append((target, iter(after[target])))
    rank = {vertex: place for place, vertex in enumerate(order)}
    before: dict[str, list[str]] = {vertex: [] for vertex in order}
    for vertex in order:
        for target in after[vertex]:
            before[target].append(vertex)
    found: dict[str, str] = {root: root}
    changed = True
    while changed:
        changed = False
        for vertex in reversed(order[:-1]):
            known = [one for one in before[vertex] if one in found]
            chosen = known[0]
            for other in known[1:]:
                one = other
                while one != chosen:
                    while rank[one] < rank[chosen]:
                        one = found[one]
                    while rank[chosen] < rank[one]:
                        chosen = found[chosen]
            if found.get(vertex) != chosen:
                found[vertex] = chosen
                changed = True
    found.pop(root)
    return found
