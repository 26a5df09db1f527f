"""What a check may look at: one procedure, and what is derived from it once for all checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from bpm.eventlog import NO_GUIDE, Guide
from bpm.model.decision import (
    Boxed,
    ConditionalExpression,
    ContextExpression,
    Decision,
    DecisionModel,
    DecisionTable,
    FilterExpression,
    FunctionExpression,
    InvocationExpression,
    IteratorExpression,
    ListExpression,
    RelationExpression,
)

if TYPE_CHECKING:
    from bpm.analyser.ablation import Ablation
    from bpm.analyser.dataflow import DataFlow
    from bpm.analyser.equivalence import Prover
    from bpm.analyser.observed import Observed
    from bpm.analyser.offers import Offer
    from bpm.analyser.proofs import Proofs
    from bpm.analyser.rivals import Stated
    from bpm.analyser.search import Budget
    from bpm.analyser.soundness import Changes, Soundness
    from bpm.analyser.tables import Geometry, NotBoxes
    from bpm.analyser.upstream import Dead
    from bpm.eventlog import Recorded
    from bpm.model.graph import Graph
    from bpm.model.norms import Norm
    from bpm.model.procedure import Procedure
    from bpm.model.process import FlowNode, Process


@dataclass(frozen=True, slots=True)
class TableAt:
    """A decision table with its place: the file, and the decision or business knowledge model that holds it."""

    model: DecisionModel
    owner: str
    name: str
    table: DecisionTable
    decision: Decision | None

    def content(self, number: int) -> str:
        """What the 1-based rule `number` says, white space normalised: the part of it a fingerprint may hold."""
        rule = self.table.rules[number - 1]
        return " | ".join(" ".join(cell.split()) for cell in (*rule.inputs, "=>", *rule.outputs))


@dataclass(frozen=True)
class Given:
    """One procedure as checks see it. `process` is the main process of its model; None where there is only DMN.

    `neighbours` are other procedures looked at in the same run that may state the same facts; each pair of procedures
    is compared once, from the first of them. `recorded` is a log of real cases of it, `guide` what people said of it.
    """

    procedure: Procedure
    neighbours: tuple[Given, ...] = ()
    recorded: Recorded | None = None
    guide: Guide = NO_GUIDE

    @property
    def key(self) -> str:
        return self.procedure.key

    @cached_property
    def process(self) -> Process | None:
        model = self.procedure.process
        return model.main if model is not None and model.processes else None

    @property
    def path(self) -> str:
        """The BPMN file's path, else the procedure's."""
        return self.procedure.process.path if self.procedure.process is not None else self.procedure.path

    @cached_property
    def processes(self) -> tuple[Process, ...]:
        """Every process of the BPMN file, in its order."""
        return self.procedure.process.processes if self.procedure.process is not None else ()

    @cached_property
    def graph(self) -> Graph | None:
        """Neighbours in the main process."""
        from bpm.model.graph import Graph

        return None if self.process is None else Graph(self.process)

    @cached_property
    def graphs(self) -> tuple[Graph, ...]:
        """The same for every process of the file that has flow nodes, in its order."""
        from bpm.model.graph import Graph

        main = self.process
        return tuple(
            self.graph if process is main and self.graph is not None else Graph(process)
            for process in self.processes
            if process.nodes
        )

    @cached_property
    def dataflows(self) -> tuple[DataFlow, ...]:
        """Who reads and writes what, for every process of the file that has flow nodes, in its order."""
        from bpm.analyser.dataflow import DataFlow

        return tuple(DataFlow(self.procedure, graph) for graph in self.graphs)

    @cached_property
    def soundness(self) -> Soundness | None:
        """What the state space of the main process tells; explored once for all checks of the flow."""
        from bpm.analyser.soundness import examine

        if self.process is None or self.graph is None:
            return None
        return examine(self.graph, changes=lambda: self._changes(self.graph))

    @cached_property
    def verdicts(self) -> tuple[Soundness, ...]:
        """The same for every process of the file that has flow nodes, in its order."""
        from bpm.analyser.soundness import examine

        main = self.process
        return tuple(
            self.soundness
            if graph.process is main and self.soundness is not None
            else examine(graph, changes=lambda graph=graph: self._changes(graph))  # type: ignore[misc]
            for graph in self.graphs
        )

    def _changes(self, graph: Graph | None) -> Changes:
        return next(flow.changes for flow in self.dataflows if flow.graph is graph)

    @cached_property
    def observed(self) -> Observed | None:
        """The real log beside the model; None where no log is given."""
        from bpm.analyser.observed import Observed

        return None if self.recorded is None else Observed(self.recorded, self.guide, self.graph)

    @cached_property
    def nodes(self) -> Mapping[str, FlowNode]:
        """Flow nodes of the main process by id."""
        return {} if self.process is None else {node.id: node for node in self.process.nodes}

    @cached_property
    def tables(self) -> tuple[TableAt, ...]:
        """Every decision table of every DMN file, those inside contexts and knowledge models too."""
        return tuple(_tables(self.procedure.decisions))

    @cached_property
    def geometries(self) -> tuple[tuple[TableAt, Geometry | NotBoxes], ...]:
        """Every decision table as boxes, or why it has none; worked out once for all checks."""
        from bpm.analyser.tables import geometry

        return tuple((at, geometry(at)) for at in self.tables)

    @cached_property
    def stated(self) -> tuple[Stated, ...]:
        """Every output of every table that gives one result, with the names the fact goes by."""
        from bpm.analyser.rivals import find_stated

        return tuple(find_stated(self))

    @cached_property
    def offers(self) -> Mapping[str, tuple[Offer, ...]]:
        """What the forms of the procedure offer, by variable."""
        from bpm.analyser.offers import find_offers

        return find_offers(self)

    @cached_property
    def ablations(self) -> tuple[tuple[TableAt, Ablation | NotBoxes], ...]:
        """Every decision table on trial, or why it has no boxes; what is proven once serves all checks."""
        from bpm.analyser.ablation import Ablation
        from bpm.analyser.tables import NotBoxes

        return tuple((at, shape if isinstance(shape, NotBoxes) else Ablation(shape)) for at, shape in self.geometries)

    @cached_property
    def provers(self) -> dict[int, tuple[Prover, dict[str, Budget]]]:
        """Tables whose edits are proven, by the identity of their `TableAt`, with what the proofs of each check may
        still cost; filled by `tableremedies`."""
        return {}

    @cached_property
    def solved(self) -> dict[int, Proofs | None]:
        """Tables before the solver, by the identity of their `TableAt`; filled by `unboxed`."""
        return {}

    @cached_property
    def needless(self) -> frozenset[tuple[str, str, int | None, int]]:
        """Rules that RC04 and RC05 call needless, as (path, owner, line, 1-based number), so that no check says it
        again. Asked through the catalogue, since checks do not know each other."""
        from bpm.analyser.catalogue import load
        from bpm.analyser.finding import Finding

        found = (entry for code in ("RC04", "RC05") for entry in load(code).find(self))
        return frozenset((it.path, it.decision or "", it.line, it.rules[0]) for it in found if isinstance(it, Finding))

    @cached_property
    def dead_upstream(self) -> tuple[tuple[TableAt, tuple[Dead, ...] | None], ...]:
        """Rules that no result of the tables above can meet, by table; None where there was too much to try."""
        from bpm.analyser.upstream import dead_rules

        return tuple(dead_rules(self))

    @property
    def registers(self) -> Mapping[str, tuple[str, ...]]:
        """Data item to the registers of the city that hold it."""
        return self.procedure.registers

    @cached_property
    def norms(self) -> tuple[Norm, ...]:
        """The norms beside the model; none where their file cannot be read (the reader has said so)."""
        from bpm.errors import ModelError
        from bpm.model.norms import read_norms

        try:
            return read_norms(self.procedure.norms or "", self.path)
        except ModelError:
            return ()

    def table_of(self, decision: str) -> TableAt | None:
        """The table that is the whole logic of a decision, None if it has another logic or does not exist."""
        for at in self.tables:
            if at.decision is not None and at.decision.id == decision and at.decision.logic is at.table:
                return at
        return None


def _tables(models: tuple[DecisionModel, ...]) -> Iterator[TableAt]:
    for model in models:
        for decision in model.decisions:
            for table in _inside(decision.logic):
                yield TableAt(model, decision.id, decision.name or decision.id, table, decision)
        for knowledge in model.knowledge:
            for table in _inside(knowledge.logic):
                yield TableAt(model, knowledge.id, knowledge.name or knowledge.id, table, None)


def _inside(root: Boxed | None) -> Iterator[DecisionTable]:
    """Decision tables inside a boxed expression, in document order; an explicit stack, so that depth costs nothing."""
    stack: list[Boxed | None] = [root]
    while stack:
        value = stack.pop()
        if isinstance(value, DecisionTable):
            yield value
        elif value is not None:
            stack.extend(reversed(parts_of(value)))


def parts_of(value: Boxed) -> list[Boxed | None]:
    """The direct parts of a boxed expression, in document order; a table has none."""
    match value:
        case ContextExpression():
            return [entry.value for entry in value.entries]
        case InvocationExpression():
            return [value.function, *(bound for _, bound in value.bindings)]
        case FunctionExpression():
            return [value.body]
        case ListExpression():
            return list(value.items)
        case RelationExpression():
            return [cell for row in value.rows for cell in row]
        case ConditionalExpression():
            return [value.condition, value.then, value.otherwise]
        case FilterExpression():
            return [value.value, value.match]
        case IteratorExpression():
            return [value.domain, value.result]
        case _:
            return []
