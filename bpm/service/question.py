"""Question rules: the answer of `bpm question`, of every procedure at a path.

The scenario is the one given, else `scenario.json` or `<stem>.json` beside the model. Without one there are verdicts,
which are proofs about the model, but no shares.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bpm.errors import InvalidRequest, ModelError
from bpm.model.procedure import FileError, Procedure
from bpm.model.scenario import Scenario
from bpm.question import CASES, CoreOf, Questioned, question_rules
from bpm.service.reading import procedures_at
from bpm.service.simulate import scenario_from, scenario_of
from bpm.texts import LANGUAGES

REMARK = {
    "de": "Die Urteile gelten je für eine Regel allein und lassen sich nicht zusammenzählen: Von zwei gleichen Regeln "
    "entscheidet keine etwas, solange die andere da ist. Welche zusammen entfallen können, sagt der Kern; er ist nicht "
    "weiter kürzbar, aber nicht immer der kleinste. Bewiesen ist es am Modell: Eine Regel, die nichts entscheidet, "
    "kann der Begründung, Gebühren, der Statistik oder als Nachweis dienen.",
    "en": "Each verdict is about one rule alone, and verdicts do not add up: of two equal rules neither decides while "
    "the other is there. Which can go together is said by the core; none of it can be spared, but it is not always the "
    "smallest. The proof is about the model: a rule that decides nothing may serve reasons given, fees, statistics or "
    "evidence.",
}
STEPS = {
    "de": "Schritte werden noch nicht befragt: Die gemessene Probe ohne einen Schritt ist nicht gebaut.",
    "en": "Steps are not questioned yet: the measured trial without a step is not built.",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked at one path, procedure by procedure, and what could not be read."""

    questioned: tuple[Questioned, ...]
    errors: tuple[FileError, ...]

    def as_json(self, lang: str = "de") -> dict[str, Any]:
        """JSON-able values by the contract's names, texts in `lang`; figures are equal for equal input."""
        asked = self.questioned
        return {
            "rules": [trial.as_json(lang) for one in asked for trial in one.trials],
            "irredundant_core": {name: [rule + 1 for rule in it.core.kept] for name, it in self.cores().items()},
            "cores_complete": {name: it.core.complete for name, it in self.cores().items()},
            "guards": [guard.as_json(lang) for one in asked for guard in one.guards],
            "steps": [],
            "joint": {"remark": REMARK[lang]},
            "notes": [
                {"decision": None, "field": "steps", "why": STEPS[lang], "path": None},
                *({**note.as_json(lang), "path": one.procedure.path} for one in asked for note in one.notes),
            ],
            "cases": max((one.cases for one in asked), default=0),
            "seed": asked[0].seed if asked else None,
        }

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


def question(
    path: str | Path, *, scenario: str | Path | None = None, cases: int = CASES, seed: int = 1, only: str | None = None
) -> Answer:
    """Put every rule at `path` on trial. Unreadable files are in `errors`.

    Raises:
        InvalidRequest: `steps-not-built` if only steps are asked for.
        ModelError: no such path.
        ScenarioError: the scenario cannot be read or means nothing.
    """
    check_only(only)
    errors: list[FileError] = []
    asked: list[Questioned] = []
    for procedure in procedures_at(path):
        errors += procedure.errors
        if procedure.process is not None or procedure.decisions:
            asked.append(question_procedure(procedure, scenario=scenario, cases=cases, seed=seed))
    if not asked and not errors:
        raise ModelError("no-model", "no model here", path=str(path))
    return Answer(tuple(asked), tuple(errors))


def check_only(only: str | None) -> None:
    """Raises InvalidRequest: `steps-not-built` for what cannot be questioned yet, `bad-only` for what means nothing."""
    if only == "steps":
        raise InvalidRequest("steps-not-built", STEPS["en"])
    if only not in (None, "rules"):
        raise InvalidRequest("bad-only", "only is rules or steps")


def question_procedure(
    procedure: Procedure,
    *,
    scenario: str | Path | Mapping[str, Any] | None = None,
    cases: int = CASES,
    seed: int = 1,
) -> Questioned:
    """The same for one procedure that has been read, from wherever it came; the scenario may be its content."""
    if isinstance(scenario, Mapping):
        figures: Scenario | None = scenario_from(scenario)
    else:
        has_one = scenario is not None or procedure.scenario is not None
        figures = scenario_of(procedure, scenario) if has_one else None
    return question_rules(procedure, figures, cases=cases, seed=seed)


def answer_in_both(
    procedure: Procedure, *, only: str | None, cases: int, seed: int, scenario: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The answer about one procedure as JSON by language, as it is kept."""
    check_only(only)
    asked = question_procedure(procedure, scenario=scenario, cases=cases, seed=seed)
    answer = Answer((asked,), ())
    return {lang: answer.as_json(lang) for lang in LANGUAGES}
