"""Mutation operators for the flow, written from the definitions FL01 to FL06.

An operator changes a draft in place and says where the defect is; None where the draft offers no place for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from tests.recall.flows import Draft, Flow, Node, choice, text


@dataclass(frozen=True)
class Place:
    """Where a defect is: a finding must name one of the elements (all of `every`), the decision or one of the items."""

    elements: frozenset[str] = frozenset()
    items: frozenset[str] = frozenset()
    decision: str | None = None
    every: frozenset[str] = frozenset()


Operator = Callable[[Random, Draft], "Place | None"]


def at(*elements: str) -> Place:
    return Place(frozenset(elements))


def work(draft: Draft, name: str, lane: str, n: int = 50) -> Node:
    """A plain step with nothing wrong about it but its place."""
    return Node(
        draft.fresh("schritt"), "userTask", name, lane, channel="online", law=f"Satzung der Stadt § {n}", minutes=5
    )


def middle(random: Random, draft: Draft) -> Flow:
    """A flow between two steps that some case takes."""
    flows = [
        flow
        for flow in draft.flows
        if draft.nodes[flow.target].kind.endswith("Task") and flow.condition is None and flow.source != "beginn"
    ]
    return random.choice(flows)


def block(random: Random, draft: Draft, fork: str, join: str) -> tuple[Node, Node, list[Node]]:
    """Put a fork, two steps and a join on a flow; gateways of the given kinds."""
    flow = middle(random, draft)
    source = draft.nodes[flow.source]
    first = Node(draft.fresh("auf"), f"{fork}Gateway", "", source.lane)
    last = Node(draft.fresh("zu"), f"{join}Gateway", "", source.lane)
    draft.insert(flow, first)
    target = draft.out(first.id)[0]
    target.source = last.id
    steps = []
    for n, name in enumerate(("Lage klären", "Bestand abgleichen")):
        step = work(draft, name, source.lane, 60 + n)
        draft.nodes[step.id] = step
        guard = f"{known(draft)} = {n + 1}" if fork == "exclusive" and n == 0 else None
        into = draft.connect(first.id, step.id, guard)
        if fork == "exclusive" and n == 1:
            first.default = into.id
        draft.connect(step.id, last.id)
        steps.append(step)
    draft.nodes[last.id] = last
    return first, last, steps


def known(draft: Draft) -> str:
    """A datum that somebody asked for at the start."""
    node = draft.nodes["antrag_stellen"]
    if not any(item == "lfd" for item, _ in node.writes):
        node.writes.append(("lfd", "citizen"))
        assert node.fields is not None
        node.fields.append({"type": "number", "key": "lfd", "label": "Zahl der Plätze"})
        draft.nodes["bescheid_senden"].reads.append("lfd")
    return "lfd"


# --- FL01: stuck and not ended ---


def choice_then_wait(random: Random, draft: Draft) -> Place:
    """One way is chosen, and the join waits for both."""
    first, last, _ = block(random, draft, "exclusive", "parallel")
    return at(first.id, last.id)


def one_branch_leaves(random: Random, draft: Draft) -> Place:
    """A branch of a parallel block may end early, and the join waits for it."""
    first, last, steps = block(random, draft, "parallel", "parallel")
    gate = Node(draft.fresh("gw"), "exclusiveGateway", "Weiter?", steps[0].lane)
    end = Node(draft.fresh("ende"), "endEvent", "Vorzeitig", steps[0].lane)
    flow = draft.out(steps[0].id)[0]
    draft.insert(flow, gate)
    draft.nodes[end.id] = end
    draft.connect(gate.id, end.id, f"{known(draft)} > 5")
    gate.default = draft.out(gate.id)[0].id
    return at(first.id, last.id, gate.id, steps[0].id)


def join_waits_for_later(random: Random, draft: Draft) -> Place | None:
    """A join that needs a token from a step behind it."""
    flow = middle(random, draft)
    lane = draft.nodes[flow.target].lane
    join = draft.insert(flow, Node(draft.fresh("zu"), "parallelGateway", "", lane))
    after = [node for node in draft.behind(join.id) if draft.nodes[node].kind == "userTask"]
    if not after:
        return None
    late = random.choice(sorted(after))
    out = draft.out(late)[0]
    fork = draft.insert(out, Node(draft.fresh("auf"), "parallelGateway", "", lane))
    draft.connect(fork.id, join.id)
    return at(join.id)


# --- FL02: no end can be reached any more ---


def endless_branch(random: Random, draft: Draft) -> Place:
    """A way out of a new choice goes round for ever."""
    flow = middle(random, draft)
    lane = draft.nodes[flow.target].lane
    gate = draft.insert(flow, Node(draft.fresh("gw"), "exclusiveGateway", "Rückfrage?", lane))
    gate.default = draft.out(gate.id)[0].id
    return _circle(random, draft, gate, f"{known(draft)} > 3")


def endless_after_refusal(random: Random, draft: Draft) -> Place:
    """What ended a case leads into a circle instead."""
    end = random.choice(draft.only("endEvent"))
    before = draft.into(end.id)[0]
    source = draft.nodes[before.source]
    draft.flows.remove(before)
    del draft.nodes[end.id]
    return _circle(random, draft, source, None)


def _circle(random: Random, draft: Draft, source: Node, guard: str | None) -> Place:
    merge = Node(draft.fresh("runde"), "exclusiveGateway", "", source.lane)
    draft.nodes[merge.id] = merge
    draft.connect(source.id, merge.id, guard)
    last = merge.id
    for n in range(random.randint(1, 3)):
        step = work(draft, f"Runde {n + 1} besprechen", source.lane, 70 + n)
        draft.nodes[step.id] = step
        draft.connect(last, step.id)
        last = step.id
    draft.connect(last, merge.id)
    return at(source.id, merge.id, last)


# --- FL03: two tokens on one flow ---


def both_then_first(random: Random, draft: Draft) -> Place:
    """Two ways at once, and the merge lets both on."""
    first, last, _ = block(random, draft, "parallel", "exclusive")
    return at(first.id, last.id)


def no_join(random: Random, draft: Draft) -> Place:
    """Two ways at once into one step."""
    first, last, steps = block(random, draft, "parallel", "exclusive")
    target = draft.out(last.id)[0].target
    draft.flows = [flow for flow in draft.flows if flow.source != last.id]
    for flow in draft.into(last.id):
        flow.target = target
    del draft.nodes[last.id]
    return at(first.id, target, *(step.id for step in steps))


def silent_fork(random: Random, draft: Draft) -> Place:
    """A second flow without a condition leaves a step and comes back later."""
    first, last, steps = block(random, draft, "exclusive", "exclusive")
    target = draft.out(last.id)[0].target
    extra = draft.connect(steps[0].id, target)
    return at(first.id, target, steps[0].id, extra.id)


# --- FL04: never enabled ---


def cut_off_circle(random: Random, draft: Draft) -> Place:
    """Steps that only follow each other."""
    lane = random.choice(draft.lanes())
    one, two = work(draft, "Altfall abgleichen", lane, 80), work(draft, "Altfall ablegen", lane, 81)
    draft.nodes |= {one.id: one, two.id: two}
    draft.connect(one.id, two.id)
    draft.connect(two.id, one.id)
    return at(one.id, two.id)


def way_out_of_nowhere(random: Random, draft: Draft) -> Place:
    """A step behind a join that needs a token nobody makes."""
    flow = middle(random, draft)
    lane = draft.nodes[flow.target].lane
    join = Node(draft.fresh("zu"), "parallelGateway", "", lane)
    step = work(draft, "Sammelakte schließen", lane, 82)
    draft.nodes |= {join.id: join, step.id: step}
    draft.connect(step.id, join.id)
    draft.connect(join.id, step.id)
    end = Node(draft.fresh("ende"), "endEvent", "Geschlossen", lane)
    draft.nodes[end.id] = end
    draft.connect(join.id, end.id)
    return at(step.id)


# --- FL05: the data go wrong ---


def read_unwritten(random: Random, draft: Draft) -> Place:
    """A step needs what nobody writes, and it is recorded what a case brings along."""
    draft.nodes["beginn"].writes.append(("eingangsweg", "citizen"))
    draft.nodes["einstufen"].reads.append("eingangsweg")
    node = random.choice([node for node in draft.only("userTask", "sendTask") if node.id != "antrag_stellen"])
    node.reads.append("gutachten")
    return Place(frozenset((node.id,)), frozenset(("gutachten",)))


def read_before_written(random: Random, draft: Draft) -> Place | None:
    """A step needs what a later step writes."""
    later = [
        node for node in draft.only("userTask") if node.writes and node.id != "antrag_stellen" and not node.protected
    ]
    pairs = [
        (node, late)
        for late in later
        for node in draft.only("userTask", "sendTask")
        if late.id in draft.behind(node.id) and node.id not in draft.behind(late.id) and node.id != "antrag_stellen"
    ]
    if not pairs:
        return None
    node, late = random.choice(pairs)
    node.reads.append(late.writes[0][0])
    return Place(frozenset((node.id,)), frozenset((late.writes[0][0],)))


def written_on_one_way(random: Random, draft: Draft) -> Place:
    """Only one of two ways writes what a choice behind them asks, and without an answer it cannot go on."""
    _, last, steps = block(random, draft, "exclusive", "exclusive")
    item = "lagebild"
    for step in steps:
        step.reads = [draft.tables[0].columns[0].variable]
    step = random.choice(steps)
    step.writes.append((item, "step"))
    step.fields = choice(item, "Lage?", ("gut", "schlecht"))
    gate = draft.insert(draft.out(last.id)[0], Node(draft.fresh("gw"), "exclusiveGateway", "Lage?", last.lane))
    good = draft.out(gate.id)[0]
    bad = draft.connect(gate.id, good.target)
    good.condition, bad.condition = f'{item} = "gut"', f'{item} = "schlecht"'
    look = draft.insert(bad, work(draft, "Lage besprechen", random.choice(draft.lanes()[1:]), 63))
    look.reads, look.protected = [item], "Beratung"
    return Place(frozenset((gate.id,)), frozenset((item,)))


def lost(random: Random, draft: Draft) -> Place:
    """A datum is written again before anybody read it."""
    places = [
        flow
        for flow in draft.flows
        if draft.nodes[flow.source].kind == "userTask" and draft.nodes[flow.source].lane in draft.lanes()[1:]
        and not draft.nodes[flow.source].protected and draft.nodes[flow.target].kind == "userTask"
        and len(draft.out(flow.source)) == 1
    ]  # fmt: skip
    flow = random.choice(places)
    source = draft.nodes[flow.source]
    item = source.writes[0][0]
    step = draft.insert(flow, work(draft, "Stand neu festhalten", random.choice(draft.lanes()[1:]), 90))
    step.reads = list(source.reads)
    write(step, item)
    return Place(frozenset((source.id, step.id)), frozenset((item,)))


def at_once(random: Random, draft: Draft) -> Place:
    """Two steps that run at once write the same, or one writes what the other reads."""
    first, last, steps = block(random, draft, "parallel", "parallel")
    before = draft.nodes[draft.into(first.id)[0].source]
    behind = draft.nodes[draft.out(last.id)[0].target]
    item = "gemeinsam"
    write(steps[0], item)
    if random.random() < 0.5:
        write(steps[1], item)
    else:
        asked = draft.nodes["antrag_stellen"]
        asked.writes.append((item, "citizen"))
        assert asked.fields is not None
        asked.fields.append(text(item, "Gemeinsame Angabe"))
        steps[1].reads.append(item)
    behind.reads.append(item)
    return Place(frozenset((steps[0].id, steps[1].id, before.id)), frozenset((item,)))


def destroyed_early(random: Random, draft: Draft) -> Place | None:
    """A datum is deleted and then read, or deleted twice."""
    facts = draft.nodes["antrag_stellen"].writes
    item = facts[0][0]
    flow = next(iter(draft.into("einstufen")))
    step = draft.insert(flow, work(draft, "Angaben löschen", draft.nodes["einstufen"].lane, 91))
    step.deletes = [item]
    return Place(frozenset((step.id, "einstufen")), frozenset((item,)))


def destroyed_twice(random: Random, draft: Draft) -> Place:
    item = draft.nodes["antrag_stellen"].writes[0][0]
    lane = draft.nodes["bescheid_senden"].lane
    ids = []
    for n in range(2):
        flow = draft.out("bescheid_senden" if n == 0 else ids[0])[0]
        step = draft.insert(flow, work(draft, ("Angaben löschen", "Bestand löschen")[n], lane, 92 + n))
        step.deletes = [item]
        ids.append(step.id)
    return Place(frozenset(ids), frozenset((item,)))


def write(step: Node, item: str) -> None:
    step.writes.append((item, "step"))
    step.fields = [*(step.fields or []), text(item, item.title())]


def used(draft: Draft, first: Node, steps: list[Node]) -> None:
    """What the steps of a block record is read by what is told behind it."""
    for step in steps:
        write(step, "lagebild")
    reader = "bescheid_senden" if "bescheid_senden" in draft.behind(first.id) else "ablehnen"
    draft.nodes[reader].reads.append("lagebild")


# --- FL06: decision and gateway ---


def guarded(draft: Draft) -> tuple[str, list[Flow]]:
    return draft.tables[0].variable, draft.out("gw_einstufung")


def new_output(random: Random, draft: Draft) -> Place:
    """The decision gives a result that no flow waits for."""
    name, flows = guarded(draft)
    table = draft.tables[0]
    refuse = next(
        flow for flow in flows if flow.condition and flow.condition.count('"') == 2 and "!=" not in flow.condition
    )
    plain = next(flow for flow in flows if flow is not refuse)
    refused = refuse.condition.split('"')[1] if refuse.condition else ""
    plain.condition = " or ".join(f'{name} = "{word}"' for word in table.outputs if word != refused)
    draft.nodes["gw_einstufung"].default = None
    at_row = random.randrange(len(table.rows))
    row = replace(table.rows[at_row], output="Einzelfall")
    rows = (*table.rows[:at_row], row, *table.rows[at_row + 1 :])
    draft.tables[0] = replace(table, rows=rows, outputs=(*table.outputs, "Einzelfall"))
    return Place(frozenset(("gw_einstufung", "einstufen")), decision=table.id)


def misspelt_guard(random: Random, draft: Draft) -> Place:
    """A flow waits for a result that the decision never gives (misspelt, or renamed on one side)."""
    _, flows = guarded(draft)
    flow = random.choice([flow for flow in flows if flow.condition and "!=" not in flow.condition])
    assert flow.condition is not None
    word = flow.condition.split('"')[1]
    wrong = random.choice((word.swapcase(), word + "e", word.replace(" ", "_") + "_"))
    flow.condition = flow.condition.replace(f'"{word}"', f'"{wrong}"', 1)
    return Place(frozenset(("gw_einstufung", "einstufen", flow.id)), decision=draft.tables[0].id)


def both_ways(random: Random, draft: Draft) -> Place:
    """Two flows wait for one result."""
    name, flows = guarded(draft)
    table = draft.tables[0]
    refuse = next(
        flow for flow in flows if flow.condition and flow.condition.count('"') == 2 and "!=" not in flow.condition
    )
    plain = next(flow for flow in flows if flow is not refuse)
    plain.condition = " or ".join(f'{name} = "{word}"' for word in table.outputs)
    draft.nodes["gw_einstufung"].default = None
    return Place(frozenset(("gw_einstufung", "einstufen")), decision=table.id)


def further_way(random: Random, draft: Draft) -> Place:
    """A third flow waits for what is no result."""
    name, _flows = guarded(draft)
    told = work(draft, "Sonderfall bearbeiten", draft.nodes["gw_einstufung"].lane, 95)
    told.reads = [name]
    write(told, "sonderfall")
    end = Node(draft.fresh("ende"), "endEvent", "Sonderfall beendet", told.lane)
    notice = Node(draft.fresh("senden"), "sendTask", "Sonderfall mitteilen", told.lane, reads=["sonderfall"],
                  channel="online", law="Satzung der Stadt § 96", protected="Bekanntgabe")  # fmt: skip
    draft.nodes |= {told.id: told, notice.id: notice, end.id: end}
    flow = draft.connect("gw_einstufung", told.id, f'{name} = "gibt es nicht"')
    draft.connect(told.id, notice.id)
    draft.connect(notice.id, end.id)
    return Place(frozenset(("gw_einstufung", "einstufen", flow.id)), decision=draft.tables[0].id)


def uncovered_number(random: Random, draft: Draft) -> Place:
    """Guards on a number that leave out its bound, or both hold it."""
    gap = random.random() < 0.5
    first, _last, steps = block(random, draft, "exclusive", "exclusive")
    item = known(draft)
    bound = random.randint(2, 9)
    draft.nodes["antrag_stellen"].fields[-1]["validate"] = {"min": 0, "max": 20}  # type: ignore[index]
    first.default = None
    one, two = draft.out(first.id)
    one.condition, two.condition = f"{item} < {bound}", f"{item} > {bound}"
    if not gap:
        one.condition, two.condition = f"{item} <= {bound}", f"{item} >= {bound}"
    used(draft, first, steps)
    return Place(frozenset((first.id,)))


OPERATORS: dict[str, tuple[Operator, ...]] = {
    "FL01": (choice_then_wait, one_branch_leaves, join_waits_for_later),
    "FL02": (endless_branch, endless_after_refusal),
    "FL03": (both_then_first, no_join, silent_fork),
    "FL04": (cut_off_circle, way_out_of_nowhere),
    "FL05": (read_unwritten, read_before_written, written_on_one_way, lost, at_once, destroyed_early, destroyed_twice),
    "FL06": (new_output, misspelt_guard, both_ways, further_way, uncovered_number),
}
__all__ = ["OPERATORS", "Place", "choice"]
