"""One BPMN file while an edit changes its flow: what goes, what is led elsewhere, what is new; then the patches.

`Wiring` holds the flow as tables (`ends` of every sequence flow) over the model as read; the methods change these
tables and the drawing, `render` writes the differences: flows and their ends, `incoming` and `outgoing` where the file
uses them, lane references, message flows, associations, shapes and edges.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from bpm.errors import InvalidRequest
from bpm.model.edit.canvas import Canvas
from bpm.model.edit.markup import Document, attributes
from bpm.model.graph import EXIT, Graph
from bpm.model.process import Event, FlowNode, Process, ProcessModel, SequenceFlow
from bpm.model.reader import read_bpmn
from bpm.model.source import Part

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"

_BEFORE_FLOWS = ("documentation", "extensionElements", "auditing", "monitoring", "categoryValueRef")


def refuse(code_words: str, element: str) -> InvalidRequest:
    """The error of an edit that cannot be made (`edit-impossible`)."""
    return InvalidRequest("edit-impossible", f"{element}: {code_words}", element=element)


@lru_cache(maxsize=2)
def _read(source: bytes, path: str) -> ProcessModel:
    """The model of a file; several edits are tried on one file, and models are never changed."""
    return read_bpmn(source, path)


class Wiring:
    """The process that holds `element`. Raises ModelError as the reader does, InvalidRequest `edit-target`."""

    def __init__(self, source: bytes, path: str, element: str) -> None:
        self.model = _read(source, path)
        self.document = Document(source, path)
        self.process = self._holding(element)
        self.graph = Graph(self.process)
        self.flows: dict[str, SequenceFlow] = {flow.id: flow for flow in self.graph.flows}
        self.ends: dict[str, tuple[str, str]] = {key: (flow.source, flow.target) for key, flow in self.flows.items()}
        self.gone: set[str] = set()
        self.made: dict[str, tuple[str, str]] = {}
        self.extensions: dict[str, list[str]] = {}
        self.canvases = self._canvases()
        self._taken = self.document.ids | set(self.flows)

    def _holding(self, element: str) -> Process:
        for process in self.model.processes:
            if any(node.id == element for node in process.nodes):
                return process
        raise InvalidRequest("edit-target", f"there is no step {element[:80]!r}", element=element)

    def _canvases(self) -> list[Canvas]:
        planes = [
            plane
            for diagram in self.document.root.children
            if diagram.name == "BPMNDiagram" and diagram.namespace == BPMNDI
            for plane in diagram.each("BPMNPlane")
        ]
        found = [Canvas(plane, element) for plane, element in zip(self.model.planes, planes, strict=True)]
        others = {flow.id: (flow.source, flow.target) for flow in self.model.message_flows}
        for process in self.model.processes:
            others |= {flow.id: (flow.source, flow.target) for flow in process.flows}
            others |= {association.id: (association.source, association.target) for association in process.associations}
        for canvas in found:
            canvas.ends = dict(others)
        return found

    # --- looking -----------------------------------------------------------------------------------------------

    def node(self, key: str) -> FlowNode:
        """A flow node that is still there. Raises InvalidRequest `edit-target`."""
        found = self.graph.nodes.get(key)
        if found is None or key in self.gone:
            raise InvalidRequest("edit-target", f"there is no step {key[:80]!r}", element=key)
        return found

    def into(self, node: str) -> list[str]:
        """The flows that lead to a node now."""
        return [flow for flow, (_, target) in self.ends.items() if target == node]

    def out_of(self, node: str) -> list[str]:
        """The flows that leave a node now."""
        return [flow for flow, (source, _) in self.ends.items() if source == node]

    def canvas(self, *elements: str) -> Canvas | None:
        """The plane on which all these elements are drawn."""
        return next((it for it in self.canvases if all(one in it.boxes for one in elements)), None)

    def group(self, node: str) -> list[str]:
        """A node with all that moves along: what is inside it and what is attached to any of these."""
        inside = [node, *(it.id for it in self.process.nodes if node in self.graph.containers(it.id))]
        return [*inside, *(event.id for it in inside for event in self.graph.boundary(it) if event.id not in inside)]

    def element_of(self, flow: str) -> Part | None:
        """The flow in the file; one without an id is found by its ends."""
        found = self.document.by_id(flow)
        if found is not None and found.name == "sequenceFlow":
            return found
        ends = (self.flows[flow].source, self.flows[flow].target) if flow in self.flows else ("", "")
        for element in self.document.root.walk():
            if element.name != "sequenceFlow" or element.get("id") is not None:
                continue
            if (_local(element.get("sourceRef")), _local(element.get("targetRef"))) == ends:
                return element
        return None

    # --- changing ----------------------------------------------------------------------------------------------

    def lead(self, flow: str, *, source: str | None = None, target: str | None = None) -> None:
        """Let a flow begin or end elsewhere."""
        old = self.ends[flow]
        self.ends[flow] = (source or old[0], target or old[1])
        for canvas in self.canvases:
            canvas.ends[flow] = self.ends[flow]

    def cut(self, *flows: str) -> None:
        """Take flows out."""
        for flow in flows:
            del self.ends[flow]
        for canvas in self.canvases:
            canvas.forget(flows)

    def drop(self, nodes: Iterable[str]) -> None:
        """Take nodes out, with everything inside them and attached to them and all flows at these."""
        gone = set(nodes)
        for node in self.process.nodes:
            attached = node.attached_to if isinstance(node, Event) else None
            if node.parent in gone or attached in gone or gone & set(self.graph.containers(node.id)):
                gone.add(node.id)
        self.gone |= gone
        self.cut(*(flow for flow, ends in list(self.ends.items()) if gone & set(ends)))
        loose = [flow.id for flow in self.model.message_flows if gone & {flow.source, flow.target}]
        loose += [a.id for a in self.process.associations if gone & {a.source, a.target}]
        for canvas in self.canvases:
            canvas.forget([*gone, *loose])

    def drop_unreachable(self) -> None:
        """Take out what could be reached before the edit and cannot be any more, handlers of compensation included."""
        before = set(self.graph.reachable()) - self.gone
        starts = {node.id for node in self.graph.starts(self.process.id)}
        alive: set[str] = set()
        todo = [node for node in starts if node not in self.gone]
        after: dict[str, list[str]] = {}
        for source, target in self.ends.values():
            after.setdefault(self.graph.leaving(source) if source in self.graph.nodes else source, []).append(target)
        changed = set(self.flows) ^ set(self.ends) or self.made
        drawn = {(flow.source, flow.target) for flow in self.flows.values()}
        while todo:
            vertex = todo.pop()
            if vertex in alive or vertex.removesuffix(EXIT) in self.gone:
                continue
            alive.add(vertex)
            own = vertex.removesuffix(EXIT)
            others = [
                target
                for target in self.graph.control.get(vertex, ())
                if (own, target) not in drawn and target.removesuffix(EXIT) not in self.gone
            ]
            todo += [*after.get(vertex, ()), *others]
        lost = {node for node in before if node not in alive}
        handlers = {
            a.target
            for a in self.process.associations
            if a.source in self.gone | lost and a.target in self.graph.handlers
        }
        if changed and lost | handlers:
            self.drop(lost | handlers)

    def drop_orphans(self) -> None:
        """Take out what no case could reach and what nothing leads to any more since something was taken out."""
        reachable = self.graph.reachable()
        led = {flow.target for flow in self.flows.values()}
        while True:
            still = {target for _, target in self.ends.values()}
            orphans = [node for node in self.graph.nodes if node in led - still - self.gone and node not in reachable]
            if not orphans:
                return
            self.drop(orphans)

    def fresh(self, prefix: str) -> str:
        """An id that the file does not have."""
        number = 1
        while f"{prefix}_{number}" in self._taken:
            number += 1
        self._taken.add(f"{prefix}_{number}")
        return f"{prefix}_{number}"

    def gateway(self, kind: str, beside: str, prefix: str) -> str:
        """A new gateway in the container and lane of the node `beside`; it is not drawn yet."""
        made = self.fresh(prefix)
        self.made[made] = (f"{kind}Gateway", beside)
        return made

    def flow(self, source: str, target: str) -> str:
        """A new flow; it is not drawn yet."""
        made = self.fresh(f"flow_{source}_{target}")
        self.ends[made] = (source, target)
        for canvas in self.canvases:
            canvas.ends[made] = (source, target)
        return made

    # --- writing -----------------------------------------------------------------------------------------------

    def render(self) -> bytes:
        """The file with all changes."""
        self._write_removals()
        self._write_flows()
        self._write_gateways()
        self._write_references()
        self._write_extensions()
        for canvas in self.canvases:
            canvas.write(self.document)
        return self.document.render()

    def _write_removals(self) -> None:
        for key in self.gone:
            if (element := self.document.by_id(key)) is not None:
                self.document.remove(element)
        for element in self.document.root.walk():
            if element.namespace != BPMN:
                continue
            if element.name == "flowNodeRef" and self._said(element) in self.gone:
                self.document.remove(element)
            elif element.name in ("messageFlow", "association"):
                ends = {_local(element.get("sourceRef")), _local(element.get("targetRef"))}
                if ends & self.gone:
                    self.document.remove(element)

    def _write_flows(self) -> None:
        for key, flow in self.flows.items():
            element = self.element_of(key)
            if element is None:
                continue
            if key not in self.ends:
                self.document.remove(element)
                continue
            for name, old, new in zip(
                ("sourceRef", "targetRef"), (flow.source, flow.target), self.ends[key], strict=True
            ):
                if old != new:
                    self.document.set(element, name, new)
        for key, (source, target) in self.ends.items():
            if key not in self.flows:
                around = self._container(source if source in self.graph.nodes else target)
                tag, declared = self.document.name(BPMN, "sequenceFlow", around, "bpmn")
                names = attributes({"id": key, "sourceRef": source, "targetRef": target})
                self._append_flow(around, f"<{tag}{declared}{names}/>")

    def _append_flow(self, around: Part, markup: str) -> None:
        """Behind the last flow element: artifacts may follow only after all of them."""
        last = None
        for child in around.children:
            node = child.get("id")
            if child.name == "sequenceFlow" or node in self.graph.nodes or child.name.startswith("data"):
                last = child
        if last is None:
            self.document.append(around, markup)
        else:
            self.document.after(last, markup)

    def _container(self, node: str) -> Part:
        known = node if node in self.graph.nodes else self.made[node][1]
        found = self.document.by_id(self.graph.nodes[known].parent)
        assert found is not None
        return found

    def _write_gateways(self) -> None:
        written = self._uses_references()
        for key, (kind, beside) in self.made.items():
            anchor = self.document.by_id(beside)
            assert anchor is not None
            tag, declared = self.document.name(BPMN, kind, anchor, "bpmn")
            direction = "Diverging" if len(self.out_of(key)) > 1 else "Converging"
            names = attributes({"id": key, "gatewayDirection": direction})
            inner = ""
            if written:
                inner = "".join(self._reference("incoming", flow, anchor) for flow in self.into(key))
                inner += "".join(self._reference("outgoing", flow, anchor) for flow in self.out_of(key))
            closed = f">{inner}</{tag}>" if inner else "/>"
            self._append_flow(self._container(key), f"<{tag}{declared}{names}{closed}")
            self._write_lane(key, beside)

    def _write_lane(self, key: str, beside: str) -> None:
        for element in self.document.root.walk():
            if element.name == "flowNodeRef" and element.namespace == BPMN and self._said(element) == beside:
                tag, declared = self.document.name(BPMN, "flowNodeRef", element, "bpmn")
                self.document.after(element, f"<{tag}{declared}>{key}</{tag}>")

    def _write_extensions(self) -> None:
        """Extension elements of nodes that had none: behind the documentation."""
        for key, inner in self.extensions.items():
            element = self.document.by_id(key)
            assert element is not None
            tag, declared = self.document.name(BPMN, "extensionElements", element, "bpmn")
            markup = f"<{tag}{declared}>{''.join(inner)}</{tag}>"
            words = [*element.each("documentation")]
            if words:
                self.document.after(words[-1], markup)
            else:
                self.document.first(element, markup)

    def _write_references(self) -> None:
        """`incoming` and `outgoing` of the nodes that stay."""
        if not self._uses_references():
            return
        before = {key: (flow.source, flow.target) for key, flow in self.flows.items()}
        for position, local in enumerate(("outgoing", "incoming")):
            old = _grouped(before, position)
            new = _grouped(self.ends, position)
            for node in self.graph.nodes:
                if node in self.gone or old.get(node, []) == new.get(node, []):
                    continue
                element = self.document.by_id(node)
                assert element is not None
                for reference in element.each(local):
                    if self._said(reference) not in new.get(node, []):
                        self.document.remove(reference)
                for flow in new.get(node, []):
                    if flow not in old.get(node, []):
                        self._add_reference(element, local, flow)

    def _add_reference(self, element: Part, local: str, flow: str) -> None:
        markup = self._reference(local, flow, element)
        wanted = (*_BEFORE_FLOWS, "incoming") if local == "incoming" else (*_BEFORE_FLOWS, "incoming", "outgoing")
        last = None
        for child in element.children:
            if child.name in wanted and child.namespace == BPMN:
                last = child
        if last is not None:
            self.document.after(last, markup)
        else:
            self.document.first(element, markup)

    def _reference(self, local: str, flow: str, near: Part) -> str:
        tag, declared = self.document.name(BPMN, local, near, "bpmn")
        return f"<{tag}{declared}>{flow}</{tag}>"

    def _uses_references(self) -> bool:
        return any(it.name in ("incoming", "outgoing") and it.namespace == BPMN for it in self.document.root.walk())

    def _said(self, element: Part) -> str:
        return _local(self.document.said(element).strip()) or ""


def _grouped(ends: Mapping[str, tuple[str, str]], position: int) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for flow, pair in ends.items():
        found.setdefault(pair[position], []).append(flow)
    return found


def _local(reference: str | None) -> str | None:
    return None if reference is None else reference.rpartition(":")[2]
