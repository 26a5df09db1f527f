"""One BPMN 2.0 file to a `ProcessModel`: the whole inventory, executable or not.

Two kinds of trouble are kept apart. What makes the file another file than it claims to be (not BPMN, the same id
twice) is a ModelError: ``not-bpmn``, ``duplicate-id``. What is merely wrong in one place (a flow to nothing, a message
that nobody declared) stays readable and becomes an entry of ``extras["problems"]``: ``dangling-flow``,
``dangling-reference``, ``unresolved-reference``, ``missing-id``, ``unknown-element``, ``li-number``, ``li-known``,
``li-step-twice``. A flow without both ends is not in `Process.flows` but in ``extras["dangling_flows"]``.

``extras`` further holds ``global_tasks`` (FlowNode tuple), ``messages``, ``signals``, ``errors``, ``escalations``
(id to attributes), ``imports``, and ``notes``: dicts with element, field, found, used, why for each guess.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from lxml import etree

from bpm.errors import ModelError
from bpm.model import writer
from bpm.model.process import (
    Association,
    DataAssociation,
    DataElement,
    FlowNode,
    Lane,
    MessageFlow,
    Participant,
    Process,
    ProcessModel,
    SequenceFlow,
)
from bpm.model.reader import guard, names
from bpm.model.reader.diagram import read_planes
from bpm.model.reader.names import LI, child, line_of, local_name, reference, text_of, truth
from bpm.model.reader.nodes import Reading, documentation, read_node

_DEFINED = {"message": "messages", "signal": "signals", "error": "errors", "escalation": "escalations"}
_SILENT = frozenset(
    [
        *("documentation", "extensionElements", "incoming", "outgoing", "auditing", "monitoring", "supports"),
        *("textAnnotation", "group", "correlationSubscription", "resourceRole", "performer", "humanPerformer"),
        *("potentialOwner", "multiInstanceLoopCharacteristics", "standardLoopCharacteristics", "ioBinding"),
        *("completionCondition", "supportedInterfaceRef", "participant", "messageFlow", "participantAssociation"),
        *("participantRef", "messageFlowRef", "correlationKey", "initiatingParticipantRef", "conversationAssociation"),
    ]
)
"""Children of a container that are read elsewhere, or are kept in the source without a meaning for us."""


def read_bpmn(data: bytes, path: str) -> ProcessModel:
    """One BPMN 2.0 file as a model. Raises ModelError, located."""
    root = guard.parse(data, path, "bpmn")
    if root.tag != names.bpmn("definitions"):
        found = etree.QName(root)
        raise ModelError(
            "not-bpmn", f"the root element is {found.localname[:80]!r}, not BPMN 2.0", path=path, line=line_of(root)
        )
    reading = Reading(path, _index(root, path), root.get("expressionLanguage"))
    processes = [_Container(element, reading).read() for element in root if local_name(element) in names.CONTAINERS]
    nodes = {node.id for container in processes for node in container.nodes}
    extras = _definitions(root, reading)
    dangling: list[SequenceFlow] = []
    finished = tuple(container.finish(nodes, dangling) for container in processes)
    participants, message_flows = _collaborations(root, reading)
    extras["dangling_flows"] = tuple(dangling)
    extras["problems"] = tuple(sorted(reading.problems, key=lambda problem: (problem.line or 0, problem.code)))
    extras["notes"] = tuple(reading.notes)
    return ProcessModel(
        path=path,
        digest=writer.digest(root),
        processes=finished,
        participants=participants,
        message_flows=message_flows,
        planes=read_planes(root),
        target_namespace=root.get("targetNamespace", ""),
        exporter=" ".join(filter(None, (root.get("exporter"), root.get("exporterVersion")))) or None,
        source=data,
        extras=extras,
    )


def _index(root: etree._Element, path: str) -> dict[str, etree._Element]:
    """BPMN elements by id. The same id twice has no meaning: references could go to either."""
    found: dict[str, etree._Element] = {}
    for element in root.iter(f"{{{names.BPMN}}}*"):
        id = element.get("id")
        if not id:
            continue
        if id in found:
            raise ModelError(
                "duplicate-id",
                f"id {id[:80]!r} is already taken in line {line_of(found[id])}",
                path=path,
                line=line_of(element),
                element=id,
            )
        found[id] = element
    return found


def _definitions(root: etree._Element, reading: Reading) -> dict[str, Any]:
    """What a file defines beside processes, as plain data."""
    extras: dict[str, Any] = {name: {} for name in _DEFINED.values()}
    global_tasks: list[FlowNode] = []
    imports: list[dict[str, str]] = []
    for element in root:
        local = local_name(element)
        attributes = {str(name): str(value) for name, value in element.attrib.items()}
        if local in _DEFINED:
            extras[_DEFINED[local]][element.get("id", "")] = attributes
        elif local in names.GLOBAL_TASKS:
            node = read_node(element, element.get("id") or f"{local}@{line_of(element)}", "", reading)
            global_tasks.append(node)
        elif local == "import":
            imports.append(attributes)
    return extras | {"global_tasks": tuple(global_tasks), "imports": tuple(imports)}


def _collaborations(root: etree._Element, reading: Reading) -> tuple[tuple[Participant, ...], tuple[MessageFlow, ...]]:
    participants: list[Participant] = []
    flows: list[MessageFlow] = []
    for collaboration in root:
        if local_name(collaboration) not in ("collaboration", "choreography"):
            continue
        for element in collaboration:
            local, line = local_name(element), line_of(element)
            id = element.get("id") or f"{local}@{line}"
            if local == "participant":
                process = reference(element.get("processRef"))
                if process and process not in reading.by_id:
                    reading.report("unresolved-reference", f"no process {process[:80]!r}", line, id)
                participants.append(Participant(id, element.get("name", ""), process))
            elif local == "messageFlow":
                source, target = reference(element.get("sourceRef")), reference(element.get("targetRef"))
                for end in (source, target):
                    if not end or end not in reading.by_id:
                        message = f"message flow end {(end or '')[:80]!r} is not in the file"
                        reading.report("dangling-reference", message, line, id)
                flows.append(MessageFlow(id, element.get("name", ""), source or "", target or "", line))
    return tuple(participants), tuple(flows)


@dataclass(slots=True)
class _Container:
    """One process (or choreography) while it is read."""

    element: etree._Element
    reading: Reading
    id: str = ""
    nodes: list[FlowNode] = field(default_factory=list)
    flows: list[SequenceFlow] = field(default_factory=list)
    lanes: list[Lane] = field(default_factory=list)
    lane_of: dict[str, str] = field(default_factory=dict)
    data: list[DataElement] = field(default_factory=list)
    data_associations: list[DataAssociation] = field(default_factory=list)
    associations: list[Association] = field(default_factory=list)
    made: dict[str, int] = field(default_factory=dict)

    def read(self) -> _Container:
        """Collect everything inside; references between containers are settled in `finish`."""
        self.id = self._id(self.element)
        stack: list[tuple[str, Iterator[etree._Element]]] = [(self.id, iter(self.element))]
        while stack:
            parent, children = stack[-1]
            element = next(children, None)
            if element is None:
                stack.pop()
            elif (local := local_name(element)) in names.FLOW_NODES:
                node = read_node(element, self._id(element), parent, self.reading)
                self.nodes.append(node)
                self._data_of(element, node.id)
                if local in names.SUB_PROCESSES:
                    stack.append((node.id, iter(element)))
            else:
                self._other(element, local, parent)
        return self

    def _id(self, element: etree._Element) -> str:
        id = element.get("id")
        if id:
            return id
        made = self._unique(f"{local_name(element)}@{line_of(element)}")
        self.reading.by_id[made] = element
        self.reading.report("missing-id", f"{local_name(element)} has no id", line_of(element), made)
        return made

    def _other(self, element: etree._Element, local: str, parent: str) -> None:
        line = line_of(element)
        if local == "sequenceFlow":
            self.flows.append(self._flow(element, parent))
        elif local == "laneSet":
            self._lane_set(element, parent)
        elif local in names.DATA:
            self._data_element(element, local, parent)
        elif local == "ioSpecification":
            for found in element:
                if local_name(found) in ("dataInput", "dataOutput"):
                    self._data_element(found, local_name(found), parent)
        elif local == "association":
            source, target = reference(element.get("sourceRef")), reference(element.get("targetRef"))
            id = element.get("id") or f"association@{line}"
            direction = element.get("associationDirection", "None")
            self.associations.append(Association(id, source or "", target or "", direction, parent))
        elif local.endswith("DataInputAssociation") or local in ("dataInputAssociation", "dataOutputAssociation"):
            pass  # read with the activity that holds it
        elif local and local not in _SILENT:
            message = f"{local} is no element that BPMN 2.0 has in this place"
            self.reading.report("unknown-element", message, line, element.get("id"))

    def _flow(self, element: etree._Element, parent: str) -> SequenceFlow:
        source, target = reference(element.get("sourceRef")), reference(element.get("targetRef"))
        given = element.get("id")
        id = given or self._flow_id(source or "", target or "")
        common = self.reading.common(element, id)
        return SequenceFlow(
            id=id,
            source=source or "",
            target=target or "",
            parent=parent,
            condition=self.reading.expression(child(element, "conditionExpression")),
            has_id=given is not None,
            **common,
        )

    def _flow_id(self, source: str, target: str) -> str:
        """An id for a flow that has none: where it goes, and which of several it is."""
        return self._unique(f"{source}->{target}")

    def _unique(self, plain: str) -> str:
        while True:
            number = self.made.get(plain, 0) + 1
            self.made[plain] = number
            made = plain if number == 1 else f"{plain}#{number}"
            if made not in self.reading.by_id:
                return made

    def _data_element(self, element: etree._Element, local: str, parent: str) -> None:
        line = line_of(element)
        ref = reference(element.get("dataObjectRef") or element.get("dataStoreRef"))
        self.data.append(
            DataElement(
                id=element.get("id") or f"{local}@{line}",
                type=local,
                name=element.get("name", ""),
                parent=parent,
                ref=ref,
                collection=truth(element.get("isCollection")),
                line=line,
            )
        )

    def _data_of(self, element: etree._Element, id: str) -> None:
        """Data inputs, outputs and associations of one activity or event."""
        for found in element:
            local = local_name(found)
            if local in ("dataInputAssociation", "dataOutputAssociation"):
                sources = tuple(filter(None, (reference(text_of(s)) for s in found.findall(names.bpmn("sourceRef")))))
                target = reference(text_of(child(found, "targetRef")))
                into = local == "dataInputAssociation"
                self.data_associations.append(DataAssociation(id, into, sources, target, line_of(found)))
            elif local in ("dataInput", "dataOutput"):
                self._data_element(found, local, id)
            elif local_name(element) not in names.SUB_PROCESSES and local in ("ioSpecification", "property"):
                self._other(found, local, id)

    def _lane_set(self, lane_set: etree._Element, parent: str) -> None:
        """Lanes in document order, outer before inner; a node belongs to the innermost lane that names it."""
        stack: list[tuple[str | None, Iterator[etree._Element]]] = [(None, lane_set.iterchildren(names.bpmn("lane")))]
        while stack:
            outer, lanes = stack[-1]
            element = next(lanes, None)
            if element is None:
                stack.pop()
                continue
            id = element.get("id") or f"{parent}/lane-{len(self.lanes) + 1}"
            inner = element.find(names.bpmn("childLaneSet"))
            named = [reference(text_of(ref)) or "" for ref in element.findall(names.bpmn("flowNodeRef"))]
            for node in named:
                target = self.reading.by_id.get(node)
                if target is None:
                    message = f"the lane names {node[:80]!r}, which is not in the file"
                    self.reading.report("dangling-reference", message, line_of(element), id)
                elif local_name(target) in names.FLOW_NODES:
                    self.lane_of[node] = id
            self.lanes.append(Lane(id, element.get("name", ""), outer, (), line_of(element)))
            if inner is not None:
                stack.append((id, inner.iterchildren(names.bpmn("lane"))))

    def finish(self, nodes: set[str], dangling: list[SequenceFlow]) -> Process:
        """The process, with lanes settled and flows that lead nowhere taken out and reported."""
        known = {node.id for node in self.nodes}
        kept = []
        for flow in self.flows:
            missing = [end for end in (flow.source, flow.target) if end not in nodes]
            if missing:
                message = f"the flow's end {missing[0][:80]!r} is not a flow node of the file"
                self.reading.report("dangling-flow", message, flow.line, flow.id)
                dangling.append(flow)
            else:
                kept.append(flow)
        self._check_references({flow.id for flow in self.flows}, known)
        common = self.reading.common(self.element, self.id)
        common["name"] = self.element.get("name", "")
        law = self.element.get(f"{{{LI}}}proceduralLaw")
        executable = self.element.get("isExecutable")
        named: dict[str, list[str]] = {}
        for node, lane in self.lane_of.items():
            named.setdefault(lane, []).append(node)
        return Process(
            id=self.id,
            executable=None if executable is None else truth(executable),
            nodes=tuple(self._with_lanes()),
            flows=tuple(kept),
            lanes=tuple(replace(lane, nodes=tuple(named.get(lane.id, ()))) for lane in self.lanes),
            data=tuple(self.data),
            data_associations=tuple(self.data_associations),
            associations=tuple(self.associations),
            procedural_law=law,
            documentation=documentation(self.element),
            **common,
        )

    def _check_references(self, flows: set[str], nodes: set[str]) -> None:
        for node in self.nodes:
            attached = getattr(node, "attached_to", None)
            if attached is not None and attached not in nodes:
                message = f"attached to {attached[:80]!r}, which is not a node of this process"
                self.reading.report("dangling-reference", message, node.line, node.id)
            if node.default is not None and node.default not in flows:
                message = f"the default flow {node.default[:80]!r} is not in this process"
                self.reading.report("dangling-reference", message, node.line, node.id)

    def _with_lanes(self) -> Iterator[FlowNode]:
        """A node without a lane of its own lies in that of its host or of the sub-process around it."""
        lanes = dict(self.lane_of)
        for node in self.nodes:
            lane = lanes.get(node.id)
            if lane is None:
                lane = lanes.get(getattr(node, "attached_to", None) or "") or lanes.get(node.parent)
                if lane is not None:
                    lanes[node.id] = lane
            yield replace(node, lane=lane) if lane is not None else node
