"""A procedure without one of its steps or rules, to be played beside the one of today.

A step goes by an edit of the file's own bytes (`remove-step`). What it decided has to be said: where the cases branch
by what is found out there, each goes the way that most go today, and the trial says so (`Assumption`). Where a value
would have to be invented, or another step works with what only this one supplies, nothing is tried: `Refusal`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from bpm.analyser.dataflow import DataFlow
from bpm.analyser.given import Given, TableAt
from bpm.errors import InvalidRequest, ModelError
from bpm.model.edit import apply
from bpm.model.edit.edited import edited
from bpm.model.edit.rules import RemoveRule
from bpm.model.edit.steps import RemoveStep
from bpm.model.procedure import Procedure
from bpm.model.process import BusinessRuleTask, Gateway
from bpm.model.reader import read_bpmn
from bpm.model.scenario import Attribute, Branch, Scenario

Text: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Assumption:
    """What holds without the step: at a gateway (`element`) every case takes `flow`, as `share` of them do today; or a
    datum (`item`) has the `value` that it has most often (`share`)."""

    element: str | None
    share: float
    flow: str | None = None
    item: str | None = None
    value: Any = None
    text: Text | None = None

    def as_json(self, lang: str) -> dict[str, Any]:
        return {
            "element": self.element, "flow": self.flow, "item": self.item, "value": self.value, "share": self.share,
            "text": self.text[lang] if self.text else None,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Absence:
    """A procedure with something left out, and the scenario as it holds then."""

    procedure: Procedure
    scenario: Scenario
    assumptions: tuple[Assumption, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing was tried."""

    reason: Text


Absent: TypeAlias = Absence | Refusal


class Absences:
    """Leaves things out of one procedure. `flows` are traversals per case today, by sequence flow."""

    def __init__(self, given: Given, scenario: Scenario, flows: Mapping[str, float]) -> None:
        self.given, self.scenario, self.traversals = given, scenario, flows
        assert given.process is not None
        self.process = given.process
        self.flow: DataFlow = next(it for it in given.dataflows if it.graph.process is given.process)
        self.graph = self.flow.graph

    # --- steps -------------------------------------------------------------------------------------------------

    def of_steps(self, elements: Sequence[str]) -> Absent:
        """Without some steps; what one of them alone refuses, all refuse."""
        source = self.given.procedure.process
        assert source is not None
        assumed: list[Assumption] = []
        for element in elements:
            found = self._assumptions(element, frozenset(elements))
            if isinstance(found, Refusal):
                return found
            assumed += found
        try:
            data = apply(source.source, [RemoveStep(element=element) for element in elements], source.path)
            model = read_bpmn(data, source.path)
        except (InvalidRequest, ModelError) as error:
            return Refusal(_refused(error.message))
        assumed = [one for place, one in enumerate(assumed) if one not in assumed[:place]]
        left = {node.id for node in model.main.nodes}
        own = self._under([it for it in assumed if it.element is None or it.element in left])
        return Absence(replace(self.given.procedure, process=model), own, tuple(assumed))

    def _assumptions(self, element: str, gone: frozenset[str]) -> list[Assumption] | Refusal:
        """What has to hold at all that works with what the step finds out."""
        own = {attribute.name: attribute for attribute in self.scenario.results.get(element, ())}
        found: list[Assumption] = []
        for item in sorted(self.flow.writes(element) | set(own)):
            readers = [node for node in self.flow.readers(element, item) if node not in gone]
            readers = [node for node in readers if not self._known_otherwise(node, item, element, gone)]
            if not readers:
                continue
            working = [node for node in readers if not isinstance(self.graph.nodes[node], Gateway)]
            constant = _most_frequent(own.get(item))
            if working and not (constant and all(self._decides(node) for node in working)):
                return Refusal(_needed(self._name(working[0]), item))
            if constant is not None:
                found.append(constant)
            for node in readers:
                if node in working or (constant is not None and not self._drawn(node)):
                    continue
                way = self._most_taken(node)
                if isinstance(way, Refusal):
                    return way
                found.append(way)
        behind = self._gateway_behind(element)
        if behind is not None and all(it.element != behind for it in found):
            way = self._most_taken(behind)
            if isinstance(way, Refusal):
                return way
            found.append(way)
        return found

    def _known_otherwise(self, reader: str, item: str, element: str, gone: frozenset[str]) -> bool:
        """Whether a reader gets the item from elsewhere too: from the start, or from a step before this one."""
        if any(attribute.name == item for attribute in self.scenario.attributes):
            return True
        if self._drawn(reader) and not self._only(reader, element):
            return True
        return any(
            other != element and other not in gone and self.flow.precedes(other, element)
            for other in self._writers(item)
        )

    def _writers(self, item: str) -> set[str]:
        """Every step that gives an item a value, by the model or in the scenario."""
        told = {use.element for use in self.flow.items.get(item, ()) if use.how == "write"}
        drawn = {element for element, own in self.scenario.results.items() if any(it.name == item for it in own)}
        return told | (drawn & set(self.graph.nodes))

    def _drawn(self, gateway: str) -> bool:
        return gateway in self.scenario.gateways

    def _only(self, gateway: str, element: str) -> bool:
        """Whether all that a gateway asks comes from one step."""
        return all(set(self.flow.writers(gateway, item)) <= {element} for item in self.flow.reads(gateway))

    def _decides(self, node: str) -> bool:
        return isinstance(self.graph.nodes[node], BusinessRuleTask)

    def _gateway_behind(self, element: str) -> str | None:
        """A gateway directly behind a step, whose question nobody else answers: it asks for the step's result."""
        out = self.graph.outgoing[element]
        if len(out) != 1:
            return None
        node = self.graph.nodes[out[0].target]
        if node.type not in ("exclusiveGateway", "inclusiveGateway") or len(self.graph.outgoing[node.id]) < 2:
            return None
        asked = self.flow.reads(node.id)
        if any(self.flow.writers(node.id, item) for item in asked) or self._from_start(asked):
            return None
        return node.id

    def _from_start(self, items: frozenset[str]) -> bool:
        known = {attribute.name for attribute in self.scenario.attributes} | set(self.flow.given_at_start)
        return bool(items & known)

    def _most_taken(self, gateway: str) -> Assumption | Refusal:
        """The way out of a gateway that most cases take today."""
        node = self.graph.nodes[gateway]
        ways = [(self.traversals.get(flow.id, 0.0), flow) for flow in self.graph.outgoing[gateway]]
        total = sum(count for count, _ in ways)
        if node.type != "exclusiveGateway" or not total:
            return Refusal(_branches(self._name(gateway)))
        count, flow = max(ways, key=lambda pair: pair[0])
        share = count / total
        if share < 0.5:
            return Refusal(_branches(self._name(gateway)))
        target = flow.name or self._name(flow.target)
        name = self._name(gateway)
        text = {
            "de": f"„{name}“: ohne den Schritt gehen alle Fälle den Weg „{target}“ (heute {_percent(share, 'de')})",
            "en": f"{name!r}: without the step all cases go the way {target!r} (today {_percent(share, 'en')})",
        }
        return Assumption(gateway, share, flow=flow.id, text=text)

    def _under(self, assumed: Sequence[Assumption]) -> Scenario:
        """The scenario under assumptions."""
        gateways = dict(self.scenario.gateways)
        constants: list[Attribute] = []
        for one in assumed:
            if one.element is not None:
                ways = self.graph.outgoing[one.element]
                gateways[one.element] = tuple(Branch(flow.id, 1.0 if flow.id == one.flow else 0.0) for flow in ways)
            elif one.item is not None:
                constants.append(Attribute(one.item, ((one.value, 1.0),)))
        return replace(self.scenario, gateways=gateways, attributes=(*self.scenario.attributes, *constants))

    def _name(self, node: str) -> str:
        return self.graph.nodes[node].name or node

    # --- rules -------------------------------------------------------------------------------------------------

    def of_rules(self, at: TableAt, rules: Sequence[int], within: Procedure | None = None) -> Absent:
        """Without some rules (1-based) of one table."""
        if at.decision is None or at.decision.logic is not at.table:
            return Refusal(INSIDE)
        drawn = self._drawn_instead(at)
        if drawn is not None:
            return Refusal(drawn)
        decision = replace(at.decision, logic=edited(at.table, [RemoveRule(decision=at.owner, rule=n) for n in rules]))
        base = within or self.given.procedure
        models = []
        for model in base.decisions:
            if model.path == at.model.path:
                entries = tuple(decision if it.id == decision.id else it for it in model.decisions)
                model = replace(model, decisions=entries)
            models.append(model)
        return Absence(replace(base, decisions=tuple(models)), self.scenario)

    def _drawn_instead(self, at: TableAt) -> Text | None:
        """Where the scenario draws what the table decides, leaving out a rule would show nothing."""
        for node in self.process.nodes:
            if not isinstance(node, BusinessRuleTask) or not node.result_variable:
                continue
            if at.owner not in self._required(node.decision):
                continue
            drawn = [it for it in self.flow.readers(node.id, node.result_variable) if self._drawn(it)]
            if drawn:
                name = self._name(drawn[0])
                return {
                    "de": f"das Szenario zieht „{name}“ aus Anteilen, statt nach der Entscheidung zu gehen",
                    "en": f"the scenario draws {name!r} from shares instead of following the decision",
                }
            return None
        return NOT_PLAYED

    def _required(self, decision: str | None) -> set[str]:
        """A decision with all it requires in its file."""
        pair = self.given.procedure.decision(decision) if decision else None
        if pair is None:
            return set()
        model, first = pair
        by_id = {it.id: it for it in model.decisions}
        found, todo = {first.id}, [first]
        while todo:
            for reference in todo.pop().requires:
                key = reference.rpartition("#")[2]
                if key in by_id and key not in found:
                    found.add(key)
                    todo.append(by_id[key])
        return found


def _most_frequent(attribute: Attribute | None) -> Assumption | None:
    if attribute is None or not attribute.choices:
        return None
    total = sum(weight for _, weight in attribute.choices)
    value, weight = max(attribute.choices, key=lambda pair: pair[1])
    if not total or weight / total < 0.5:
        return None
    share = weight / total
    shown = {True: "ja", False: "nein"}.get(value, value) if isinstance(value, bool) else value
    text = {
        "de": f"„{attribute.name}“: ohne den Schritt gilt „{shown}“ (heute {_percent(share, 'de')})",
        "en": f"{attribute.name!r}: without the step {value!r} holds (today {_percent(share, 'en')})",
    }
    return Assumption(None, share, item=attribute.name, value=value, text=text)


def _percent(share: float, lang: str) -> str:
    text = f"{100 * share:.1f} %"
    return text.replace(".", ",") if lang == "de" else text


def _needed(reader: str, item: str) -> Text:
    return {
        "de": f"„{reader}“ arbeitet mit „{item}“, das nur dieser Schritt liefert",
        "en": f"{reader!r} works with {item!r}, which only this step supplies",
    }


def _branches(name: str) -> Text:
    return {
        "de": f"„{name}“ verzweigt nach dem, was hier festgestellt wird; welcher Weg ohne den Schritt gälte, ist offen",
        "en": f"{name!r} branches by what is found out here; which way would hold without the step is open",
    }


INSIDE: Text = {
    "de": "die Tabelle steckt in einem Ausdruck und wird nicht einzeln geändert",
    "en": "the table is inside an expression and is not changed by itself",
}
NOT_PLAYED: Text = {
    "de": "keine Aufgabe des simulierten Ablaufs fragt diese Tabelle",
    "en": "no task of the simulated flow asks this table",
}
_GERMAN = {
    "it has no way in, no way on or several ways on": "der Schritt hat keinen Weg hinein, keinen oder mehrere weiter",
    "the way on has a condition": "der Weg danach hat eine Bedingung",
    "an event-based gateway waits for it": "eine Verzweigung nach Ereignissen wartet auf ihn",
    "what comes before and after it is the same": "davor und danach steht dasselbe",
    "several ways lead to it, and a join follows": "mehrere Wege führen hin, und eine Zusammenführung folgt",
    "only steps of the flow can be edited so": "er steht nicht im gewöhnlichen Ablauf",
}


def _refused(message: str) -> Text:
    said = next((german for english, german in _GERMAN.items() if english in message), message)
    why = message.partition(": ")[2] or message
    return {
        "de": f"das Modell ohne den Schritt müsste geraten werden: {said}",
        "en": f"the model without the step would have to be guessed: {why}",
    }
