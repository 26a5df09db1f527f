"""A decision with all it requires before the solver: what the tables above calculate, compare and give, as one term.

`upstream` joins constants of tables above; formulas, calculating cells and literal expressions count there as possible.
Here every required decision is a term over the raw inputs, so a rule that no result above can meet is proven dead even
where numbers are worked out on the way. Missing inputs count as possible, and so do results that are not allowed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bpm.analyser.given import TableAt
from bpm.analyser.proofs import Parsed, Proofs, kinds_of, parse_table, variables_in
from bpm.analyser.tables import NotBoxes, geometry, names_of
from bpm.decisions import prepare
from bpm.errors import FeelError, LichtungError, MissingExtra, NotTranslatable
from bpm.feel import parse_expression
from bpm.feel.syntax import tree
from bpm.feel.terms import Answer, Term, Terms, Truth
from bpm.model.decision import Decision, DecisionModel, DecisionTable, LiteralExpression

MOST_DECISIONS = 30
ONE_RESULT = {"UNIQUE", "ANY", "FIRST", "PRIORITY"}


@dataclass(frozen=True, slots=True)
class _Step:
    """A required decision: its table, or its expression."""

    decision: Decision
    parsed: Parsed | None
    node: tree.Node | None


class Chain:
    """A decision table whose inputs are what the decisions above give.

    Raises:
        NotTranslatable: something in it or above it is not said exactly to a solver.
        MissingExtra: z3 is not installed.
    """

    def __init__(self, at: TableAt) -> None:
        if at.decision is None:
            raise NotTranslatable("a table that is no decision")
        self.model, self.at = at.model, at
        self.steps = [self._step(decision) for decision in _above(at.model, at.decision)]
        if not self.steps:
            raise NotTranslatable("a decision without decisions above it")
        if not self.calculates:
            raise NotTranslatable("constants and intervals only, which `upstream` joins")
        kinds: dict[str, str] = {}
        results = self._results()
        parsed = [parse_table(at), *(step.parsed for step in self.steps if step.parsed is not None)]
        for entry in parsed:
            _join(kinds, kinds_of(entry), results)
        for step in self.steps:
            if step.node is not None:
                _join(kinds, _declared(self.model, step.node), results)
        self.terms = Terms(kinds)
        for step in self.steps:
            for name, term in self._solved(step).items():
                self.terms.variables[name] = term
        self.proofs = Proofs(at, terms=self.terms)

    @property
    def ids(self) -> tuple[str, ...]:
        """The decisions above, nearest first."""
        return tuple(step.decision.id for step in reversed(self.steps))

    @property
    def calculates(self) -> bool:
        """Whether there is more to join than constants and intervals."""
        return any(
            step.parsed is None
            or any(cell[0] != "constant" for row in step.parsed.outputs for cell in row)
            or isinstance(geometry(step.parsed.at), NotBoxes)
            for step in self.steps
        ) or isinstance(geometry(self.at), NotBoxes)

    def dead(self) -> Iterator[int]:
        """Rules (0-based) that some input could meet, but no result from above does."""
        alone = Proofs(self.at)
        for rule in range(len(self.at.table.rules)):
            if self.proofs.alive(rule) is False and alone.alive(rule):
                yield rule

    def _step(self, decision: Decision) -> _Step:
        logic = decision.logic
        if isinstance(logic, DecisionTable) and logic.hit_policy in ONE_RESULT:
            return _Step(decision, parse_table(TableAt(self.model, decision.id, decision.name, logic, decision)), None)
        if isinstance(logic, LiteralExpression) and logic.language == "feel":
            try:
                return _Step(decision, None, parse_expression(logic.text, names_of(self.model)))
            except FeelError as error:
                raise NotTranslatable(f"{logic.text[:80]!r}, which is no FEEL") from error
        raise NotTranslatable(f"the logic of {decision.name!r}")

    def _results(self) -> set[str]:
        """The names by which decisions read results of others. Raises NotTranslatable where one name is two things, or
        a decision reads what it does not require."""
        by_step = {step.decision.id: [name for names in _names(step).values() for name in names] for step in self.steps}
        every = [name for names in by_step.values() for name in dict.fromkeys(names)]
        data = {entry.name for entry in self.model.inputs}
        if len(set(every)) < len(every) or any(name.split(".")[0] in data for name in every):
            raise NotTranslatable("a name that is two things")
        assert self.at.decision is not None
        readers = [(self.at.decision, _reads(parse_table(self.at)))]
        readers += [
            (step.decision, set(variables_in(step.node)) if step.node is not None else _reads(step.parsed))
            for step in self.steps
        ]
        for decision, names in readers:
            required = {name for id in decision.requires for name in by_step.get(id, ())}
            if names & (set(every) - required):
                raise NotTranslatable(f"what {decision.name!r} reads without requiring it")
        return set(every)

    def _solved(self, step: _Step) -> Mapping[str, Term]:
        kind = _kind(self.model, step.decision.type)
        if step.node is not None:
            term = self.terms.value(step.node)
            if kind not in ("Any", term.kind) or (kind != "Any" and _restricted(self.model, step.decision.type)):
                raise NotTranslatable(f"a result of kind {term.kind} where {step.decision.type} is declared")
            return dict.fromkeys(_names(step)[0], term)
        assert step.parsed is not None
        proofs = Proofs(step.parsed.at, terms=self.terms)
        return {name: proofs.result(output) for output, names in _names(step).items() for name in names}


def result_of(at: TableAt) -> tuple[Proofs, list[Term]]:
    """A table by itself with what it gives, output by output. Raises NotTranslatable, MissingExtra."""
    proofs = Proofs(at)
    return proofs, [proofs.result(output) for output in range(len(at.table.outputs))]


class Way:
    """What a gateway asks of a decision's result, as conditions on the decision's own inputs.

    Raises:
        NotTranslatable: a condition reads anything but the result, or is not said exactly to a solver.
        MissingExtra: z3 is not installed.
    """

    def __init__(self, at: TableAt, variable: str, guards: Sequence[tree.Node]) -> None:
        self.at, self.variable = at, variable
        self.proofs, found = result_of(at)
        terms, names = self.proofs.terms, [clause.name for clause in at.table.outputs]
        known = {variable: found[0]} if len(names) == 1 else {
            f"{variable}.{name}": term for name, term in zip(names, found, strict=True)
        }  # fmt: skip
        inputs = dict(terms.variables)
        if {name.split(".")[0] for name in inputs} & {variable}:
            raise NotTranslatable(f"an input that is named {variable!r} as the result is")
        terms.variables.clear()
        terms.variables.update(known)
        kinds, terms.kinds = terms.kinds, {}
        try:
            self.open: list[Truth] = [terms.is_true(guard) for guard in guards]
        finally:
            terms.kinds = kinds
            terms.variables.clear()
            terms.variables.update(inputs)
        self.decided = terms.either(*self.proofs.met)

    def closed(self, truth: Truth) -> Truth:
        """That a condition does not hold."""
        return self.proofs.terms.no(truth)

    def shown(self, *claims: Truth) -> Answer:
        """A case with all inputs that the table decides, and for which the claims hold."""
        return self.proofs.terms.ask(self.proofs.complete, self.decided, *claims)

    def result(self, case: Mapping[str, Any]) -> tuple[int, Any] | None:
        """The rule (0-based) that decides a case, and the result as the process sees it."""
        found = self.proofs.decided(case)
        if found is None:
            return None
        rule, values = found
        names = [clause.name for clause in self.at.table.outputs]
        return rule, values[0] if len(values) == 1 else dict(zip(names, values, strict=True))

    def never(self, *claims: Truth) -> bool:
        """Whether no case, inputs missing or not, that the table decides fulfils the claims."""
        return self.proofs.terms.exists(self.decided, *claims) is False


def chains(ats: Sequence[TableAt]) -> Iterator[tuple[TableAt, Chain]]:
    """Every decision table that has decisions above it which calculate, as far as a solver can be told."""
    for at in ats:
        if at.decision is None or at.decision.logic is not at.table or not at.decision.requires:
            continue
        try:
            yield at, Chain(at)
        except MissingExtra:
            return
        except NotTranslatable:
            continue


def _above(model: DecisionModel, start: Decision) -> list[Decision]:
    """Required decisions, each after those it requires itself. Raises NotTranslatable for a cycle or a stranger."""
    known = {decision.id: decision for decision in model.decisions}
    done: list[Decision] = []
    path: list[str] = []

    def visit(decision: Decision) -> None:
        if decision.id in path or len(path) > MOST_DECISIONS:
            raise NotTranslatable("decisions that require each other")
        if decision.knowledge:
            raise NotTranslatable(f"the functions {decision.name!r} calls")
        path.append(decision.id)
        for required in decision.requires:
            if required in known:
                if known[required] not in done:
                    visit(known[required])
            elif not any(entry.id == required for entry in model.inputs):
                raise NotTranslatable(f"{required!r}, which another file holds")
        path.pop()
        if decision is not start:
            done.append(decision)

    visit(start)
    return done


def _reads(parsed: Parsed | None) -> set[str]:
    if parsed is None:
        return set()
    formulas = [cell[1] for row in parsed.outputs for cell in row if cell[0] == "formula"]
    roots = (*parsed.columns, *(test for row in parsed.cells for test in row), *formulas)
    return {name for root in roots for name in variables_in(root)}


def _names(step: _Step) -> dict[int, list[str]]:
    decision = step.decision
    if step.parsed is None:
        return {0: [decision.variable, decision.id]}
    outputs = [clause.name for clause in step.parsed.at.table.outputs]
    if len(outputs) == 1:
        return {0: [decision.variable, decision.id, *([outputs[0]] if outputs[0] else [])]}
    return {
        at: [f"{decision.variable}.{name}", f"{decision.id}.{name}", name] for at, name in enumerate(outputs) if name
    }


def _join(kinds: dict[str, str], more: Mapping[str, str], results: set[str]) -> None:
    for name, kind in more.items():
        if name in results:
            continue
        if kinds.setdefault(name, kind) != kind:
            raise NotTranslatable(f"the input {name!r} of two kinds")


def _declared(model: DecisionModel, node: tree.Node) -> dict[str, str]:
    from bpm.analyser.tables import declared_name
    from bpm.feel.terms import KINDS

    found = {name: declared_name(model, name)[0] for name in variables_in(node)}
    return {name: kind for name, kind in found.items() if kind in KINDS}


def _kind(model: DecisionModel, name: str | None) -> str:
    try:
        return prepare(model).types.named(name).kind
    except LichtungError as error:
        raise NotTranslatable("the types of the file") from error


def _restricted(model: DecisionModel, name: str | None) -> bool:
    return prepare(model).types.named(name).allowed is not None
