"""Mutation operators for steps and burden, written from the definitions RS01 to RS11 and BU01 to BU06."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from random import Random

from tests.recall.flowops import Operator, Place, at, block, known, used, work, write
from tests.recall.flows import CHECKING, WORKING, Draft, Flow, Node, choice, text
from tests.recall.tables import Column, Cut, Row, Table


def chain(draft: Draft) -> list[Node]:
    """The office steps between the decision and the notice, which every granted case takes one by one."""
    return [
        node
        for node in draft.only("userTask")
        if node.id.endswith("_machen")
        and all(draft.nodes[flow.source].kind != "parallelGateway" for flow in draft.into(node.id))
        and all(draft.nodes[flow.target].kind != "parallelGateway" for flow in draft.out(node.id))
    ]


def reworded(random: Random, name: str) -> str:
    """The same in other words: another form, a compound, another spelling."""
    for wordings in (*WORKING, *CHECKING):
        if name in wordings:
            return random.choice(wordings)
    return name


# --- RS01: equal role, inputs, outputs on one path ---


def repeat_step(random: Random, draft: Draft, varied: bool) -> Place | None:
    """The same step once more on the same path, at once or later."""
    steps = chain(draft)
    if not steps:
        return None
    step = random.choice(steps)
    twin = deepcopy(step)
    twin.id = draft.fresh(step.id)
    twin.name = reworded(random, step.name) if varied else step.name
    flow = draft.out(step.id)[0]
    if random.random() < 0.5:
        later = [f for n in chain(draft) if n.id in draft.behind(step.id) for f in draft.out(n.id)]
        flow = random.choice(later) if later else flow
    draft.insert(flow, twin)
    return Place(every=frozenset((step.id, twin.id)))


# --- RS02: nothing rests on it ---


def idle_step(random: Random, draft: Draft, varied: bool) -> Place:
    """A step that writes what nobody reads, or nothing at all, and tells nobody."""
    flow = plain_flow(random, draft)
    source = draft.nodes[flow.source]
    lane = random.choice([lane for lane in offices(draft) if lane not in (source.lane, draft.nodes[flow.target].lane)])
    names = ("Liste führen", "Listenführung", "Strichliste führen", "Vermerk fertigen", "Statistikblatt ausfüllen")
    step = draft.insert(flow, work(draft, random.choice(names if varied else names[:1]), lane, 40))
    step.reads = [item for item, _ in source.writes] or [draft.tables[0].variable]
    write(step, "vermerk")
    return at(step.id)


# --- RS03, RS04: approvals ---


def approval_without_no(random: Random, draft: Draft, varied: bool) -> Place:
    """An approval whose form has one answer only; the way of a refusal is drawn and never taken."""
    flow = chain_flow(random, draft)
    source = draft.nodes[flow.source]
    lane = other_office(random, draft, source)
    names = ("Vorgang freigeben", "Freigabe des Vorgangs", "Vorgang mitzeichnen", "Mitzeichnung")
    step = draft.insert(flow, work(draft, random.choice(names if varied else names[:1]), lane, 41))
    step.reads = [item for item, _ in source.writes]
    step.writes, step.fields = [("freigabe", "step")], choice("freigabe", "Freigegeben?", ("ja",))
    _gate(draft, step, "freigabe", 'freigabe = "nein"')
    return at(step.id)


def implied_approval(random: Random, draft: Draft, varied: bool) -> Place | None:
    """Two decisions on one number in a row; whoever passes the first passes the second too."""
    column = Column("betrag", "Betrag", "number", 0, 5000, step=100)
    asked = draft.nodes["antrag_stellen"]
    asked.writes.append(("betrag", "citizen"))
    assert asked.fields is not None
    asked.fields.append({"type": "number", "key": "betrag", "label": "Betrag", "validate": {"min": 0, "max": 5000}})
    strict = 100 * random.randint(5, 40)
    loose = strict + 100 * random.randint(0, 9)
    flow = draft.into("einstufen")[0]
    ids: list[str] = []
    for n, bound in enumerate((strict, loose), 1):
        item = f"zulaessig{n}"
        rows = (Row((Cut(0, bound),), "ja"), Row((Cut(bound, 5000, False),), "nein"))
        draft.tables.append(Table(f"grenze{n}", f"Grenze {n}", item, "UNIQUE", (column,), ("ja", "nein"), rows))
        lane = draft.nodes["einstufen"].lane
        step = Node(draft.fresh("grenze"), "businessRuleTask", f"Grenze {n} prüfen", lane, reads=["betrag"],
                    writes=[(item, "step")], decision=f"grenze{n}", result=item, channel="online",
                    law=f"Satzung der Stadt § {42 + n}")  # fmt: skip
        draft.insert(flow, step)
        gate = _gate(draft, step, item, f'{item} = "nein"')
        flow = next(f for f in draft.out(gate.id) if f.id == gate.default)
        ids.append(step.id)
    return at(ids[1])


def _gate(draft: Draft, step: Node, item: str, guard: str) -> Node:
    """A choice behind a step: on the guard the case is refused and told so."""
    flow = draft.out(step.id)[0]
    gate = draft.insert(flow, Node(draft.fresh("gw"), "exclusiveGateway", "In Ordnung?", step.lane))
    gate.default = draft.out(gate.id)[0].id
    told = Node(draft.fresh("absage"), "sendTask", "Absage mitteilen", step.lane, reads=[item], channel="online",
                law="Satzung der Stadt § 49", protected="Begründung und Rechtsbehelfsbelehrung")  # fmt: skip
    end = Node(draft.fresh("ende"), "endEvent", "Abgesagt", step.lane)
    draft.nodes |= {told.id: told, end.id: end}
    draft.connect(gate.id, told.id, guard)
    draft.connect(told.id, end.id)
    return gate


# --- RS05: a predicate evaluated again without a write between ---


def decide_again(random: Random, draft: Draft, varied: bool) -> Place | None:
    """The same rules are applied once more to data that nobody has changed."""
    first = draft.nodes["einstufen"]
    steps = [node for node in chain(draft) if node.id in draft.behind(first.id)]
    if not steps:
        return None
    again = deepcopy(first)
    again.id = draft.fresh("einstufen")
    again.force = "should"
    again.name = f"{first.name.removesuffix(' bestimmen')} erneut bestimmen" if varied else first.name
    draft.insert(random.choice([flow for node in steps for flow in draft.out(node.id)]), again)
    return Place(every=frozenset((first.id, again.id)))


def ask_again(random: Random, draft: Draft, varied: bool) -> Place | None:
    """A choice asks what an earlier one has settled."""
    flow = chain_flow(random, draft)
    lane = draft.nodes[flow.source].lane
    variable = draft.tables[0].variable
    refuse = next(f.condition for f in draft.out("gw_einstufung") if f.target == "anhoeren")
    gate = draft.insert(flow, Node(draft.fresh("gw"), "exclusiveGateway", "Noch einmal: wie weiter?", lane))
    gate.default = draft.out(gate.id)[0].id
    told = Node(draft.fresh("absage"), "sendTask", "Absage mitteilen", lane, reads=[variable], channel="online",
                law="Satzung der Stadt § 49", protected="Begründung und Rechtsbehelfsbelehrung")  # fmt: skip
    end = Node(draft.fresh("ende"), "endEvent", "Abgesagt", lane)
    draft.nodes |= {told.id: told, end.id: end}
    draft.connect(gate.id, told.id, refuse)
    draft.connect(told.id, end.id)
    return at(gate.id)


# --- RS06, RS07: knock-outs ---


def dear_first(random: Random, draft: Draft, varied: bool) -> Place | None:
    """Of two checks that can end the case, the dear and lenient one comes first."""
    if "pruefen1" not in draft.nodes:
        return None
    draft.nodes["pruefen1"].minutes, draft.nodes["pruefen2"].minutes = random.randint(20, 60), random.randint(2, 6)
    shares = random.uniform(0.02, 0.1), random.uniform(0.2, 0.5)
    _reprice(draft, shares)
    return at("pruefen1", "pruefen2")


def _reprice(draft: Draft, shares: tuple[float, float]) -> None:
    assert draft.scenario is not None
    for entry in draft.scenario["gateway_branching_probabilities"]:  # type: ignore[attr-defined]
        if entry["gateway_id"] in ("gw_ok1", "gw_ok2"):
            share = shares[int(entry["gateway_id"][-1]) - 1]
            refuse = {flow.id for flow in draft.out(entry["gateway_id"]) if "nein" in (flow.condition or "")}
            for path in entry["probabilities"]:
                path["value"] = share if path["path_id"] in refuse else 1 - share
    for entry in draft.scenario["task_resource_distribution"]:  # type: ignore[attr-defined]
        minutes = draft.nodes[entry["task_id"]].minutes if entry["task_id"] in draft.nodes else None
        for resource in entry["resources"]:
            if minutes is not None:
                resource["distribution_params"] = [{"value": minutes * 60}]


def check_last(random: Random, draft: Draft, varied: bool) -> Place | None:
    """A cheap check whose data are there at the start comes after the work."""
    if "pruefen1" not in draft.nodes:
        return None
    check, gate = draft.nodes["pruefen1"], draft.nodes["gw_ok1"]
    before = draft.into(check.id)[0]
    on = next(flow for flow in draft.out(gate.id) if "nein" not in (flow.condition or ""))
    before.target = on.target
    flow = draft.into("bescheid_senden")[0]
    flow.target = check.id
    on.target = "bescheid_senden"
    return at(check.id, gate.id)


# --- RS08, RS09 ---


def independent_step(random: Random, draft: Draft, varied: bool) -> Place:
    """Between two steps stands one of another office that needs neither, and the next does not need it."""
    flow = chain_flow(random, draft)
    near = draft.nodes[flow.source]
    lane = random.choice([lane for lane in offices(draft) if lane not in (near.lane, draft.nodes[flow.target].lane)])
    names = ("Schild bestellen", "Bestellung des Schilds", "Schilderbestellung", "Schilder bestellen")
    step = draft.insert(flow, work(draft, random.choice(names if varied else names[:1]), lane, 44))
    step.reads = [draft.tables[0].variable]
    step.minutes = random.randint(5, 30)
    write(step, "schild")
    draft.nodes["bescheid_senden"].reads.append("schild")
    return at(step.id)


def cut_in_two(random: Random, draft: Draft, varied: bool) -> Place | None:
    """One person does two steps in a row with nothing between."""
    steps = chain(draft)
    if not steps:
        return None
    step = random.choice(steps)
    names = ("Angaben eintragen", "Eintragung der Angaben", "Ergebnis eintragen", "Ergebnisse erfassen")
    second = draft.insert(
        draft.out(step.id)[0], work(draft, random.choice(names if varied else names[:1]), step.lane, 45)
    )
    second.reads = [item for item, _ in step.writes]
    write(second, "eintrag")
    for late in draft.behind(second.id):
        if draft.nodes[late].kind in ("userTask", "sendTask"):
            draft.nodes[late].reads = [*draft.nodes[late].reads, "eintrag"]
    return Place(every=frozenset((step.id, second.id)))


# --- RS10, RS11 ---


def many_rounds(random: Random, draft: Draft, varied: bool) -> Place | None:
    """A colleague sends work back, so often that a case goes round more than 1.2 times."""
    steps = [node for node in chain(draft) if len(draft.into(node.id)) == 1]
    if not steps:
        return None
    step = random.choice(steps)
    lane = random.choice([lane for lane in offices(draft) if lane != step.lane])
    names = ("Entwurf gegenlesen", "Gegenlesen des Entwurfs", "Ergebnis durchsehen", "Durchsicht")
    merge = draft.insert(draft.into(step.id)[0], Node(draft.fresh("zurueck"), "exclusiveGateway", "", step.lane))
    look = draft.insert(draft.out(step.id)[0], work(draft, random.choice(names if varied else names[:1]), lane, 46))
    look.reads = [item for item, _ in step.writes]
    look.writes, look.fields = [("gegengelesen", "step")], choice("gegengelesen", "In Ordnung?")
    gate = draft.insert(draft.out(look.id)[0], Node(draft.fresh("gw"), "exclusiveGateway", "In Ordnung?", lane))
    gate.default = draft.out(gate.id)[0].id
    back = draft.connect(gate.id, merge.id, 'gegengelesen = "nein"')
    share = random.uniform(0.25, 0.6)
    assert draft.scenario is not None
    paths = [{"path_id": back.id, "value": share}, {"path_id": gate.default, "value": 1 - share}]
    draft.scenario["gateway_branching_probabilities"].append(  # type: ignore[attr-defined]
        {"gateway_id": gate.id, "probabilities": paths}
    )
    return at(step.id, look.id, gate.id, merge.id)


def dead_way(random: Random, draft: Draft, varied: bool) -> Place:
    """A way whose guard no datum can meet: beyond what the form lets in, or against the guard before it."""
    item = known(draft)
    draft.nodes["antrag_stellen"].fields[-1]["validate"] = {"min": 0, "max": 20}  # type: ignore[index]
    first, _last, steps = block(random, draft, "exclusive", "exclusive")
    guard = random.choice((f"{item} > {random.randint(21, 90)}", f"{item} < 0", f"{item} > 12 and {item} < 7"))
    one, two = draft.out(first.id)
    one.condition, two.condition, first.default = guard, None, two.id
    for step in steps:
        step.reads = [item]
    used(draft, first, steps)
    return at(first.id, one.id, steps[0].id)


# --- BU01 to BU06 ---

HELD = {
    "name": ("name", "familienname", "nachname"),
    "anschrift": ("anschrift", "wohnanschrift", "adresse"),
    "geburtsdatum": ("geburtsdatum", "geburtstag"),
}


def ask_what_is_held(random: Random, draft: Draft, varied: bool) -> Place:
    """The form asks for what a register of the city holds; the notice uses it."""
    item = random.choice(sorted(HELD))
    key = random.choice(HELD[item]) if varied else item
    _ask(draft, "antrag_stellen", key)
    return Place(frozenset(("antrag_stellen",)), frozenset((key,)))


def ask_twice(random: Random, draft: Draft, varied: bool) -> Place | None:
    """A later form asks the same person for what was asked at the start."""
    item = draft.tables[0].columns[0].variable
    old = draft.nodes["antrag_stellen"]
    assert old.fields is not None
    same = next(dict(one) for one in old.fields if one["key"] == item)
    late = draft.insert(draft.into("bescheid_senden")[0], work(draft, "Angaben ergänzen", old.lane, 47))
    late.reads, late.writes, late.fields = [draft.tables[0].variable], [(item, "citizen")], [same]
    draft.nodes["bescheid_senden"].reads.append(item)
    return Place(frozenset((late.id,)), frozenset((item,)))


def ask_for_held_paper(random: Random, draft: Draft, varied: bool) -> Place:
    """A paper is asked for that a register or another office holds."""
    step = draft.nodes["antrag_stellen"]
    names = ("Kopie der Gewerbeanmeldung", "Auszug aus dem Grundbuch", "Meldebescheinigung")
    step.documents.append((random.choice(names), random.choice(("Gewerbeamt", "Grundbuchamt", "Melderegister"))))
    return at(step.id)


def ask_for_nothing(random: Random, draft: Draft, varied: bool) -> Place:
    """A form asks for something that no decision, message or duty reads."""
    key = random.choice(("lieblingsfarbe", "telefax", "beruf_der_eltern", "bemerkung_intern"))
    node = draft.nodes["antrag_stellen"]  # what is said in a hearing is heard, not processed
    node.writes.append((key, "citizen"))
    node.fields = [*(node.fields or []), text(key, key.replace("_", " ").title())]
    return Place(frozenset((node.id,)), frozenset((key,)))


def _ask(draft: Draft, node: str, key: str) -> None:
    draft.nodes[node].writes.append((key, "citizen"))
    draft.nodes[node].fields = [*(draft.nodes[node].fields or []), text(key, key.title())]
    for reader in ("bescheid_senden", "ablehnen"):
        draft.nodes[reader].reads.append(key)


def paper_between(random: Random, draft: Draft, varied: bool) -> Place | None:
    """One step between digital ones is done on paper."""
    steps = chain(draft)
    if not steps:
        return None
    step = random.choice(steps)
    step.channel = random.choice(("paper", "mail")) if varied else "paper"
    return at(step.id)


def come_in_person(random: Random, draft: Draft, varied: bool) -> Place:
    """People must come, or bring a signature, an original or a copy, and no norm named asks for it."""
    step = random.choice([node for node in draft.only("userTask") if node.lane == draft.nodes["antrag_stellen"].lane])
    papers = ("Unterschrift", "Original der Urkunde", "Kopie des Ausweises", "Beglaubigte Abschrift")
    step.documents.append((random.choice(papers if varied else papers[:3]), None))
    return at(step.id)


def visit(random: Random, draft: Draft, varied: bool) -> Place:
    """A citizen's step at the counter that no case can avoid, and no norm named asks for presence."""
    step = draft.nodes["antrag_stellen"]
    step.channel = "counter"
    return at(step.id)


def no_basis(random: Random, draft: Draft, varied: bool) -> Place:
    """A step is known to rest on nothing."""
    step = random.choice(draft.only("userTask", "sendTask", "businessRuleTask"))
    step.law = "keine"
    return at(step.id)


def repealed(random: Random, draft: Draft, varied: bool) -> Place:
    """The source of a step is no longer in force."""
    step = random.choice(draft.only("userTask", "sendTask", "businessRuleTask"))
    step.valid_to = f"{random.randint(2005, 2023)}-12-31"
    return at(step.id)


def offices(draft: Draft) -> list[str]:
    citizen = draft.nodes["antrag_stellen"].lane
    return [lane for lane in draft.lanes() if lane != citizen]


def other_office(random: Random, draft: Draft, node: Node) -> str:
    return random.choice([lane for lane in offices(draft) if lane != node.lane])


def chain_flow(random: Random, draft: Draft) -> Flow:
    """A flow from an office step that every granted case takes, to the next one."""
    flows = [flow for node in chain(draft) for flow in draft.out(node.id) if draft.nodes[flow.target].person]
    return random.choice(flows or [draft.into("bescheid_senden")[0]])


def plain_flow(random: Random, draft: Draft) -> Flow:
    flows = [flow for node in chain(draft) for flow in draft.out(node.id)]
    return random.choice(flows or [draft.into("bescheid_senden")[0]])


Varied = type(repeat_step)
OPERATORS: dict[str, tuple[Varied, ...]] = {
    "RS01": (repeat_step,),
    "RS02": (idle_step,),
    "RS04": (implied_approval,),
    "RS05": (decide_again,),
    "RS06": (dear_first,),
    "RS07": (check_last,),
    "RS08": (independent_step,),
    "RS09": (cut_in_two,),
    "RS10": (many_rounds,),
    "RS11": (dead_way, ask_again, approval_without_no),
    "BU01": (ask_what_is_held, ask_twice, ask_for_held_paper),
    "BU02": (ask_for_nothing,),
    "BU03": (paper_between,),
    "BU04": (come_in_person, visit),
    "BU06": (no_basis, repealed),
}
__all__ = ["OPERATORS", "Operator", "replace"]
