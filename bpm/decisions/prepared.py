"""A model made ready: names, types, and every expression parsed on first use and kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import TypeAlias

from bpm.decisions.boxed import Logic, compile_boxed, compile_function
from bpm.decisions.itemtypes import ItemTypes
from bpm.errors import DecisionError
from bpm.feel.budget import STEPS
from bpm.feel.syntax.names import normalise
from bpm.model.decision import (
    BusinessKnowledgeModel,
    Decision,
    DecisionModel,
    DecisionService,
    DecisionTable,
    InputData,
    ItemDefinition,
)

Element: TypeAlias = Decision | InputData | BusinessKnowledgeModel | DecisionService
NO_MODELS: Mapping[str, DecisionModel] = {}

STEPS_PER_CELL = 20
"""A large table may cost more steps than one expression."""


@dataclass(frozen=True, slots=True)
class Place:
    """An element and the model it stands in."""

    prepared: PreparedModel
    element: Element
    key: tuple[str, str] = field(init=False, compare=False)
    variable: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        name = self.element.name if isinstance(self.element, InputData) else self.element.variable
        object.__setattr__(self, "key", (self.prepared.model.namespace, self.element.id))
        object.__setattr__(self, "variable", normalise(name))


class PreparedModel:
    """One model with what it imports. Safe to share between threads: entries are only ever added."""

    def __init__(self, model: DecisionModel, models: Mapping[str, DecisionModel], above: tuple[str, ...] = ()) -> None:
        self.model = model
        self.elements: dict[str, Element] = {}
        everything: tuple[Element, ...] = (*model.inputs, *model.knowledge, *model.services, *model.decisions)
        for element in everything:
            self.elements.setdefault(element.id, element)
        self.imports: dict[str, tuple[str, PreparedModel]] = {}
        for entry in model.imports:
            found = models.get(entry.namespace)
            if found is not None and entry.namespace not in above and entry.namespace != model.namespace:
                inner = PreparedModel(found, models, (*above, model.namespace))
                self.imports[entry.namespace] = (normalise(entry.name), inner)
        self.types: ItemTypes = ItemTypes(model, {name: inner.types for name, inner in self.imports.values()})
        self.components: frozenset[str] = frozenset(
            name for item in model.items for name in _component_names(item)
        ) | frozenset().union(*(inner.components for _, inner in self.imports.values()))
        self.declared: frozenset[str] = frozenset(normalise(entry.name) for entry in model.inputs)
        self._logic: dict[str, Logic] = {}
        # requirements and steps by identity: a faulty file may use an id twice, and the model keeps its elements alive
        self._places: dict[str, Place] = {}
        self._required: dict[int, tuple[Place, ...]] = {}
        self._steps: dict[int, int] = {}

    def find(self, name_or_id: str) -> Place:
        """A decision or decision service by id, else by name. Raises DecisionError."""
        place = self._places.get(name_or_id)
        if place is not None:
            return place
        found = self.elements.get(name_or_id)
        if isinstance(found, (Decision, DecisionService)):
            place = self._places[name_or_id] = Place(self, found)
            return place
        invocable: tuple[Decision | DecisionService, ...] = (*self.model.decisions, *self.model.services)
        named = [
            element
            for element in invocable
            if normalise(element.name) == normalise(name_or_id) or element.variable == name_or_id
        ]
        if len(named) > 1:
            raise DecisionError("decision-ambiguous", f"{len(named)} decisions are named {name_or_id!r}: use the id")
        if not named:
            raise DecisionError("decision-unknown", f"no decision is named {name_or_id!r}", element=name_or_id)
        return Place(self, named[0])

    def resolve(self, reference: str, asker: str) -> Place:
        """What a requirement points to. Raises DecisionError where it dangles."""
        namespace, _, id = reference.rpartition("#")
        owner = self if not namespace else self.imports.get(namespace, ("", None))[1]
        element = owner.elements.get(id) if owner is not None else None
        if owner is None or element is None:
            raise DecisionError(
                "decision-dangling", f"{asker!r} requires {reference!r}, which is not there", element=asker
            )
        return Place(owner, element)

    def required(self, element: Element) -> tuple[Place, ...]:
        """Direct requirements of a decision or knowledge model, knowledge last."""
        places = self._required.get(id(element))
        if places is None:
            places = self._required[id(element)] = self._resolved(element)
        return places

    def _resolved(self, element: Element) -> tuple[Place, ...]:
        references: tuple[str, ...] = ()
        if isinstance(element, Decision):
            references = (*element.requires, *element.knowledge)
        elif isinstance(element, BusinessKnowledgeModel):
            references = element.knowledge
        return tuple(self.resolve(reference, element.name) for reference in references)

    def import_name(self, other: PreparedModel) -> str | None:
        """The name under which elements of `other` are seen here; None for this model itself."""
        if other is self:
            return None
        return next((name for name, inner in self.imports.values() if inner.model is other.model), "")

    def names(self, element: Element) -> frozenset[str]:
        """All names an expression of `element` may use."""
        places = self.required(element)
        own = {place.variable for place in places}
        for place in places:
            if isinstance(place.element, Decision) and isinstance(place.element.logic, DecisionTable):
                own |= {output.name for output in place.element.logic.outputs if output.name}
        qualifiers = {name for name, _ in self.imports.values() if name}
        return frozenset(own | qualifiers) | self.components

    def steps(self, decision: Decision) -> int:
        """What an evaluation of the decision may cost where the caller sets no budget."""
        found = self._steps.get(id(decision))
        if found is None:
            rules = decision.logic.rules if isinstance(decision.logic, DecisionTable) else ()
            found = self._steps[id(decision)] = STEPS + STEPS_PER_CELL * sum(len(rule.inputs) + 1 for rule in rules)
        return found

    def logic(self, element: Decision | BusinessKnowledgeModel) -> Logic | None:
        """The compiled expression. Raises DecisionError where an expression is not FEEL."""
        found = self._logic.get(element.id)
        if found is None and element.logic is not None:
            names = self.names(element)
            if isinstance(element, BusinessKnowledgeModel):
                found = compile_function(element.logic, names, self.types, element.variable)
            else:
                found = compile_boxed(element.logic, names, self.types)
            self._logic[element.id] = found
        return found


def _component_names(item: ItemDefinition) -> set[str]:
    found: set[str] = set()
    waiting = list(item.components)
    while waiting:
        part = waiting.pop()
        found.add(part.name)
        waiting.extend(part.components)
    return found


_KEPT = 64
_cache: dict[int, PreparedModel] = {}
_lock = Lock()


def prepare(model: DecisionModel, models: Mapping[str, DecisionModel] = NO_MODELS) -> PreparedModel:
    """Make `model` ready; `models` are those it may import, by namespace. Cheap: expressions are parsed on first use.

    The last models are kept by identity, not by digest: an edited copy keeps its digest but is another model.
    """
    if models:
        return PreparedModel(model, models)
    with _lock:
        found = _cache.get(id(model))
        if found is None or found.model is not model:
            found = PreparedModel(model, models)
            if len(_cache) >= _KEPT:
                _cache.pop(next(iter(_cache)))
            _cache[id(model)] = found
        return found
