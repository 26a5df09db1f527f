"""What a DMN file (1.1 to 1.5) says, as frozen dataclasses. Cell texts are kept as written; `bpm.feel` parses them.

Names follow DMN 1.5 (OMG formal/2024-01-01): Decision, InputData, BusinessKnowledgeModel, DecisionTable,
InputClause, OutputClause, Rule (the standard's DecisionRule), boxed expressions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from bpm.model.process import NO_ATTRIBUTES, Extension, LegalBasis


@dataclass(frozen=True, slots=True)
class LiteralExpression:
    """A FEEL text (or another `language`, which is refused at evaluation). `type` is a typeRef."""

    text: str
    type: str | None = None
    language: str = "feel"
    id: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class InputClause:
    """A column: the expression it looks at, its type and its allowed values as unary tests text."""

    id: str
    label: str
    expression: str
    type: str | None = None
    values: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class OutputClause:
    """A result column. `values` lists allowed outputs in order of priority; `default` is an expression text."""

    id: str
    name: str
    label: str = ""
    type: str | None = None
    values: str | None = None
    default: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: unary tests per input, expression per output, annotations, and the law it rests on.

    `handover` (`li:handover to`) says that the row decides nothing itself and hands the case to a person: the role
    named, empty if the file names none, None for a row that decides.
    """

    id: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    annotations: tuple[str, ...] = ()
    legal_bases: tuple[LegalBasis, ...] = ()
    line: int | None = None
    handover: str | None = None


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """`hit_policy` is UNIQUE, ANY, PRIORITY, FIRST, OUTPUT ORDER, RULE ORDER or COLLECT; `aggregation` is
    SUM, MIN, MAX, COUNT or None. `foreign` lists cells in another language than FEEL as (language, line)."""

    id: str
    hit_policy: str
    aggregation: str | None
    inputs: tuple[InputClause, ...]
    outputs: tuple[OutputClause, ...]
    rules: tuple[Rule, ...]
    annotation_names: tuple[str, ...] = ()
    line: int | None = None
    foreign: tuple[tuple[str, int | None], ...] = ()


@dataclass(frozen=True, slots=True)
class ContextEntry:
    """`name` is None for the result cell."""

    name: str | None
    value: Boxed
    type: str | None = None


@dataclass(frozen=True, slots=True)
class ContextExpression:
    entries: tuple[ContextEntry, ...]
    type: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class InvocationExpression:
    """Calls `function` with named `bindings`."""

    function: Boxed
    bindings: tuple[tuple[str, Boxed | None], ...]
    type: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class FunctionExpression:
    """`kind` is FEEL, Java or PMML; only FEEL is ever evaluated."""

    parameters: tuple[tuple[str, str | None], ...]
    body: Boxed | None
    kind: str = "FEEL"
    type: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class ListExpression:
    items: tuple[Boxed, ...]
    type: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class RelationExpression:
    columns: tuple[str, ...]
    rows: tuple[tuple[Boxed, ...], ...]
    type: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class ConditionalExpression:
    condition: Boxed
    then: Boxed
    otherwise: Boxed
    type: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class FilterExpression:
    value: Boxed
    match: Boxed
    type: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class IteratorExpression:
    """`kind` is for, some or every."""

    kind: str
    variable: str
    domain: Boxed
    result: Boxed
    type: str | None = None
    id: str | None = None


Boxed: TypeAlias = (
    LiteralExpression
    | DecisionTable
    | ContextExpression
    | InvocationExpression
    | FunctionExpression
    | ListExpression
    | RelationExpression
    | ConditionalExpression
    | FilterExpression
    | IteratorExpression
)


@dataclass(frozen=True, slots=True)
class ItemDefinition:
    """A named type: `base` a typeRef, or `components`; `allowed` and `constraint` as unary tests text."""

    id: str
    name: str
    base: str | None = None
    components: tuple[ItemDefinition, ...] = ()
    collection: bool = False
    allowed: str | None = None
    constraint: str | None = None
    function: tuple[tuple[tuple[str, str | None], ...], str | None] | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class InputData:
    id: str
    name: str
    type: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """`requires` are the ids (or `namespace#id`) of required decisions and inputs, `knowledge` those of
    business knowledge models and decision services. `variable` is the name others see it by."""

    id: str
    name: str
    variable: str
    type: str | None
    logic: Boxed | None
    requires: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    knowledge: tuple[str, ...] = ()
    question: str = ""
    legal_bases: tuple[LegalBasis, ...] = ()
    line: int | None = None
    attributes: Mapping[str, str] = field(default_factory=lambda: NO_ATTRIBUTES)
    extensions: tuple[Extension, ...] = ()


@dataclass(frozen=True, slots=True)
class BusinessKnowledgeModel:
    id: str
    name: str
    variable: str
    logic: FunctionExpression | None
    knowledge: tuple[str, ...] = ()
    type: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class DecisionService:
    id: str
    name: str
    variable: str
    outputs: tuple[str, ...]
    encapsulated: tuple[str, ...] = ()
    input_decisions: tuple[str, ...] = ()
    input_data: tuple[str, ...] = ()
    type: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Import:
    name: str
    namespace: str
    kind: str
    location: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something written that means nothing, e.g. a figure that is no number; it stays unrecorded."""

    code: str
    message: str
    line: int | None
    element: str


@dataclass(frozen=True, slots=True)
class DecisionModel:
    """One DMN file. `problems` are things written in it that mean nothing."""

    path: str
    digest: str
    name: str
    namespace: str
    decisions: tuple[Decision, ...]
    inputs: tuple[InputData, ...] = ()
    items: tuple[ItemDefinition, ...] = ()
    knowledge: tuple[BusinessKnowledgeModel, ...] = ()
    services: tuple[DecisionService, ...] = ()
    imports: tuple[Import, ...] = ()
    source: bytes = field(default=b"", repr=False, compare=False)
    problems: tuple[Problem, ...] = ()
