"""Question rules and steps: the answer of `bpm question`, of every procedure at a path.

The scenario is the one given, else `scenario.json` or `<stem>.json` beside the model. Without one there are verdicts
about rules, which are proofs about the model, but no shares, and no step is tried.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bpm.costs.table import LEVEL, NEWEST, CostTable, read_table, table
from bpm.errors import InvalidRequest, ModelError, ScenarioError
from bpm.model.procedure import FileError, Procedure
from bpm.model.scenario import Scenario
from bpm.question import CASES, CoreOf, Questioned, question_rules
from bpm.service.reading import procedures_at
from bpm.service.simulate import scenario_from, scenario_of
from bpm.texts import LANGUAGES

if TYPE_CHECKING:
    from bpm.question.steps import Played

Progress = Callable[[float], None]
REPLICATIONS = 30
PLAYED_CASES = 1_000
"""Cases of a replication if nobody says how many."""

REMARK = {
    "de": "Die Urteile gelten je für eine Regel oder einen Schritt allein und lassen sich nicht zusammenzählen: Von "
    "zwei gleichen Regeln entscheidet keine etwas, solange die andere da ist. Welche Regeln zusammen entfallen können, "
    "sagt der Kern; er ist nicht weiter kürzbar, aber nicht immer der kleinste. Bewiesen und gemessen ist es am "
    "Modell: Was keinen Ausgang ändert, kann der Begründung, Gebühren, der Statistik, der Abschreckung oder als "
    "Nachweis dienen.",
    "en": "Each verdict is about one rule or step alone, and verdicts do not add up: of two equal rules neither "
    "decides while the other is there. Which rules can go together is said by the core; none of it can be spared, but "
    "it is not always the smallest. Proofs and measurements are about the model: what changes no outcome may serve "
    "reasons given, fees, statistics, deterrence or evidence.",
}
UNCALIBRATED = {
    "de": "nicht kalibriert: Das Szenario ist nicht an Messdaten angepasst, die Zahlen sind Annahmen",
    "en": "not calibrated: the scenario was not fitted to measured data, the figures are assumptions",
}
NO_SCENARIO = {
    "de": "ohne Szenario wird kein Schritt auf die Probe gestellt (scenario.json neben dem Modell oder --scenario)",
    "en": "without a scenario no step is tried (scenario.json beside the model, or --scenario)",
}
NO_YEAR = {
    "de": "das Szenario nennt keine Fallzahl im Jahr (cases_per_year), daher keine Jahreswerte",
    "en": "the scenario gives no number of cases a year (cases_per_year), hence no yearly figures",
}


@dataclass(frozen=True, slots=True)
class Options:
    """How to ask. `cases` None: 10,000 are drawn for shares and 1,000 played per replication; `replications` None: 30,
    and with `only` "rules" nothing is played. `rates` is a cost table and whose wages (`level`) are meant."""

    only: str | None = None
    cases: int | None = None
    replications: int | None = None
    seed: int = 1
    workers: int = 1
    rates: CostTable | None = None
    level: str = LEVEL

    @property
    def drawn(self) -> int:
        return self.cases or CASES

    @property
    def played(self) -> int:
        """Replications played; 0: none."""
        return self.replications or (0 if self.only == "rules" else REPLICATIONS)


@dataclass(frozen=True, slots=True)
class Asked:
    """One procedure: its rules on trial, and what was played (None: nothing, for the reason in `notes`)."""

    rules: Questioned
    played: Played | None
    notes: tuple[tuple[str, Mapping[str, str]], ...] = ()
    steps: bool = True

    @property
    def procedure(self) -> Procedure:
        return self.rules.procedure


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked at one path, procedure by procedure, and what could not be read."""

    asked: tuple[Asked, ...]
    errors: tuple[FileError, ...]

    @property
    def questioned(self) -> tuple[Questioned, ...]:
        return tuple(one.rules for one in self.asked)

    def as_json(self, lang: str = "de") -> dict[str, Any]:
        """JSON-able values by the contract's names, texts in `lang`; figures are equal for equal input."""
        asked = self.questioned
        played = [one.played for one in self.asked if one.played is not None]
        base = played[0].baseline if played else None
        return {
            "rules": [_rule(one, number, lang) for one in self.asked for number in range(len(one.rules.trials))],
            "irredundant_core": {name: [rule + 1 for rule in it.core.kept] for name, it in self.cores().items()},
            "cores_complete": {name: it.core.complete for name, it in self.cores().items()},
            "guards": [guard.as_json(lang) for one in asked for guard in one.guards],
            "steps": [
                {**step.as_json(lang), "path": one.procedure.path} for one in self.asked for step in _steps(one)
            ],
            "joint": self._joint(lang),
            "notes": [note for one in self.asked for note in _notes(one, lang)],
            "cases": max((one.cases for one in asked), default=0),
            "seed": asked[0].seed if asked else None,
            "played": None
            if base is None
            else {"cases": base.result.cases, "replications": base.result.replications,
                  "cases_per_year": base.scenario.cases_per_year, "calibrated": base.scenario.calibrated is not None,
                  "cost_table": base.table.as_json(), "level": base.level},
        }  # fmt: skip

    def _joint(self, lang: str) -> dict[str, Any]:
        found = {
            one.procedure.path: one.played.joint.as_json(lang) | {"findings": one.played.remedied.as_json(lang)}
            for one in self.asked
            if one.played and one.steps
        }
        told: dict[str, Any] = {"remark": REMARK[lang]}
        if len(found) == 1:
            return told | next(iter(found.values()))
        return told | ({"procedures": found} if found else {})

    def cores(self) -> Mapping[str, CoreOf]:
        """By decision id; with the file in front where two tables would have one name, and counted inside a file."""
        found = [it for one in self.questioned for it in one.cores]
        times = Counter(it.at.owner for it in found)
        named: dict[str, CoreOf] = {}
        for it in found:
            name = it.at.owner if times[it.at.owner] == 1 else f"{it.at.model.path}#{it.at.table.id or it.at.owner}"
            number = 2
            while name in named:
                name, number = f"{name.partition('~')[0]}~{number}", number + 1
            named[name] = it
        return named


def _steps(one: Asked) -> tuple[Any, ...]:
    """Trials of steps; those of a procedure that was not played say why."""
    if not one.steps:
        return ()
    if one.played is not None:
        return one.played.steps
    from bpm.question.steps import untried

    why = next((why for field, why in one.notes if field == "steps"), NO_SCENARIO)
    return untried(one.procedure, why)


def _rule(one: Asked, number: int, lang: str) -> dict[str, Any]:
    trial = one.rules.trials[number]
    told = trial.as_json(lang)
    found = one.played.rules.get((trial.at.model.path, trial.at.owner, trial.rule)) if one.played else None
    if found is None:
        return told
    return {**told, **found.as_json(lang)}


def _notes(one: Asked, lang: str) -> list[dict[str, Any]]:
    own = [{"decision": None, "field": field, "why": why[lang]} for field, why in one.notes]
    return [{**note, "path": one.procedure.path} for note in (*own, *(it.as_json(lang) for it in one.rules.notes))]


def question(
    path: str | Path, *, scenario: str | Path | None = None, rates: str | Path | None = None, level: str = LEVEL,
    cases: int | None = None, replications: int | None = None, seed: int = 1, workers: int = 1,
    only: str | None = None, progress: Progress | None = None,
) -> Answer:  # fmt: skip
    """Put every rule and every step at `path` on trial. Unreadable files are in `errors`.

    Raises:
        InvalidRequest: `bad-only`; a cost table that cannot be read.
        NotFound: no such cost table, or no wages of that level in it.
        ModelError: no such path.
        ScenarioError: the scenario cannot be read or means nothing.
    """
    check_only(only)
    options = Options(only, cases, replications, seed, workers, table_of(rates), level)
    errors: list[FileError] = []
    asked: list[Asked] = []
    for procedure in procedures_at(path):
        errors += procedure.errors
        if procedure.process is not None or procedure.decisions:
            asked.append(question_procedure(procedure, scenario=scenario, options=options, progress=progress))
    if not asked and not errors:
        raise ModelError("no-model", "no model here", path=str(path))
    return Answer(tuple(asked), tuple(errors))


def check_only(only: str | None) -> None:
    """Raises InvalidRequest: `bad-only` for what means nothing."""
    if only not in (None, "rules", "steps"):
        raise InvalidRequest("bad-only", "only is rules or steps")


def table_of(rates: str | Path | None) -> CostTable:
    """A cost table by its name or from a file; by default the newest that comes with the product."""
    if rates is None:
        return table(NEWEST)
    place = Path(rates)
    if place.suffix == "" and not place.exists():
        return table(str(rates))
    try:
        return read_table(place.read_bytes(), str(rates))
    except OSError as error:
        raise InvalidRequest("unreadable-file", error.strerror or "cannot be opened", path=str(rates)) from None


def question_procedure(
    procedure: Procedure,
    *,
    scenario: str | Path | Mapping[str, Any] | None = None,
    options: Options | None = None,
    progress: Progress | None = None,
) -> Asked:
    """The same for one procedure that has been read, from wherever it came; the scenario may be its content."""
    asked = options or Options()
    if isinstance(scenario, Mapping):
        figures: Scenario | None = scenario_from(scenario)
    else:
        has_one = scenario is not None or procedure.scenario is not None
        figures = scenario_of(procedure, scenario) if has_one else None
    rules = (
        Questioned(procedure, seed=asked.seed)
        if asked.only == "steps"
        else question_rules(procedure, figures, cases=asked.drawn, seed=asked.seed)
    )
    steps = asked.only != "rules" and procedure.process is not None
    if not asked.played or procedure.process is None:
        return Asked(rules, None, (), steps)
    if figures is None:
        return Asked(rules, None, (("steps", NO_SCENARIO),) if steps else (), steps)
    notes = []
    if figures.calibrated is None:
        notes.append(("calibrated", UNCALIBRATED))
    if figures.cases_per_year is None:
        notes.append(("saving_per_year", NO_YEAR))
    try:
        return Asked(rules, _play(procedure, figures, rules, asked, steps, progress), tuple(notes), steps)
    except ScenarioError as error:
        why = {
            "de": f"der Ablauf lässt sich nicht durchspielen: {error.message}",
            "en": f"the flow cannot be played: {error.message}",
        }
        return Asked(rules, None, (("steps", why),), steps)


def _play(
    procedure: Procedure, figures: Scenario, rules: Questioned, asked: Options, steps: bool, progress: Progress | None
) -> Played:
    from bpm.analyser.given import Given
    from bpm.question.steps import play

    return play(
        Given(procedure), figures, asked.rates or table(NEWEST), trials=rules.trials, cores=rules.cores, steps=steps,
        findings=steps and asked.only is None,
        level=asked.level, cases=asked.cases or PLAYED_CASES, replications=asked.played, seed=asked.seed,
        workers=asked.workers, progress=progress,
    )  # fmt: skip


def answer_in_both(
    procedure: Procedure,
    *,
    only: str | None,
    cases: int | None,
    seed: int,
    scenario: Mapping[str, Any] | None,
    replications: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """The answer about one procedure as JSON by language, as it is kept."""
    check_only(only)
    options = Options(only, cases, replications, seed)
    asked = question_procedure(procedure, scenario=scenario, options=options, progress=progress)
    answer = Answer((asked,), ())
    return {lang: answer.as_json(lang) for lang in LANGUAGES}
