"""No case can, or does, take this way.

What it finds
A conditional flow of an exclusive or inclusive gateway that no data can open: what its condition asks contradicts
itself, a condition passed on every way before (and nothing has written the datum since), or all that the form field or
decision table can write that fills the datum. Also a way that the scenario gives the share zero. A rare way is not
dead, nor is one whose condition cannot be read, or one that a norm demands. Steps in between that do not record which
data they use may have changed them; then nothing is claimed.

Why it costs
The steps on the way are maintained, taught and asked about, and nobody ever needs them.

When to keep the step
The datum will get the value from a known day on, another system writes it, or the way is a precaution that a norm asks
for.

Example
Behind "amount > 500" a second gateway has a flow for "amount < 100".

Source
Batoulis, Weske: soundness of decision-aware business processes, 2017 (dead branch); Reijers, Limam Mansar, 2005.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.conditions import Bound, Conditions
from bpm.analyser.finding import Finding, Remedy
from bpm.analyser.given import Given
from bpm.analyser.guards import meet
from bpm.analyser.likeness import UNRECORDED, required
from bpm.feel.ranges import Region, to_text
from bpm.model.graph import Graph
from bpm.model.process import Gateway, SequenceFlow, Task

DE = """Diesen Weg kann oder wird kein Fall gehen.

Was gefunden wird
Ein bedingter Weg einer exklusiven oder inklusiven Verzweigung, den keine Angaben öffnen können: Was er verlangt,
widerspricht sich selbst, einer Bedingung, die auf jedem Weg dorthin schon galt (und danach hat nichts die Angabe
geändert), oder allem, was das Formularfeld oder die Entscheidungstabelle schreiben kann, aus der die Angabe kommt.
Auch ein Weg, dem das Szenario den Anteil null gibt. Ein seltener Weg ist nicht tot, auch keiner, dessen Bedingung sich
nicht lesen lässt oder den eine Norm verlangt. Wo Schritte dazwischen
nicht erfassen, welche Daten sie nutzen, können sie die Angabe geändert haben; dann wird nichts behauptet.

Warum es kostet
Die Schritte auf dem Weg werden gepflegt, gelehrt und erfragt, und niemand braucht sie je.

Wann es bleiben soll
Die Angabe bekommt den Wert ab einem bekannten Tag, ein anderes Verfahren schreibt ihn, oder der Weg ist eine Vorsorge,
die eine Norm verlangt.

Beispiel
Hinter „betrag > 500“ hat eine zweite Verzweigung einen Weg für „betrag < 100“.

Quelle
Batoulis, Weske: soundness of decision-aware business processes, 2017 (toter Zweig); Reijers, Limam Mansar, 2005.
"""

GATEWAYS = ("exclusiveGateway", "inclusiveGateway")

Cause: TypeAlias = tuple[tuple[str, ...], Region | None, Bound | None, str]
"""A datum, what the flow asks of it, what it can be, and who says so."""


@check(
    code="RS11",
    family="step",
    severity="warning",
    basis="proof",
    title={"de": "Toter Weg", "en": "dead path"},
)
def find_dead_paths(given: Given) -> Iterator[Outcome]:
    """One finding per flow, in the order of the model: the proven ones, then those without a share."""
    without_result = _without_result(given)
    for graph in given.graphs:
        conditions = Conditions(given, graph)
        alive = graph.reachable()
        proven: set[str] = set()
        for node in graph.process.nodes:
            if not isinstance(node, Gateway) or node.type not in GATEWAYS or node.id not in alive:
                continue
            for flow in graph.outgoing[node.id]:
                if flow.id in without_result:
                    proven.add(flow.id)
                    yield _proven(given, graph, flow, (without_result[flow.id], None, None, "result"))
                    continue
                if flow.id == node.default or flow.id not in conditions.asked:
                    continue
                if _contradiction(conditions, node, flow, trusting=True) is None:
                    continue
                cause = _contradiction(conditions, node, flow, trusting=False)
                if cause is not None:
                    proven.add(flow.id)
                    yield _proven(given, graph, flow, cause)
                else:
                    yield Skipped(reason=UNRECORDED, element=node.id, path=given.path)
        yield from _unused(given, graph, proven)


def _without_result(given: Given) -> dict[str, tuple[str, ...]]:
    """Flows that wait for a result a decision never gives, with the datum; FL06 knows them, asked by the catalogue."""
    from bpm.analyser.catalogue import load

    return {
        entry["flow"]: (str(found.evidence["variable"]),)
        for found in load("FL06").find(given)
        if isinstance(found, Finding)
        for entry in found.evidence["flows_without_result"]
    }


def _contradiction(conditions: Conditions, node: Gateway, flow: SequenceFlow, *, trusting: bool) -> Cause | None:
    """Datum, what the flow asks, what speaks against it (None: itself) and of which kind that is."""
    passed = conditions.at(node.id, trusting=trusting)
    for datum, asked in conditions.asked[flow.id].items():
        if _empty(asked):
            return datum, asked, None, "itself"
        together = asked
        written = conditions.domain(datum, node.id, trusting=trusting)
        for bound, kind in ((passed.get(datum), "passed"), (written, "written")):
            both = None if bound is None else meet(together, bound.region)
            if both is None:
                continue
            if _empty(both):
                return datum, asked, bound, kind
            together = both
    return None


def _empty(region: Region) -> bool:
    return not region.intervals and region.null is not True


def _proven(given: Given, graph: Graph, flow: SequenceFlow, cause: Cause) -> Finding:
    datum, asked, bound, kind = cause
    name = ".".join(datum)
    values = "" if bound is None else to_text(Region(bound.region.intervals, False))
    de = {
        "itself": f"was er von „{name}“ verlangt, widerspricht sich selbst",
        "passed": f"auf jedem Weg dorthin gilt schon „{name}“: {values}",
        "written": f"in „{name}“ kann nur stehen: {values}",
        "result": f"die Entscheidung gibt für „{name}“ nie, wonach er fragt",
    }[kind]
    en = {
        "itself": f"what it asks of {name!r} contradicts itself",
        "passed": f"on every way there, {name!r} is already: {values}",
        "written": f"{name!r} can only be: {values}",
        "result": f"the decision never gives what it asks of {name!r}",
    }[kind]
    return _finding(
        given,
        graph,
        flow,
        "proof",
        {"de": f"Den Weg {_label(flow)} kann kein Fall gehen: {de}.", "en": f"No case can take {_label(flow)}: {en}."},
        {
            "flow": flow.id,
            "condition": _condition(flow),
            "datum": name,
            "asked": to_text(asked) if asked is not None and asked.intervals else "",
            "possible": values,
            "by": list(bound.by) if bound is not None else [flow.id],
            "because": kind,
        },
    )


def _unused(given: Given, graph: Graph, proven: set[str]) -> Iterator[Finding]:
    """Ways to which the scenario gives the share zero."""
    scenario = given.procedure.scenario or {}
    measured = bool(scenario.get("calibrated"))
    flows = {flow.id: flow for flow in graph.flows}
    listed = scenario.get("gateway_branching_probabilities")
    for entry in listed if isinstance(listed, list) else ():
        ways = entry.get("probabilities") if isinstance(entry, Mapping) else None
        for way in ways if isinstance(ways, list) else ():
            flow = flows.get(str(way.get("path_id"))) if isinstance(way, Mapping) else None
            if flow is None or flow.id in proven or "condition_id" in way or not _is_zero(way.get("value")):
                continue
            step = graph.nodes[flow.target]
            if isinstance(step, Task) and required(step):
                continue
            message = {
                "de": f"Den Weg {_label(flow)} geht nach dem Szenario kein Fall.",
                "en": f"By the scenario no case takes {_label(flow)}.",
            }
            evidence = {"flow": flow.id, "share": 0, "because": "scenario", "calibrated": measured}
            yield _finding(given, graph, flow, "measurement" if measured else "heuristic", message, evidence)


def _is_zero(value: Any) -> bool:
    try:
        return value is not None and float(value) == 0
    except (TypeError, ValueError):
        return False


def _finding(
    given: Given, graph: Graph, flow: SequenceFlow, basis: str, message: dict[str, str], evidence: dict[str, Any]
) -> Finding:
    steps = _only_there(graph, flow)
    return Finding(
        code="RS11",
        basis=basis,
        path=given.path,
        procedure=given.key,
        element_ids=(flow.source, *(steps or (flow.target,))),
        message=message,
        question={
            "de": "Fehlt ein Wert, oder kann der Weg samt seinen Schritten entfallen?",
            "en": "Is a value missing, or can the way go together with its steps?",
        },
        evidence={**evidence, "steps": list(steps)},
        remedy=Remedy("board"),
        identity=(f"{flow.source}->{flow.target}", _condition(flow)),
        line=flow.line,
    )


def _only_there(graph: Graph, flow: SequenceFlow) -> tuple[str, ...]:
    """The steps that no other way leads to."""
    source, seen = graph.leaving(flow.source), {start.id for start in graph.starts(graph.process.id)}
    twice = sum(other.target == flow.target for other in graph.outgoing[flow.source]) > 1
    todo = list(seen)
    while todo:
        vertex = todo.pop()
        for target in graph.control[vertex]:
            if target not in seen and (twice or (vertex, target) != (source, flow.target)):
                seen.add(target)
                todo.append(target)
    alive = graph.reachable()
    return tuple(step.id for step in graph.steps() if step.id in alive and step.id not in seen)


def _condition(flow: SequenceFlow) -> str:
    return " ".join(flow.condition.text.split()) if flow.condition is not None else ""


def _label(flow: SequenceFlow) -> str:
    return f"»{flow.name or _condition(flow) or flow.id}«"
