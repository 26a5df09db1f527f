"""What is in a model, whether it can be executed, and what it leaves open: the answer of `bpm inspect`.

Counting is plain: every flow node and sequence flow that stands in a file is listed, executable or not. Each figure
shows how it is known; what is not recorded is a question for the department, never a zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bpm.analyser.given import Given
from bpm.analyser.unrecorded import not_recorded
from bpm.engine.readiness import assess
from bpm.model.decision import BusinessKnowledgeModel, Decision, DecisionModel, DecisionTable
from bpm.model.procedure import FileError, Procedure
from bpm.model.process import Event, FlowNode, Known, Process, ProcessModel, Task
from bpm.service.reading import procedures_at

NO_EXECUTION: dict[str, Any] = {"ready": False, "rewrites": [], "blockers": []}


@dataclass(frozen=True, slots=True)
class Inspection:
    """One file; the fields are those of the contract's JSON."""

    path: str
    digest: str | None
    processes: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)
    execution: dict[str, Any] = field(default_factory=lambda: dict(NO_EXECUTION))
    errors: tuple[FileError, ...] = ()
    not_recorded: list[dict[str, Any]] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)
    layer: dict[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """JSON-able values by the contract's names."""
        return {
            "path": self.path,
            "digest": self.digest,
            "processes": self.processes,
            "decisions": self.decisions,
            "execution": self.execution,
            "errors": [
                {"code": error.code, "line": error.line, "element": error.element, "message": error.message}
                for error in self.errors
            ],
            "not_recorded": self.not_recorded,
            "notes": self.notes,
            "layer": self.layer,
        }


def inspect(path: str | Path, lang: str = "de") -> tuple[Inspection, ...]:
    """Every file at `path`, readable or not, in the order of their paths.

    Raises:
        ModelError: `no-such-path`.
    """
    found: dict[str, Inspection] = {}
    for procedure in procedures_at(path):
        for inspection in inspect_procedure(procedure, lang):
            found.setdefault(inspection.path, inspection)
    return tuple(found[path] for path in sorted(found))


def inspect_procedure(procedure: Procedure, lang: str = "de") -> Iterator[Inspection]:
    """The files of one procedure: its BPMN, its DMN, then those that could not be read."""
    errors: dict[str, list[FileError]] = {}
    for error in procedure.errors:
        errors.setdefault(error.path, []).append(error)
    gaps = [
        {"element": gap.element, "what": gap.text(lang), "field": gap.field} for gap in not_recorded(Given(procedure))
    ]
    owned = {id for model in procedure.decisions for id in _owners(model)}
    if procedure.process is not None:
        model = procedure.process
        yield Inspection(
            path=model.path,
            digest=model.digest,
            processes=[_process(process, model) for process in model.processes],
            execution=_execution(model, procedure.decisions),
            errors=tuple(errors.pop(model.path, ())),
            not_recorded=[gap for gap in gaps if gap["element"] not in owned],
            notes=[dict(note) for note in model.extras.get("notes", ())],
            layer=procedure.layer.as_json() if procedure.layer is not None else None,
        )
    for decisions in procedure.decisions:
        own = _owners(decisions)
        yield Inspection(
            path=decisions.path,
            digest=decisions.digest,
            decisions=[_decision(decision) for decision in decisions.decisions],
            errors=tuple(errors.pop(decisions.path, ())),
            not_recorded=[gap for gap in gaps if gap["element"] in own],
        )
    for path, located in errors.items():
        yield Inspection(path=path, digest=None, errors=tuple(located))


def _owners(model: DecisionModel) -> frozenset[str]:
    owners: Sequence[Decision | BusinessKnowledgeModel] = (*model.decisions, *model.knowledge)
    return frozenset(owner.id for owner in owners)


def _process(process: Process, model: ProcessModel) -> dict[str, Any]:
    inside = frozenset([process.id, *(node.id for node in process.nodes)])
    dangling = sum(flow.parent in inside for flow in model.extras.get("dangling_flows", ()))
    return {
        "id": process.id,
        "name": process.name,
        "line": process.line,
        "executable": process.executable,
        "procedural_law": process.procedural_law,
        "nodes": [_node(node) for node in process.nodes],
        "flows": len(process.flows) + dangling,
        "events": [_event(node) for node in process.nodes if isinstance(node, Event)],
        "lanes": [{"id": lane.id, "name": lane.name, "parent": lane.parent} for lane in process.lanes],
        "deadlines": [
            {
                "element": deadline.element,
                "starts": deadline.starts,
                "length": deadline.length,
                "suspends": deadline.suspends,
                "extends": deadline.extends,
                "consequence": deadline.consequence,
                "counted_by": deadline.counted_by,
            }
            for facts in (process.facts, *(node.facts for node in process.nodes))
            for deadline in facts.deadlines
        ],
    }


def _node(node: FlowNode) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": node.id,
        "type": node.type,
        "name": node.name,
        "lane": node.lane,
        "parent": node.parent,
        "line": node.line,
    }
    if isinstance(node, Task):
        shown["known"] = _knowledge(node)
    return shown


def _knowledge(node: FlowNode) -> dict[str, Any]:
    """How the figures of a step are known; `not recorded` also where a figure says nothing about its origin."""
    step = node.facts.step
    how = _known(step.known) if step else {"how": "not recorded"}
    return {
        "minutes": how if step and step.minutes is not None else {"how": "not recorded"},
        "legal_bases": [{"citation": basis.citation, "known": _known(basis.known)} for basis in node.facts.legal_bases],
    }


def _known(known: Known | None) -> dict[str, Any]:
    if known is None:
        return {"how": "not recorded"}
    values = {
        "how": known.how,
        "by": known.by,
        "on": known.on,
        "source": known.source,
        "low": known.low,
        "high": known.high,
    }
    return {name: value for name, value in values.items() if value is not None}


def _event(event: Event) -> dict[str, Any]:
    may_interrupt = event.type in ("boundaryEvent", "startEvent")
    return {
        "id": event.id,
        "definition": [f"{definition.kind}EventDefinition" for definition in event.definitions],
        "attached_to": event.attached_to,
        "interrupting": event.interrupting if may_interrupt else None,
    }


def _decision(decision: Decision) -> dict[str, Any]:
    table = decision.logic if isinstance(decision.logic, DecisionTable) else None
    return {
        "id": decision.id,
        "name": decision.name,
        "line": decision.line,
        "hit_policy": table.hit_policy if table else None,
        "rules": len(table.rules) if table else 0,
        "requires": [*decision.requires, *decision.inputs, *decision.knowledge],
    }


def _execution(model: ProcessModel, decisions: Sequence[DecisionModel]) -> dict[str, Any]:
    readiness = assess(model, decisions)
    return {
        "ready": readiness.ready,
        "rewrites": [{"element": element, "what": what} for element, what in readiness.rewrites],
        "blockers": [
            {"element": blocker.element, "line": blocker.line, "reason": blocker.reason}
            for blocker in readiness.blockers
        ],
    }
