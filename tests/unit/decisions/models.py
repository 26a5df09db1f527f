"""Small decision models, written as dataclasses or as DMN text."""

from __future__ import annotations

from collections.abc import Sequence

from bpm.model.decision import (
    Boxed,
    Decision,
    DecisionModel,
    DecisionTable,
    InputClause,
    InputData,
    LiteralExpression,
    OutputClause,
    Rule,
)
from bpm.model.reader.dmn import read_dmn


def table(
    policy: str,
    rules: Sequence[tuple[Sequence[str], Sequence[str]]],
    *,
    inputs: Sequence[str] = ("x",),
    outputs: Sequence[OutputClause] = (OutputClause("o", "o"),),
    aggregation: str | None = None,
) -> DecisionTable:
    """A decision table from pairs of cells."""
    return DecisionTable(
        "t",
        policy,
        aggregation,
        tuple(InputClause(f"i{at}", "", text) for at, text in enumerate(inputs)),
        tuple(outputs),
        tuple(Rule(f"r{at}", tuple(cells), tuple(results)) for at, (cells, results) in enumerate(rules, 1)),
    )


def decision(id: str, logic: Boxed | None, *requires: str, type: str | None = None, knowledge=()) -> Decision:
    return Decision(id, id, id, type, logic, requires=requires, knowledge=knowledge)


def literal(text: str, language: str = "feel") -> LiteralExpression:
    return LiteralExpression(text, language=language)


def model(*decisions: Decision, inputs: Sequence[InputData] = (), **more) -> DecisionModel:
    return DecisionModel("m.dmn", "", "m", "urn:m", decisions, inputs=tuple(inputs), **more)


def number_input(name: str) -> InputData:
    return InputData(name, name, "number")


def dmn(
    content: str, version: str = "https://www.omg.org/spec/DMN/20191111/MODEL/", attributes: str = ""
) -> DecisionModel:
    """A model read from DMN text."""
    text = f'<definitions xmlns="{version}" xmlns:li="urn:lichtung:bpmn:1" namespace="urn:m" name="m" {attributes}>'
    return read_dmn(f"{text}{content}</definitions>".encode(), "m.dmn")
