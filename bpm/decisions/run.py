"""One evaluation: inputs in, requirements first, the result with what led to it out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bpm.decisions.boxed import conform
from bpm.decisions.prepared import Place, PreparedModel, prepare
from bpm.errors import BudgetExceeded, DecisionError
from bpm.feel.budget import DEPTH, Budget
from bpm.feel.data import from_json, to_json
from bpm.feel.evaluate import Evaluation, Scope
from bpm.feel.syntax.names import normalise
from bpm.feel.types import coerce
from bpm.feel.values import Fault, HostFunction, Value
from bpm.model.decision import (
    BusinessKnowledgeModel,
    Decision,
    DecisionModel,
    DecisionService,
    DecisionTable,
    InputData,
)

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one decision and the 1-based numbers of the rules that matched in its own table."""

    result: Value
    matched: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Decided:
    """`decision` is the id; `result` a FEEL value; `requirements` the outcomes of required decisions by id; `tables`
    every table evaluated, inside knowledge models too, with its matched rules in order of evaluation."""

    decision: str
    result: Value
    matched: tuple[int, ...] = ()
    requirements: Mapping[str, Outcome] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    tables: tuple[tuple[str, tuple[int, ...]], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The JSON of the contract. Raises BudgetExceeded for results too large to write."""
        return {
            "decision": self.decision,
            "result": to_json(self.result),
            "matched": list(self.matched),
            "requirements": {
                id: {"result": to_json(outcome.result), "matched": list(outcome.matched)}
                for id, outcome in self.requirements.items()
            },
            "warnings": list(self.warnings),
        }


def decide(
    model: DecisionModel | PreparedModel,
    decision: str,
    inputs: Mapping[str, Any],
    *,
    now: datetime | None = None,
    budget: Budget | None = None,
) -> Decided:
    """Evaluate a decision (or decision service) by id or name with everything it requires.

    `inputs` are JSON or FEEL values by the name or id of the input; they follow its declared type. A name that the
    model declares nowhere is visible to every expression as it is. `now` is what FEEL's `now()` gives.

    Raises DecisionError (unknown or ambiguous decision, cycle, dangling requirement, cell that is not FEEL, rules in
    conflict) and BudgetExceeded.
    """
    prepared = model if isinstance(model, PreparedModel) else prepare(model)
    place = prepared.find(decision)
    run = _Run(prepared, inputs, now, budget)
    try:
        result = run.service(place, ()) if isinstance(place.element, DecisionService) else run.decide(place)
    except RecursionError:
        raise BudgetExceeded("calls inside each other", DEPTH) from None
    own = run.outcomes.pop(place.key, Outcome(result))
    return Decided(
        place.element.id,
        result,
        own.matched,
        {key[1]: outcome for key, outcome in run.outcomes.items()},
        tuple(dict.fromkeys(run.ev.warnings)),
        tuple(run.tables),
    )


class _Run:
    """Implements `bpm.decisions.boxed.Run`."""

    def __init__(
        self, prepared: PreparedModel, inputs: Mapping[str, Any], now: datetime | None, budget: Budget | None
    ) -> None:
        self.ev = Evaluation(budget or Budget(), None, prepared.types, now)
        self.fixed_budget = budget is not None
        self.declared = prepared.declared  # these names are normal already
        self.given = {name if name in self.declared else normalise(str(name)): value for name, value in inputs.items()}
        self.outcomes: dict[Key, Outcome] = {}
        self.values: dict[Key, Value] = {}
        self.tables: list[tuple[str, tuple[int, ...]]] = []
        self.loose = {name: from_json(value) for name, value in self.given.items() if name not in self.declared}

    def hit(self, table: str, rules: tuple[int, ...]) -> None:
        self.tables.append((table, rules))

    # --- requirements ----------------------------------------------------------------------------------------

    def decide(self, place: Place) -> Value:
        """The value of a decision, required decisions first. Raises DecisionError on a cycle."""
        for part in self.in_order(place):
            self.values[part.key] = self.evaluate(part)
        return self.values[place.key]

    def in_order(self, place: Place) -> Iterator[Place]:
        """Required decisions before those that require them; a stack instead of recursion."""
        path: dict[Key, str] = {}
        stack: list[tuple[Place, Iterator[Place]]] = []
        waiting: Place | None = place
        while waiting is not None or stack:
            if waiting is not None:
                if waiting.key in path:
                    members = [*list(path.values())[list(path).index(waiting.key) :], waiting.element.name]
                    raise DecisionError("decision-cycle", " -> ".join(members), element=waiting.element.id)
                path[waiting.key] = waiting.element.name
                stack.append((waiting, iter(waiting.prepared.required(waiting.element))))
            current, requirements = stack[-1]
            waiting = next(
                (part for part in requirements if isinstance(part.element, Decision) and part.key not in self.values),
                None,
            )
            if waiting is None:
                stack.pop()
                del path[current.key]
                if current.key not in self.values:
                    yield current

    def evaluate(self, place: Place) -> Value:
        """One decision whose requirements have values."""
        decision = place.element
        if not isinstance(decision, Decision):
            raise DecisionError("decision-dangling", f"{decision.name!r} is no decision", element=decision.id)
        logic = place.prepared.logic(decision)
        if logic is None:
            self.ev.fault(f"{decision.name}: the decision has no logic")
        if not self.fixed_budget:
            self.ev.budget = Budget(steps=place.prepared.steps(decision))
        before, types, warned = len(self.tables), self.ev.types, len(self.ev.warnings)
        self.ev.types = place.prepared.types
        value = None if logic is None else logic(self, self.scope(place))
        value = conform(self.ev, value, place.prepared.types.named(decision.type))
        self.ev.types = types
        if len(self.ev.warnings) > warned:
            self.ev.warnings[warned:] = [f"{decision.name}: {text}" for text in self.ev.warnings[warned:]]
        table = len(self.tables) > before and isinstance(decision.logic, DecisionTable)
        self.outcomes[place.key] = Outcome(value, self.tables[-1][1] if table else ())
        return value

    def scope(self, place: Place) -> Scope:
        """The names a decision or knowledge model sees: its direct requirements, and undeclared inputs."""
        names: dict[str, Value] = {}
        for part in place.prepared.required(place.element):
            value = self.value_of(part)
            qualifier = place.prepared.import_name(part.prepared)
            if qualifier is None:
                names[part.variable] = value
            elif qualifier == "":
                names.setdefault(part.variable, value)
            else:
                names.setdefault(qualifier, {})[part.variable] = value
        return Scope(names, Scope(self.short_names(place), Scope(self.loose)))

    def short_names(self, place: Place) -> dict[str, Value]:
        """Required decisions by id and by the names of their outputs, as some modellers write them; a declared
        variable always goes first."""
        names: dict[str, Value] = {}
        for part in place.prepared.required(place.element):
            if not isinstance(part.element, Decision) or part.prepared is not place.prepared:
                continue
            value = self.values.get(part.key)
            names[part.element.id] = value
            outputs = part.element.logic.outputs if isinstance(part.element.logic, DecisionTable) else ()
            for output in outputs:
                if output.name:
                    names[output.name] = value.get(output.name) if isinstance(value, dict) else value
        return names

    def value_of(self, place: Place) -> Value:
        element = place.element
        if isinstance(element, InputData):
            if place.key not in self.values:
                self.values[place.key] = self.input(place, element)
        elif isinstance(element, BusinessKnowledgeModel):
            return self.knowledge(place)
        elif isinstance(element, DecisionService):
            return self.service_function(place)
        return self.values[place.key]

    def input(self, place: Place, element: InputData) -> Value:
        """The given value as its declared type."""
        name = place.variable if place.variable in self.given else element.id
        if name not in self.given:
            self.ev.fault(f"{element.name} is not given")
            return None
        type = place.prepared.types.named(element.type)
        found = len(self.ev.warnings)
        value = conform(self.ev, from_json(self.given[name], type), type)
        if len(self.ev.warnings) > found:
            self.ev.warnings[found:] = [f"{element.name}: {text}" for text in self.ev.warnings[found:]]
        return value

    # --- functions -------------------------------------------------------------------------------------------

    def knowledge(self, place: Place) -> Value:
        """A business knowledge model as a function; its own requirements are looked up when it is called."""
        element = place.element
        if not isinstance(element, BusinessKnowledgeModel) or element.logic is None:
            return None
        parameters = tuple(name for name, _ in element.logic.parameters)

        def call(arguments: Sequence[Value]) -> Value:
            logic = place.prepared.logic(element)
            function = None if logic is None else logic(self, self.scope(place))
            if not isinstance(function, HostFunction):
                raise Fault(f"{element.name} has no logic")
            value = function.call(arguments)
            return conform(self.ev, value, place.prepared.types.named(element.type))

        return HostFunction(element.name, parameters, call)

    def service_function(self, place: Place) -> Value:
        element = place.element
        if not isinstance(element, DecisionService):
            return None
        asked = self.service_inputs(place)
        return HostFunction(
            element.name, tuple(part.variable for part in asked), lambda arguments: self.service(place, arguments)
        )

    def service_inputs(self, place: Place) -> list[Place]:
        """Parameters of a service: input data, then input decisions, in the order of the file."""
        element = place.element
        if not isinstance(element, DecisionService):
            return []
        references = (*element.input_data, *element.input_decisions)
        return [place.prepared.resolve(reference, element.name) for reference in references]

    def service(self, place: Place, arguments: Sequence[Value]) -> Value:
        """The output decisions of a service, its input decisions being given. Without arguments: from the inputs."""
        element = place.element
        if not isinstance(element, DecisionService):
            return None
        inner = _Run.__new__(_Run)
        inner.ev, inner.fixed_budget, inner.declared, inner.loose = self.ev, True, self.declared, {}
        inner.given, inner.tables, inner.outcomes = self.given, self.tables, {}
        inner.values = {}
        parameters = self.service_inputs(place)
        if not arguments:
            for part in parameters:
                if isinstance(part.element, InputData):
                    inner.values[part.key] = self.input(part, part.element)
                else:
                    inner.values[part.key] = from_json(self.given.get(part.variable))
        else:
            for part, value in zip(parameters, arguments, strict=True):
                declared = part.element.type if isinstance(part.element, (InputData, Decision)) else None
                inner.values[part.key], problem = coerce(value, part.prepared.types.named(declared))
                if problem is not None:
                    raise Fault(f"argument {part.variable}: {problem}")
        outputs = [place.prepared.resolve(reference, element.name) for reference in element.outputs]
        results = {part.variable: inner.decide(part) for part in outputs}
        self.outcomes.update(inner.outcomes)
        value = next(iter(results.values())) if len(results) == 1 else results
        return conform(self.ev, value, place.prepared.types.named(element.type))
