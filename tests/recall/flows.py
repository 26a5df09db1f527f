"""Clean procedures as values: nodes, flows, data, forms, tables, a scenario; written as BPMN.

A made-up office procedure: somebody applies, facts are decided on by a table, refusals are heard and told, grants pass
through steps of several offices, each of which needs what the step before made. Nothing in it is to be found.
"""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import count
from random import Random
from xml.sax.saxutils import escape, quoteattr

from tests.recall.tables import Style, Table, generate, written

FEEL = "https://www.omg.org/spec/DMN/20191111/FEEL/"
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" '
    'xmlns:li="urn:lichtung:bpmn:1" id="d" targetNamespace="urn:test" expressionLanguage="' + FEEL + '">\n'
)
TOPICS = ("Sondernutzung", "Zuschuss", "Baumschutz", "Marktstand", "Hausnummer", "Gartenparzelle", "Plakatierung")
OFFICES = ("Sachgebiet Prüfung", "Kasse", "Bauamt", "Fachstelle", "Registratur")
# Steps of an office by meaning, each in several wordings; the first is plain, the others vary.
CHECKING = (
    ("Antrag prüfen", "Prüfung des Antrags", "Antragsprüfung", "Antrag pruefen", "Anträge prüfen"),
    ("Unterlagen sichten", "Sichtung der Unterlagen", "Unterlagensichtung"),
)
WORKING = (
    ("Auflagen festlegen", "Festlegung der Auflagen", "Auflagenfestlegung"),
    ("Gebühr berechnen", "Berechnung der Gebühr", "Gebuehr berechnen", "Gebührenberechnung"),
    ("Lageplan zeichnen", "Zeichnung des Lageplans", "Lageplaene zeichnen", "Lageplanzeichnung"),
    ("Vertrag entwerfen", "Entwurf des Vertrags", "Vertragsentwurf", "Verträge entwerfen"),
    ("Termin vergeben", "Vergabe des Termins", "Terminvergabe", "Termine vergeben"),
    ("Akte anlegen", "Anlage der Akte", "Aktenanlage", "Akten anlegen"),
    ("Nummer zuteilen", "Zuteilung der Nummer", "Nummernzuteilung", "Nummern zuteilen"),
    ("Kartei ergänzen", "Ergänzung der Kartei", "Kartei ergaenzen", "Karteiergänzung"),
)
REFUSING = ("Ablehnung mitteilen", "Mitteilung der Ablehnung", "Absage mitteilen", "Ablehnungsbescheid versenden")
LAW = "Satzung der Stadt § {n}"


@dataclass
class Node:
    """One flow node. `kind` is the BPMN local name; `writes` are (item, origin); `law` is a citation or None."""

    id: str
    kind: str
    name: str = ""
    lane: str = ""
    reads: list[str] = field(default_factory=list)
    writes: list[tuple[str, str]] = field(default_factory=list)
    deletes: list[str] = field(default_factory=list)
    channel: str | None = None
    minutes: float | None = None
    law: str | None = None
    force: str = "should"
    demands: str | None = None
    valid_to: str | None = None
    protected: str | None = None
    documents: list[tuple[str, str | None]] = field(default_factory=list)
    decision: str | None = None
    result: str | None = None
    default: str | None = None
    fields: list[dict[str, object]] | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    inside: str = ""  # further content as written
    facts: str = ""  # further content of extensionElements as written

    @property
    def person(self) -> bool:
        return self.kind == "userTask"


@dataclass
class Flow:
    id: str
    source: str
    target: str
    condition: str | None = None
    name: str = ""


@dataclass
class Draft:
    """A procedure in the making. `files` are further files as they stand; `chain` the office steps in order."""

    key: str
    name: str
    nodes: dict[str, Node]
    flows: list[Flow]
    tables: list[Table] = field(default_factory=list)
    registers: dict[str, list[str]] = field(default_factory=dict)
    scenario: dict[str, object] | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    head: str = ""
    numbers: count[int] = field(default_factory=lambda: count(1))

    def copy(self) -> Draft:
        return deepcopy(self)

    def out(self, node: str) -> list[Flow]:
        return [flow for flow in self.flows if flow.source == node]

    def into(self, node: str) -> list[Flow]:
        return [flow for flow in self.flows if flow.target == node]

    def fresh(self, stem: str) -> str:
        return f"{stem}_n{next(self.numbers)}"

    def connect(self, source: str, target: str, condition: str | None = None) -> Flow:
        flow = Flow(self.fresh("f"), source, target, condition)
        self.flows.append(flow)
        return flow

    def insert(self, flow: Flow, node: Node) -> Node:
        """Put a node on a flow."""
        self.nodes[node.id] = node
        old, flow.target = flow.target, node.id
        self.connect(node.id, old)
        return node

    def only(self, *kinds: str) -> list[Node]:
        return [node for node in self.nodes.values() if node.kind in kinds]

    def lanes(self) -> list[str]:
        return list(dict.fromkeys(node.lane for node in self.nodes.values() if node.lane))

    def next_steps(self, node: str) -> list[str]:
        return [flow.target for flow in self.out(node)]

    def behind(self, node: str) -> set[str]:
        """Every node that can come after this one."""
        seen: set[str] = set()
        todo = [node]
        while todo:
            for target in self.next_steps(todo.pop()):
                if target not in seen:
                    seen.add(target)
                    todo.append(target)
        return seen


def make(random: Random, varied: bool = False, knockouts: bool = False, loop: bool = False) -> Draft:
    """A clean procedure."""
    topic = random.choice(TOPICS)
    table = generate(random, "einstufung", rows=random.randint(3, 5))
    while len(table.outputs) > 4 or table.number:
        table = generate(random, "einstufung", rows=random.randint(3, 5))
    draft = Draft("verfahren", f"{topic} beantragen", {}, [], [table])
    draft.registers = {"name": ["Melderegister"], "anschrift": ["Melderegister"], "geburtsdatum": ["Melderegister"]}
    maker = _Maker(random, draft, varied, topic)
    maker.apply(table)
    if loop:
        maker.loop()
    if knockouts:
        maker.knockouts()
    maker.decide(table)
    maker.grant()
    draft.scenario = maker.scenario()
    return draft


class _Maker:
    """Builds one procedure from front to back; `at` is where the next node is connected."""

    def __init__(self, random: Random, draft: Draft, varied: bool, topic: str) -> None:
        self.random, self.draft, self.varied, self.topic = random, draft, varied, topic
        self.citizen = random.choice(("Antragstellende Person", "Bürger*in", "Bürgerin oder Bürger"))
        self.offices = random.sample(OFFICES, 3)
        self.at = ""
        self.condition: str | None = None
        self.work = list(WORKING)
        random.shuffle(self.work)
        self.law = 0
        self.shares: dict[str, list[tuple[str, float]]] = {}

    def cite(self) -> str:
        self.law += 1
        return LAW.format(n=self.law)

    def add(self, node: Node) -> Node:
        self.draft.nodes[node.id] = node
        if self.at:
            self.draft.connect(self.at, node.id, self.condition)
        self.at, self.condition = node.id, None
        if node.kind.endswith("Task"):
            node.channel = node.channel or "online"
            node.law = node.law or self.cite()
            node.force = "must" if node.kind != "userTask" or node.lane == self.citizen else node.force
        return node

    def word(self, wordings: tuple[str, ...]) -> str:
        return self.random.choice(wordings) if self.varied else wordings[0]

    def apply(self, table: Table) -> None:
        self.add(Node("beginn", "startEvent", f"{self.topic} gewünscht", self.citizen))
        asked = [column.variable for column in table.columns]
        fields: list[dict[str, object]] = []
        for column in table.columns:
            if column.kind == "number":
                fields.append({"type": "number", "key": column.variable, "label": column.label,
                               "validate": {"min": column.low, "max": column.high}})  # fmt: skip
            else:
                values = [{"label": w, "value": w == "true" if column.kind == "boolean" else w} for w in column.words]
                fields.append({"type": "radio", "key": column.variable, "label": column.label, "values": values})
        self.add(
            Node(
                "antrag_stellen",
                "userTask",
                f"{self.topic} beantragen",
                self.citizen,
                writes=[(item, "citizen") for item in asked],
                fields=fields,
                minutes=None,
            )
        )

    def loop(self) -> None:
        """Missing papers are asked for, now and then."""
        office = self.offices[0]
        asked = [item for item, _ in self.draft.nodes["antrag_stellen"].writes]
        self.add(Node("wieder_da", "exclusiveGateway", "", office))
        self.add(Node("vollstaendig_pruefen", "userTask", "Vollständigkeit feststellen", office, reads=asked,
                      writes=[("vollstaendig", "step")], fields=choice("vollstaendig", "Vollständig?"), minutes=6))  # fmt: skip  # noqa: E501
        self.add(Node("gw_vollstaendig", "exclusiveGateway", "Vollständig?", office))
        self.add_refusal("gw_vollstaendig", 'vollstaendig = "nein"', 0.1, back="wieder_da")
        self.condition = None
        self.draft.nodes["gw_vollstaendig"].default = "weiter"

    def add_refusal(self, gateway: str, guard: str, share: float, back: str = "") -> None:
        """A way out of a gateway: the refusal is told and the case ends, or papers are asked for and it comes back."""
        draft = self.draft
        datum = draft.nodes[draft.into(gateway)[0].source].writes[0][0]
        name = gateway.removeprefix("gw_")
        if back:
            asked = (draft.nodes["antrag_stellen"].fields or [])[0]
            node = Node(f"nachreichen_{name}", "userTask", "Fehlendes nachreichen", self.citizen, reads=[datum],
                        writes=[(str(asked["key"]), "citizen")], fields=[dict(asked)])  # fmt: skip
        else:
            node = Node(f"absagen_{name}", "sendTask", self.word(REFUSING), self.offices[0], reads=[datum],
                        protected="Begründung und Rechtsbehelfsbelehrung")  # fmt: skip
        node.law, node.channel = self.cite(), "online"
        draft.nodes[node.id] = node
        flow = draft.connect(gateway, node.id, guard)
        self.shares[gateway] = [(flow.id, share)]
        if back:
            draft.connect(node.id, back)
        else:
            end = Node(f"ende_{name}", "endEvent", "Abgelehnt", self.offices[0])
            draft.nodes[end.id] = end
            draft.connect(node.id, end.id)

    def knockouts(self) -> None:
        """Two checks that can end the case, the cheap and strict one first."""
        facts = [item for item, _ in self.draft.nodes["antrag_stellen"].writes]
        for n, (title, minutes, share) in enumerate((("Zuständigkeit", 3, 0.3), ("Standsicherheit", 25, 0.08))):
            item = f"ok{n + 1}"
            office = self.offices[n]
            self.add(Node(f"pruefen{n + 1}", "userTask", f"{title} prüfen", office, reads=[facts[n % len(facts)]],
                          writes=[(item, "step")], fields=choice(item, f"{title} gegeben?"), minutes=minutes))  # fmt: skip  # noqa: E501
            self.add(Node(f"gw_ok{n + 1}", "exclusiveGateway", f"{title} gegeben?", office))
            self.add_refusal(f"gw_ok{n + 1}", f'{item} = "nein"', share)
            self.condition = f'{item} = "ja"'

    def decide(self, table: Table) -> None:
        office = self.offices[0]
        facts = [column.variable for column in table.columns]
        self.add(Node("einstufen", "businessRuleTask", f"{table.variable.title()} bestimmen", office, reads=facts,
                      writes=[(table.variable, "step")], decision=table.id, result=table.variable))  # fmt: skip
        gateway = self.add(Node("gw_einstufung", "exclusiveGateway", "Wie geht es weiter?", office))
        refuse = self.random.choice(table.outputs)
        others = [word for word in table.outputs if word != refuse]
        draft, name = self.draft, table.variable
        hearing = Node("anhoeren", "userTask", "Zur Absicht Stellung nehmen", self.citizen, reads=[name],
                       writes=[("stellungnahme", "citizen")], protected="Anhörung", channel="online",
                       law=self.cite(), fields=[text("stellungnahme", "Ihre Stellungnahme")])  # fmt: skip
        told = Node("ablehnen", "sendTask", "Ablehnung bekannt geben", office, reads=["stellungnahme", name],
                    protected="Begründung und Rechtsbehelfsbelehrung", channel="online", law=self.cite())  # fmt: skip
        end = Node("ende_abgelehnt", "endEvent", "Abgelehnt", office)
        draft.nodes |= {node.id: node for node in (hearing, told, end)}
        flow = draft.connect(gateway.id, hearing.id, f'{name} = "{refuse}"')
        self.shares[gateway.id] = [(flow.id, 0.2)]
        draft.connect(hearing.id, told.id)
        draft.connect(told.id, end.id)
        style = self.random.random()
        if style < 0.4:
            self.condition = " or ".join(f'{name} = "{word}"' for word in others)
        elif style < 0.7:
            self.condition = f'{name} != "{refuse}"'
        else:
            gateway.default = "weiter"

    def step(self, wordings: tuple[str, ...], office: str, reads: list[str]) -> Node:
        stem = wordings[0].split()[0].lower().translate(str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}))
        item = f"{stem}_stand"
        return Node(f"{stem}_machen", "userTask", self.word(wordings), office, reads=reads, writes=[(item, "step")],
                    fields=[text(item, wordings[0])], minutes=self.random.randint(4, 20))  # fmt: skip

    def grant(self) -> None:
        """The chain of office steps, each needing the last; sometimes two of them at once; then the notice."""
        draft, random = self.draft, self.random
        needed = [draft.tables[0].variable]
        parallel = random.randint(1, 3) if random.random() < 0.5 else 0
        length = random.randint(3, 4)
        for n in range(1, length + 1):
            office = self.offices[n % 2 + 1]
            if n == parallel:
                self.add(Node("gabel", "parallelGateway", "", office))
                made = []
                join = Node("treffen", "parallelGateway", "", office)
                draft.nodes[join.id] = join
                for at in (1, 2):
                    self.at = "gabel"
                    made.append(self.add(self.step(self.work.pop(), self.offices[at], list(needed))))
                    draft.connect(self.at, join.id)
                self.at = join.id
                needed = [node.writes[0][0] for node in made]
                third = self.add(self.step(self.work.pop(), self.offices[0], list(needed)))
                needed = [third.writes[0][0]]
            else:
                node = self.add(self.step(self.work.pop(), office, list(needed)))
                needed = [node.writes[0][0]]
        name = draft.tables[0].variable
        self.add(Node("bescheid_senden", "sendTask", "Bescheid bekannt geben", self.offices[0],
                      reads=[*needed, name], protected="Bekanntgabe"))  # fmt: skip
        self.add(Node("ende_erteilt", "endEvent", "Erteilt", self.offices[0]))
        self._name_defaults()

    def _name_defaults(self) -> None:
        for node in self.draft.only("exclusiveGateway"):
            if node.default == "weiter":
                flow = next(flow for flow in self.draft.out(node.id) if flow.condition is None)
                node.default = flow.id

    def scenario(self) -> dict[str, object]:
        """Who works when and which way cases take; enough for checks that price."""
        draft = self.draft
        shares = []
        for gateway, known in self.shares.items():
            rest = [flow.id for flow in draft.out(gateway) if flow.id not in dict(known)]
            left = 1 - sum(share for _, share in known)
            paths = [{"path_id": f, "value": s} for f, s in known]
            paths += [{"path_id": f, "value": left / len(rest)} for f in rest]
            shares.append({"gateway_id": gateway, "probabilities": paths})
        pools = [(f"pool{n}", office) for n, office in enumerate(self.offices)]
        ids = {office: pool for pool, office in pools}
        tasks = []
        for node in draft.nodes.values():
            if node.kind.endswith("Task"):
                mean = (node.minutes or 1) * 60
                work = {"distribution_name": "fix", "distribution_params": [{"value": mean}]}
                staffed = node.person and node.lane in ids
                tasks.append({"task_id": node.id,
                              "resources": [{"resource_id": ids[node.lane]} | work] if staffed else []})  # fmt: skip
        week = {"from": "MONDAY", "to": "FRIDAY", "beginTime": "08:00:00", "endTime": "16:00:00"}
        return {
            "cases_per_year": 1000,
            "resource_profiles": [
                {
                    "id": f"{pool}_p",
                    "name": office,
                    "resource_list": [
                        {"id": pool, "name": office, "amount": 2, "cost_per_hour": 40, "calendar": "buero"}
                    ],
                }
                for pool, office in pools
            ],
            "resource_calendars": [{"id": "buero", "name": "Dienstzeit", "time_periods": [week]}],
            "task_resource_distribution": tasks,
            "arrival_time_distribution": {"distribution_name": "expon", "distribution_params": [{"value": 7200}]},
            "arrival_time_calendar": [week],
            "gateway_branching_probabilities": shares,
            "event_distribution": [],
        }


def choice(key: str, label: str, values: tuple[str, ...] = ("ja", "nein")) -> list[dict[str, object]]:
    """A form with one question that has fixed answers."""
    return [{"type": "radio", "key": key, "label": label, "values": [{"label": v, "value": v} for v in values]}]


def text(key: str, label: str) -> dict[str, object]:
    return {"type": "textfield", "key": key, "label": label}


# --- writing ---


def files(draft: Draft, style: Style) -> dict[str, bytes]:
    """All files of the procedure by name."""
    made = dict(draft.files)
    made["procedure.bpmn"] = bpmn(draft, style)
    if draft.tables:
        made["decisions.dmn"] = written(tuple(draft.tables), style)
    if draft.scenario is not None:
        made["scenario.json"] = json.dumps(draft.scenario).encode()
    if draft.registers:
        made["registers.json"] = json.dumps(draft.registers).encode()
    for node in draft.nodes.values():
        if node.fields is not None:
            components = [{"id": f"{node.id}_{n}", **one} for n, one in enumerate(node.fields)]
            form = {"schemaVersion": 16, "type": "default", "id": node.id, "components": components}
            made[f"forms/{node.id}.json"] = json.dumps(form, ensure_ascii=False).encode()
    return made


def bpmn(draft: Draft, style: Style) -> bytes:
    """The BPMN file; a varied one has its elements in another order."""
    lanes = draft.lanes()
    nodes, flows = list(draft.nodes.values()), list(draft.flows)
    if style.varied:
        for entries in (lanes, nodes, flows):
            style.random.shuffle(entries)
    parts = [
        HEAD,
        draft.head,
        f'<process id="{draft.key}" name={quoteattr(draft.name)} isExecutable="true" li:lawAsOf="2026-01-01">\n<laneSet id="ls">',  # noqa: E501
    ]
    for n, lane in enumerate(lanes):
        refs = "".join(f"<flowNodeRef>{node.id}</flowNodeRef>" for node in nodes if node.lane == lane)
        parts.append(f'<lane id="lane{n}" name={quoteattr(lane)}>{refs}</lane>')
    parts.append("</laneSet>\n")
    parts += [_node(draft, node) for node in nodes]
    for flow in flows:
        inner = ""
        if flow.condition is not None:
            condition = escape(flow.condition)
            inner = (
                f'<conditionExpression xsi:type="tFormalExpression" language="{FEEL}">{condition}</conditionExpression>'
            )
        name = f" name={quoteattr(flow.name)}" if flow.name else ""
        parts.append(
            f'<sequenceFlow id="{flow.id}"{name} sourceRef="{flow.source}" targetRef="{flow.target}">{inner}</sequenceFlow>\n'  # noqa: E501
        )
    parts.append("</process>\n</definitions>\n")
    return "".join(parts).encode()


def _node(draft: Draft, node: Node) -> str:
    given = {"id": node.id, "name": node.name, **node.attributes}
    if node.default:
        given["default"] = node.default
    if node.fields is not None:
        given["camunda:formKey"] = f"forms/{node.id}.json"
    if node.decision:
        given["camunda:decisionRef"] = node.decision
        given["camunda:resultVariable"] = node.result or node.decision
        given["camunda:mapDecisionResult"] = "singleEntry"
    if node.kind in ("sendTask", "serviceTask") and "camunda:type" not in given:
        given |= {"camunda:type": "external", "camunda:topic": node.id}
    facts = _facts(node)
    inner = f"<extensionElements>{facts}</extensionElements>" if facts else ""
    inner += "".join(f"<incoming>{flow.id}</incoming>" for flow in draft.into(node.id))
    inner += "".join(f"<outgoing>{flow.id}</outgoing>" for flow in draft.out(node.id))
    attributes = " ".join(f"{name}={quoteattr(value)}" for name, value in given.items() if value)
    return f"<{node.kind} {attributes}>{inner}{node.inside}</{node.kind}>\n"


def _facts(node: Node) -> str:
    step = {"channel": node.channel, "protected": node.protected}
    if node.minutes is not None:
        step["minutes"] = str(node.minutes)
    known = " ".join(f"{name}={quoteattr(value)}" for name, value in step.items() if value)
    parts = [f"<li:step {known}/>"] if known else []
    parts += [f'<li:reads item="{item}"/>' for item in node.reads]
    parts += [f'<li:writes item="{item}" from="{origin}"/>' for item, origin in node.writes]
    parts += [f'<li:deletes item="{item}"/>' for item in node.deletes]
    for name, held in node.documents:
        parts.append(f"<li:document name={quoteattr(name)}" + (f" heldBy={quoteattr(held)}" if held else "") + "/>")
    if node.law:
        force = "must" if node.protected else node.force
        more = "".join(
            f' {key}="{value}"' for key, value in (("demands", node.demands), ("validTo", node.valid_to)) if value
        )
        parts.append(f'<li:legalBasis citation={quoteattr(node.law)} organ="council" force="{force}"{more}/>')
    return "".join(parts) + node.facts
