"""A second decision follows from the first: it cannot come out otherwise.

What it finds
Two decisions on one path, on data that nothing changes in between. Of tables it is proven: for every case that the
first decision lets through to the second (by the conditions on every way between them) the second gives one and the
same result, although in general it can give others. Of people's approvals it is a question: the second person looks at
nothing that the first did not look at, and nothing new was written. Left out: what a norm says must be (four eyes,
payment), protected steps, and the same table asked twice (RS05 says that).

Why it costs
The second signature waits in an inbox for days and cannot change anything; each of the two relies on the other.

When to keep the step
A norm demands two persons, the second knows something that is not recorded, or the first decides by delegation only.

Example
The head approves travel on the same destination, cost and reason on which the superior has just agreed.

Source
Reijers, Limam Mansar: Best practices in business process redesign, 2005 (task elimination, empower); DMN 1.5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bpm.analyser.boxes import Budget, outside
from bpm.analyser.check import Outcome, Skipped, check
from bpm.analyser.conditions import Conditions
from bpm.analyser.finding import Finding
from bpm.analyser.given import Given
from bpm.analyser.joint import Side, TooMuch, lay_over
from bpm.analyser.likeness import UNRECORDED, inputs_of, reads, required, titles, unchanged, waits, writes
from bpm.analyser.remedies import offer
from bpm.analyser.rows import stronger
from bpm.analyser.tables import Geometry, priorities
from bpm.feel.ranges import Region, to_text
from bpm.model.edit.steps import RemoveStep
from bpm.model.graph import Graph
from bpm.model.process import BusinessRuleTask, Task, UserTask

DE = """Eine zweite Entscheidung folgt aus der ersten: Sie kann nicht anders ausfallen.

Was gefunden wird
Zwei Entscheidungen auf einem Weg über Angaben, die dazwischen nichts ändert. Bei Tabellen ist es bewiesen: In allen
Fällen, die die erste zur zweiten durchlässt (nach den Bedingungen auf jedem Weg dazwischen), gibt die zweite ein und
dasselbe Ergebnis, obwohl sie sonst auch andere geben kann. Bei Genehmigungen durch Menschen ist es eine Frage: Die
zweite Person sieht auf nichts, worauf die erste nicht gesehen hat, und nichts Neues wurde geschrieben. Außen vor
bleibt, was eine Muss-Norm verlangt (vier Augen, Zahlung), was geschützt ist, und dieselbe Tabelle zweimal (das nennt
RS05).

Warum es kostet
Die zweite Unterschrift liegt Tage im Eingang und kann nichts ändern; jeder der beiden verlässt sich auf den anderen.

Wann es bleiben soll
Eine Norm verlangt zwei Personen, die zweite weiß etwas, das nicht erfasst ist, oder die erste entscheidet nur im
Auftrag.

Beispiel
Die Leitung genehmigt eine Reise nach Ziel, Kosten und Grund, zu denen die vorgesetzte Person gerade zugestimmt hat.

Quelle
Reijers, Limam Mansar: Best practices in business process redesign, 2005 (task elimination, empower); DMN 1.5.
"""

APPROVES = re.compile(r"genehmig|freigeb|freigabe|mitzeichn|zustimm|einverstand|bewillig|\bapprov|sign.?off|co-?sign")
PRINCIPLES = {"mitzeichnung", "vier-augen"}
WORK = 200_000


@check(
    code="RS04",
    family="step",
    severity="warning",
    basis="proof",
    title={"de": "Mitentschiedene Genehmigung", "en": "implied approval"},
)
def find_implied_approvals(given: Given) -> Iterator[Outcome]:
    """One finding per pair, the earlier decision first: tables, then people, in the order of the model."""
    for graph in given.graphs:
        tables = [step for step in graph.steps() if isinstance(step, BusinessRuleTask) and step.decision]
        conditions = Conditions(given, graph)
        for second in tables:
            for first in tables:
                if first.decision != second.decision and not required(second) and graph.precedes(first.id, second.id):
                    yield from _of_tables(given, graph, conditions, first, second)
        yield from _of_people(given, graph)


# --- tables --------------------------------------------------------------------------------------------------------


def _of_tables(
    given: Given, graph: Graph, conditions: Conditions, first: BusinessRuleTask, second: BusinessRuleTask
) -> Iterator[Outcome]:
    sides = _side(given, first), _side(given, second)
    if sides[0] is None or sides[1] is None:
        return
    known = conditions.at(second.id).get((first.result_variable or "",))
    if known is None:
        return
    try:
        result, rules = _implied(sides[0], sides[1], known.region) or (None, ())
    except TooMuch:
        reason = {
            "de": "zu viele Zeilen, um beide Tabellen zu vergleichen",
            "en": "too many rules to compare the tables",
        }
        yield Skipped(reason=reason, element=second.id, path=given.path)
        return
    if result is None:
        return
    items = inputs_of(given, first) | inputs_of(given, second)
    path, decided = unchanged(graph, first.id, second.id, items)
    if not decided:
        yield Skipped(reason=UNRECORDED, element=second.id, path=given.path)
    elif path is not None:
        region = to_text(Region(known.region.intervals, False))
        names = titles(graph, (first.id,)), titles(graph, (second.id,))
        yield Finding(
            code="RS04",
            basis="proof",
            path=given.path,
            procedure=given.key,
            element_ids=(first.id, second.id),
            message={
                "de": f"{names[1]} gibt nach {names[0]} mit {first.result_variable} {region} immer {result}.",
                "en": f"After {names[0]} with {first.result_variable} {region}, {names[1]} always gives {result}.",
            },
            question=QUESTION,
            evidence={"path": list(path), "result": result, "rules": list(rules), "by": list(known.by)},
            remedy=offer(given, graph, RemoveStep(element=second.id, keeps=first.id)),
            line=second.line,
        )


def _side(given: Given, task: BusinessRuleTask) -> Side | None:
    found = given.procedure.decision(task.decision or "")
    at = given.table_of(found[1].id) if found is not None else None
    if at is None or len(at.table.outputs) != 1 or at.table.hit_policy not in ("UNIQUE", "FIRST", "PRIORITY", "ANY"):
        return None
    shape = next(shape for place, shape in given.geometries if place is at)
    constant = isinstance(shape, Geometry) and all(row[0][0] == "constant" for row in shape.outputs)
    return Side(shape, 0) if constant and isinstance(shape, Geometry) else None


def _implied(first: Side, second: Side, passed: Region) -> tuple[str, tuple[int, ...]] | None:
    """The only result (as written) that the second table gives in the cases of the first with a result in `passed`,
    and the rules (1-based) that give it; None if there are several, or a gap, or it never gives another one.

    Raises:
        TooMuch: the tables are too large.
    """
    joint = lay_over(first, second, Budget(WORK))
    everything = {row[0] for row in second.shape.outputs}
    if joint is None or len(everything) < 2 or second.at.table.outputs[0].default:
        return None
    offset, budget = first.shape.boxes.count, Budget(WORK)
    above = [_stronger(side) for side in (first, second)]
    met: set[int] = set()
    for one, row in enumerate(first.shape.outputs):
        if not passed.contains(row[0][2]):
            continue
        box = joint.boxes.box(one)
        theirs = [joint.boxes.box(offset + rule) for rule in range(second.shape.boxes.count)]
        taken = [joint.boxes.box(rule) for rule in above[0][one]]
        gap, _ = outside(box, [*taken, *theirs], budget)
        if gap is None:
            raise TooMuch
        if gap:
            return None
        for rule, other in enumerate(theirs):
            common = tuple(left & right for left, right in zip(box, other, strict=True))
            stronger_ = [joint.boxes.box(offset + it) for it in above[1][rule]]
            some, _ = outside(common, [*taken, *stronger_], budget)
            if some is None:
                raise TooMuch
            if some:
                met.add(rule)
    results = {second.shape.outputs[rule][0] for rule in met}
    if len(results) != 1:
        return None
    text = second.at.table.rules[min(met)].outputs[0]
    return " ".join(text.split()), tuple(sorted(rule + 1 for rule in met))


def _stronger(side: Side) -> list[list[int]]:
    shape, policy = side.shape, side.at.table.hit_policy
    count = shape.boxes.count
    if policy not in {"FIRST", "PRIORITY"}:
        return [[] for _ in range(count)]
    ranks = priorities(shape) if policy == "PRIORITY" else None
    return [[it for it in stronger(shape, rule, range(count), ranks) if it != rule] for rule in range(count)]


# --- people --------------------------------------------------------------------------------------------------------


def _of_people(given: Given, graph: Graph) -> Iterator[Outcome]:
    approving = [step for step in graph.steps() if isinstance(step, UserTask) and _approves(step)]
    pausing, dead = waits(graph), _dead(given) if len(approving) > 1 else frozenset()
    for second in approving:
        for first in approving if second.id not in dead else ():
            seen = reads(second)
            if first is second or not seen or not seen <= reads(first) or required(second):
                continue
            if not graph.precedes(first.id, second.id) or (writes(first) & seen):
                continue
            path, decided = unchanged(graph, first.id, second.id, seen)
            if not decided:
                yield Skipped(reason=UNRECORDED, element=second.id, path=given.path)
            elif path is not None and not set(path) & pausing:
                yield _of_pair(given, graph, first, second, path)
                break


def _dead(given: Given) -> frozenset[str]:
    """Steps no case reaches, which RS11 names; asked through the catalogue, since checks do not know each other."""
    from bpm.analyser.catalogue import load

    found = (entry for entry in load("RS11").find(given) if isinstance(entry, Finding))
    return frozenset(step for entry in found for step in entry.evidence["steps"])


def _approves(step: Task) -> bool:
    stated = set(step.facts.step.principles) if step.facts.step is not None else set()
    return bool(stated & PRINCIPLES) or APPROVES.search(" ".join(step.name.lower().split())) is not None


def _of_pair(given: Given, graph: Graph, first: Task, second: Task, path: tuple[str, ...]) -> Finding:
    names = titles(graph, (first.id,)), titles(graph, (second.id,))
    return Finding(
        code="RS04",
        basis="heuristic",
        path=given.path,
        procedure=given.key,
        element_ids=(first.id, second.id),
        message={
            "de": f"{names[1]} sieht auf nichts, worauf {names[0]} nicht schon gesehen hat.",
            "en": f"{names[1]} looks at nothing that {names[0]} has not looked at.",
        },
        question=QUESTION,
        evidence={"path": list(path), "reads": sorted(reads(second)), "reads_before": sorted(reads(first))},
        remedy=offer(given, graph, RemoveStep(element=second.id, keeps=first.id)),
        line=second.line,
    )


QUESTION = {
    "de": "Nach welchem eigenen Maßstab kann die zweite Entscheidung anders ausfallen als die erste?",
    "en": "By which criterion of its own can the second decision come out differently from the first?",
}
