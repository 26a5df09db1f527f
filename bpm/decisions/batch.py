"""One decision table for whole columns of cases, compiled: the rules and results that `decide` gives, row by row.

Each column's values are placed among the constants of its cells by binary search, and the rule sets of all columns
are intersected word by word (`bpm.decisions.kernel`, compiled by Numba from arrays; no source text is generated).

It is exact. A floating-point number means what its shortest text means, as in `decide`; so the constants of a column
are turned into those floating-point numbers at which the answer changes. Everything that this cannot hold is refused
by name (NotCompilable), never approximated: cells that read other data, results that are computed, hit policies with
several results, types with constraints. Warnings are not gathered.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from bpm.decisions.boxed import conform
from bpm.decisions.index import POINTS, ColumnIndex, is_constant
from bpm.decisions.prepared import PreparedModel
from bpm.decisions.tables import Table
from bpm.errors import DecisionError, FeelError
from bpm.feel import from_json
from bpm.feel.budget import Budget
from bpm.feel.evaluate import Evaluation, Scope
from bpm.feel.syntax import tree
from bpm.feel.types import ANY
from bpm.feel.values import NUMBERS, Value
from bpm.model.decision import Decision, DecisionTable, InputData

NONE, CONFLICT = 0, -1
BLOCK = 16_384
"""Rows at a time: their positions stay in the processor's cache."""
_WHOLE = 2**53
"""Whole numbers up to here are exact as floating point."""


class NotCompilable(FeelError):
    """The table uses what a batch cannot hold exactly."""

    def __init__(self, what: str) -> None:
        super().__init__("decision-not-compilable", f"{what} cannot be decided in a batch")


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of few values: `values[codes[row]]` in each row. `values` are JSON or FEEL values."""

    codes: Any
    values: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """`rules` int32 [rows]: the rule that decides, from 1; NONE; CONFLICT under UNIQUE or ANY, where `decide` raises.
    `results` are the results by rule, that of NONE (the default) first."""

    rules: Any
    results: tuple[Value, ...]


class CompiledTable:
    """The table of a decision, whose inputs are plain names. Raises NotCompilable, or DecisionError as `decide`."""

    def __init__(self, prepared: PreparedModel, decision: str) -> None:
        element = prepared.find(decision).element
        if not isinstance(element, Decision) or not isinstance(element.logic, DecisionTable):
            raise NotCompilable("what is no decision table")
        self.table = table = Table(element.logic, prepared.names(element), prepared.types)
        self.policy = element.logic.hit_policy
        if self.policy not in ("FIRST", "UNIQUE", "ANY"):
            raise NotCompilable(f"hit policy {self.policy}")
        inputs = {place.variable: place.element for place in prepared.required(element)}
        if table.index.loose or set(table.index.called) & inputs.keys():
            raise NotCompilable("a cell that reads other data")
        self.types = []
        for column in table.columns:
            if not isinstance(column.node, tree.Name):
                raise NotCompilable("a computed input")
            given = inputs.get(column.node.name)
            if given is not None and not isinstance(given, InputData):
                raise NotCompilable("the result of another decision")
            declared = prepared.types.named(given.type) if isinstance(given, InputData) else ANY
            if declared.allowed is not None or column.type.allowed is not None:
                raise NotCompilable("an input whose type has constraints")
            self.types.append(declared)
        self.results, self.groups = self._results(prepared, element)
        self.words = max(1, (len(table.rows) + 63) // 64)
        self.numbers: dict[int, tuple[Any, Any]] = {}

    def _results(self, prepared: PreparedModel, decision: Decision) -> tuple[tuple[Value, ...], Any]:
        table, scope = self.table, Scope({})
        nodes = [node for row in table.rows for node in row.results]
        nodes += [output.default for output in table.outputs if output.default is not None]
        if not all(is_constant(node) for node in nodes):
            raise NotCompilable("a computed result")
        declared = prepared.types.named(decision.type)
        ev = Evaluation(Budget(steps=prepared.steps(decision)))
        results, keys = [conform(ev, table.default(ev, scope), declared)], []
        for row in table.rows:
            values = table.result(ev, row, scope)
            if not all(value is None or type(value) in POINTS for value in values):
                raise NotCompilable("a result that is no plain value")
            keys.append(tuple((type(value), value) for value in values))
            results.append(conform(ev, table.compound(values), declared))
        order = {key: at for at, key in enumerate(dict.fromkeys(keys))}
        return tuple(results), np.array([order[key] for key in keys] or [0], np.int32)

    def run(self, columns: Mapping[str, Any]) -> Batch:
        """Decide all rows. `columns` by the name of the input: an array of numbers (what is not finite is null), a
        Coded, or a sequence of JSON or FEEL values; all of one length.

        Raises NotCompilable for values of a type that a cell of their column cannot be compared with.
        """
        from bpm.decisions import kernel

        given = [self._column(at, index, columns) for at, index in self.table.index.columns]
        lengths = {len(values) for values, _, _ in given} or {len(next(iter(columns.values()), ()))}
        if len(lengths) != 1:
            raise DecisionError("batch-columns", f"columns of different lengths: {sorted(lengths)}")
        rows = lengths.pop()
        if not given:
            given = [(np.zeros(rows, np.int32), None, self._matrix([self.table.index.all]))]
        given.sort(key=lambda column: float(np.bitwise_count(column[2]).mean()))  # what excludes most rules goes first
        offsets = np.cumsum([0] + [len(sets) for _, _, sets in given[:-1]]).astype(np.int64)
        sets = np.concatenate([sets for _, _, sets in given])
        out: Any = np.empty(rows, np.int32)
        positions: Any = np.empty((len(given), min(BLOCK, rows)), np.int32)
        for start in range(0, rows, BLOCK):
            end = min(start + BLOCK, rows)
            block = positions[:, : end - start]
            for at, (values, cuts, _) in enumerate(given):
                if cuts is None:
                    block[at] = values[start:end]
                else:
                    kernel.place(values[start:end], *cuts, block[at])
            kernel.match(block, offsets, sets, self.groups, self.policy == "FIRST", out[start:end])
        return Batch(out, self.results)

    def _column(self, at: int, index: ColumnIndex, columns: Mapping[str, Any]) -> tuple[Any, Any, Any]:
        """Numbers with their cuts, or positions with None; and the rule set of each position."""
        node = self.table.columns[at].node
        name = node.name if isinstance(node, tree.Name) else ""
        if name not in columns:
            raise DecisionError("batch-columns", f"no column is named {name!r}", element=name)
        values = columns[name]
        if isinstance(values, np.ndarray) and values.dtype.kind in "iuf":
            return (self._floats(at, name, values), *self._numbers(at, index))
        if not isinstance(values, Coded):
            values = _coded(name, values.tolist() if isinstance(values, np.ndarray) else values)
        codes = np.ascontiguousarray(values.codes, np.int32)
        if codes.size and not (codes.min() >= 0 and codes.max() < len(values.values)):
            raise DecisionError("batch-columns", f"{name}: a code without a value", element=name)
        return codes, None, self._matrix([self._rules(at, index, name, value) for value in values.values])

    def _floats(self, at: int, name: str, values: Any) -> Any:
        for type in (self.types[at], self.table.columns[at].type):
            if type.kind not in ("Any", "number"):
                raise NotCompilable(f"{name}: a number for a {type.kind}")
        if values.dtype.kind in "iu" and values.size and (values.max() > _WHOLE or values.min() < -_WHOLE):
            raise NotCompilable(f"{name}: a whole number beyond 2^53")
        return np.ascontiguousarray(values, np.float64)

    def _numbers(self, at: int, index: ColumnIndex) -> tuple[Any, Any]:
        """What `kernel.place` searches, and the rule sets of the positions, null last."""
        if at not in self.numbers:
            lookup = index.lookup(Decimal)
            if lookup is None:
                raise NotCompilable(f"{self.table.columns[at].label}: a cell that is not comparable with numbers")
            cuts = np.array([cut for point in lookup.points for cut in _cuts(point)], np.float64)
            sets = [rules | index.free for rules in lookup.every()]
            self.numbers[at] = _searchable(cuts), self._matrix([*sets, index.null])
        return self.numbers[at]

    def _rules(self, at: int, index: ColumnIndex, name: str, value: Any) -> int:
        """The rule set for one value, converted as `decide` converts it."""
        ev = Evaluation()
        value = conform(ev, from_json(value, self.types[at]), self.types[at])
        rules = index.rules(self.table.column_value(ev, self.table.columns[at], Scope({name: value})))
        if rules is None:
            raise NotCompilable(f"{name}: a value that a cell cannot be compared with")
        return rules

    def _matrix(self, sets: Sequence[int]) -> Any:
        """Rule sets as uint64 [set, word]."""
        raw = b"".join(rules.to_bytes(self.words * 8, "little") for rules in sets)
        return np.frombuffer(raw, "<u8").astype(np.uint64).reshape(len(sets), self.words)


def _coded(name: str, values: Sequence[Any]) -> Coded:
    known: dict[tuple[type, Any], int] = {}  # by type too: a number and a truth value may be equal in Python
    try:
        codes = [known.setdefault((type(value), value), len(known)) for value in values]
    except TypeError:
        raise NotCompilable(f"{name}: a list or context") from None
    return Coded(np.array(codes, np.int32), [value for _, value in known])


def _searchable(cuts: Any) -> tuple[Any, float, float, Any]:
    """Cuts float64 [2 points], ascending, with a grid of two cells a cut between the least and the greatest."""
    from bpm.decisions import kernel

    finite = cuts[np.isfinite(cuts)]
    low, width = (float(finite[0]), float(finite[-1]) - float(finite[0])) if finite.size else (0.0, 0.0)
    count = max(1, 2 * int(finite.size))
    scale = count / width if width > 0.0 else 0.0
    if not math.isfinite(width) or not math.isfinite(scale):
        scale = 0.0  # one cell holds them all
    return cuts, low, scale, kernel.grid(cuts, low, scale, count)


def _cuts(point: Decimal) -> tuple[float, float]:
    """The least floating-point numbers whose text is at least, and is more than, `point`."""
    near = float(point)
    if not math.isfinite(near):
        return near, near
    meant = NUMBERS.create_decimal(repr(near))
    above = math.nextafter(near, math.inf)
    return (near if meant >= point else above), (near if meant > point else above)
