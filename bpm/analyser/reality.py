"""The rules of a model beside real cases: who came to a step, which rules were met, which results were recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bpm.analyser.check import Skipped
from bpm.analyser.given import Given
from bpm.analyser.likeness import inputs_of
from bpm.analyser.observed import Observed
from bpm.decisions import decide, prepare
from bpm.errors import LichtungError
from bpm.model.decision import DecisionTable
from bpm.model.process import BusinessRuleTask, Task


@dataclass(frozen=True, slots=True)
class Replayed:
    """A decision decided again for `cases` cases of a log: `hits` per rule, and of `compared` recorded results how many
    were `different`."""

    element: str
    decision: str
    name: str
    path: str
    line: int | None
    contents: tuple[str, ...]
    cases: int
    hits: tuple[int, ...]
    compared: int
    different: int


def reached(observed: Observed, element: str) -> int:
    """Cases that came to where a step is decided: those with one of the nearest steps before it that the log shows.

    A step that nothing known precedes is reached by all cases.
    """
    graph = observed.graph
    assert graph is not None
    nearest: set[int] = set()
    seen, todo = {element}, [element]
    before: dict[str, list[str]] = {}
    for source, targets in graph.forward().items():
        for target in targets:
            before.setdefault(target, []).append(source)
    while todo:
        for source in before.get(todo.pop(), ()):
            if source in seen:
                continue
            seen.add(source)
            if isinstance(graph.nodes.get(source), Task) and source in observed.activity:
                nearest |= observed.activity[source]
            else:
                todo.append(source)
    return len(observed.having(nearest)) if nearest else observed.cases


def replayed(given: Given, observed: Observed) -> Iterator[Replayed | Skipped]:
    """Every table that a business rule task of the model evaluates, if the log has all its inputs."""
    data = observed.recorded.data
    for graph in given.graphs:
        for step in graph.steps():
            if not isinstance(step, BusinessRuleTask) or not step.decision:
                continue
            at = given.table_of(step.decision)
            if at is None or not data:
                continue
            inputs = sorted(inputs_of(given, step))
            missing = [name for name in inputs if name not in data]
            if missing:
                yield Skipped(
                    reason={
                        "de": f"»{step.name or step.id}« kann nicht nachgerechnet werden: das Protokoll kennt "
                        f"{', '.join(missing)} nicht",
                        "en": f"»{step.name or step.id}« cannot be decided again: the log does not know "
                        f"{', '.join(missing)}",
                    },
                    element=step.id,
                    path=given.path,
                )
                continue
            contents = tuple(at.content(number) for number in range(1, len(at.table.rules) + 1))
            counted = _count(observed, at.model, step, at.table, inputs)
            yield Replayed(
                step.id, step.decision, at.name, at.model.path, at.table.rules[0].line if contents else None, contents,
                *counted,
            )  # fmt: skip


def _count(
    observed: Observed, model: Any, step: BusinessRuleTask, table: DecisionTable, inputs: list[str]
) -> tuple[int, tuple[int, ...], int, int]:
    data = observed.recorded.data
    prepared = prepare(model)
    results = data.get(step.result_variable or "")
    hits = [0] * len(table.rules)
    known: dict[tuple[Any, ...], tuple[tuple[int, ...], Any] | None] = {}
    cases = compared = different = 0
    for case in range(observed.cases):
        values = tuple(data[name].values[case] for name in inputs)
        if any(value is None for value in values):
            continue
        if values not in known:
            known[values] = _decided(prepared, step.decision or "", dict(zip(inputs, values, strict=True)))
        found = known[values]
        if found is None:
            continue
        cases += 1
        for number in found[0]:
            hits[number - 1] += 1
        recorded = None if results is None else results.values[case]
        if recorded is not None:
            compared += 1
            different += not _same(recorded, found[1])
    return cases, tuple(hits), compared, different


def _decided(prepared: Any, decision: str, values: Mapping[str, Any]) -> tuple[tuple[int, ...], Any] | None:
    try:
        made = decide(prepared, decision, values)
    except LichtungError:
        return None  # a conflict of rules is RC02's finding, not a difference from reality
    return made.matched, made.result


def _same(recorded: Any, decided: Any) -> bool:
    if isinstance(decided, Mapping) and len(decided) == 1:
        (decided,) = decided.values()
    if isinstance(recorded, bool) or isinstance(decided, bool):
        return recorded is decided
    if isinstance(recorded, float):
        try:
            return float(decided) == recorded
        except (TypeError, ValueError):
            return False
    return str(recorded) == str(decided)
