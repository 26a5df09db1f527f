"""Every step on trial: what changes if it is left out, what that saves, and what is expensive and decides little.

A step *decides little* if at most one case of a hundred may end otherwise without it (upper end of the exact 95 %
interval), and *costs much* if it takes at least its even share - one of as many parts as there are steps - of the
city's working time, of the citizens' or of the businesses' time, or of the time from start to end. These are apart and
never added. Each such conclusion comes with the minutes up to which it holds. Only outcomes are measured: what a step
does outside the case (it sends, pays, hands over) or because the law says so is told beside it, and such a step is not
among those that are left out together.

What is needless alone may be needed when others go too, so that all steps that decide little are also left out
together; the joint saving stands beside the sum of the single ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from bpm.analyser.effects import acts_outward
from bpm.analyser.given import Given
from bpm.analyser.protected import protection
from bpm.costs.effort import Range
from bpm.costs.table import LEVEL, CostTable
from bpm.errors import ScenarioError
from bpm.model.procedure import Procedure
from bpm.model.process import FlowNode
from bpm.model.scenario import Scenario
from bpm.model.steps import step_nodes
from bpm.question.absence import Absence, Absences, Assumption, Refusal, Text
from bpm.question.paired import Baseline, Measured
from bpm.question.remedies import Remedied, remedied
from bpm.question.rules import CoreOf, Trial
from bpm.texts import LANGUAGES, STEP_VERDICT, translate

LITTLE = 0.01
"""A step whose absence may change at most this share of cases decides little."""

_TIMES = (
    ("work", "processing_time_s"),
    ("citizens", "citizen_time_s"),
    ("business", "business_time_s"),
    ("duration", "cycle_time_s"),
)
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class BreakEven:
    """Up to which minutes a conclusion holds; `minutes` is what was assumed, within `bounds`. `at` None: it holds
    however short the step is."""

    minutes: float
    at: float | None
    bounds: Range

    @property
    def holds_within(self) -> bool:
        """Whether the conclusion holds over all that the minutes may be."""
        return self.at is None or not self.bounds.cautious <= self.at <= self.bounds.pessimistic

    def as_json(self) -> dict[str, Any]:
        return {
            "minutes": self.minutes, "at_minutes": self.at, "low": self.bounds.cautious,
            "high": self.bounds.pessimistic, "holds_within": self.holds_within,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class StepTrial:
    """One step without which was played (`measured`), or why not. `costs` are its shares of the city's, citizens' and
    businesses' time and of the duration today, apart; `even` is the even share."""

    node: FlowNode
    role: str | None = None
    protected: str | None = None
    outward: bool = False
    duty: bool = False
    refusal: Text | None = None
    assumptions: tuple[Assumption, ...] = ()
    measured: Measured | None = None
    costs: Mapping[str, float] = field(default_factory=dict)
    even: float = 0.0
    break_even: BreakEven | None = None

    @property
    def little(self) -> bool:
        return self.measured is not None and self.measured.interval[1] <= LITTLE and not self.measured.open_share

    @property
    def much(self) -> bool:
        return any(share >= self.even for share in self.costs.values())

    @property
    def spare(self) -> bool:
        """Whether it belongs to what is left out together: it decides little, saves something and serves nobody else
        as far as the model says."""
        return self.little and max(self.costs.values(), default=0.0) > 0.0 and not self.outward and not self.duty

    @property
    def verdict(self) -> str:
        if self.protected is not None:
            return "protected"
        if self.measured is None:
            return "undecided"
        if self.measured.open_share:
            return "needed"
        if not self.little and self.measured.interval[0] <= LITTLE:
            return "too-few-cases"
        decides = "decides-little" if self.little else "decides"
        return f"{decides}-costs-{'much' if self.much else 'little'}"

    def as_json(self, lang: str) -> dict[str, Any]:
        measured = self.measured
        empty = {"outcome_changed_share": None, "interval_95": None, "unfinished_share": None, "saving": None,
                 "saving_per_year": None}  # fmt: skip
        return {
            "element": self.node.id,
            "name": self.node.name or self.node.id,
            "role": self.role,
            "protected": self.protected is not None,
            "protected_why": self.protected,
            **(empty if measured is None else measured.as_json()),
            "verdict": self.verdict,
            "words": WORDS[self.verdict][lang],
            "code": "AB02" if self.verdict == "decides-little-costs-much" else None,
            "outward": self.outward,
            "duty": self.duty,
            "reason": self.refusal[lang] if self.refusal else None,
            "assumptions": [it.as_json(lang) for it in self.assumptions],
            "cost_shares": dict(self.costs),
            "break_even": None if self.break_even is None else self.break_even.as_json(),
        }


WORDS: Mapping[str, Text] = {
    verdict: {lang: translate(words, lang) for lang in LANGUAGES} for verdict, words in STEP_VERDICT.items()
}
"""A verdict in words; it is a question to ask, not a decision."""

_RANK = ("decides-little-costs-much", "decides-little-costs-little", "decides-costs-much", "decides-costs-little",
         "too-few-cases", "needed", "undecided", "protected")  # fmt: skip


@dataclass(frozen=True, slots=True)
class RuleTrial:
    """A rule left out of the played procedure; `same` if it is proven that nothing changes."""

    measured: Measured | None
    refusal: Text | None = None
    same: bool = False

    def as_json(self, lang: str) -> dict[str, Any]:
        told = self.measured.as_json() if self.measured is not None else {}
        none = 0.0 if self.same else None
        return {
            "outcome_changed_share": told.get("outcome_changed_share", none),
            "outcome_interval_95": told.get("interval_95", [0.0, 0.0] if self.same else None),
            "unfinished_share": told.get("unfinished_share", none),
            "saving": told.get("saving"),
            "saving_per_year": told.get("saving_per_year"),
            "same_by_proof": self.same,
            "played_reason": self.refusal[lang] if self.refusal else None,
        }


@dataclass(frozen=True, slots=True)
class Joint:
    """Everything that decides little left out together. `excluded` could not go with the others, and why."""

    steps: tuple[str, ...] = ()
    rules: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    excluded: tuple[tuple[str, Text], ...] = ()
    measured: Measured | None = None
    refusal: Text | None = None
    single: Mapping[str, float] = field(default_factory=dict)
    single_per_year: Mapping[str, float] | None = None

    def as_json(self, lang: str) -> dict[str, Any]:
        found = None if self.measured is None else self.measured.as_json()
        return {
            "steps": list(self.steps),
            "rules": {name: list(rules) for name, rules in self.rules.items()},
            "excluded": [{"element": element, "why": why[lang]} for element, why in self.excluded],
            "reason": self.refusal[lang] if self.refusal else None,
            "saving": found and found["saving"],
            "saving_per_year": found and found["saving_per_year"],
            "outcome_changed_share": found and found["outcome_changed_share"],
            "interval_95": found and found["interval_95"],
            "sum": dict(self.single),
            "sum_per_year": None if self.single_per_year is None else dict(self.single_per_year),
        }


@dataclass(frozen=True, slots=True)
class Played:
    """One procedure played with and without: steps ranked, rules by (path, owner, rule)."""

    baseline: Baseline
    steps: tuple[StepTrial, ...] = ()
    rules: Mapping[tuple[str, str, int], RuleTrial] = field(default_factory=dict)
    joint: Joint = field(default_factory=Joint)
    remedied: Remedied = field(default_factory=Remedied)


def play(
    given: Given, scenario: Scenario, table: CostTable, *,
    trials: Sequence[Trial] = (), cores: Sequence[CoreOf] = (), steps: bool = True, findings: bool = False,
    level: str = LEVEL,
    cases: int = 1_000, replications: int = 30, seed: int = 1, workers: int = 1, progress: Progress | None = None,
) -> Played:  # fmt: skip
    """Play the procedure once as it is, and once without each step and each rule of `trials`; with `findings` also with
    the remedies of all findings together.

    Raises:
        ScenarioError: the procedure as it is cannot be played.
    """
    options = {"cases": cases, "replications": replications, "seed": seed}
    baseline = Baseline(given.procedure, scenario, table, level=level, workers=workers, **options)
    absences = Absences(given, scenario, baseline.result.flows)
    nodes = list(baseline.steps.values()) if steps else []
    jobs: list[FlowNode | Trial] = [*nodes, *trials]
    done: list[StepTrial | RuleTrial] = []
    for number, one in enumerate(_tried(baseline, absences, jobs, workers), start=1):
        done.append(one)
        if progress is not None:
            progress(number / (len(jobs) + 1))
    tried = tuple(sorted((it for it in done if isinstance(it, StepTrial)), key=_rank))
    rules = {
        (trial.at.model.path, trial.at.owner, trial.rule): one
        for trial, one in zip(trials, done[len(nodes) :], strict=True)
        if isinstance(one, RuleTrial)
    }
    joint = _together(baseline, absences, tried, cores) if steps else Joint()
    return Played(baseline, tried, rules, joint, remedied(given, baseline) if findings else Remedied())


def _tried(
    baseline: Baseline, absences: Absences, jobs: Sequence[FlowNode | Trial], workers: int
) -> Iterator[StepTrial | RuleTrial]:
    """In order, on threads: the kernel gives the interpreter lock back."""

    def do(one: FlowNode | Trial) -> StepTrial | RuleTrial:
        return _rule(baseline, absences, one) if isinstance(one, Trial) else _step(baseline, absences, one)

    if workers == 1:
        yield from map(do, jobs)
        return
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(do, jobs)


def _rule(baseline: Baseline, absences: Absences, trial: Trial) -> RuleTrial:
    if trial.verdict.decisive is False:
        return RuleTrial(None, same=True)
    found = absences.of_rules(trial.at, [trial.rule])
    if isinstance(found, Refusal):
        return RuleTrial(None, found.reason)
    try:
        return RuleTrial(baseline.try_without(found))
    except ScenarioError as error:
        return RuleTrial(None, _unplayable(error))


def _step(baseline: Baseline, absences: Absences, node: FlowNode) -> StepTrial:
    even = 1.0 / max(len(baseline.steps), 1)
    lane = next((it.name for it in baseline.process.lanes if node.id in it.nodes), None)
    duty = any(basis.force == "must" for basis in node.facts.legal_bases)
    trial = StepTrial(node, lane, protected=protection(node), outward=acts_outward(node), duty=duty, even=even)
    if trial.protected is not None:
        return trial
    found = absences.of_steps([node.id])
    if isinstance(found, Refusal):
        return replace(trial, refusal=found.reason)
    try:
        measured = baseline.try_without(found, frozenset({node.id}))
    except ScenarioError as error:
        return replace(trial, refusal=_unplayable(error))
    trial = replace(trial, measured=measured, assumptions=found.assumptions, costs=_shares(baseline, measured))
    return replace(trial, break_even=_break_even(baseline, trial))


def _unplayable(error: ScenarioError) -> Text:
    return {
        "de": f"ohne dies lässt sich der Ablauf nicht durchspielen: {error.message}",
        "en": f"without this the flow cannot be played: {error.message}",
    }


def _shares(baseline: Baseline, measured: Measured) -> dict[str, float]:
    """How much of each time is saved; what is not recorded has no share."""
    shares: dict[str, float] = {}
    for name, kpi in _TIMES:
        today = baseline.result.kpis[kpi].mean
        saved = None if measured.saving is None else measured.saving[kpi].mean
        if today and saved is not None:
            shares[name] = saved / today
    return shares


def _rank(trial: StepTrial) -> tuple[int, bool, float, str]:
    """What decides little first, the most expensive on top; what acts outside or is a duty after the others."""
    serves = trial.outward or trial.duty
    return _RANK.index(trial.verdict), serves, -max(trial.costs.values(), default=0.0), trial.node.id


def _break_even(baseline: Baseline, trial: StepTrial) -> BreakEven | None:
    """At how many minutes the step would take just its even share of the city's working time.

    Working time goes with the minutes in both runs, so the figures for other minutes follow exactly.
    """
    minutes, done = baseline.minutes(trial.node.id), baseline.done.get(trial.node.id, 0.0)
    saving = trial.measured.saving if trial.measured is not None else None
    if not minutes or saving is None or saving["processing_time_s"].mean is None:
        return None
    saved, today = saving["processing_time_s"].mean / 60.0, baseline.hours_of_case * 60.0
    limit = minutes - (saved - trial.even * today) / (1.0 - trial.even) / done if trial.even < 1.0 else 0.0
    return BreakEven(minutes, limit if limit > 0.0 else None, baseline.spread(trial.node.id, minutes))


# --- together ----------------------------------------------------------------------------------------------------


def _together(baseline: Baseline, absences: Absences, tried: Sequence[StepTrial], cores: Sequence[CoreOf]) -> Joint:
    """Leave out, one after the other from the top, every step that can be spared, and every rule the cores drop."""
    wanted = [it for it in tried if it.spare]
    excluded: list[tuple[str, Text]] = []
    last = absences.of_steps([it.node.id for it in wanted]) if wanted else None
    chosen = list(wanted)
    if isinstance(last, Refusal):  # then one after the other, to name what does not go with what stands above it
        chosen, last = [], None
        for trial in wanted:
            tested = absences.of_steps([*(it.node.id for it in chosen), trial.node.id])
            if isinstance(tested, Refusal):
                excluded.append((trial.node.id, tested.reason))
            else:
                last = tested
                chosen.append(trial)
    if last is None:
        return Joint(excluded=tuple(excluded))
    variant, dropped = last, dict[str, tuple[int, ...]]()
    for core in cores:
        rules = tuple(rule + 1 for rule in core.core.dropped)
        found = absences.of_rules(core.at, rules, variant.procedure) if rules else Refusal({})
        if isinstance(found, Absence):
            dropped[core.at.owner] = rules
            variant = Absence(found.procedure, variant.scenario, variant.assumptions)
    single: dict[str, float] = {}
    years: dict[str, float] = {}
    for trial in chosen:
        assert trial.measured is not None
        for name, value in (trial.measured.saving or {}).items():
            if value.mean is not None and name != "flow_efficiency":
                single[name] = single.get(name, 0.0) + value.mean
        for name, figure in (trial.measured.per_year.as_json() if trial.measured.per_year else {}).items():
            if isinstance(figure, float):
                years[name] = years.get(name, 0.0) + figure
    steps = tuple(it.node.id for it in chosen)
    try:
        measured, refusal = baseline.try_without(variant, frozenset(steps)), None
    except ScenarioError as error:
        measured, refusal = None, _unplayable(error)
    return Joint(steps, dropped, tuple(excluded), measured, refusal, single, years or None)


def untried(procedure: Procedure, why: Text) -> tuple[StepTrial, ...]:
    """The steps of a procedure that nobody can play, in its order."""
    assert procedure.process is not None
    found = []
    for node in step_nodes(procedure.process.main):
        kept = protection(node)
        found.append(StepTrial(node, protected=kept, refusal=None if kept else why))
    return tuple(found)
