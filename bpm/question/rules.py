"""What if this rule did not exist: proofs from the model, and how many cases of a scenario would be decided otherwise.

A verdict is a proof about the model (`bpm.analyser.ablation`). The *changed share* is a measurement: cases are drawn as
the simulator draws them, every table is asked which rules they meet, and each of these rules is left out in turn. It is
given where all inputs of the table are case attributes, or follow from them by other decisions of the file; where not,
a note says what is missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from bpm.analyser.ablation import Ablation, Core, Verdict
from bpm.analyser.boxes import Column, with_missing
from bpm.analyser.given import Given, TableAt
from bpm.analyser.guards import Guards, guards_of
from bpm.analyser.tables import Geometry
from bpm.decisions import decide
from bpm.errors import FeelError, LichtungError
from bpm.feel import free_names, from_json, parse_expression
from bpm.feel.evaluate import evaluate
from bpm.feel.ranges import kind_of
from bpm.feel.syntax.tree import Node, Null
from bpm.feel.temporal import parse
from bpm.kpis import exact_share
from bpm.model.decision import Decision, DecisionModel, DecisionTable, LiteralExpression
from bpm.model.procedure import Procedure
from bpm.model.process import Activity, BusinessRuleTask, SequenceFlow
from bpm.model.scenario import Attribute, Scenario

CASES = 10_000
"""Cases drawn if nobody says how many."""


@dataclass(frozen=True, slots=True)
class Note:
    """Why something is not known, or on what it rests; texts by language."""

    decision: str | None
    field: str
    why: Mapping[str, str]

    def as_json(self, lang: str) -> dict[str, Any]:
        return {"decision": self.decision, "field": self.field, "why": self.why[lang]}


@dataclass(frozen=True, slots=True)
class Trial:
    """One rule (1-based) of a table. `witness` is a case that it decides, by input expression; `share` of the drawn
    cases are decided otherwise without it, with an exact 95 % `interval`; None: not known, see the notes."""

    at: TableAt
    rule: int
    verdict: Verdict
    witness: Mapping[str, Any] | None
    share: float | None = None
    interval: tuple[float, float] | None = None

    @property
    def word(self) -> str:
        return {True: "decisive", False: "never-decisive", None: "undecided"}[self.verdict.decisive]

    def as_json(self, lang: str) -> dict[str, Any]:
        reason = self.verdict.reason
        return {
            "decision": self.at.owner,
            "path": self.at.model.path,
            "rule": self.rule,
            "verdict": self.word,
            "proof": self.verdict.decisive is not None,
            "witness": None if self.witness is None else dict(self.witness),
            "only_if_missing": self.verdict.only_missing,
            "reason": None if reason is None else reason[lang],
            "changed_share": self.share,
            "interval_95": None if self.interval is None else list(self.interval),
        }


@dataclass(frozen=True, slots=True)
class CoreOf:
    """The irredundant core of one table, and the wording of what was dropped."""

    at: TableAt
    core: Core


@dataclass(frozen=True, slots=True)
class GuardTrial:
    """One condition of an exclusive gateway on trial: would another node follow in some case if the flow were not
    there? Over all values of the data, whatever the process can give them."""

    guards: Guards
    trial: Trial

    @property
    def flow(self) -> SequenceFlow:
        return self.guards.flows[self.trial.rule - 1]

    def as_json(self, lang: str) -> dict[str, Any]:
        told = self.trial.as_json(lang)
        del told["decision"], told["rule"]
        condition = self.guards.condition(self.trial.rule)
        return {"gateway": self.guards.gateway.id, "flow": self.flow.id, "condition": condition, **told}


@dataclass(frozen=True, slots=True)
class Questioned:
    """What was asked of one procedure. `cases` is 0 where there is no scenario."""

    procedure: Procedure
    trials: tuple[Trial, ...] = ()
    cores: tuple[CoreOf, ...] = ()
    guards: tuple[GuardTrial, ...] = ()
    notes: tuple[Note, ...] = field(default=())
    cases: int = 0
    seed: int = 1


def question_rules(procedure: Procedure, scenario: Scenario | None, *, cases: int = CASES, seed: int = 1) -> Questioned:
    """Put every rule of every decision table, and every condition of an exclusive gateway, on trial.

    Raises:
        ScenarioError: a distribution of the scenario means nothing.
    """
    drawn = Cases({})
    notes: list[Note] = []
    if scenario is None:
        notes.append(Note(None, "changed_share", NO_SCENARIO))
    elif not scenario.attributes and not scenario.results:
        notes.append(Note(None, "changed_share", NO_ATTRIBUTES))
    else:
        drawn = cases_of(procedure, scenario, cases, seed)
        if drawn.on_the_way:
            notes.append(Note(None, "changed_share", ARRIVING))
    trials: list[Trial] = []
    cores: list[CoreOf] = []
    for at, shape in Given(procedure).geometries:
        if not isinstance(shape, Geometry):
            trials += [_unread(at, number, shape.skipped.reason) for number in range(1, len(at.table.rules) + 1)]
            continue
        ablation = Ablation(shape)
        measured = None
        if drawn.values:
            measured = _measure(ablation, drawn.values, notes)
        trials += [_trial(ablation, rule, measured) for rule in range(len(at.table.rules))]
        cores.append(CoreOf(at, ablation.core))
    guards = tuple(_guards(procedure, drawn.settled(), notes))
    return Questioned(procedure, tuple(trials), tuple(cores), guards, tuple(notes), cases if drawn.values else 0, seed)


@dataclass(frozen=True, slots=True)
class Cases:
    """Drawn cases: `values` by name, one per case. What a step or a decision settles on the way is drawn as if every
    case came there (`on_the_way`); of `mixed` data several places set a value, and the first that gives one counts."""

    values: Mapping[str, Sequence[Any]]
    on_the_way: frozenset[str] = frozenset()
    mixed: frozenset[str] = frozenset()

    def settled(self) -> Mapping[str, Sequence[Any]]:
        """Only what one place alone sets: a condition may stand before the second."""
        return {name: values for name, values in self.values.items() if name not in self.mixed}


def cases_of(
    procedure: Procedure, scenario: Scenario, cases: int, seed: int, *, wanted: frozenset[str] | None = None
) -> Cases:
    """Draw cases: every case attribute, every datum that a step sets, and every variable that a decision writes, as
    far as it follows from the others. With `wanted`, only these names and what they follow from: the same values.

    Raises:
        ScenarioError: a distribution means nothing.
    """
    from bpm.simulator.casemix import draw

    given = Given(procedure)
    order = {node.id: number for process in given.processes for number, node in enumerate(process.nodes)}
    own = {attribute.name for attribute in scenario.attributes}
    by_step: dict[str, list[tuple[int, Attribute]]] = {}
    for element, attributes in scenario.results.items():
        for attribute in attributes:
            by_step.setdefault(attribute.name, []).append((order.get(element, len(order)), attribute))
    first = {name: min(found, key=lambda pair: pair[0]) for name, found in by_step.items() if name not in own}
    # what a form asks for as well is known only where the scenario says what is answered there
    written = {
        name: found
        for name, found in _written(given, order).items()
        if name not in own and (name in first or name not in given.offers)
    }
    mixed = {name for name, found in by_step.items() if len(found) > 1 or name in written or name in own}
    asked = (*scenario.attributes, *(attribute for _, attribute in first.values()))
    if wanted is not None:
        wanted = _closure(wanted, written)
        written = {name: found for name, found in written.items() if name in wanted}
        asked = tuple(attribute for attribute in asked if attribute.name in wanted)
    drawn: dict[str, Sequence[Any]] = dict(draw(replace(scenario, attributes=asked), cases, seed))
    waiting = dict(written)
    while drawn:
        ready = [name for name, (_, model, it) in waiting.items() if set(_leaves(model, it)) <= set(drawn)]
        if not ready:
            break
        for name in ready:
            place, model, decision = waiting.pop(name)
            decided, by_hand = _decided(model, decision, drawn), drawn.get(name)
            if by_hand is None or place > first[name][0]:
                drawn.setdefault(name, decided)
            else:
                drawn[name] = [later if value is None else value for value, later in zip(decided, by_hand, strict=True)]
    return Cases(drawn, frozenset(set(drawn) - own), frozenset(mixed))


def _closure(wanted: frozenset[str], written: Mapping[str, tuple[int, DecisionModel, Decision]]) -> frozenset[str]:
    found, todo = set(wanted), list(wanted)
    while todo:
        entry = written.get(todo.pop())
        new = set(_leaves(entry[1], entry[2])) - found if entry is not None else set()
        found |= new
        todo += new
    return frozenset(found)


def _written(given: Given, order: Mapping[str, int]) -> dict[str, tuple[int, DecisionModel, Decision]]:
    """Variables that one decision writes and no output mapping does, with the place of the first task."""
    found: dict[str, dict[str, int]] = {}
    others: set[str] = set()
    for process in given.processes:
        for node in process.nodes:
            if isinstance(node, BusinessRuleTask) and node.decision and node.result_variable:
                found.setdefault(node.result_variable, {}).setdefault(node.decision, order[node.id])
            elif isinstance(node, Activity):
                others |= {mapping.target for mapping in node.outputs}
    written = {}
    for name, places in found.items():
        pair = given.procedure.decision(next(iter(places))) if len(places) == 1 else None
        if pair is not None and name not in others:
            written[name] = (next(iter(places.values())), *pair)
    return written


def _decided(model: DecisionModel, decision: Decision, drawn: Mapping[str, Sequence[Any]]) -> list[Any]:
    """What a decision gives for every drawn case; null where it gives nothing, as when the process goes on."""
    names = sorted(set(_leaves(model, decision)))
    known: dict[tuple[Any, ...], Any] = {}
    values = []
    for case in zip(*(drawn[name] for name in names), strict=True) if names else ():
        if case not in known:
            try:
                known[case] = decide(model, decision.id, dict(zip(names, case, strict=True))).result
            except LichtungError:
                known[case] = None
        values.append(known[case])
    if not names:
        count = len(next(iter(drawn.values())))
        try:
            values = [decide(model, decision.id, {}).result] * count
        except LichtungError:
            values = [None] * count
    return values


def _guards(procedure: Procedure, drawn: Mapping[str, Sequence[Any]], notes: list[Note]) -> Iterator[GuardTrial]:
    path = Given(procedure).path
    silent: list[str] = []
    for found in (it for process in Given(procedure).processes for it in guards_of(process, path)):
        if found.shape is None:
            at = _place_of(found, path)
            for number in range(1, len(found.flows) + 1):
                yield GuardTrial(found, _unread(at, number, found.reason or {}))
            continue
        ablation = Ablation(found.shape)
        told: list[Note] = []
        measured = _measure(ablation, drawn, told) if drawn else None
        if told and measured is None:
            silent.append(found.gateway.name or found.gateway.id)
        else:
            notes += told
        for rule in range(len(found.flows)):
            yield GuardTrial(found, _trial(ablation, rule, measured))
    if silent:
        listed = ", ".join(silent)
        notes.append(
            Note(None, "changed_share", {
                "de": f"Verzweigungen, die nicht allein nach Merkmalen der Fälle gehen, daher kein Anteil: {listed}",
                "en": f"gateways that do not go by attributes of the cases alone, hence no share: {listed}",
            })
        )  # fmt: skip


def _place_of(found: Guards, path: str) -> TableAt:
    table = DecisionTable(found.gateway.id, "FIRST", None, (), (), ())
    name = found.gateway.name or found.gateway.id
    return TableAt(DecisionModel(path, "", "", "", ()), found.gateway.id, name, table, None)


NO_SCENARIO = {
    "de": "ohne Szenario sind keine Anteile bekannt (scenario.json neben dem Modell oder --scenario)",
    "en": "without a scenario no shares are known (scenario.json beside the model, or --scenario)",
}
ARRIVING = {
    "de": "Was erst ein Schritt oder eine Entscheidung festlegt, ist so gezogen, als käme jeder Fall dorthin",
    "en": "what a step or a decision settles on the way is drawn as if every case came there",
}
NO_ATTRIBUTES = {
    "de": "das Szenario nennt keine Merkmale der Fälle (case_attributes)",
    "en": "the scenario names no attributes of cases (case_attributes)",
}


def _unread(at: TableAt, number: int, reason: Mapping[str, str]) -> Trial:
    return Trial(at, number, Verdict(None, reason=reason), None)


def _trial(ablation: Ablation, rule: int, measured: Measured | None) -> Trial:
    verdict = ablation.verdicts[rule]
    witness = None if verdict.box is None else ablation.example(verdict.box)
    trial = Trial(ablation.shape.at, rule + 1, verdict, witness)
    if measured is None or not measured.cases:
        return trial
    if verdict.decisive is False:
        return Trial(trial.at, trial.rule, verdict, None, 0.0, (0.0, 0.0))  # proven, whatever was drawn
    if rule in measured.unknown:
        return trial
    hits = measured.changed[rule]
    return Trial(trial.at, trial.rule, verdict, witness, hits / measured.cases, exact_share(hits, measured.cases))


# --- how many cases ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Measured:
    """Of so many cases how many change by rule (0-based); `unknown` rules depend on formulas."""

    cases: int
    changed: Counter[int]
    unknown: frozenset[int]


def _measure(ablation: Ablation, drawn: Mapping[str, Sequence[Any]], notes: list[Note]) -> Measured | None:
    at = ablation.shape.at
    sources = [_Source(at, entry.expression, drawn) for entry in ablation.boxes.columns]
    missing = sorted({name for source in sources for name in source.missing})
    if missing:
        listed = ", ".join(missing)
        notes.append(
            Note(at.owner, "changed_share", {
                "de": f"{listed}: kein Merkmal der Fälle im Szenario, daher kein Anteil",
                "en": f"{listed}: no attribute of the cases in the scenario, hence no share",
            })
        )  # fmt: skip
        return None
    columns = [_Column(entry) for entry in ablation.boxes.columns]
    everything = (1 << ablation.boxes.count) - 1
    met: Counter[int] = Counter()
    outside = 0
    for number in range(len(next(iter(drawn.values())))):
        rules: int | None = everything
        for source, column in zip(sources, columns, strict=True):
            found = column.rules(source.value(number))
            rules = None if rules is None or found is None else rules & found
        if rules is None:
            outside += 1
        else:
            met[rules] += 1
    if outside:
        notes.append(
            Note(at.owner, "changed_share", {
                "de": f"{outside} Fälle haben Werte, die die Tabelle nicht zulässt; sie zählen nicht mit",
                "en": f"{outside} cases have values that the table does not allow; they do not count",
            })
        )  # fmt: skip
    return _count(ablation, met, notes)


def _count(ablation: Ablation, met: Counter[int], notes: list[Note]) -> Measured:
    changed: Counter[int] = Counter()
    unknown: set[int] = set()
    for rules, times in met.items():
        matched = list(_bits(rules))
        for rule in matched:
            told = ablation.changes(matched, rule)
            if told is None:
                unknown.add(rule)
            elif told:
                changed[rule] += times
    if unknown:
        rows = ", ".join(str(rule + 1) for rule in sorted(unknown))
        notes.append(
            Note(ablation.shape.at.owner, "changed_share", {
                "de": f"Zeilen {rows}: ob sich das Ergebnis ändert, hängt von mehr ab als davon, welche Zeilen passen",
                "en": f"rules {rows}: whether the result changes depends on more than which rules match",
            })
        )  # fmt: skip
    return Measured(sum(met.values()), changed, frozenset(unknown))


@dataclass(frozen=True, slots=True)
class Uncovered:
    """How many drawn cases no rule of a table meets: a share of `cases` with an exact 95 % interval; None where inputs
    (`missing`, by expression or name) do not follow from what the scenario records of cases."""

    cases: int
    share: float | None = None
    interval: tuple[float, float] | None = None
    missing: tuple[str, ...] = ()


def uncovered(shape: Geometry, drawn: Mapping[str, Sequence[Any]]) -> Uncovered:
    """The share of drawn cases (attribute values by name, one per case) that a table has no rule for.

    Cases with values that the table does not allow do not count.
    """
    sources = [_Source(shape.at, entry.expression, drawn) for entry in shape.boxes.columns]
    missing = tuple(sorted({name for source in sources for name in source.missing}))
    if missing or not drawn:
        return Uncovered(0, missing=missing or tuple(entry.expression for entry in shape.boxes.columns))
    columns = [_Column(entry) for entry in with_missing(shape.boxes).columns]
    everything = (1 << shape.boxes.count) - 1
    counted = without = 0
    for number in range(len(next(iter(drawn.values())))):
        rules: int | None = everything
        for source, column in zip(sources, columns, strict=True):
            found = column.rules(source.value(number))
            rules = None if rules is None or found is None else rules & found
        counted += rules is not None
        without += rules == 0
    if not counted:
        return Uncovered(0)
    return Uncovered(counted, without / counted, exact_share(without, counted))


def looked_at(shape: Geometry) -> frozenset[str] | None:
    """The data that the inputs of a table follow from; None where an input cannot be read without the cases."""
    sources = [_Source(shape.at, entry.expression, {}) for entry in shape.boxes.columns]
    if any(not source.names for source in sources):
        return None
    return frozenset(name for source in sources for name in source.reads)


def _bits(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


class _Column:
    """Which rules (a mask of 0-based bits) a value meets; worked out once per atom."""

    def __init__(self, entry: Column) -> None:
        self.entry = entry
        self._rules: dict[int, int] = {}

    def rules(self, value: Any) -> int | None:
        """None for a value that is not among the allowed ones."""
        atom = self._atom(value)
        if atom is None:
            return None
        if atom not in self._rules:
            self._rules[atom] = sum(1 << rule for rule, mask in enumerate(self.entry.masks) if mask & atom)
        return self._rules[atom]

    def _atom(self, value: Any) -> int | None:
        entry: Column = self.entry
        if isinstance(value, str) and entry.kind not in ("string", ""):
            value = parse(value)
        kinds = {kind_of(bound) for bound in entry.bounds}
        if value is None or isinstance(value, list | dict) or (kinds and kind_of(value) not in kinds):
            return entry.null
        place = sum(bool(bound < value) for bound in entry.bounds)
        exact = bool(place < len(entry.bounds) and entry.bounds[place] == value)
        atom = 1 << (2 * place + (1 if exact else 0))
        if atom & entry.exists:
            return atom
        return entry.others if entry.others and not exact else None


class _Source:
    """The value of an input expression by case: from attributes, or from decisions that rest on nothing else."""

    def __init__(self, at: TableAt, expression: str, drawn: Mapping[str, Sequence[Any]]) -> None:
        self._model, self._drawn = at.model, drawn
        names = sorted(set(drawn) | {it.name for it in at.model.inputs} | {it.variable for it in at.model.decisions})
        self.missing: set[str] = set()
        self._node: Node = Null()
        try:
            self._node = parse_expression(expression, names)
        except FeelError:
            self.missing.add(expression)
        self.names = sorted(free_names(self._node))
        self._decisions: dict[str, Decision] = {}
        asked = at.decision.requires if at.decision is not None else ()
        own = {it.name for it in at.model.inputs if it.id in asked}
        for name in self.names:
            if name in own and name not in drawn:
                self.missing.add(name)
            elif name not in drawn:
                self._find(name)
        self.reads = sorted({*self.names, *(it for d in self._decisions.values() for it in _leaves(at.model, d))})
        self._known: dict[tuple[Any, ...], Any] = {}

    def value(self, case: int) -> Any:
        """The FEEL value of a case; null where it cannot be computed, as when deciding."""
        data = {name: self._drawn[name][case] for name in self.reads if name in self._drawn}
        key = tuple(data.values())
        if key not in self._known:
            self._known[key] = self._compute(data)
        return self._known[key]

    def _compute(self, data: Mapping[str, Any]) -> Any:
        scope = {name: from_json(data[name]) for name in self.names if name in data}
        for name, decision in self._decisions.items():
            try:
                scope[name] = decide(self._model, decision.id, data).result
            except LichtungError:
                scope[name] = None
        try:
            value = evaluate(self._node, scope)
        except LichtungError:
            return None
        return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value

    def _find(self, name: str) -> None:
        for decision in self._model.decisions:
            if name in (decision.variable, decision.id):
                unknown = {leaf for leaf in _leaves(self._model, decision) if leaf not in self._drawn}
                self.missing |= unknown
                self._decisions[name] = decision
                return
        self.missing.add(name)


def _leaves(model: DecisionModel, root: Decision) -> Iterator[str]:
    """What a decision needs from outside: inputs it requires, and names its table or expression reads undeclared."""
    decisions = {decision.id: decision for decision in model.decisions}
    inputs = {entry.id: entry.name for entry in model.inputs}
    seen, todo = {root.id}, [root]
    while todo:
        decision = todo.pop()
        told = set()
        for reference in decision.requires:
            id = reference.rpartition("#")[2]
            if id in inputs:
                told.add(inputs[id])
                yield inputs[id]
            elif id in decisions:
                told |= {decisions[id].variable, id}
                if id not in seen:
                    seen.add(id)
                    todo.append(decisions[id])
        yield from sorted(_read_by(decision) - told)


def _read_by(decision: Decision) -> set[str]:
    logic = decision.logic
    if isinstance(logic, DecisionTable):
        texts = [clause.expression for clause in logic.inputs]
    else:
        texts = [logic.text] if isinstance(logic, LiteralExpression) else []
    found: set[str] = set()
    for text in texts:
        try:
            found |= free_names(parse_expression(text))
        except LichtungError:
            continue
    return found
