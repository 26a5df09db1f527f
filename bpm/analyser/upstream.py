"""What the requirement graph lets a table's inputs be: the results of the tables above, and which occur together.

A rule is satisfiable if for every table above that supplies one of its inputs some rule gives a result the cell holds,
and the conditions of all rules so chosen, up to the raw inputs, can hold at once. That is searched rule by rule; what
cannot be said (a formula, another logic than a table, a list) counts as possible, and so does a missing result where
the cell takes one. So *unsatisfiable* is proven, and *satisfiable* is not claimed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from bpm.analyser.boxes import Budget, cover
from bpm.analyser.rows import accepts_null, contains
from bpm.analyser.tables import Geometry, Output, declared_input, names_of, output_of, path_of
from bpm.errors import FeelError
from bpm.feel import ranges
from bpm.feel.ranges import Region
from bpm.feel.syntax import parse_expression, parse_unary_tests
from bpm.model.decision import Decision, DecisionModel, DecisionTable, Rule

if TYPE_CHECKING:
    from bpm.analyser.given import Given, TableAt

ONE_RESULT = {"UNIQUE", "ANY", "FIRST", "PRIORITY"}

STEPS = 5_000
"""Rules of tables above that are tried for one table."""

Wants: TypeAlias = tuple[tuple[int, Region], ...]
"""What is asked of a table: output position and the values that will do."""


@dataclass(frozen=True, slots=True)
class Dead:
    """A rule (1-based) that no result of the tables above can meet: the input alone that shows it, if one does, with
    the results it can have, and the decisions looked at, nearest first."""

    rule: int
    expression: str | None
    possible: tuple[str, ...]
    chain: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Source:
    """A decision whose table supplies an input, the position of the output, and its rules that can apply (0-based)."""

    decision: Decision
    table: DecisionTable
    output: int
    results: tuple[tuple[Output, ...], ...]
    rules: tuple[int, ...]


class _Exhausted(Exception):
    """More combinations than can be tried."""


class Search:
    """The tables of one DMN model and how they supply each other."""

    def __init__(self, given: Given, model: DecisionModel) -> None:
        self.model = model
        self.names = names_of(model)
        self.decisions = {decision.id: decision for decision in model.decisions}
        self.shapes = {
            at.owner: shape
            for at, shape in given.geometries
            if at.model is model and isinstance(shape, Geometry) and at.decision is not None
        }
        self.left = STEPS
        self._ready: dict[str, tuple[tuple[tuple[Output, ...], ...], tuple[int, ...]]] = {}
        self._sources: dict[tuple[str, str], _Source | None] = {}

    def dead(self, at: TableAt) -> Iterator[Dead]:
        """Rules of a table that nothing from above can meet, within what the table itself allows.

        Raises:
            _Exhausted: the tables above have too many rules to try.
        """
        self.left = STEPS
        decision = at.decision
        if decision is None or not any(self.source(decision, clause.expression) for clause in at.table.inputs):
            return
        allowed = [declared_input(self.model, clause)[1] for clause in at.table.inputs]
        for number, rule in enumerate(at.table.rules, 1):
            conditions = self.conditions(at.table, rule)
            supplied = {text: self.source(decision, text) for text in conditions}
            if not any(supplied.values()) or self.is_outside(rule, allowed):
                continue
            for text, source in supplied.items():
                if source is not None and not self.solve(decision, {text: conditions[text]}):
                    yield Dead(number, text, self.possible(source), self.chain(decision, (text,)))
                    break
            else:
                if not self.solve(decision, conditions):
                    yield Dead(number, None, (), self.chain(decision, tuple(conditions)))

    def is_outside(self, rule: Rule, allowed: list[Region | None]) -> bool:
        """Whether the table's own allowed values exclude a cell; then nothing above is to blame."""
        cells = (region_of(cell, self.names) for cell in rule.inputs)
        pairs = zip(cells, allowed, strict=False)
        return any(cell is not None and only is not None and not _both(cell, only).intervals for cell, only in pairs)

    def conditions(self, table: DecisionTable, rule: Rule) -> dict[str, Region]:
        """What a rule asks of each input by expression; dashes and what is no region ask nothing."""
        found: dict[str, Region] = {}
        for clause, cell in zip(table.inputs, rule.inputs, strict=False):
            region = region_of(cell, self.names)
            if region is not None:
                text = " ".join(clause.expression.split())
                found[text] = _both(found[text], region) if text in found else region
        return found

    def source(self, decision: Decision, expression: str) -> _Source | None:
        """The one required decision with a single-result table that an expression reads, None if there is none."""
        key = (decision.id, " ".join(expression.split()))
        if key not in self._sources:
            self._sources[key] = self._find_source(decision, key[1])
        return self._sources[key]

    def _find_source(self, decision: Decision, expression: str) -> _Source | None:
        try:
            path = path_of(parse_expression(expression, self.names))
        except FeelError:
            return None
        data = {entry.name for entry in self.model.inputs if entry.id in decision.inputs}
        if path is None or path[0] in data:
            return None
        found: list[tuple[Decision, DecisionTable, int] | None] = []
        for required in (self.decisions[id] for id in decision.requires if id in self.decisions):
            if required.id == decision.id or not isinstance(required.logic, DecisionTable):
                found += [None] if path[0] in {required.variable, required.id} else []
                continue
            outputs = [clause.name for clause in required.logic.outputs]
            if path[0] in {required.variable, required.id}:
                whole = len(path) == 1 and len(outputs) == 1
                position = 0 if whole else outputs.index(path[1]) if len(path) == 2 and path[1] in outputs else None
                found.append(None if position is None else (required, required.logic, position))
            elif len(path) == 1 and path[0] in outputs:
                found.append((required, required.logic, outputs.index(path[0])))
        if len(found) != 1 or found[0] is None:
            return None
        required, table, position = found[0]
        if table.hit_policy not in ONE_RESULT:
            return None
        results, rules = self.ready(required, table)
        return _Source(required, table, position, results, rules)

    def ready(self, decision: Decision, table: DecisionTable) -> tuple[tuple[tuple[Output, ...], ...], tuple[int, ...]]:
        """The outputs of a table, and its rules that can apply."""
        if decision.id not in self._ready:
            shape = self.shapes.get(decision.id)
            results = tuple(tuple(output_of(text, self.names) for text in rule.outputs) for rule in table.rules)
            rules = range(len(table.rules))
            if shape is not None and shape.at.table is table:
                self._ready[decision.id] = results, tuple(rule for rule in rules if _applies(shape, rule))
            else:
                self._ready[decision.id] = results, tuple(rules)
        return self._ready[decision.id]

    def possible(self, source: _Source) -> tuple[str, ...]:
        """What a source can give, as written, each once."""
        texts = [source.table.rules[rule].outputs[source.output] for rule in source.rules]
        default = source.table.outputs[source.output].default
        return tuple(dict.fromkeys([*texts, *([default] if default else [])]))

    def chain(self, decision: Decision, expressions: tuple[str, ...]) -> tuple[str, ...]:
        """The decisions above that supply expressions, and theirs, nearest first."""
        found: dict[str, None] = {}
        todo = [(decision, text) for text in expressions]
        for asker, text in todo:
            source = self.source(asker, text)
            if source is not None and source.decision.id not in found:
                found[source.decision.id] = None
                todo += [(source.decision, clause.expression) for clause in source.table.inputs]
        return tuple(found)

    def solve(self, decision: Decision, conditions: Mapping[str, Region]) -> bool:
        """Whether conditions of a decision's table can hold together; a stack of partial choices."""
        start = self._merge(decision, conditions, {}, {}, {})
        stack = [] if start is None else [start]
        while stack:
            raw, wants, chosen = stack.pop()
            if not wants:
                return True
            id = next(iter(wants))
            asked, rest = wants[id], {key: value for key, value in wants.items() if key != id}
            results, rules = self._ready[id]
            above = self.decisions[id]
            table = above.logic
            if not isinstance(table, DecisionTable) or _may_be_missing(table, asked):
                stack.append((raw, rest, {**chosen, id: -1}))
                continue
            for rule in reversed(rules):
                self.left -= 1
                if self.left < 0:
                    raise _Exhausted
                if all(_gives(results[rule], position, region) for position, region in asked):
                    new = self._merge(above, self.conditions(table, table.rules[rule]), raw, rest, {**chosen, id: rule})
                    if new is not None:
                        stack.append(new)
        return False

    def _merge(
        self,
        decision: Decision,
        conditions: Mapping[str, Region],
        raw: Mapping[str, Region],
        wants: Mapping[str, Wants],
        chosen: Mapping[str, int],
    ) -> tuple[dict[str, Region], dict[str, Wants], dict[str, int]] | None:
        """The state with more conditions; None if they cannot hold with it."""
        raw, wants = dict(raw), dict(wants)
        for text, region in conditions.items():
            source = self.source(decision, text)
            if source is None:
                together = _both(raw[text], region) if text in raw else region
                if not together.intervals and together.null is not True:
                    return None
                raw[text] = together
            elif source.decision.id in chosen:
                rule = chosen[source.decision.id]
                if rule >= 0 and not _gives(source.results[rule], source.output, region):
                    return None
            else:
                wants[source.decision.id] = (*wants.get(source.decision.id, ()), (source.output, region))
        return raw, wants, dict(chosen)


@lru_cache(maxsize=10_000)
def region_of(cell: str, names: frozenset[str]) -> Region | None:
    """A cell as a region; None for a dash and for what is no region."""
    if cell.strip() in {"", "-"}:
        return None
    try:
        return ranges.region(parse_unary_tests(cell, names))
    except FeelError:
        return None


def _both(left: Region, right: Region) -> Region:
    """Values of both; of two types nothing is said, and the left one stays."""
    kinds = {ranges.kind_of(value) for region in (left, right) for value in region.values()}
    return left if len(kinds) > 1 else ranges.intersection(left, right)


def _gives(results: tuple[Output, ...], position: int, wanted: Region) -> bool:
    """Whether a rule's result may be among the values wanted; a formula may."""
    if position >= len(results) or results[position][0] != "constant":
        return True
    value = results[position][2]
    kinds = {ranges.kind_of(bound) for bound in wanted.values()}
    if value is not None and kinds and ranges.kind_of(value) not in kinds:
        # `= "a"` is false for a number, but `not("a")` is true for it
        return wanted.null is True
    return wanted.contains(value)


def _may_be_missing(table: DecisionTable, asked: Wants) -> bool:
    """Whether no rule, or the default, of a table may give what is asked."""
    for position, region in asked:
        text = table.outputs[position].default
        default: Output = output_of(text) if text else ("constant", "null", None)
        if not _gives((default,), 0, region):
            return False
    return True


def _applies(shape: Geometry, rule: int) -> bool:
    """Whether some case, one with missing inputs too, can get a rule's result."""
    if shape.boxes.is_empty(rule):
        return False
    if shape.at.table.hit_policy != "FIRST":
        return True
    if any(contains(shape, earlier, rule) for earlier in range(rule)):
        return False
    if any(accepts_null(cell) for cell in shape.at.table.rules[rule].inputs):
        return True
    return not cover(shape.boxes, shape.boxes.box(rule), range(rule), budget=Budget(100_000)).covered


def dead_rules(given: Given) -> list[tuple[TableAt, tuple[Dead, ...] | None]]:
    """Per table of a decision its rules that the tables above leave dead; None if there was too much to try."""
    searches: dict[int, Search] = {}
    found: list[tuple[TableAt, tuple[Dead, ...] | None]] = []
    for at in given.tables:
        if at.decision is None or at.decision.logic is not at.table:
            continue
        search = searches.setdefault(id(at.model), Search(given, at.model))
        try:
            found.append((at, tuple(search.dead(at))))
        except _Exhausted:
            found.append((at, None))
    return found
