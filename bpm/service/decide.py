"""Evaluate one decision of a DMN file with everything it requires: the answer of `bpm decide`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from bpm.decisions import Decided, PreparedModel
from bpm.decisions import decide as evaluate
from bpm.errors import DecisionError, InvalidRequest, ModelError
from bpm.model.decision import (
    BusinessKnowledgeModel,
    Decision,
    DecisionModel,
    DecisionService,
    DecisionTable,
    InputClause,
    InputData,
    LiteralExpression,
    OutputClause,
    Rule,
)
from bpm.model.reader import read, read_dmn


def decide(path: str | Path, decision: str, inputs: Mapping[str, Any], now: datetime) -> Decided:
    """Evaluate `decision` (id or name) of the DMN at `path`: a file, or a folder or package that holds it.

    Files beside a DMN file are looked at for what it imports. `now` is what FEEL's `now()` gives.

    Raises:
        ModelError: the file cannot be read; `no-such-path`.
        DecisionError: located by path and line where known.
        BudgetExceeded: the evaluation costs too much.
    """
    place = Path(path)
    models = _models(place)
    found = _holding(models, decision, str(path))
    return decide_in(found, decision, inputs, now, {model.namespace: model for model in models})


def decide_in(
    model: DecisionModel,
    decision: str,
    inputs: Mapping[str, Any],
    now: datetime,
    imported: Mapping[str, DecisionModel] | None = None,
) -> Decided:
    """As `decide`, on a model that is already read. Raises DecisionError (located), BudgetExceeded."""
    others = {namespace: other for namespace, other in (imported or {}).items() if other is not model}
    try:
        return evaluate(PreparedModel(model, others) if model.imports else model, decision, inputs, now=now)
    except DecisionError as error:
        error.path = model.path
        error.line = error.line or line_of(model, error.element, error.rules)
        raise


def read_inputs(text: str) -> dict[str, Any]:
    """Inputs from a JSON text, or from the file it names; decimal numbers stay exact. Raises InvalidRequest."""
    try:
        if not text.lstrip().startswith("{"):
            text = Path(text).read_text(encoding="utf-8")
        found = json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidRequest("inputs-unreadable", f"the inputs are neither JSON nor a JSON file: {error}") from None
    if not isinstance(found, dict):
        raise InvalidRequest("inputs-unreadable", "the inputs are not a JSON object of names and values")
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _models(place: Path) -> tuple[DecisionModel, ...]:
    if place.is_file() and place.suffix.lower() in (".dmn", ".xml"):
        main = read_dmn(place.read_bytes(), str(place))
        return (main, *_beside(place, main)) if main.imports else (main,)
    found: list[DecisionModel] = []
    for procedure in read(place):
        found += procedure.decisions
        if procedure.errors and not procedure.decisions:
            first = procedure.errors[0]
            raise ModelError(first.code, first.message, path=first.path, line=first.line, element=first.element)
    return tuple(found)


def _beside(place: Path, main: DecisionModel) -> tuple[DecisionModel, ...]:
    """Models of the same folder; one that cannot be read is nobody's import until it is asked for."""
    found = []
    for other in sorted(place.parent.glob("*.dmn")):
        if other != place:
            try:
                found.append(read_dmn(other.read_bytes(), str(other)))
            except ModelError:
                continue
    return tuple(replace(model, source=b"") for model in found if model.namespace != main.namespace)


def _holding(models: tuple[DecisionModel, ...], decision: str, path: str) -> DecisionModel:
    if not models:
        raise ModelError("no-decision", "there is no DMN here", path=path)
    for model in models:
        everything: tuple[Any, ...] = (*model.decisions, *model.services)
        if any(decision in (entry.id, entry.name, entry.variable) for entry in everything):
            return model
    return models[0]


def line_of(model: DecisionModel, element: str | None, rules: tuple[int, ...] = ()) -> int | None:
    """The line of an element by id, or of the first of the rules of the table with that id."""
    everything: tuple[Decision | DecisionService | BusinessKnowledgeModel | InputData, ...] = (
        *model.decisions,
        *model.services,
        *model.knowledge,
        *model.inputs,
    )
    for entry in everything:
        if element in (entry.id, entry.name):
            return entry.line
    for decision in model.decisions:
        found = _line_in(decision, element, rules)
        if found is not None:
            return found
    return None


def _line_in(decision: Decision, element: str | None, rules: tuple[int, ...]) -> int | None:
    table = decision.logic
    if isinstance(table, LiteralExpression):
        return table.line if table.id == element else None
    if not isinstance(table, DecisionTable):
        return None
    if table.id == element:
        return table.rules[rules[0] - 1].line if rules and rules[0] <= len(table.rules) else table.line
    clauses: tuple[InputClause | OutputClause | Rule, ...] = (*table.inputs, *table.outputs, *table.rules)
    return next((clause.line for clause in clauses if clause.id == element), None)
