"""What a decision can answer and what the gateway behind it asks do not fit together.

What it finds
An exclusive or inclusive gateway whose conditions ask for the result of a business rule task: a result for which no
flow is open and no default leads on; a flow whose condition no result can meet; and, at an exclusive gateway, a result
for which several conditions hold, so that the order of drawing decides. Rules that can never apply are not counted, nor
are missing results (those are gaps of the table). Conditions over other data are taken as possible, but for a number: a
bound that the conditions name and that none of them holds, or several do. Where something else may write the result,
nothing is claimed.

Why it costs
Without an open flow the case stops as a fault; a flow without a result is a dead branch with its steps, which somebody
still maintains; overlapping conditions decide by chance.

When to keep the step
The branch waits for a result that the table will give from a known date on, or for one that another system writes.

Example
The table answers "approved" or "rejected", the gateway has a branch for "budget release".

Source
Batoulis, Weske: soundness of decision-aware business processes, 2017 (decision deadlock, dead branch).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from bpm.analyser.bounds import Unfit, unfit
from bpm.analyser.boxes import cover
from bpm.analyser.chains import Way
from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.examples import as_json
from bpm.analyser.finding import Finding
from bpm.analyser.given import Given
from bpm.analyser.tables import Geometry, NotBoxes
from bpm.errors import FeelError, MissingExtra, NotTranslatable
from bpm.feel import evaluate, free_names, parse_expression
from bpm.feel.ranges import literal
from bpm.feel.syntax.tree import Logic, Node
from bpm.model.graph import Graph
from bpm.model.process import Activity, BusinessRuleTask, FlowNode, Gateway, ScriptTask, SequenceFlow, UserTask

DE = """Was eine Entscheidung antworten kann und wonach die Verzweigung dahinter fragt, passt nicht zusammen.

Was gefunden wird
Eine exklusive oder inklusive Verzweigung, deren Bedingungen das Ergebnis einer Regelaufgabe abfragen: ein Ergebnis, für
das kein Weg offen ist und kein Standardweg weiterführt; ein Weg, dessen Bedingung kein Ergebnis erfüllt; und bei
exklusiven Verzweigungen ein Ergebnis, für das mehrere Bedingungen gelten, sodass die Reihenfolge entscheidet. Zeilen,
die nie zum Zug kommen, zählen nicht mit, fehlende Ergebnisse auch nicht (das sind Lücken der Tabelle). Bedingungen über
andere Angaben gelten als möglich, außer bei Zahlen: eine Grenze, die die Bedingungen nennen und die keine oder mehrere
von ihnen einschließen. Wo etwas anderes das Ergebnis schreiben kann, wird nichts behauptet.

Warum es kostet
Ohne offenen Weg bleibt der Fall als Störung stehen; ein Weg ohne Ergebnis ist ein toter Zweig samt seinen Schritten,
den trotzdem jemand pflegt; überlappende Bedingungen entscheiden zufällig.

Wann es bleiben soll
Der Zweig wartet auf ein Ergebnis, das die Tabelle ab einem bekannten Tag gibt, oder das ein anderes Verfahren schreibt.

Beispiel
Die Tabelle antwortet „genehmigt“ oder „abgelehnt“, die Verzweigung hat einen Zweig für „haushalterische Freigabe“.

Quelle
Batoulis, Weske: soundness of decision-aware business processes, 2017 (decision deadlock, dead branch).
"""

ONE_RESULT = {"UNIQUE", "ANY", "FIRST", "PRIORITY"}
MOST = 1_000
"""Different results of one decision that are tried."""

GATEWAYS = {"exclusiveGateway", "inclusiveGateway"}


@dataclass(frozen=True, slots=True)
class Result:
    """One thing the decision can say: its value in the process, and the first rule (1-based) that says it."""

    value: Any
    rule: int

    def text(self) -> str:
        if isinstance(self.value, dict):
            return "{" + ", ".join(f"{name}: {literal(entry)}" for name, entry in self.value.items()) + "}"
        return literal(self.value)

    def as_json(self) -> Any:
        if isinstance(self.value, dict):
            return {name: as_json(entry) for name, entry in self.value.items()}
        return as_json(self.value)


@dataclass(slots=True)
class Mismatch:
    """What does not fit at one gateway."""

    stuck: list[Result]
    dead: list[SequenceFlow]
    several: list[tuple[Result, list[SequenceFlow]]]


class _Undecided(Exception):
    """Nothing can be claimed; carries the reason by language."""

    def __init__(self, de: str, en: str) -> None:
        super().__init__(en)
        self.reason = {"de": de, "en": en}


class _Formulas(_Undecided):
    """The decision calculates; a solver may still tell."""


@check(
    code="FL06",
    family="flow",
    severity="error",
    basis="proof",
    title={"de": "Entscheidung und Verzweigung passen nicht zusammen", "en": "Decision and gateway do not fit"},
)
def find_mismatches(given: Given) -> Iterator[Outcome]:
    """One finding per gateway and decision result it asks for."""
    graph = given.graph
    if graph is None:
        return
    writers: dict[str, list[BusinessRuleTask]] = {}
    for node in graph.process.nodes:
        if isinstance(node, BusinessRuleTask) and node.result_variable and node.decision:
            writers.setdefault(node.result_variable, []).append(node)
    for node in graph.process.nodes:
        if node.type not in GATEWAYS or not isinstance(node, Gateway):
            continue
        asked = [(flow, _guard(flow)) for flow in graph.outgoing[node.id] if flow.condition is not None]
        for variable, tasks in writers.items():
            if not any(isinstance(guard, Node) and variable in free_names(guard) for _, guard in asked):
                continue
            try:
                results = _results(given, graph, node, variable, tasks)
                mismatch = _compare(graph, node, asked, variable, results)
            except _Formulas as problem:
                solved = _solve(given, graph, node, asked, variable, tasks)
                if solved is None:
                    yield Skipped(reason=problem.reason, element=node.id, path=given.path)
                    continue
                mismatch = solved
            except _Undecided as problem:
                yield Skipped(reason=problem.reason, element=node.id, path=given.path)
                continue
            if mismatch.stuck or mismatch.dead or mismatch.several:
                yield _finding(given, node, variable, tasks, mismatch)
        if found := _at_bounds(graph, node, frozenset(writers)):
            yield _bound_finding(given, node, found)


def _at_bounds(graph: Graph, gateway: Gateway, decided: frozenset[str]) -> list[Unfit]:
    """Numbers that no guard or several of the gateway hold; nothing where another gateway asks for the same datum."""
    asked = [(flow, _guard(flow)) for flow in graph.outgoing[gateway.id]]
    guards = [(flow, guard) for flow, guard in asked if guard is not None]
    if gateway.type != "exclusiveGateway" or gateway.default is not None or len(guards) < len(asked):
        return []
    found = list(unfit(guards))
    others = (flow for flows in graph.outgoing.values() for flow in flows if flow.source != gateway.id)
    elsewhere = {name for flow in others if (guard := _guard(flow)) is not None for name in free_names(guard)}
    return [one for one in found if one.name not in elsewhere | decided]


def _bound_finding(given: Given, gateway: FlowNode, found: list[Unfit]) -> Finding:
    de, en = [], []
    for one in found:
        values = ", ".join(f"„{_label(flow)}“" for flow in one.flows)
        de.append(
            f"für {one.name} = {one.value} " + (f"gelten mehrere ({values})" if one.flows else "ist kein Weg offen")
        )
        en.append(f"for {one.name} = {one.value} " + (f"several hold ({values})" if one.flows else "no flow is open"))
    name = gateway.name or gateway.id
    return Finding(
        code="FL06",
        basis="proof",
        path=given.path,
        procedure=given.key,
        line=gateway.line,
        element_ids=(gateway.id,),
        message={"de": f"„{name}“: {'; '.join(de)}.", "en": f"{name!r}: {'; '.join(en)}."},
        question={
            "de": "Auf welche Seite der Grenze gehört dieser Wert?",
            "en": "On which side of the bound does this value belong?",
        },
        evidence={
            "flows_without_result": [],
            "bounds": [
                {"datum": one.name, "value": float(one.value), "flows": [flow.id for flow in one.flows]}
                for one in found
            ],
        },
        identity=tuple(f"{one.name}={one.value}:{len(one.flows)}" for one in found),
    )


def _guard(flow: SequenceFlow) -> Node | None:
    """The condition as a tree; None if it is in another language or no FEEL."""
    if flow.condition is None or flow.condition.language != "feel":
        return None
    try:
        return parse_expression(flow.condition.text)
    except FeelError:
        return None


# --- what the decision can say -------------------------------------------------------------------------------


def _results(
    given: Given, graph: Graph, gateway: FlowNode, variable: str, tasks: list[BusinessRuleTask]
) -> list[Result]:
    other = _other_writer(given, graph, variable, tasks)
    if other is not None:
        raise _Undecided(f"auch {other!r} schreibt {variable!r}", f"{other!r} writes {variable!r} too")
    if _can_arrive_undecided(graph, gateway.id, tasks):
        raise _Undecided(
            f"{variable!r} ist nicht auf jedem Weg vorher entschieden",
            f"{variable!r} is not decided before on every path",
        )
    found: dict[str, Result] = {}
    for task in tasks:
        for result in _results_of(given, task):
            found.setdefault(result.text(), result)
    if len(found) > MOST:
        raise _Undecided(f"mehr als {MOST} Ergebnisse", f"more than {MOST} results")
    return list(found.values())


def _other_writer(given: Given, graph: Graph, variable: str, tasks: list[BusinessRuleTask]) -> str | None:
    """An element besides the decisions that may write the variable; answers of external workers are not known."""
    for node in graph.process.nodes:
        if node in tasks or not isinstance(node, Activity):
            continue
        writes = {use.item for use in node.facts.writes} | {mapping.target for mapping in node.outputs}
        if isinstance(node, ScriptTask):
            writes.add(node.result_variable or "")
        if isinstance(node, UserTask) and node.form:
            writes |= set(_fields(given.procedure.form(node.form)))
        if variable in writes:
            return node.name or node.id
    return None


def _fields(form: Mapping[str, Any] | None) -> Iterator[str]:
    """Keys of the fields of a form that people may change."""
    stack: list[Any] = [form or {}]
    while stack:
        part = stack.pop()
        if isinstance(part, Mapping):
            if isinstance(part.get("key"), str) and not part.get("disabled") and not part.get("readonly"):
                yield part["key"]
            stack.extend(part.get("components") or ())


def _can_arrive_undecided(graph: Graph, gateway: str, tasks: list[BusinessRuleTask]) -> bool:
    """Whether a way leads to the gateway round every deciding task, or out of one by a boundary event."""
    ids = {task.id for task in tasks}
    todo = [node.id for node in graph.starts(graph.process.id) if node.id not in ids]
    todo += [event.id for task in tasks for event in graph.boundary(task.id)]
    seen = set(todo)
    while todo:
        for target in graph.control[todo.pop()]:
            if target not in seen and target not in ids:
                seen.add(target)
                todo.append(target)
    return gateway in seen


def _results_of(given: Given, task: BusinessRuleTask) -> Iterator[Result]:
    """The results of the decision's rules that can apply, and its default."""
    found = given.procedure.decision(task.decision or "")
    at = given.table_of(found[1].id) if found is not None else None
    if found is None or at is None:
        raise _Undecided(
            f"zu {task.decision!r} gibt es keine Entscheidungstabelle", f"there is no decision table {task.decision!r}"
        )
    shape = next(entry for place, entry in given.geometries if place is at)
    if isinstance(shape, NotBoxes):
        raise _Formulas(shape.skipped.reason["de"], shape.skipped.reason["en"])
    if at.table.hit_policy not in ONE_RESULT:
        raise _Undecided(f"{at.name!r} gibt eine Liste", f"{at.name!r} gives a list")
    names = [clause.name for clause in at.table.outputs]
    rows = [(rule, shape.outputs[rule]) for rule in range(shape.boxes.count) if _can_apply(shape, rule)]
    for rule, row in rows:
        if any(cell[0] != "constant" for cell in row):
            raise _Formulas(
                f"„{at.name}“, Zeile {rule + 1}, gibt eine Formel", f"{at.name!r}, rule {rule + 1}, gives a formula"
            )
        values = [cell[2] for cell in row]
        yield Result(values[0] if len(values) == 1 else dict(zip(names, values, strict=False)), rule + 1)


def _can_apply(shape: Geometry, rule: int) -> bool:
    if shape.boxes.is_empty(rule):
        return False
    first = shape.at.table.hit_policy == "FIRST"
    return not (first and cover(shape.boxes, shape.boxes.box(rule), range(rule)).covered)


# --- what the gateway asks -----------------------------------------------------------------------------------


def _compare(
    graph: Graph,
    gateway: FlowNode,
    asked: list[tuple[SequenceFlow, Node | None]],
    variable: str,
    results: list[Result],
) -> Mismatch:
    """Every result against every condition. A flow without condition, and one that cannot be judged, may be open."""
    default = any(flow.id == gateway.default for flow in graph.outgoing[gateway.id])
    asked = [(flow, guard) for flow, guard in asked if flow.id != gateway.default]
    always = len(asked) + default < len(graph.outgoing[gateway.id])
    mismatch = Mismatch([], [], [])
    ever_open: set[str] = set()
    for result in results:
        truths = [(flow, _holds(guard, variable, result.value)) for flow, guard in asked]
        ever_open |= {flow.id for flow, truth in truths if truth is not False}
        certain = [flow for flow, truth in truths if truth]
        if not default and not always and all(truth is False for _, truth in truths):
            mismatch.stuck.append(result)
        if gateway.type == "exclusiveGateway" and len(certain) > 1:
            mismatch.several.append((result, certain))
    mismatch.dead = [flow for flow, _ in asked if flow.id not in ever_open] if results else []
    return mismatch


def _solve(
    given: Given,
    graph: Graph,
    gateway: FlowNode,
    asked: list[tuple[SequenceFlow, Node | None]],
    variable: str,
    tasks: list[BusinessRuleTask],
) -> Mismatch | None:
    """The same for a decision that calculates, by a solver; None where there is none or it leaves something open."""
    decision = given.procedure.decision(tasks[0].decision or "") if len(tasks) == 1 else None
    at = given.table_of(decision[1].id) if decision is not None else None
    default = any(flow.id == gateway.default for flow in graph.outgoing[gateway.id])
    asked = [(flow, guard) for flow, guard in asked if flow.id != gateway.default]
    always = len(asked) + default < len(graph.outgoing[gateway.id])
    guards = [guard for _, guard in asked if guard is not None]
    if at is None or at.table.hit_policy not in ONE_RESULT or len(guards) < len(asked):
        return None
    try:
        way = Way(at, variable, guards)
    except (NotTranslatable, MissingExtra):
        return None
    if way.shown().exists is not True:
        return None
    claims = [tuple(map(way.closed, way.open))] if not default and not always else []
    pairs = list(combinations(range(len(asked)), 2)) if gateway.type == "exclusiveGateway" else []
    claims += [(way.open[one], way.open[other]) for one, other in pairs]
    found: list[Result | None] = []
    for claim in claims:
        answer = way.shown(*claim)
        result = None if answer.case is None else way.result(answer.case)
        if answer.exists is None or (answer.exists and result is None):
            return None
        found.append(None if result is None else Result(result[1], result[0] + 1))
    mismatch = Mismatch([], [flow for (flow, _), truth in zip(asked, way.open, strict=True) if way.never(truth)], [])
    stuck = found.pop(0) if len(found) > len(pairs) else None
    if stuck is not None and not any(_holds(guard, variable, stuck.value) for guard in guards):
        mismatch.stuck.append(stuck)
    for (one, other), several in zip(pairs, found, strict=True):
        if several is not None and all(_holds(guards[it], variable, several.value) for it in (one, other)):
            mismatch.several.append((several, [asked[one][0], asked[other][0]]))
    return mismatch


def _holds(guard: Node | None, variable: str, value: Any) -> bool | None:
    """Whether a condition holds for a result; None if that depends on something else."""
    if guard is None:
        return None
    if free_names(guard) <= {variable}:
        return evaluate(guard, {variable: value}) is True
    if isinstance(guard, Logic):
        sides = [_holds(side, variable, value) for side in (guard.left, guard.right)]
        decides = guard.operator == "or"
        if decides in sides:
            return decides
        return None if None in sides else not decides
    return None


def _finding(
    given: Given, gateway: FlowNode, variable: str, tasks: list[BusinessRuleTask], mismatch: Mismatch
) -> Finding:
    de: list[str] = []
    en: list[str] = []
    if mismatch.stuck:
        values = ", ".join(result.text() for result in mismatch.stuck)
        de.append(f"für {values} ist kein Weg offen")
        en.append(f"no flow is open for {values}")
    if mismatch.dead:
        values = ", ".join(f"„{_label(flow)}“" for flow in mismatch.dead)
        de.append(f"{values} wartet auf ein Ergebnis, das die Entscheidung nie gibt")
        en.append(f"{values} waits for a result that the decision never gives")
    for result, flows in mismatch.several:
        values = ", ".join(f"„{_label(flow)}“" for flow in flows)
        de.append(f"für {result.text()} gelten mehrere Bedingungen ({values})")
        en.append(f"several conditions hold for {result.text()} ({values})")
    name = gateway.name or gateway.id
    return Finding(
        code="FL06",
        basis="proof",
        path=given.path,
        procedure=given.key,
        line=gateway.line,
        element_ids=(gateway.id,),
        decision=tasks[0].decision,
        message={"de": f"„{name}“: {'; '.join(de)}.", "en": f"{name!r}: {'; '.join(en)}."},
        question={
            "de": "Fehlt ein Weg, fehlt eine Zeile der Tabelle, oder kann der Zweig entfallen?",
            "en": "Is a flow missing, is a rule missing, or can the branch go?",
        },
        evidence={
            "variable": variable,
            "decided_by": [task.id for task in tasks],
            "results_without_flow": [{"result": it.as_json(), "rule": it.rule} for it in mismatch.stuck],
            "flows_without_result": [{"flow": it.id, "condition": _condition(it)} for it in mismatch.dead],
            "results_with_several_flows": [
                {"result": it.as_json(), "rule": it.rule, "flows": [flow.id for flow in flows]}
                for it, flows in mismatch.several
            ],
        },
        identity=(
            variable,
            *(result.text() for result in mismatch.stuck),
            *(f"{it.source}->{it.target} {_condition(it)}" for it in mismatch.dead),
            *(result.text() for result, _ in mismatch.several),
        ),
    )


def _condition(flow: SequenceFlow) -> str:
    return " ".join(flow.condition.text.split()) if flow.condition is not None else ""


def _label(flow: SequenceFlow) -> str:
    return flow.name or _condition(flow) or flow.id
