"""How often cases of a real log come back: from one office to another and back, and to a step once more.

Whoever asks for missing papers or hears somebody does what the law asks (a duty to advise): such rounds do not count.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bpm.analyser.observed import Observed, asks_for_papers
from bpm.kpis import half_width
from bpm.model.graph import Graph
from bpm.model.process import Gateway

ENOUGH = 30
EXPECTED = 1.2
"""From so many rounds per case on somebody should ask."""


@dataclass(frozen=True, slots=True)
class Rounds:
    """`mean` times per case among `n` cases that had it at all, with the half width of its 95 % interval; `steps` are
    the activity numbers where it mostly happens; `share` of the cycle time of these cases that the rounds took."""

    roles: tuple[str, ...]
    steps: tuple[int, ...]
    n: int
    mean: float
    half_width: float
    share: float

    @property
    def interval(self) -> list[float]:
        return [round(self.mean - self.half_width, 4), round(self.mean + self.half_width, 4)]


def loops(graph: Graph) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """(deciding gateway, flow that leads back, steps done again) of every way back of a process."""
    for node in graph.process.nodes:
        if not isinstance(node, Gateway) or node.type != "exclusiveGateway" or len(graph.outgoing[node.id]) < 2:
            continue
        for flow in graph.outgoing[node.id]:
            if flow.target == node.id or not graph.precedes(flow.target, node.id):
                continue
            between = graph.after(flow.target) | {flow.target}
            again = [s.id for s in graph.steps() if s.id in between and graph.precedes(s.id, node.id)]
            if again:
                yield node.id, flow.id, tuple(again)


def roles_of(observed: Observed) -> list[list[str | None]]:
    """Per case and row who did it: the lane of the step in the model, else the group of the log."""
    recorded, graph = observed.recorded, observed.graph
    lanes = [None if graph is None or element is None else graph.role(element) for element in observed.element]
    mixed = {k for k, name in enumerate(recorded.groups) if name.startswith("übrige Stellen")}
    found = []
    for rows, trace in zip(observed.rows, observed.traces, strict=True):
        groups = recorded.group[rows].tolist()
        found.append(
            [
                lanes[one] or (recorded.groups[group] if group >= 0 and group not in mixed else None)
                for one, group in zip(trace, groups, strict=True)
            ]
        )
    return found


def ping_pong(observed: Observed) -> list[Rounds]:
    """Pairs of offices between which cases go more than `EXPECTED` times, certain at 95 %, dearest in time first."""
    passes: dict[tuple[str, str], dict[int, list[tuple[float, int, int]]]] = defaultdict(lambda: defaultdict(list))
    log = observed.recorded.log
    papers = frozenset(k for k, name in enumerate(observed.names) if _papers(observed, k, name))
    for case, (rows, trace, roles) in enumerate(zip(observed.rows, observed.traces, roles_of(observed), strict=True)):
        times = log.completed[rows].tolist()
        for k in range(1, len(trace)):
            before, after = roles[k - 1], roles[k]
            if before and after and before != after and trace[k - 1] not in papers and trace[k] not in papers:
                passes[before, after][case].append((times[k], trace[k - 1], trace[k]))
    found: list[Rounds] = []
    for (before, after), cases in passes.items():
        counts = [len(entries) for entries in cases.values()]
        spans = {case: entries[-1][0] - entries[0][0] for case, entries in cases.items()}
        steps = Counter((first, then) for entries in cases.values() for _, first, then in entries)
        one = _judged(observed, (before, after), steps.most_common(1)[0][0], counts, spans)
        # the way back is the same round: said once, from where it starts
        if one is not None and not any(set(other.roles) == {before, after} for other in found):
            found.append(one)
    return sorted(found, key=lambda it: (-it.share, it.roles))


def rework(observed: Observed) -> list[Rounds]:
    """Steps done more than `EXPECTED` times per case that has them, certain at 95 %."""
    log = observed.recorded.log
    times_of: dict[int, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    papers = frozenset(k for k, name in enumerate(observed.names) if _papers(observed, k, name))
    for case, (rows, trace) in enumerate(zip(observed.rows, observed.traces, strict=True)):
        asked = -1
        last: dict[int, int] = {}
        for k, (one, at) in enumerate(zip(trace, log.completed[rows].tolist(), strict=True)):
            if one in papers:
                asked = k
            elif one not in last or asked < last[one]:
                times_of[one][case].append(at)
            last[one] = k
    found = []
    for one, cases in sorted(times_of.items()):
        if _repeats_by_design(observed, one):
            continue
        spans = {case: times[-1] - times[0] for case, times in cases.items()}
        judged = _judged(observed, (), (one,), [len(times) for times in cases.values()], spans)
        if judged is not None:
            found.append(judged)
    return found


def _judged(
    observed: Observed, roles: tuple[str, ...], steps: tuple[int, ...], counts: list[int], spans: dict[int, float]
) -> Rounds | None:
    if len(counts) < ENOUGH:
        return None
    mean, half = float(np.mean(counts)), half_width(np.array(counts, float)) or 0.0
    if mean - half <= EXPECTED:
        return None
    log = observed.recorded.log
    cycle = sum(float(log.case_end[case] - log.case_start[case]) for case in spans)
    return Rounds(roles, steps, len(counts), mean, half, sum(spans.values()) / cycle if cycle else 0.0)


def _papers(observed: Observed, number: int, name: str) -> bool:
    element = observed.element[number]
    label = "" if observed.graph is None or element is None else observed.graph.nodes[element].name
    return asks_for_papers(name) or asks_for_papers(label)


def _repeats_by_design(observed: Observed, number: int) -> bool:
    """Whether the model itself does the step once per item of a list."""
    element = observed.element[number]
    if observed.graph is None or element is None:
        return False
    places = (element, *observed.graph.containers(element))
    return any(getattr(observed.graph.nodes[place], "loop", None) is not None for place in places)
