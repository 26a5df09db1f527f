"""A real log beside a model: which activity is which step, what followed what, and what is known of its outcomes.

An activity is a step of the model by the guide, else by id (the log's `element`, or an activity called like an id),
else by name - if exactly one step has that name. Nothing is matched twice; what could not be matched is kept in
`unmatched` and `unseen` and said.

Only what somebody named is a refusal (`bpm.eventlog.Result`, or a branch that the model calls so). That a case ends
after a step says nothing: most good cases end somewhere.

Nothing here looks at single persons; `same_person` counts cases in which one person did several steps.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from bpm.analyser.likeness import SAME, similarity
from bpm.analyser.protected import protection
from bpm.eventlog import Guide, Recorded, Result
from bpm.model.graph import Graph
from bpm.model.process import Activity, Event, FlowNode, Gateway

FEW_PERSONS = 5
_REFUSAL = re.compile(
    r"ablehn|abgelehnt|absag|abgesagt|abweis|abgewiesen|zurueckweis|zurückweis|zurückgewiesen|versag|untersag"
    r"|verweiger|nicht (genehmig|erteil|bewillig|freigegeben|zugestimmt|zulässig|berechtigt)|reject|refus"
    r"|den(y|ied)|decline|withheld"
)
MISSING_PAPERS = re.compile(
    r"nachforder|nachgefordert|nachreich|unterlagen (anfordern|nachfordern|ergänzen)"
    r"|fehlende (unterlagen|angaben|daten)|rückfrage|anhör|vervollständig"
    r"|missing (papers|documents|data)|request (documents|information|missing)"
)
"""Asking for what is missing is a duty to advise (BayVwVfG Art. 25), not rework."""


class Observed:
    """`traces` holds per case the activity numbers in order of completion, `rows` the log's rows beside."""

    def __init__(self, recorded: Recorded, guide: Guide, graph: Graph | None) -> None:
        self.recorded, self.guide, self.graph = recorded, guide, graph
        log = recorded.log
        self.cases = len(log.case_start)
        order = np.argsort(log.case, kind="stable")
        cuts = np.searchsorted(log.case[order], np.arange(1, self.cases))
        self.rows: tuple[Any, ...] = tuple(part[~log.withdrawn[part]] for part in np.split(order, cuts))
        self.traces: tuple[list[int], ...] = tuple(log.node[part].tolist() for part in self.rows)
        self.element: tuple[str | None, ...] = _matched(recorded, guide, graph)
        self.activity: Mapping[str, frozenset[int]] = self._by_element()

    def _by_element(self) -> dict[str, frozenset[int]]:
        found: dict[str, set[int]] = {}
        for number, element in enumerate(self.element):
            if element is not None:
                found.setdefault(element, set()).add(number)
        return {element: frozenset(numbers) for element, numbers in found.items()}

    @property
    def names(self) -> tuple[str, ...]:
        """The activities as the log names them."""
        return self.recorded.log.nodes

    @property
    def unmatched(self) -> tuple[str, ...]:
        """Activities of the log that are no step of the model."""
        return tuple(name for name, element in zip(self.names, self.element, strict=True) if element is None)

    @property
    def unseen(self) -> tuple[str, ...]:
        """Steps of the model that the log does not show, in its order."""
        return () if self.graph is None else tuple(s.id for s in self.graph.steps() if s.id not in self.activity)

    def called(self, name: str) -> frozenset[int]:
        """The activities that a guide means by a name of the log or an id of the model; empty: none."""
        if name in self.names:
            return frozenset((self.names.index(name),))
        return self.activity.get(name, frozenset())

    def label(self, numbers: Iterable[int]) -> str:
        return ", ".join(f"»{self.names[number]}«" for number in sorted(numbers))

    def elements(self, numbers: Iterable[int]) -> tuple[str, ...]:
        """The model's steps behind some activities, each once."""
        return tuple(dict.fromkeys(e for n in sorted(numbers) if (e := self.element[n]) is not None))

    # --- what followed what ------------------------------------------------------------------------------------

    def having(self, step: Collection[int]) -> list[int]:
        """Cases in which one of some activities was done."""
        return [case for case, trace in enumerate(self.traces) if any(one in step for one in trace)]

    def followed(self, step: Collection[int], by: Collection[int], rivals: Collection[int] = ()) -> list[int]:
        """Cases in which one of `by` came after one of `step`, and none of `rivals` in between."""
        found = []
        for case, trace in enumerate(self.traces):
            open_ = False
            for one in trace:
                if open_ and one in by:
                    found.append(case)
                    break
                if one in step:
                    open_ = True
                elif one in rivals:
                    open_ = False
        return found

    def _rivals(self, result: Result) -> frozenset[int]:
        """Other steps that refuse by the same activity: the last one before it refused, not all of them."""
        mine = self.called(result.step)
        shared = [other for other in self.results if set(other.refused_by) & set(result.refused_by)]
        return frozenset(one for other in shared for one in self.called(other.step)) - mine

    def refused(self, result: Result) -> list[int] | None:
        """Cases that a result calls refused; None if the log has nothing of what it names.

        A misspelt name must not pass as "never": only a step of the model that surely never happened counts as none.
        """
        if result.datum:
            column = self.recorded.data.get(result.datum)
            if column is None:
                return None
            wanted = set(result.refused)
            done = set(self.having(self.called(result.step))) if result.step else set(range(self.cases))
            return [case for case, value in enumerate(column.values) if str(value) in wanted and case in done]
        by = frozenset(one for name in result.refused_by for one in self.called(name))
        if not by:
            return [] if result.refused_by and all(map(self.never, result.refused_by)) else None
        if not result.step:
            return self.having(by)
        return self.followed(self.called(result.step), by, self._rivals(result))

    def never(self, element: str) -> bool:
        """Whether a step of the model surely never happened: every activity was recognised, and it is none of them."""
        return self.graph is not None and not self.unmatched and element in self.unseen

    def same_person(self, steps: Collection[int]) -> tuple[int, int]:
        """(cases in which one person did all of some activities, cases in which all were done by somebody known).

        Counted only where at least five persons do them; (0, 0) otherwise.
        """
        log = self.recorded.log
        where = np.isin(log.node, list(steps)) & (log.resource >= 0)
        if len(np.unique(log.resource[where])) < FEW_PERSONS:
            return 0, 0
        alone = complete = 0
        for rows, trace in zip(self.rows, self.traces, strict=True):
            people: dict[int, int] = {}
            for one, row in zip(trace, rows, strict=True):
                if one in steps:  # the first time counts where a step was done again
                    people.setdefault(one, int(log.resource[row]))
            if len(people) == len(steps) and min(people.values()) >= 0:
                complete += 1
                alone += len(set(people.values())) == 1
        return alone, complete

    @cached_property
    def executions(self) -> Counter[int]:
        return Counter(one for trace in self.traces for one in trace)

    @cached_property
    def ends(self) -> Counter[int]:
        """The last activity of the cases. An end, not an outcome."""
        return Counter(trace[-1] for trace in self.traces if trace)

    @cached_property
    def variants(self) -> Counter[tuple[int, ...]]:
        """Cases by the order of their activities."""
        return Counter(tuple(trace) for trace in self.traces)

    @cached_property
    def results(self) -> tuple[Result, ...]:
        """What is known of single steps: from the guide, else what the model calls a refusal; a hearing is none."""
        named = {one for result in self.guide.results for one in self.called(result.step)}
        found = list(self.guide.results)
        for step in () if self.graph is None else self.graph.steps():
            mine = self.activity.get(step.id, frozenset())
            if mine and not mine & named and protection(step) is None:
                by = tuple(node for node in refusals(self.graph, step.id) if node in self.activity or self.never(node))
                if by:
                    found.append(Result(step.id, by))
        return tuple(found)


def _matched(recorded: Recorded, guide: Guide, graph: Graph | None) -> tuple[str | None, ...]:
    names = recorded.log.nodes
    if graph is None:
        return (None,) * len(names)
    nodes = {node.id: node for node in graph.process.nodes if isinstance(node, Activity | Event)}
    found: list[str | None] = []
    for name, element in zip(names, recorded.elements, strict=True):
        wanted = guide.steps.get(name)
        found.append(next((one for one in (wanted, element, name) if one in nodes), None))
    taken = set(found)
    for number, name in enumerate(names):
        if found[number] is None and name not in guide.steps:
            like = [
                node.id
                for node in nodes.values()
                if isinstance(node, Activity) and node.id not in taken and similarity(name, node.name) >= SAME
            ]
            found[number] = like[0] if len(like) == 1 else None
    return tuple(found)


def refusals(graph: Graph | None, step: str) -> tuple[str, ...]:
    """The first nodes behind a step's decision on branches that the model itself calls a refusal.

    Flow or node must say so in its name; an end without such a name is a normal end.
    """
    if graph is None:
        return ()
    found: list[str] = []
    for flow in graph.outgoing[step]:
        gateway = graph.nodes[flow.target]
        if isinstance(gateway, Gateway) and gateway.type == "exclusiveGateway" and len(graph.outgoing[gateway.id]) > 1:
            for branch in graph.outgoing[gateway.id]:
                first = _through(graph, branch.target)
                if says_refusal(branch.name) or says_refusal(first.name):
                    found.append(first.id)
    return tuple(dict.fromkeys(found))


def _through(graph: Graph, node: str) -> FlowNode:
    """The first node that is no joining gateway."""
    seen = set()
    while isinstance(graph.nodes[node], Gateway) and len(graph.outgoing[node]) == 1 and node not in seen:
        seen.add(node)
        node = graph.outgoing[node][0].target
    return graph.nodes[node]


def decimal(value: float, digits: int, lang: str) -> str:
    """A number as people of `lang` write it."""
    text = f"{value:.{digits}f}"
    return text.replace(".", ",") if lang == "de" else text


def says_refusal(label: str) -> bool:
    return _REFUSAL.search(" ".join(label.lower().split())) is not None


def asks_for_papers(label: str) -> bool:
    return MISSING_PAPERS.search(" ".join(label.lower().split())) is not None
