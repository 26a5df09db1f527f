"""The procedure on one page: what an analyst, a clerk or a citizen sees first.

Pure: takes a read procedure and its analysis, gives values; words and formats belong to whoever shows them. Sums
count each step of the model once and say how many steps they rest on; citizens', businesses' and the city's time stand
side by side and are never added up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bpm.analyser.finding import Finding
from bpm.analyser.protected import Shield, shield
from bpm.analyser.run import SHOWN_FIRST, WORTH_A_TALK, Analysis, Reported, ranked
from bpm.model.decision import Decision, DecisionTable
from bpm.model.edit import VOCABULARY
from bpm.model.procedure import Procedure
from bpm.model.process import Deadline, LegalBasis
from bpm.model.steps import Step, tabulate
from bpm.texts import MARK

BOXES = 3
"""So many boxes of a finding show on its card; all of them stand in the JSON."""


@dataclass(frozen=True, slots=True)
class Sum:
    """Minutes over the `steps` (of `of`) that record them, each step once; `known` counts how each is known."""

    minutes: float
    steps: int
    of: int
    known: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of one kind of knowledge is recorded: `recorded` of `of`. `what` is a stable name."""

    what: str
    recorded: int
    of: int


@dataclass(frozen=True, slots=True)
class Question:
    """A finding as a card: `number` is its pin, `places` are (element id, name), `organs` may change its basis.

    `boxes` say in FEEL which cases it is about (the first `BOXES` of them), `way` names the nodes that lead there.
    """

    number: int
    reported: Reported
    places: tuple[tuple[str, str], ...]
    organs: tuple[LegalBasis, ...]
    boxes: tuple[str, ...] = ()
    way: tuple[str, ...] = ()

    @property
    def shows_process(self) -> bool:
        """Whether its remedy changes the process, so that today and the proposal can stand side by side."""
        remedy = self.reported.finding.remedy
        kinds = [VOCABULARY.get(str(edit.get("do"))) for edit in remedy.edits] if remedy is not None else []
        return bool(kinds) and all(kind is not None and kind.notation == "bpmn" for kind in kinds)

    @property
    def shows_table(self) -> bool:
        """Whether its remedy changes a decision table."""
        remedy = self.reported.finding.remedy
        return remedy is not None and any("decision" in edit for edit in remedy.edits)


MARKS: Mapping[str, str] = {
    "RC02": "conflict",
    "RC03": "needless",
    "RC04": "needless",
    "RC05": "unreachable",
    "RC06": "conflict",
    "RC07": "needless",
    "RC09": "unreachable",
    "RC10": "conflict",
    "RC11": "conflict",
    "RC12": "conflict",
    "AB01": "needless",
    "AB03": "needless",
}
"""What kind of mark a finding about rows puts on them (for the colour); the words are `bpm.texts.MARK`."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A question at one row: `words` are German, followed by the numbers of the other rows where there are `others`;
    `boxes` are the cases in FEEL."""

    question: Question
    kind: str
    words: str
    others: tuple[int, ...]
    boxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableView:
    """A decision table with the numbers of the rules that questions point at, and what they say of them by row.

    `questions` are those about this table, whether about rows or not.
    """

    decision: Decision
    path: str
    table: DecisionTable
    marked: Mapping[int, tuple[int, ...]]
    marks: Mapping[int, tuple[Mark, ...]] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()

    def kind(self, row: int) -> str:
        """The gravest kind of mark on a row, empty if it has none."""
        found = {mark.kind for mark in self.marks.get(row, ())}
        return next((kind for kind in ("conflict", "unreachable", "needless") if kind in found), "")


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything the page shows."""

    key: str
    name: str
    documentation: str
    procedural_law: str | None
    steps: tuple[Step, ...]
    roles: tuple[str, ...]
    city: Sum
    citizen: Sum
    business: Sum
    questions: tuple[Question, ...]
    pins: Mapping[str, tuple[int, ...]]
    coverage: tuple[Coverage, ...]
    tables: tuple[TableView, ...]
    other_decisions: tuple[Decision, ...]
    deadlines: tuple[Deadline, ...]
    analysis: Analysis
    shields: Mapping[str, Shield] = field(default_factory=dict)

    @property
    def step_count(self) -> int:
        """Static task-type nodes, each once."""
        return sum(step.is_step for step in self.steps)

    @property
    def rule_count(self) -> int:
        return sum(len(view.table.rules) for view in self.tables)

    @property
    def worth_a_talk(self) -> tuple[Question, ...]:
        return self.questions[:WORTH_A_TALK]

    @property
    def shown_first(self) -> tuple[Question, ...]:
        return self.questions[:SHOWN_FIRST]

    @property
    def twin(self) -> tuple[tuple[Step, tuple[int, ...]], ...]:
        """The rows of the step table, each with the pins on it."""
        return tuple((step, self.pins.get(step.element, ())) for step in self.steps)


def look(procedure: Procedure, analysis: Analysis) -> Overview:
    """The overview of `procedure`; a procedure of decisions alone has no steps."""
    process = procedure.process.main if procedure.process is not None else None
    steps = tabulate(process) if process is not None else ()
    work = [step for step in steps if step.is_step]
    questions = _questions(procedure, analysis, {step.element: step for step in steps})
    pins: dict[str, tuple[int, ...]] = {}
    for question in questions:
        for element, _ in question.places:
            pins[element] = (*pins.get(element, ()), question.number)
    tables, others = _decisions(procedure, questions)
    deadlines = [] if process is None else [*process.facts.deadlines]
    deadlines += [] if process is None else [one for node in process.nodes for one in node.facts.deadlines]
    return Overview(
        key=procedure.key,
        name=procedure.name,
        documentation=process.documentation if process is not None else "",
        procedural_law=process.procedural_law if process is not None else None,
        steps=steps,
        roles=tuple(dict.fromkeys(step.role for step in work if step.role)),
        city=_sum(work, "minutes"),
        citizen=_sum(work, "citizen_minutes"),
        business=_sum(work, "business_minutes"),
        questions=questions,
        pins=pins,
        coverage=_coverage(work, tables),
        tables=tables,
        other_decisions=others,
        deadlines=tuple(deadlines),
        analysis=analysis,
        shields={} if process is None else {node.id: it for node in process.nodes if (it := shield(node)) is not None},
    )


def heat(nodes: Mapping[str, Mapping[str, Any]], figure: str = "waiting_time_s") -> tuple[tuple[str, int], ...]:
    """(element id, level 1 to 5) by a simulated figure per execution: fifths of the largest mean; zero has no heat.

    `nodes` is the `nodes` member of a simulation result.
    """
    means = {id: float((values.get(figure) or {}).get("mean") or 0.0) for id, values in nodes.items()}
    top = max(means.values(), default=0.0)
    return tuple((id, min(5, 1 + int(5 * mean / top))) for id, mean in sorted(means.items()) if top > 0 and mean > 0)


def _sum(work: Sequence[Step], figure: str) -> Sum:
    recorded = [step for step in work if getattr(step, figure) is not None]
    known: dict[str, int] = {}
    for step in recorded:
        how = step.known.how if step.known is not None else "unknown"
        known[how] = known.get(how, 0) + 1
    return Sum(sum(getattr(step, figure) for step in recorded), len(recorded), len(work), known)


def _questions(procedure: Procedure, analysis: Analysis, steps: Mapping[str, Step]) -> tuple[Question, ...]:
    questions = []
    for number, reported in enumerate(ranked(analysis.findings), start=1):
        finding = reported.finding
        places = [(id, (steps[id].name or id) if id in steps else id) for id in finding.element_ids]
        organs: list[LegalBasis] = [
            basis for id in finding.element_ids if id in steps for basis in steps[id].legal_bases
        ]
        found = procedure.decision(finding.decision) if finding.decision else None
        if found is not None and isinstance(found[1].logic, DecisionTable):
            rules = found[1].logic.rules
            organs += [basis for at in finding.rules if at <= len(rules) for basis in rules[at - 1].legal_bases]
            places = [place for place in places if place[0] != found[1].id]
            places.append((found[1].id, found[1].name))
        distinct = {
            (basis.organ, basis.citation, basis.force, basis.known and basis.known.how): basis for basis in organs
        }
        boxes = _boxes_of(finding)
        way = finding.evidence.get("trace") or finding.evidence.get("path") or ()
        names = [steps[id].name for id in way if id in steps and steps[id].name]
        questions.append(Question(number, reported, tuple(places), tuple(distinct.values()), boxes, tuple(names)))
    return tuple(questions)


def _decisions(
    procedure: Procedure, questions: Sequence[Question]
) -> tuple[tuple[TableView, ...], tuple[Decision, ...]]:
    tables, others = [], []
    for model in procedure.decisions:
        for decision in model.decisions:
            if not isinstance(decision.logic, DecisionTable):
                others.append(decision)
                continue
            about = tuple(it for it in questions if decision.id in it.reported.finding.element_ids)
            marks: dict[int, tuple[Mark, ...]] = {}
            for question in about:
                for row, mark in _marks(question, decision.id):
                    marks[row] = (*marks.get(row, ()), mark)
            marked = {row: tuple(mark.question.number for mark in found) for row, found in marks.items()}
            tables.append(TableView(decision, model.path, decision.logic, marked, marks, about))
    return tuple(tables), tuple(others)


def _marks(question: Question, decision: str) -> Iterator[tuple[int, Mark]]:
    """What a question says of rows of one table, each row once."""
    finding = question.reported.finding
    kind, words = MARKS.get(finding.code, "needless"), MARK.get(finding.code, MARK["other"])
    rows = tuple(finding.rules) if finding.decision == decision else ()
    for case in finding.evidence.get("cases", ()):
        rows += tuple(
            it["rule"] for it in case.get("rules", ()) if it["decision"] == decision and "procedure" not in it
        )
    for bound in finding.evidence.get("bounds", ()):
        rows += tuple(bound.get("rules", ())) if bound["place"] == decision and "procedure" not in bound else ()
    rows = tuple(dict.fromkeys(rows))
    # the first row is the one affected where the others are the cause of it
    one_way = finding.code in ("RC04", "RC05", "RC06")
    for row in rows:
        others = tuple(other for other in rows if other != row)
        caused = one_way and row != rows[0]
        if finding.code in ("RC10", "RC11", "RC12", "RC09", "AB01"):
            others = ()
        said = ("cause", MARK["cause"], (rows[0],)) if caused else (kind, words, others)
        yield row, Mark(question, said[0], said[1], said[2], _boxes_of(finding))


def _boxes_of(finding: Finding) -> tuple[str, ...]:
    """The cases a finding is about, as FEEL tests in one line each."""
    found = [*finding.evidence.get("boxes", ()), *(case["box"] for case in finding.evidence.get("cases", ()))]
    lines = ["; ".join(f"{name}: {test}" for name, test in box.items() if test != "-") for box in found]
    quantity = finding.evidence.get("quantity")
    lines += [f"{quantity}: {tests}" for tests in finding.evidence.get("cases_between", ())]
    return tuple(dict.fromkeys(line for line in lines if line))[:BOXES]


def _coverage(work: Sequence[Step], tables: Sequence[TableView]) -> tuple[Coverage, ...]:
    rules = [(view.decision, rule) for view in tables for rule in view.table.rules]
    return (
        Coverage("minutes", sum(step.minutes is not None for step in work), len(work)),
        Coverage("measured", sum(step.known is not None and step.known.how == "measured" for step in work), len(work)),
        Coverage("channel", sum(step.channel is not None for step in work), len(work)),
        Coverage("legal-basis", sum(bool(step.legal_bases) for step in work), len(work)),
        Coverage("rule-source", sum(bool(rule.legal_bases or it.legal_bases) for it, rule in rules), len(rules)),
    )
