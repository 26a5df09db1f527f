"""What a BPMN 2.0 file says, as frozen dataclasses: everything in it, executable or not.

`ProcessModel` is one file. Flow nodes of all levels stand flat in `Process.nodes` with the id of their
container in `parent` (the process or a sub-process); `bpm.model.graph` answers questions about neighbours.
Nothing here interprets: conditions and timer texts are kept as text with their language; unknown extension
elements and vendor attributes are kept as data. Figures that are absent are None, which means *not recorded*
and never zero.

Names follow BPMN 2.0.2 (OMG formal/2013-12-09); the class in the comment is the chapter's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

NO_ATTRIBUTES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Expression:
    """A formal expression as written. `language` is `feel`, `juel`, or the URI the file gives for another one."""

    text: str
    language: str = "feel"
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Extension:
    """One extension element, kept whole: `name` is in Clark notation (`{namespace}local`)."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=lambda: NO_ATTRIBUTES)
    text: str = ""
    children: tuple[Extension, ...] = ()


# --- what a city knows about a step (vocabulary `urn:lichtung:bpmn:1`) ---------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """How a figure is known: `measured`, `table`, `estimated` or `assumed`; by whom, when, from what; its range."""

    how: str
    by: str | None = None
    on: str | None = None
    source: str | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class StepFacts:
    """`li:step`. Minutes are per execution; `principles` are ids; `protected` names the reason for protection."""

    channel: str | None = None
    minutes: float | None = None
    wage_group: str | None = None
    citizen_minutes: float | None = None
    business_minutes: float | None = None
    principles: tuple[str, ...] = ()
    protected: str | None = None
    known: Known | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class DataUse:
    """`li:reads`, `li:writes`, `li:deletes`: a data item; `origin` (writes only) is citizen, business, register:NAME or
    step."""

    item: str
    origin: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """`li:document`: a paper the step asks for, and the register or office that already holds it."""

    name: str
    held_by: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """`li:legalBasis`. `organ` may change it; `force` is must, should or may; dates are ISO; `demands` names the form
    the norm demands (signature, original, visit, post, ...)."""

    citation: str
    organ: str | None = None
    force: str | None = None
    delegated: bool | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    demands: str | None = None
    known: Known | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Deadline:
    """`li:deadline`: a legal deadline (not an engine timer). `length` is an ISO calendar duration such as P3M."""

    element: str
    starts: str | None
    length: str | None
    suspends: str | None = None
    extends: str | None = None
    consequence: str | None = None
    counted_by: str | None = None
    known: Known | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """All that our vocabulary says about one element."""

    step: StepFacts | None = None
    reads: tuple[DataUse, ...] = ()
    writes: tuple[DataUse, ...] = ()
    deletes: tuple[DataUse, ...] = ()
    documents: tuple[Document, ...] = ()
    legal_bases: tuple[LegalBasis, ...] = ()
    deadlines: tuple[Deadline, ...] = ()


NO_FACTS = Facts()


# --- flow nodes ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EventDefinition:
    """`kind` is the local name without `EventDefinition`: timer, message, signal, error, escalation, conditional,
    link, compensate, cancel, terminate. `name` is the name (or code) of the referenced message, signal, error,
    escalation or link; `expression` the timer text or condition; `timer` is date, duration or cycle."""

    kind: str
    name: str | None = None
    ref: str | None = None
    expression: Expression | None = None
    timer: str | None = None
    activity_ref: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Loop:
    """`kind` is standard, parallel or sequential (the latter two: multi-instance)."""

    kind: str
    cardinality: Expression | None = None
    collection: Expression | None = None
    element_variable: str | None = None
    output_collection: str | None = None
    output_element: Expression | None = None
    completion_condition: Expression | None = None
    condition: Expression | None = None
    maximum: int | None = None
    test_before: bool = False
    line: int | None = None


@dataclass(frozen=True, slots=True)
class ValueMapping:
    """An input/output or in/out mapping of a task or call activity: `target` gets the value of `source`."""

    target: str
    source: Expression | None
    all_variables: bool = False


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who gets a user task, as written (camunda/operaton/zeebe attributes)."""

    assignee: str | None = None
    candidate_users: tuple[str, ...] = ()
    candidate_groups: tuple[str, ...] = ()
    due: str | None = None
    follow_up: str | None = None
    priority: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowNode:
    """FlowNode. `type` is the BPMN local name (`userTask`, `boundaryEvent`, ...), `parent` the container's id,
    `lane` the innermost lane's id, `line` 1-based. `attributes` are foreign attributes by Clark name."""

    id: str
    type: str
    name: str = ""
    line: int | None = None
    parent: str
    lane: str | None = None
    default: str | None = None
    documentation: str = ""
    facts: Facts = NO_FACTS
    attributes: Mapping[str, str] = field(default_factory=lambda: NO_ATTRIBUTES)
    extensions: tuple[Extension, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(FlowNode):
    """startEvent, endEvent, intermediateCatchEvent, intermediateThrowEvent, boundaryEvent, implicitThrowEvent."""

    definitions: tuple[EventDefinition, ...] = ()
    attached_to: str | None = None
    interrupting: bool = True
    parallel_multiple: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway(FlowNode):
    """exclusive-, inclusive-, parallel-, complex-, eventBasedGateway."""

    direction: str | None = None
    activation: Expression | None = None
    instantiate: bool = False
    event_gateway_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity(FlowNode):
    """What takes work or time."""

    loop: Loop | None = None
    for_compensation: bool = False
    inputs: tuple[ValueMapping, ...] = ()
    outputs: tuple[ValueMapping, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Activity):
    """task, manualTask, and any task kind without fields of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserTask(Task):
    """`form` is the formKey / formRef / formId as written."""

    assignment: Assignment = Assignment()
    form: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTask(Task):
    """serviceTask, sendTask, receiveTask: `topic` for external workers, `message` for send/receive;
    `implementation` keeps class, delegate or expression names, which are never run."""

    topic: str | None = None
    message: str | None = None
    implementation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessRuleTask(Task):
    """`decision` is the id of a DMN decision; the result goes to `result_variable`."""

    decision: str | None = None
    result_variable: str | None = None
    topic: str | None = None
    implementation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptTask(Task):
    """Kept and shown; never run."""

    format: str | None = None
    script: str | None = None
    result_variable: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubProcess(Activity):
    """subProcess, transaction, adHocSubProcess."""

    triggered_by_event: bool = False
    ordering: str | None = None
    completion_condition: Expression | None = None
    cancel_remaining: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CallActivity(Activity):
    """`called` is the id of the called process (or global task)."""

    called: str | None = None
    binding: str | None = None


@dataclass(frozen=True, slots=True)
class SequenceFlow:
    """`id` is made up (`source->target`) where the file has none; `has_id` tells. `parent` is the container."""

    id: str
    source: str
    target: str
    parent: str
    name: str = ""
    condition: Expression | None = None
    line: int | None = None
    has_id: bool = True
    facts: Facts = NO_FACTS
    attributes: Mapping[str, str] = field(default_factory=lambda: NO_ATTRIBUTES)
    extensions: tuple[Extension, ...] = ()


@dataclass(frozen=True, slots=True)
class Lane:
    """`nodes` are the ids of its own flow nodes, not those of lanes inside it; `parent` is the outer lane."""

    id: str
    name: str
    parent: str | None
    nodes: tuple[str, ...]
    line: int | None = None


@dataclass(frozen=True, slots=True)
class DataElement:
    """dataObject, dataObjectReference, dataStoreReference, dataInput, dataOutput, property (`type` says which)."""

    id: str
    type: str
    name: str
    parent: str
    ref: str | None = None
    collection: bool = False
    line: int | None = None


@dataclass(frozen=True, slots=True)
class DataAssociation:
    """From a data element to an activity or event (`into` True) or back. `element` is the activity or event."""

    element: str
    into: bool
    sources: tuple[str, ...]
    target: str | None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Association:
    """An artifact association, as used between compensation boundary and handler."""

    id: str
    source: str
    target: str
    direction: str = "None"
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Process:
    """One process. `procedural_law` is the city's own attribute (BayVwVfG, SGB X, AO, internal)."""

    id: str
    name: str
    executable: bool | None
    nodes: tuple[FlowNode, ...]
    flows: tuple[SequenceFlow, ...]
    lanes: tuple[Lane, ...] = ()
    data: tuple[DataElement, ...] = ()
    data_associations: tuple[DataAssociation, ...] = ()
    associations: tuple[Association, ...] = ()
    procedural_law: str | None = None
    documentation: str = ""
    facts: Facts = NO_FACTS
    line: int | None = None
    attributes: Mapping[str, str] = field(default_factory=lambda: NO_ATTRIBUTES)
    extensions: tuple[Extension, ...] = ()


@dataclass(frozen=True, slots=True)
class Participant:
    """A pool; `process` is None for a black box."""

    id: str
    name: str
    process: str | None


@dataclass(frozen=True, slots=True)
class MessageFlow:
    id: str
    name: str
    source: str
    target: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """A drawn node: bounds in diagram units (pixels, y down)."""

    element: str
    x: float
    y: float
    width: float
    height: float
    expanded: bool | None = None
    horizontal: bool | None = None
    label: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """A drawn flow: its way points."""

    element: str
    points: tuple[tuple[float, float], ...]
    label: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Plane:
    """One BPMNPlane: what is drawn of `element` (a process, collaboration or collapsed sub-process)."""

    element: str
    shapes: tuple[Shape, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class ProcessModel:
    """One BPMN file. `digest` is `sha256:<hex>` of the canonical form; `source` are the bytes it was read from."""

    path: str
    digest: str
    processes: tuple[Process, ...]
    participants: tuple[Participant, ...] = ()
    message_flows: tuple[MessageFlow, ...] = ()
    planes: tuple[Plane, ...] = ()
    target_namespace: str = ""
    exporter: str | None = None
    source: bytes = field(default=b"", repr=False, compare=False)
    extras: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def main(self) -> Process:
        """The process that gives the procedure its key: the executable one, of several the first with nodes.

        A file without any process (a collaboration of black boxes, a library of messages) has an empty one.
        """
        if not self.processes:
            return Process("", "", None, (), ())
        with_nodes = [process for process in self.processes if process.nodes] or list(self.processes)
        return next((process for process in with_nodes if process.executable), with_nodes[0])
