"""Edits of decision tables. Rows are 1-based numbers of the file as it is, whatever other edits go with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

from bpm.model.edit.vocabulary import Claim, Edit

Texts: TypeAlias = tuple[tuple[str, str], ...]
"""Cell texts by input expression or output name; in JSON an object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableEdit(Edit):
    """`decision` is the id of the decision or business knowledge model that holds the table; `table` says which one
    of several, 1-based in the order of the file."""

    notation: ClassVar[str] = "dmn"
    decision: str
    table: int = field(default=1)

    def __post_init__(self) -> None:
        if not isinstance(self.decision, str) or not _is_number(self.table):
            raise ValueError("decision is an id, table a number from 1")

    def _claim(self, kind: str, *parts: object) -> Claim:
        return kind, self.decision, str(self.table), *map(str, parts)

    def _rules(self, *numbers: int) -> frozenset[Claim]:
        return frozenset(self._claim("rule", number) for number in numbers)

    def _columns(self, texts: Texts) -> frozenset[Claim]:
        written = {" ".join(name.split()) for name, text in texts if text.strip() not in ("", "-")}
        return frozenset(self._claim("column", name) for name in written)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveRule(TableEdit):
    """The row goes, with its id and annotations."""

    do: ClassVar[str] = "remove-rule"
    rule: int

    def __post_init__(self) -> None:
        TableEdit.__post_init__(self)
        _check_numbers(self.rule)

    def takes(self) -> frozenset[Claim]:
        return self._rules(self.rule)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceRules(TableEdit):
    """Several rows become one, which stands where `row` (one of them) stood and keeps its id, outputs and law; its
    input cells are those of `cells` (JSON `with`). Different annotations of the rows are all kept in it."""

    do: ClassVar[str] = "replace-rules"
    rules: tuple[int, ...]
    row: int
    cells: tuple[tuple[str, Texts], ...] = field(metadata={"json": "with"})

    def __post_init__(self) -> None:
        TableEdit.__post_init__(self)
        _check_numbers(self.row, *self.rules)
        if self.row not in self.rules or len(set(self.rules)) < 2 or dict(self.cells).keys() - {"inputs", "outputs"}:
            raise ValueError("rules are at least two, row is one of them, with has inputs and outputs")

    def takes(self) -> frozenset[Claim]:
        return self._rules(*self.rules)

    def needs(self) -> frozenset[Claim]:
        return self._columns(self.inputs)

    @property
    def inputs(self) -> Texts:
        return dict(self.cells).get("inputs", ())


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRule(TableEdit):
    """The row goes in front of row `before`, or to the end (null). Several moves are made one after the other."""

    do: ClassVar[str] = "move-rule"
    rule: int
    before: int | None

    def __post_init__(self) -> None:
        TableEdit.__post_init__(self)
        _check_numbers(self.rule, *(() if self.before is None else (self.before,)))
        if self.rule == self.before:
            raise ValueError("a row cannot stand in front of itself")

    def takes(self) -> frozenset[Claim]:
        return self._rules(self.rule)

    def needs(self) -> frozenset[Claim]:
        return frozenset() if self.before is None else self._rules(self.before)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddRule(TableEdit):
    """A new last row for a gap. Inputs that are not named match everything; outputs that are not named or null stay
    empty, and the row says that somebody has to decide them."""

    do: ClassVar[str] = "add-rule"
    cells: tuple[tuple[str, tuple[tuple[str, str | None], ...]], ...] = field(metadata={"json": "with"})

    def __post_init__(self) -> None:
        TableEdit.__post_init__(self)
        if dict(self.cells).keys() - {"inputs", "outputs"}:
            raise ValueError("with has inputs and outputs")

    def needs(self) -> frozenset[Claim]:
        return self._columns(self.inputs)

    @property
    def inputs(self) -> Texts:
        return tuple((name, text or "-") for name, text in dict(self.cells).get("inputs", ()))

    @property
    def outputs(self) -> Texts:
        return tuple((name, text) for name, text in dict(self.cells).get("outputs", ()) if text is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCell(TableEdit):
    """One cell of a row says `text`: the one under the expression `input`, or the one of the output called `output`."""

    do: ClassVar[str] = "set-cell"
    rule: int
    text: str
    input: str | None = None
    output: str | None = None

    def __post_init__(self) -> None:
        TableEdit.__post_init__(self)
        _check_numbers(self.rule)
        if (self.input is None) == (self.output is None) or not isinstance(self.text, str):
            raise ValueError("a cell is named by input or by output, and text says what stands in it")
        if not isinstance(self.input or self.output, str) or not (self.input or self.output or "").strip():
            raise ValueError("input is an input expression, output the name of an output")

    def takes(self) -> frozenset[Claim]:
        return frozenset((self._claim("cell", self.rule, *self.place),))

    def needs(self) -> frozenset[Claim]:
        column = () if self.input is None else (self._claim("column", " ".join(self.input.split())),)
        return self._rules(self.rule) | frozenset(column)

    @property
    def place(self) -> tuple[str, str]:
        """`input` or `output`, and its name."""
        if self.input is not None:
            return "input", " ".join(self.input.split())
        return "output", self.output or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetHitPolicy(TableEdit):
    """`hit_policy` by its DMN name, `aggregation` only with COLLECT."""

    do: ClassVar[str] = "set-hit-policy"
    hit_policy: str
    aggregation: str | None = None

    def __post_init__(self) -> None:
        TableEdit.__post_init__(self)
        if self.hit_policy not in HIT_POLICIES or self.aggregation not in (None, *AGGREGATIONS):
            raise ValueError(f"there is no hit policy {self.hit_policy!r} {self.aggregation or ''}")
        if self.aggregation is not None and self.hit_policy != "COLLECT":
            raise ValueError("only COLLECT has an aggregation")

    def takes(self) -> frozenset[Claim]:
        return frozenset((self._claim("hit-policy"),))


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveInput(TableEdit):
    """Every column over the expression `input` goes, with its cells. Requirements and input data stay."""

    do: ClassVar[str] = "remove-input"
    input: str

    def __post_init__(self) -> None:
        TableEdit.__post_init__(self)
        if not isinstance(self.input, str) or not self.input.strip():
            raise ValueError("input is an input expression")

    def takes(self) -> frozenset[Claim]:
        return frozenset((self._claim("column", " ".join(self.input.split())),))


HIT_POLICIES = ("UNIQUE", "ANY", "PRIORITY", "FIRST", "OUTPUT ORDER", "RULE ORDER", "COLLECT")
AGGREGATIONS = ("SUM", "MIN", "MAX", "COUNT")
KINDS: tuple[type[TableEdit], ...] = (RemoveRule, ReplaceRules, MoveRule, AddRule, SetCell, SetHitPolicy, RemoveInput)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _check_numbers(*numbers: object) -> None:
    if not all(map(_is_number, numbers)):
        raise ValueError("rows are numbers from 1")
