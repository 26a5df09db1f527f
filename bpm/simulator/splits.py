"""How tokens leave a node, compiled: all ways, one by luck, by rules or by conditions, or any of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from bpm.errors import FeelError, ScenarioError
from bpm.model.process import FlowNode, Gateway, SequenceFlow
from bpm.model.scenario import Note, Scenario
from bpm.simulator import layout as L
from bpm.simulator.data import Data


def key_of(text: str) -> int:
    """A 64-bit key of an id, the same on every machine."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


class Splits:
    """The part of a compiler that looks at the ways out of nodes."""

    scenario: Scenario
    path: str
    data: Data
    order: list[FlowNode]
    by_id: dict[str, FlowNode]
    index: dict[str, int]
    flows: list[tuple[str, SequenceFlow]]
    incoming: dict[str, list[int]]
    records: Any
    notes: list[Note]

    def error(self, code: str, message: str, node: FlowNode | SequenceFlow | None) -> ScenarioError:
        element = node.id if node else None
        return ScenarioError(code, message, path=self.path, line=node.line if node else None, element=element)

    def note(self, element: str | None, field: str, found: Any, used: Any, why: str) -> None:
        self.notes.append(Note(element, field, found, used, why))

    def outgoing(self, node: FlowNode) -> list[tuple[int, SequenceFlow]]:
        return [(k, flow) for k, (_, flow) in enumerate(self.flows) if flow.source == node.id]

    def splits(self, positions: Mapping[tuple[str, int], int]) -> Any:
        flows: Any = np.zeros(max(len(self.flows), 1), L.FLOW)
        for k, (_, flow) in enumerate(self.flows):
            record = flows[k]
            record["target"] = self.index[flow.target]
            record["position"] = positions.get((flow.target, k), 0)
            record["code"], record["key"] = -1, key_of(flow.id)
            record["default"] = int(self.by_id[flow.source].default == flow.id)
        for k, node in enumerate(self.order):
            out = self.outgoing(node)
            if len(out) > 1 and node.type not in ("parallelGateway", "eventBasedGateway"):
                self.records[k]["split"] = self._split(node, out, flows)
        for k, node in enumerate(self.order):
            if self.records[k]["kind"] == L.RACE:
                self._race(node)
        return flows

    def _race(self, node: FlowNode) -> None:
        for _, flow in self.outgoing(node):
            if len(self.incoming[flow.target]) > 1 or self.records[self.index[flow.target]]["kind"] != L.DELAY:
                raise self.error("simulation-unsupported", f"{node.id}: {flow.target} is no event to wait for", node)

    def _split(self, node: FlowNode, out: list[tuple[int, SequenceFlow]], flows: Any) -> int:
        exclusive = node.type == "exclusiveGateway"
        conditional = any(flow.condition for _, flow in out)
        branches = {branch.flow: branch for branch in self.scenario.gateways.get(node.id, ())}
        if not isinstance(node, Gateway) and not conditional and not branches:
            return L.SPLIT_ALL
        if branches:
            return self._drawn(node, out, flows, exclusive)
        if not conditional:
            share = 1.0 / len(out) if exclusive else 1.0
            for k, _ in out:
                flows[k]["probability"] = share
            self.note(node.id, "gateway_branching_probabilities", None, f"je {share:.3g}",
                      "Weder Bedingungen noch Wahrscheinlichkeiten angegeben: alle Wege gleich")  # fmt: skip
            return L.SPLIT_DRAW if exclusive else L.SPLIT_ANY_DRAW
        for k, flow in out:
            if flow.condition is None:
                continue
            try:
                flows[k]["code"] = self.data.condition(flow.condition)
            except FeelError as error:
                raise self.error(
                    "scenario-incomplete",
                    f"{node.id}: condition of {flow.id} cannot be evaluated ({error.message}); add the data to "
                    "case_attributes or event_attributes, or list the gateway in gateway_branching_probabilities",
                    node,
                ) from error
        return L.SPLIT_FIRST if exclusive else L.SPLIT_ANY

    def _drawn(self, node: FlowNode, out: list[tuple[int, SequenceFlow]], flows: Any, exclusive: bool) -> int:
        branches = {branch.flow: branch for branch in self.scenario.gateways[node.id]}
        given = {flow.id: branches[flow.id].probability for _, flow in out if flow.id in branches}
        open_ways = [name for name, value in given.items() if value is None]
        total = sum(value for value in given.values() if value is not None)
        for k, flow in out:
            if flow.id not in given:
                self.note(flow.id, "gateway_branching_probabilities", None, 0, "Fluss nicht genannt: nie genommen")
                continue
            share = given[flow.id]
            flows[k]["probability"] = max(1.0 - total, 0.0) / len(open_ways) if share is None else share
            rule = branches[flow.id].rule
            if rule is not None:
                flows[k]["code"] = self.data.rule(rule)
        if exclusive and not open_ways and abs(total - 1.0) > 1e-6:
            if total <= 0.0:
                raise self.error("scenario-probability", f"{node.id}: the probabilities sum to {total:g}", node)
            self.note(node.id, "gateway_branching_probabilities", total, 1, "Summe ungleich 1: anteilig umgerechnet")
        ruled = any(branch.rule is not None for branch in branches.values())
        if exclusive or not isinstance(node, Gateway):
            return L.SPLIT_RULES if ruled else L.SPLIT_DRAW
        return L.SPLIT_ANY if ruled else L.SPLIT_ANY_DRAW
