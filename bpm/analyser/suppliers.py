"""Who supplies a data item of a table: forms that ask for it, steps that write it, decisions that give it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bpm.analyser.given import Given, TableAt
from bpm.analyser.tables import names_in
from bpm.model.process import Activity, BusinessRuleTask, UserTask


def suppliers(given: Given, at: TableAt, expression: str) -> list[str]:
    """Ids of the elements that write what an input expression reads, in the order of the model; decisions last."""
    wanted = names_in(expression)
    found = [
        node.id
        for process in given.processes
        for node in process.nodes
        if isinstance(node, Activity) and wanted & set(_written(given, node))
    ]
    found += [decision.id for decision in at.model.decisions if decision.variable in wanted and decision.id != at.owner]
    return list(dict.fromkeys(found))


def _written(given: Given, node: Activity) -> Iterator[str]:
    yield from (use.item for use in node.facts.writes)
    yield from (mapping.target for mapping in node.outputs)
    if isinstance(node, BusinessRuleTask) and node.result_variable:
        yield node.result_variable
    if isinstance(node, UserTask) and node.form:
        yield from fields(given.procedure.form(node.form))


def fields(form: Mapping[str, Any] | None) -> Iterator[str]:
    """Keys of the fields of a form that people may change, in its order."""
    stack: list[Any] = [form or {}]
    while stack:
        part = stack.pop()
        if isinstance(part, Mapping):
            if isinstance(part.get("key"), str) and not part.get("disabled") and not part.get("readonly"):
                yield part["key"]
            stack.extend(reversed(part.get("components") or ()))
