"""What rests on a principle: every step and rule of a procedure that one of them holds up.

A step rests on a principle if its model says so (`li:step principles`), or if a norm it cites demands the form that the
principle is about. A rule of a table does if its norm does, or if it sends cases to such a step: its constant result
opens the flow of a gateway that leads straight there. Nothing is guessed from names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bpm.analyser.given import Given, TableAt
from bpm.analyser.guards import partial_regions
from bpm.analyser.likeness import required, role
from bpm.analyser.protected import protection
from bpm.analyser.rows import dated
from bpm.analyser.tables import output_of
from bpm.feel import ranges
from bpm.model.graph import Graph
from bpm.model.principles import LIST
from bpm.model.process import BusinessRuleTask, LegalBasis


@dataclass(frozen=True, slots=True)
class Resting:
    """One step (`rule` None) or one rule (1-based, of the decision `element`) that rests on `principle`. `how` is
    stated, norm or leads-to; `must` whether a norm binds it, `protected` why it may never be dropped."""

    principle: str
    element: str
    name: str
    rule: int | None
    how: str
    role: str | None = None
    must: bool = False
    protected: str | None = None
    citations: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": "step" if self.rule is None else "rule",
            "element": self.element,
            "name": self.name,
            "rule": self.rule,
            "how": self.how,
            "role": self.role,
            "must": self.must,
            "protected": self.protected,
            "citations": list(self.citations),
        }


def resting(given: Given) -> tuple[Resting, ...]:
    """Every link of one procedure: steps in the order of the model, then rules in that of their tables."""
    steps = [entry for graph in given.graphs for entry in _steps(graph)]
    return (*steps, *_rules(given, steps))


def _steps(graph: Graph) -> Iterator[Resting]:
    for node in graph.steps():
        stated = node.facts.step.principles if node.facts.step is not None else ()
        found = dict.fromkeys(stated, "stated")
        for principle in _demanded(node.facts.legal_bases):
            found.setdefault(principle, "norm")
        for principle, how in found.items():
            yield Resting(
                principle,
                node.id,
                node.name or node.id,
                None,
                how,
                role(graph, node),
                required(node),
                protection(node),
                tuple(basis.citation for basis in node.facts.legal_bases),
            )


def _demanded(bases: tuple[LegalBasis, ...]) -> Iterator[str]:
    words = {word for basis in bases for word in (basis.demands or "").lower().replace(",", " ").split()}
    yield from (principle.id for principle in LIST if principle.demands & words)


def _rules(given: Given, steps: list[Resting]) -> Iterator[Resting]:
    leads = _leading(given, steps)
    for at in given.tables:
        for number, rule in enumerate(dated(at), 1):
            found = dict.fromkeys(_demanded(rule.legal_bases), "norm")
            for principle in leads.get((at.owner, number), ()):
                found.setdefault(principle, "leads-to")
            for principle, how in found.items():
                must = any(basis.force == "must" for basis in rule.legal_bases)
                cited = tuple(basis.citation for basis in rule.legal_bases)
                yield Resting(principle, at.owner, at.name, number, how, None, must, None, cited)


def _leading(given: Given, steps: list[Resting]) -> Mapping[tuple[str, int], tuple[str, ...]]:
    """(decision, rule) to the principles of the steps that its result sends cases straight to."""
    found: dict[tuple[str, int], dict[str, None]] = {}
    held: dict[str, list[str]] = {}
    for entry in steps:
        held.setdefault(entry.element, []).append(entry.principle)
    for graph in given.graphs:
        deciders = [node for node in graph.steps() if isinstance(node, BusinessRuleTask) and node.result_variable]
        for flow in graph.flows:
            if flow.target not in held or flow.condition is None:
                continue
            asked, _ = partial_regions(flow)
            for task in deciders:
                region = asked.get((task.result_variable or "",))
                decision = given.procedure.decision(task.decision or "")
                at = given.table_of(decision[1].id) if decision is not None else None
                for number in _giving(at, region) if at is not None and region is not None else ():
                    found.setdefault((at.owner if at else "", number), {}).update(dict.fromkeys(held[flow.target]))
    return {key: tuple(names) for key, names in found.items()}


def _giving(at: TableAt, region: ranges.Region) -> Iterator[int]:
    """The rules (1-based) of a table with one output whose constant result lies in `region`."""
    if len(at.table.outputs) != 1:
        return
    kinds = {ranges.kind_of(bound) for bound in region.values()}
    for number, rule in enumerate(at.table.rules, 1):
        cell = output_of(rule.outputs[0])
        fits = cell[0] == "constant" and cell[2] is not None and ranges.kind_of(cell[2]) in kinds
        if fits and region.contains(cell[2]):
            yield number
