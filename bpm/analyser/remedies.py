"""Which edits of a process a finding may offer, and as what.

An edit is tried on the file before it is offered: one that cannot be made, or after which a sound process is not sound
any more, is not offered. It is *mechanical* only if the observable traces are proven the same (`observable`) and no
step it touches rests on a law, a principle, a person outside or a protected right. Of what people and machines do only
a dead step can go so: without a live one its work is missing afterwards. Everything else is for the *board*: somebody
has to decide. A protected step is never offered for removal or merging.

Before a step is digitised or asked of a register, the question is whether it can go: `drop_first` puts it so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bpm.analyser.dataflow import DataFlow
from bpm.analyser.finding import Remedy
from bpm.analyser.given import Given
from bpm.analyser.observable import Same, compare
from bpm.analyser.protected import protection
from bpm.analyser.soundness import Soundness, examine
from bpm.errors import InvalidRequest, ModelError
from bpm.model.edit import apply
from bpm.model.edit.steps import MergeSteps, MoveStep, ParalleliseSteps, QueryRegister, RemoveStep, StepEdit
from bpm.model.graph import Graph
from bpm.model.process import BusinessRuleTask, FlowNode, Process, ProcessModel, Task
from bpm.model.reader import read_bpmn

_PROVABLE = (RemoveStep, ParalleliseSteps, MoveStep)
"""What can leave the observable traces as they are; the others change who does what, or how."""


@dataclass(frozen=True, slots=True)
class Tried:
    """An edited model, the process the edit is about, the nodes that are gone, and the verdicts on both processes."""

    model: ProcessModel
    process: Process
    removed: frozenset[str]
    before: Soundness
    after: Soundness


def offer(given: Given, graph: Graph, *edits: StepEdit) -> Remedy | None:
    """The remedy that these edits of one process are, None if they cannot be offered."""
    forms = tuple(edit.as_json() for edit in edits)
    if any(_forbidden(edit, graph) for edit in edits):
        return None
    model = given.procedure.process
    if model is None or not model.source:
        return Remedy("board", forms)
    tried = attempt(given, graph, *edits)
    if tried is None:
        return None
    gone = [graph.nodes[name] for name in sorted(tried.removed) if name in graph.nodes]
    if any(protection(node) is not None for node in gone):
        return None
    touched = [graph.nodes[name] for edit in edits for name in touches(edit) if name in graph.nodes]
    if not all(isinstance(edit, _PROVABLE) for edit in edits) or any(_rests(node) for node in (*touched, *gone)):
        return Remedy("board", forms)
    dead = set(tried.before.dead)
    if any(isinstance(node, Task) and not isinstance(node, BusinessRuleTask) and node.id not in dead for node in gone):
        return Remedy("board", forms)
    return Remedy("mechanical" if proven(given, graph, edits, tried).same else "board", forms)


def attempt(given: Given, graph: Graph, *edits: StepEdit) -> Tried | None:
    """Make the edits in the file; None if they cannot be made or make a sound process unsound."""
    model = given.procedure.process
    if model is None:
        return None
    try:
        after = read_bpmn(apply(model.source, edits, model.path), model.path)
    except (InvalidRequest, ModelError):
        return None
    process = next((one for one in after.processes if one.id == graph.process.id), None)
    if process is None:
        return None
    before = next((it for it in given.verdicts if it.process == graph.process.id), None) or examine(graph.process)
    verdict = examine(process)
    if before.sound and not verdict.sound:
        return None
    removed = frozenset(graph.nodes) - {node.id for node in process.nodes}
    return Tried(after, process, removed, before, verdict)


def proven(given: Given, graph: Graph, edits: Iterable[StepEdit], tried: Tried) -> Same:
    """Whether the edited process has the same observable traces."""
    names = {name for edit in edits for name in touches(edit)} | tried.removed
    old = next((flow for flow in given.dataflows if flow.graph is graph), None) or DataFlow(given.procedure, graph)
    new = DataFlow(replace(given.procedure, process=tried.model), Graph(tried.process))
    return compare(old, new, names, tried.before, tried.after)


def repair(given: Given, graph: Graph, candidates: Iterable[StepEdit]) -> Remedy | None:
    """The first of these edits that makes the process sound; for the board, since it changes what happens."""
    for edit in candidates:
        tried = attempt(given, graph, edit)
        if tried is not None and tried.after.sound:
            return Remedy("board", (edit.as_json(),))
    return None


def drop_first(question: Mapping[str, str]) -> dict[str, str]:
    """The question of a finding that would digitise something: first whether it is needed at all."""
    return {
        "de": f"Braucht es den Schritt überhaupt? Wenn ja: {question['de']}",
        "en": f"Is the step needed at all? If so: {question['en']}",
    }


def touches(edit: StepEdit) -> tuple[str, ...]:
    """The elements an edit names as its own."""
    value: Any = getattr(edit, "elements", None) or (getattr(edit, "element", ""),)
    extra = (edit.receive,) if isinstance(edit, QueryRegister) and edit.receive else ()
    return (*value, *extra)


def _forbidden(edit: StepEdit, graph: Graph) -> bool:
    """Whether the edit would take away a protected step."""
    if not isinstance(edit, RemoveStep | MergeSteps | QueryRegister):
        return False
    return any(name in graph.nodes and protection(graph.nodes[name]) is not None for name in touches(edit))


def _rests(node: FlowNode) -> bool:
    """Whether somebody has to be asked: a law, a principle, a paper, a person outside, a protected right."""
    step = node.facts.step
    outside = any(use.origin in ("citizen", "business") for use in node.facts.writes)
    asked = step is not None and (step.principles or step.citizen_minutes or step.business_minutes)
    facts = node.facts.legal_bases or node.facts.deadlines or node.facts.documents
    return bool(outside or asked or facts or protection(node) is not None)
