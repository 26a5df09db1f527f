"""Questions about a decision table put to z3: for tables that are no boxes, and as a second opinion on those that are.

Where a cell calculates, compares two inputs or asks anything else that is no interval, `boxes` cannot say what it
holds. z3 can, as far as `bpm.feel.terms` translates: every column is a term over the model's variables, every cell a
condition on it. What can come in is bounded as for boxes (allowed values, types, constant results of tables above).
As there, missing inputs are left aside unless a cell of the column names null, but for rules that never decide: those
never do so with inputs missing either.

What z3 finds possible is shown by a case, and the case is asked of the evaluator again before anybody hears of it.
Questions are bounded by z3's own count of steps, so an answer does not depend on the machine; what exceeds it is open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bpm.analyser.boxes import Boxes
from bpm.analyser.examples import as_json
from bpm.analyser.given import TableAt
from bpm.analyser.outcomes import EVERY, LISTS, Outcomes, Unclear, outcomes
from bpm.analyser.tables import Geometry, Output, agree, declared_name, incoming, names_of, output_of
from bpm.decisions import prepare
from bpm.decisions.itemtypes import ItemTypes
from bpm.errors import FeelError, LichtungError, NotTranslatable
from bpm.feel import evaluate, free_names, matches, ranges
from bpm.feel.ranges import Region
from bpm.feel.syntax import parse_expression, parse_unary_tests, tree
from bpm.feel.syntax.walk import children
from bpm.feel.terms import KINDS, Answer, Term, Terms, Truth

MOST_RULES = 200
"""Rows of a table that is still asked about: every pair of them may be a question."""


ONE_RESULT = frozenset(("UNIQUE", "ANY", "FIRST", "PRIORITY"))


@dataclass(frozen=True, slots=True)
class Shown:
    """Whether something is possible (None: not known), and a case that shows it, as JSON values by input expression;
    `rules` (0-based) are those that make it impossible, as few as needed."""

    possible: bool | None
    case: Mapping[str, Any] | None = None
    rules: tuple[int, ...] = ()


class Proofs:
    """One table before the solver.

    Raises:
        NotTranslatable: something in it is not said exactly to a solver.
        MissingExtra: z3 is not installed.
    """

    def __init__(self, at: TableAt, *, context: Any = None, terms: Terms | None = None) -> None:
        """`terms` may know some of the table's inputs as results of other tables; these are not bounded again."""
        self.at = at
        self.parsed = parse_table(at)
        self.terms = Terms(kinds_of(self.parsed), context=context) if terms is None else terms
        self.derived = frozenset(self.terms.variables) - frozenset(self.terms.kinds)
        for name in self.terms.kinds:
            self.terms.variable(name)
        self.columns, self.cells = self.parsed.columns, self.parsed.cells
        self.values = [self.terms.value(node) for node in self.columns]
        self._check_types()
        self.met = [self._met(row) for row in self.cells]
        named = [any(_names_null(row[c]) for row in self.cells) for c in range(len(self.columns))]
        inputs = {name for node in self.columns for name in free_names(node)}
        present = [term for term, null in zip(self.values, named, strict=True) if not null]
        present += [term for name, term in self.terms.variables.items() if name.split(".")[0] not in inputs]
        self.present = self.terms.both(*(self.terms.no(term.null) for term in present))
        self.complete = self.terms.both(*(self.terms.no(term.null) for term in (*self.values, *present)))
        self._bound()
        self._known: Outcomes | Unclear | None = None
        self._says: dict[int, list[Term]] = {}

    def _check_types(self) -> None:
        """That every column has the declared kind: another one becomes null, or is converted, before it is tested."""
        known = self._types()
        for clause, node, value in zip(self.at.table.inputs, self.columns, self.values, strict=True):
            type = known.named(clause.type)
            if type.kind not in ("Any", value.kind.removesuffix(" with offset")):
                raise NotTranslatable(f"the input {clause.expression!r}, a {value.kind} declared as {type.kind}")
            if type.allowed is not None and dotted(node) in self.derived:
                raise NotTranslatable(f"the input {clause.expression!r}, which may give what is not allowed")

    def _types(self) -> ItemTypes:
        try:
            return prepare(self.at.model).types
        except LichtungError as error:
            raise NotTranslatable("the types of the file") from error

    def _met(self, row: Sequence[tree.UnaryTests]) -> Truth:
        return self.terms.both(*(self.terms.holds(cell, value) for cell, value in zip(row, self.values, strict=True)))

    def _bound(self) -> None:
        """Keep to what can come in."""
        for clause, node, value in zip(self.at.table.inputs, self.columns, self.values, strict=True):
            region = incoming(self.at, clause)[1]
            if region is not None and dotted(node) not in self.derived:
                self._within(value, region)
        for name, term in self.terms.variables.items():
            region = declared_name(self.at.model, name)[1]
            if region is not None and name not in self.derived:
                self._within(term, region)

    def _within(self, value: Term, region: Region) -> None:
        try:
            tests = parse_unary_tests(ranges.to_text(region))
        except FeelError as error:
            raise NotTranslatable("the allowed values") from error
        self.terms.assume(self.terms.either(value.null, self.terms.holds(tests, value)))

    # --- questions -----------------------------------------------------------------------------------------------

    def gap(self) -> Shown:
        """A case with all inputs that meets no rule."""
        none = [self.terms.no(met) for met in self.met]
        return self._shown(self.terms.ask(self.complete, *none), ())

    def together(self, first: int, second: int) -> Shown:
        """A case that meets both rules (0-based)."""
        return self._shown(self.terms.ask(self.present, self.met[first], self.met[second]), (first, second))

    def contradiction(self, first: int, second: int) -> Shown:
        """A case that meets both rules and gets different results from them."""
        apart = self.terms.no(self._same(first, second))
        return self._shown(self.terms.ask(self.present, self.met[first], self.met[second], apart), (first, second))

    def alone(self, rule: int, stronger: Iterable[int]) -> Shown:
        """A case of a rule that meets none of the stronger ones; else a set of these that takes all its cases, of
        which none can be spared."""
        others = list(stronger)
        claims = [self.present, self.met[rule]]
        found = self.terms.ask(*claims, *(self.terms.no(self.met[other]) for other in others))
        if found.exists is not False:
            return self._shown(found, (rule,), others)
        for other in reversed(tuple(others)):
            fewer = [it for it in others if it != other]
            if self.terms.exists(*claims, *(self.terms.no(self.met[it]) for it in fewer)) is False:
                others = fewer
        return Shown(False, None, tuple(others))

    def decisive(self, rule: int) -> Shown:
        """A case, inputs missing or not, that the table without the rule decides otherwise.

        Raises:
            NotTranslatable: what the rules say is not clear enough.
        """
        known = self.known
        answer = self.terms.ask(self.met[rule], self._changed(known, rule))
        return self._shown(answer, (rule,))

    @property
    def known(self) -> Outcomes:
        """What the rules say. Raises NotTranslatable."""
        if self._known is None:
            try:
                self._known = outcomes(Geometry(self.at, Boxes((), len(self.met)), self.parsed.outputs))
            except Unclear as problem:
                self._known = problem
        if isinstance(self._known, Unclear):
            raise NotTranslatable(str(self._known))
        return self._known

    def _changed(self, known: Outcomes, rule: int) -> Truth:
        """Where a rule is met: that the result would be another one without it."""
        terms, met = self.terms, self.met
        others = [other for other in range(len(met)) if other != rule]
        default = known.differ_from_default(rule)
        if default is None:
            raise NotTranslatable(f"whether rule {rule + 1} says the same as the default")
        none = terms.both(default, *(terms.no(met[other]) for other in others))
        if known.policy in ("FIRST", "PRIORITY"):
            return self._changed_in_order(known, rule, default)
        if known.policy in ("UNIQUE", "ANY"):
            left = [
                terms.both(met[one], met[two], terms.no(self._same(one, two)))
                for at, one in enumerate(others)
                for two in others[at + 1 :]
            ]
            against = [terms.both(met[other], terms.no(self._same(rule, other))) for other in others]
            return terms.either(none, terms.both(terms.either(*against), *(terms.no(part) for part in left)))
        if known.policy in LISTS or known.policy == EVERY:
            return terms.either(none, *(met[other] for other in others))
        if known.policy == "SUM":
            return none if known.number(rule) == 0 else terms.either(none, *(met[other] for other in others))
        mine, sign = known.number(rule), 1 if known.policy == "MIN" else -1
        blocking = [it for it in others if (known.number(it) <= mine if sign > 0 else known.number(it) >= mine)]
        extreme = terms.both(
            terms.either(*(met[other] for other in others)), *(terms.no(met[other]) for other in blocking)
        )
        return terms.either(none, extreme)

    def _changed_in_order(self, known: Outcomes, rule: int, default: Truth) -> Truth:
        terms, met, strength = self.terms, self.met, known.strength
        if any(rank is None for rank in strength):
            raise NotTranslatable("the order of the output values")
        order = sorted(range(len(met)), key=lambda it: strength[it] or ())
        place = order.index(rule)
        above: list[Truth] = [terms.no(met[other]) for other in order[:place]]
        parts, passed = [], list(above)
        for other in order[place + 1 :]:
            parts.append(terms.both(*passed, met[other], terms.no(self._same(rule, other))))
            passed.append(terms.no(met[other]))
        return terms.either(*parts, terms.both(default, *passed))

    def _same(self, one: int, other: int) -> Truth:
        """Whether two rules say the same, as the hit policy compares."""
        pairs = zip(self._said(one), self._said(other), strict=True)
        return self.terms.both(*(self.terms.equal(left, right) for left, right in pairs))

    def _said(self, rule: int) -> list[Term]:
        """The outputs of a rule; a formula must be of the declared kind, for a type may change what it gives."""
        if not self._says:
            kinds = [self._types().named(clause.type).kind for clause in self.at.table.outputs]
            for number, row in enumerate(self.known.rows):
                self._says[number] = [self._output(cell, kind) for cell, kind in zip(row, kinds, strict=True)]
        return self._says[rule]

    def _output(self, cell: tuple[Any, ...], kind: str) -> Term:
        if cell[0] == "text":
            raise NotTranslatable(f"the output {cell[1]!r}")
        term = self.terms.constant(cell[2]) if cell[0] == "constant" else self.terms.value(cell[1])
        if cell[0] == "formula" and kind not in ("Any", term.kind):
            raise NotTranslatable(f"a result of kind {term.kind} where {kind} is declared")
        return term

    def result(self, output: int) -> Term:
        """What the table gives in one column, for hit policies that give one result; where rules contradict each other,
        what the first of them says. Raises NotTranslatable."""
        known = self.known
        if known.policy not in ONE_RESULT:
            raise NotTranslatable(f"a result under {known.policy}")
        texts = [clause.default for clause in self.at.table.outputs]
        default = known.default
        if default is None and any(text is not None for text in texts):
            raise NotTranslatable("the default")
        found = self.terms.constant(None) if default is None else self._output(default[output], "Any")
        if any(rank is None for rank in known.strength):
            raise NotTranslatable("the order of the output values")
        order = sorted(range(len(self.met)), key=lambda it: known.strength[it] or ())
        for rule in reversed(order):
            found = self.terms.choose(self.met[rule], self._said(rule)[output], found)
        return found

    def alive(self, rule: int) -> bool | None:
        """Whether any case, inputs missing or not, meets a rule."""
        return self.terms.exists(self.met[rule])

    def decided(self, case: Mapping[str, Any]) -> tuple[int, tuple[Any, ...]] | None:
        """The rule (0-based) that decides a case under a policy with one result, and its outputs; by the evaluator."""
        scope = _scope(case)
        order = sorted(range(len(self.cells)), key=lambda it: self.known.strength[it] or ())
        try:
            values = [evaluate(node, scope) for node in self.columns]
            for rule in order:
                if self._meets(rule, values, scope):
                    cells = self.known.rows[rule]
                    return rule, tuple(it[2] if it[0] == "constant" else evaluate(it[1], scope) for it in cells)
        except FeelError:  # more than an evaluation may cost
            return None
        return None

    # --- showing a case ------------------------------------------------------------------------------------------

    def _shown(self, answer: Answer, rules: Sequence[int], without: Sequence[int] = ()) -> Shown:
        """What the solver found, if the evaluator agrees on the case."""
        if answer.exists is not True or answer.case is None:
            return Shown(answer.exists if answer.exists is not True else None)
        scope = _scope(answer.case)
        try:
            values = [evaluate(node, scope) for node in self.columns]
            met = {rule for rule in range(len(self.cells)) if self._meets(rule, values, scope)}
        except FeelError:  # more than an evaluation may cost
            return Shown(None)
        if not met >= set(rules) or met & set(without) or (not rules and met):
            return Shown(None)
        texts = [" ".join(clause.expression.split()) for clause in self.at.table.inputs]
        case = dict(zip(texts, map(as_json, values), strict=True))
        extra = {name: as_json(value) for name, value in answer.case.items() if name not in case}
        return Shown(True, {**case, **extra})

    def _meets(self, rule: int, values: Sequence[Any], scope: Mapping[str, Any]) -> bool:
        pairs = zip(self.cells[rule], values, strict=True)
        return all(matches(cell, value, scope) is True for cell, value in pairs)


def _scope(case: Mapping[str, Any]) -> dict[str, Any]:
    """Values by dotted name as nested contexts."""
    scope: dict[str, Any] = {}
    for name, value in case.items():
        *around, last = name.split(".")
        inner = scope
        for part in around:
            inner = inner.setdefault(part, {})
        inner[last] = value
    return scope


@dataclass(frozen=True, slots=True)
class Parsed:
    """The expressions of a table: by column, by rule and column, and the output cells by rule."""

    at: TableAt
    columns: tuple[tree.Node, ...]
    cells: tuple[tuple[tree.UnaryTests, ...], ...]
    outputs: tuple[tuple[Output, ...], ...]


def parse_table(at: TableAt) -> Parsed:
    """A table's expressions. Raises NotTranslatable."""
    table, names = at.table, names_of(at.model)
    if len(table.rules) > MOST_RULES:
        raise NotTranslatable(f"a table of more than {MOST_RULES} rules")
    if any(len(rule.inputs) != len(table.inputs) for rule in table.rules):
        raise NotTranslatable("a row that has not as many cells as inputs")
    text = ""
    try:
        columns = tuple(parse_expression(text := clause.expression, names) for clause in table.inputs)
        cells = tuple(
            tuple(
                tree.UnaryTests(()) if (text := cell).strip() in {"", "-"} else parse_unary_tests(cell, names)
                for cell in rule.inputs
            )
            for rule in table.rules
        )
    except FeelError as error:
        raise NotTranslatable(f"{text[:80]!r}, which is no FEEL") from error
    return Parsed(at, columns, cells, tuple(tuple(output_of(cell, names) for cell in it.outputs) for it in table.rules))


def kinds_of(parsed: Parsed) -> dict[str, str]:
    """The kind of every variable that the table reads, by dotted name: declared, or that of the constants in its
    column. What has none is left out, and refused where it is read. Raises NotTranslatable."""
    at, columns, cells, outputs = parsed.at, parsed.columns, parsed.cells, parsed.outputs
    kinds: dict[str, str] = {}
    for position, (clause, node) in enumerate(zip(at.table.inputs, columns, strict=True)):
        declared, region = incoming(at, clause)
        found = {kind for row in cells for kind in _constants(row[position])}
        found |= set() if region is None else {ranges.kind_of(value) for value in region.values()}
        name = dotted(node)
        declared = declared or ("" if name is None else declared_name(at.model, name)[0])
        if len(found) > 1 or (found and declared and not agree(declared, *found)):
            raise NotTranslatable(f"the input {clause.expression!r} compared with several kinds")
        kind = declared if declared == "integer" or not found else found.pop()
        if name is not None and kind in KINDS:
            kinds[name] = kind
    formulas = [cell[1] for row in outputs for cell in row if cell[0] == "formula"]
    for root in (*columns, *(test for row in cells for test in row), *formulas):
        for name in variables_in(root):
            if name not in kinds and name != "?":
                kind = declared_name(at.model, name)[0]
                if kind in KINDS:
                    kinds[name] = kind
    moments = {kind for kind in kinds.values() if kind.startswith("date and time")}
    if len(moments) > 1:
        raise NotTranslatable("dates with time, some with an offset and some without")
    return kinds


def dotted(node: tree.Node) -> str | None:
    """The name of a variable, or of a part of one; None for anything else."""
    names: list[str] = []
    while isinstance(node, tree.Path):
        names.append(node.name)
        node = node.value
    return ".".join((node.name, *reversed(names))) if isinstance(node, tree.Name) else None


def variables_in(root: tree.Node) -> Iterable[str]:
    """The dotted names that occur in an expression, functions that are called among them."""
    stack = [root]
    while stack:
        node = stack.pop()
        name = dotted(node)
        if name is not None:
            yield name
        else:
            stack.extend(child for child, _ in children(node))


def _constants(cell: tree.UnaryTests) -> set[str]:
    """The kinds of the constants of a cell that is a set of values, also of those that cancel out (`< 5, >= 5`)."""
    if ranges.region(cell) is None:
        return set()
    found: set[str] = set()
    stack: list[tree.Node] = [cell]
    while stack:
        node = stack.pop()
        try:
            value = ranges.constant(node)
        except (FeelError, TypeError):
            stack.extend(child for child, _ in children(node))
        else:
            found |= set() if value is None else {ranges.kind_of(value)}
    return found - {"boolean"} or found


def _names_null(root: tree.Node) -> bool:
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, tree.Null):
            return True
        stack.extend(child for child, _ in children(node))
    return False
