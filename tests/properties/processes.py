"""Random processes for the agreement tests: block-structured (sound by construction) and their damaged twins.

`generate(seed)` draws nested blocks: sequence, exclusive, parallel and inclusive choice, loop, sub-process, boundary
timer, message boundary, event-based gateway. Guards are FEEL over variables `pick_<gateway>` (a number 1..n, exclusive
gateways and loops) or `pick_<gateway>_<i>` (booleans, inclusive gateways); `Generated.choices` lists their domains, so
that a driver can set them at random before each step. The same seed gives the same process, byte for byte.
`damaged(generated, seed)` changes one gateway or flow; what comes out may be unsound. `as_bpmn` writes the file.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from xml.sax.saxutils import escape, quoteattr

from bpm.model.process import (
    Activity,
    Event,
    EventDefinition,
    Expression,
    FlowNode,
    Gateway,
    Process,
    ProcessModel,
    SequenceFlow,
    ServiceTask,
    SubProcess,
    Task,
    UserTask,
)

KINDS = ("sequence", "exclusive", "parallel", "inclusive", "loop", "subprocess", "timer", "message", "events")
EXTRA = ("error", "escalation", "terminate", "listener")
"""Kinds of blocks that are drawn only on request: errors, escalations, terminating ends, event sub-processes."""

COUNTING = ("complex",)
"""Kinds of blocks that only the whole token game plays."""

FEEL = "https://www.omg.org/spec/DMN/20191111/FEEL/"


@dataclass(frozen=True)
class Generated:
    """A process model; `choices`: variable -> its possible values; `tasks`: ids of its user and service tasks."""

    seed: int
    model: ProcessModel
    choices: Mapping[str, tuple[object, ...]]
    tasks: tuple[str, ...]

    @property
    def process(self) -> Process:
        return self.model.processes[0]

    def draw(self, rng: random.Random) -> dict[str, object]:
        """One random value per guard variable."""
        return {name: rng.choice(values) for name, values in self.choices.items()}


@dataclass
class Builder:
    """Adds nodes and flows one by one; ids count up per kind."""

    key: str = "p"
    nodes: list[FlowNode] = field(default_factory=list)
    flows: list[SequenceFlow] = field(default_factory=list)
    choices: dict[str, tuple[object, ...]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def fresh(self, prefix: str) -> str:
        self.counts[prefix] = self.counts.get(prefix, 0) + 1
        return f"{prefix}{self.counts[prefix]}"

    def add(self, node: FlowNode) -> str:
        self.nodes.append(node)
        return node.id

    def task(self, parent: str, kind: str = "userTask") -> str:
        made = self.fresh("t")
        if kind == "userTask":
            return self.add(UserTask(id=made, type=kind, name=f"Schritt {made}", parent=parent))
        return self.add(ServiceTask(id=made, type=kind, name=f"Schritt {made}", parent=parent, topic="arbeit"))

    def gateway(self, parent: str, kind: str) -> str:
        made = self.fresh(
            {"exclusive": "x", "parallel": "a", "inclusive": "o", "eventBased": "e", "complex": "k"}[kind]
        )
        return self.add(Gateway(id=made, type=f"{kind}Gateway", parent=parent))

    def event(self, parent: str, kind: str, definition: EventDefinition | None = None, **more: object) -> str:
        prefix = {"startEvent": "start", "endEvent": "end", "boundaryEvent": "b"}.get(kind, "c")
        definitions = (definition,) if definition else ()
        return self.add(
            Event(id=self.fresh(prefix), type=kind, parent=parent, definitions=definitions, **more)  # type: ignore[arg-type]
        )

    def flow(self, source: str, target: str, parent: str, condition: str | None = None) -> str:
        expression = Expression(condition) if condition else None
        made = SequenceFlow(self.fresh("f"), source, target, parent, condition=expression)
        self.flows.append(made)
        return made.id

    def default(self, gateway: str, flow: str) -> None:
        self.nodes = [replace(n, default=flow) if n.id == gateway else n for n in self.nodes]

    def timer(self) -> EventDefinition:
        return EventDefinition("timer", expression=Expression("PT1H", "text"), timer="duration")

    def message(self) -> EventDefinition:
        name = f"nachricht{len(self.nodes)}"
        return EventDefinition("message", name=name, ref=f"Message_{name}")

    def model(self) -> ProcessModel:
        process = Process(self.key, self.key, True, tuple(self.nodes), tuple(self.flows))
        return ProcessModel(f"{self.key}.bpmn", "", (process,))


class _Blocks:
    """Draws blocks with one entry and one exit node; `budget` bounds the number of blocks."""

    def __init__(self, rng: random.Random, kinds: tuple[str, ...], budget: int) -> None:
        self.rng, self.kinds, self.budget = rng, kinds, budget
        self.out = Builder()

    def block(self, parent: str, depth: int) -> tuple[str, str]:
        self.budget -= 1
        if depth <= 0 or self.budget <= 0 or self.rng.random() < 0.25:
            made = self.out.task(parent, "serviceTask" if self.rng.random() < 0.2 else "userTask")
            return made, made
        kind = self.rng.choice(self.kinds)
        return getattr(self, f"_{kind}")(parent, depth - 1)  # type: ignore[no-any-return]

    def _sequence(self, parent: str, depth: int) -> tuple[str, str]:
        parts = [self.block(parent, depth) for _ in range(self.rng.randint(2, 3))]
        for left, right in itertools.pairwise(parts):
            self.out.flow(left[1], right[0], parent)
        return parts[0][0], parts[-1][1]

    def _split(self, parent: str, depth: int, kind: str) -> tuple[str, str]:
        split, join = self.out.gateway(parent, kind), self.out.gateway(parent, kind)
        width = self.rng.randint(2, 3)
        skip = self.rng.random() < 0.3
        for i in range(1, width + 1):
            guard = None
            if kind == "exclusive" and i < width:
                guard = f"pick_{split} = {i}"
            elif kind == "inclusive" and i < width:
                guard = f"pick_{split}_{i}"
                self.out.choices[f"pick_{split}_{i}"] = (True, False)
            if skip and i == width and kind != "parallel":
                last = self.out.flow(split, join, parent, guard)
            else:
                first, exit_ = self.block(parent, depth)
                last = self.out.flow(split, first, parent, guard)
                self.out.flow(exit_, join, parent)
            if i == width and kind != "parallel":
                self.out.default(split, last)
        if kind == "exclusive":
            self.out.choices[f"pick_{split}"] = tuple(range(1, width + 1))
        return split, join

    def _exclusive(self, parent: str, depth: int) -> tuple[str, str]:
        return self._split(parent, depth, "exclusive")

    def _parallel(self, parent: str, depth: int) -> tuple[str, str]:
        return self._split(parent, depth, "parallel")

    def _inclusive(self, parent: str, depth: int) -> tuple[str, str]:
        return self._split(parent, depth, "inclusive")

    def _loop(self, parent: str, depth: int) -> tuple[str, str]:
        merge, split = self.out.gateway(parent, "exclusive"), self.out.gateway(parent, "exclusive")
        first, last = self.block(parent, depth)
        self.out.flow(merge, first, parent)
        self.out.flow(last, split, parent)
        back = self.out.task(parent)
        self.out.flow(split, back, parent, f"pick_{split} = 1")
        self.out.flow(back, merge, parent)
        leave = self.out.gateway(parent, "exclusive")
        self.out.default(split, self.out.flow(split, leave, parent))
        self.out.choices[f"pick_{split}"] = (1, 2)
        return merge, leave

    def _inside(self, parent: str, depth: int) -> str:
        made = self.out.add(SubProcess(id=self.out.fresh("s"), type="subProcess", parent=parent))
        first, last = self.block(made, depth)
        start = self.out.event(made, "startEvent")
        self.out.flow(start, first, made)
        if self.rng.random() < 0.8:
            self.out.flow(last, self.out.event(made, "endEvent"), made)
        return made

    def _subprocess(self, parent: str, depth: int) -> tuple[str, str]:
        made = self._inside(parent, depth)
        return made, made

    def _attached(self, parent: str, depth: int, definition: EventDefinition, interrupting: bool) -> tuple[str, str]:
        host = self._inside(parent, depth) if self.rng.random() < 0.5 else self.out.task(parent)
        event = self.out.event(parent, "boundaryEvent", definition, attached_to=host, interrupting=interrupting)
        if interrupting:
            first, last = self.block(parent, depth - 1)
            join = self.out.gateway(parent, "exclusive")
            self.out.flow(event, first, parent)
            self.out.flow(last, join, parent)
            self.out.flow(host, join, parent)
            return host, join
        handler = self.out.task(parent)
        self.out.flow(event, handler, parent)
        self.out.flow(handler, self.out.event(parent, "endEvent"), parent)
        return host, host

    def _timer(self, parent: str, depth: int) -> tuple[str, str]:
        return self._attached(parent, depth, self.out.timer(), self.rng.random() < 0.7)

    def _message(self, parent: str, depth: int) -> tuple[str, str]:
        return self._attached(parent, depth, self.out.message(), self.rng.random() < 0.7)

    def _frame(self, depth: int, parent: str) -> tuple[str, str]:
        """A sub-process with a start event and a block; gives its id and the last node inside."""
        made = self.out.add(SubProcess(id=self.out.fresh("s"), type="subProcess", parent=parent))
        first, last = self.block(made, depth)
        self.out.flow(self.out.event(made, "startEvent"), first, made)
        return made, last

    def _caught(self, parent: str, host: str, caught: EventDefinition, interrupting: bool) -> tuple[str, str]:
        event = self.out.event(parent, "boundaryEvent", caught, attached_to=host, interrupting=interrupting)
        handler = self.out.task(parent)
        self.out.flow(event, handler, parent)
        if not interrupting:
            self.out.flow(handler, self.out.event(parent, "endEvent"), parent)
            return host, host
        join = self.out.gateway(parent, "exclusive")
        self.out.flow(handler, join, parent)
        self.out.flow(host, join, parent)
        return host, join

    def _error(self, parent: str, depth: int) -> tuple[str, str]:
        made, last = self._frame(depth, parent)
        split = self.out.gateway(made, "exclusive")
        code = self.rng.choice(("E1", "E2"))
        self.out.flow(last, split, made)
        self.out.choices[f"pick_{split}"] = (1, 2)
        bad = self.out.event(made, "endEvent", EventDefinition("error", name=code, ref=code))
        self.out.flow(split, bad, made, f"pick_{split} = 1")
        self.out.default(split, self.out.flow(split, self.out.event(made, "endEvent"), made))
        name = self.rng.choice((code, None))
        return self._caught(parent, made, EventDefinition("error", name=name, ref=name), True)

    def _escalation(self, parent: str, depth: int) -> tuple[str, str]:
        made, last = self._frame(depth, parent)
        throw = self.out.event(made, "intermediateThrowEvent", EventDefinition("escalation", name="X", ref="X"))
        task = self.out.task(made)
        self.out.flow(last, throw, made)
        self.out.flow(throw, task, made)
        return self._caught(parent, made, EventDefinition("escalation", name="X", ref="X"), self.rng.random() < 0.5)

    def _terminate(self, parent: str, depth: int) -> tuple[str, str]:
        made, last = self._frame(depth, parent)
        split = self.out.gateway(made, "parallel")
        self.out.flow(last, split, made)
        first, exit_ = self.block(made, depth)
        self.out.flow(split, first, made)
        self.out.flow(exit_, self.out.event(made, "endEvent", EventDefinition("terminate")), made)
        self.out.flow(split, self.out.task(made), made)
        return made, made

    def _listener(self, parent: str, depth: int) -> tuple[str, str]:
        made, _ = self._frame(depth, parent)
        handler = self.out.add(
            SubProcess(id=self.out.fresh("s"), type="subProcess", parent=made, triggered_by_event=True)
        )
        calm = self.rng.random() < 0.5
        start = self.out.event(handler, "startEvent", self.out.message(), interrupting=not calm)
        self.out.flow(start, self.out.task(handler), handler)
        return made, made

    def _complex(self, parent: str, depth: int) -> tuple[str, str]:
        split, number = self.out.gateway(parent, "parallel"), self.rng.randint(2, 4)
        enough = Expression(f"activationCount >= {self.rng.randint(1, number)}")
        join = self.out.add(Gateway(id=self.out.fresh("k"), type="complexGateway", parent=parent, activation=enough))
        for _ in range(number):
            first, last = self.block(parent, depth)
            self.out.flow(split, first, parent)
            self.out.flow(last, join, parent)
        return split, join

    def _events(self, parent: str, depth: int) -> tuple[str, str]:
        split, join = self.out.gateway(parent, "eventBased"), self.out.gateway(parent, "exclusive")
        for i in range(self.rng.randint(2, 3)):
            catch = self.out.event(parent, "intermediateCatchEvent", self.out.timer() if i == 0 else self.out.message())
            self.out.flow(split, catch, parent)
            if self.rng.random() < 0.5:
                first, last = self.block(parent, depth)
                self.out.flow(catch, first, parent)
                self.out.flow(last, join, parent)
            else:
                self.out.flow(catch, join, parent)
        return split, join


def generate(seed: int, *, kinds: tuple[str, ...] = KINDS, depth: int = 3, budget: int = 12) -> Generated:
    """A sound process with at most about `budget` blocks, nested at most `depth` deep."""
    blocks = _Blocks(random.Random(seed), kinds, budget)
    start = blocks.out.event("p", "startEvent")
    first, last = blocks.block("p", depth)
    blocks.out.flow(start, first, "p")
    blocks.out.flow(last, blocks.out.event("p", "endEvent"), "p")
    tasks = tuple(node.id for node in blocks.out.nodes if isinstance(node, Task))
    return Generated(seed, blocks.out.model(), dict(blocks.out.choices), tasks)


def damaged(generated: Generated, seed: int, *, times: int = 1) -> Generated:
    """The same process with `times` random changes: another gateway kind, a moved flow end or a lost flow."""
    rng = random.Random(seed)
    process = generated.process
    nodes, flows = list(process.nodes), list(process.flows)
    for _ in range(times):
        gateways = [i for i, n in enumerate(nodes) if isinstance(n, Gateway) and n.type != "eventBasedGateway"]
        change = rng.choice(("kind", "kind", "move", "lose"))
        if change == "kind" and gateways:
            i = rng.choice(gateways)
            others = [k for k in ("exclusive", "parallel", "inclusive") if nodes[i].type != f"{k}Gateway"]
            nodes[i] = replace(nodes[i], type=f"{rng.choice(others)}Gateway")
        elif change == "move":
            i = rng.randrange(len(flows))
            targets = [
                n.id
                for n in nodes
                if n.parent == flows[i].parent
                and n.type not in ("startEvent", "boundaryEvent")
                and n.id != flows[i].target
            ]
            if targets:
                flows[i] = replace(flows[i], target=rng.choice(targets))
        elif change == "lose" and len(flows) > 1:
            gone = flows.pop(rng.randrange(len(flows)))
            nodes = [replace(n, default=None) if n.default == gone.id else n for n in nodes]
    model = replace(generated.model, processes=(replace(process, nodes=tuple(nodes), flows=tuple(flows)),))
    return replace(generated, model=model)


# --- as a file -------------------------------------------------------------------------------------------------


def as_bpmn(model: ProcessModel) -> bytes:
    """The BPMN file of a generated model (no diagram)."""
    out = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="urn:lichtung:test" '
        f'expressionLanguage="{FEEL}" id="definitions">',
    ]
    messages: dict[str, str] = {}
    for process in model.processes:
        for node in process.nodes:
            if isinstance(node, Event):
                messages |= {d.ref or "": d.name or "" for d in node.definitions if d.kind == "message"}
    for process in model.processes:
        thrown = {(d.kind, d.ref) for n in process.nodes if isinstance(n, Event) for d in n.definitions if d.ref}
        for kind, ref in sorted(thrown):
            if kind in ("error", "escalation"):
                out.append(f"<{kind} id={quoteattr(ref)} name={quoteattr(ref)} {kind}Code={quoteattr(ref)}/>")
    out += [f"<message id={quoteattr(ref)} name={quoteattr(name)}/>" for ref, name in messages.items()]
    for process in model.processes:
        out.append(f'<process id={quoteattr(process.id)} name={quoteattr(process.name)} isExecutable="true">')
        out += _container(process, process.id)
        out.append("</process>")
    out.append("</definitions>")
    return "\n".join(out).encode()


def _container(process: Process, parent: str) -> list[str]:
    out: list[str] = []
    for node in process.nodes:
        if node.parent == parent:
            out += _node(process, node)
    for flow in process.flows:
        if flow.parent != parent:
            continue
        head = f"<sequenceFlow id={quoteattr(flow.id)} sourceRef={quoteattr(flow.source)}"
        head += f" targetRef={quoteattr(flow.target)}"
        if flow.condition:
            text = escape(flow.condition.text)
            guard = f'<conditionExpression xsi:type="tFormalExpression" language="{FEEL}">{text}</conditionExpression>'
            out.append(f"{head}>{guard}</sequenceFlow>")
        else:
            out.append(f"{head}/>")
    return out


def _node(process: Process, node: FlowNode) -> list[str]:
    head = f"<{node.type} id={quoteattr(node.id)}"
    if node.name:
        head += f" name={quoteattr(node.name)}"
    if node.default:
        head += f" default={quoteattr(node.default)}"
    if isinstance(node, SubProcess) and node.triggered_by_event:
        head += ' triggeredByEvent="true"'
    if isinstance(node, Event) and node.type == "startEvent" and not node.interrupting:
        head += ' isInterrupting="false"'
    if isinstance(node, ServiceTask):
        head += f' camunda:type="external" camunda:topic={quoteattr(node.topic or "arbeit")}'
    if isinstance(node, Event) and node.attached_to:
        head += f' attachedToRef={quoteattr(node.attached_to)} cancelActivity="{str(node.interrupting).lower()}"'
    inner: list[str] = []
    if isinstance(node, Event):
        for d in node.definitions:
            if d.kind == "timer" and d.expression:
                inner.append(
                    "<timerEventDefinition><timeDuration>"
                    + escape(d.expression.text)
                    + "</timeDuration></timerEventDefinition>"
                )
            elif d.kind in ("error", "escalation"):
                named = f" {d.kind}Ref={quoteattr(d.ref)}" if d.ref else ""
                inner.append(f"<{d.kind}EventDefinition{named}/>")
            elif d.kind == "message":
                inner.append(f"<messageEventDefinition messageRef={quoteattr(d.ref or '')}/>")
            else:
                inner.append(f"<{d.kind}EventDefinition/>")
    if isinstance(node, Activity) and isinstance(node, SubProcess):
        inner += _container(process, node.id)
    return [f"{head}>", *inner, f"</{node.type}>"] if inner else [f"{head}/>"]
