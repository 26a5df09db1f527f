"""Question one principle wherever it holds: the answer of `bpm question --principle`, `GET /principles` and the page.

A price is a figure of the scenario: how often a case does the steps (simulated, few cases, a fixed seed), what they
take and cost. City, business and citizen stand side by side and are never added up. Where a scenario or its
`cases_per_year` is missing the price is null and the reason is said. A price means: so much rests on the principle. It
does not mean that so much is saved without it; protected steps are counted apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bpm.analyser.given import Given
from bpm.analyser.resting import Resting, resting
from bpm.errors import LichtungError, ModelError, NotFound
from bpm.model.principles import AS_OF, Principle, together
from bpm.model.procedure import FileError, Procedure
from bpm.service.access import Actor, require
from bpm.service.context import Services
from bpm.service.reading import procedures_at
from bpm.service.simulate import scenario_of, simulate_procedure
from bpm.store import queries

CASES, REPLICATIONS = 200, 3
"""Enough for how often a step is done; an interval is not claimed."""

PARTS = ("hours", "cost_eur", "business_hours", "citizen_hours")


@dataclass(frozen=True, slots=True)
class Held:
    """One procedure with what rests on principles in it, and what its steps take per case (None: not known, `why`)."""

    key: str
    name: str
    path: str
    links: tuple[Resting, ...]
    principles: tuple[Principle, ...]
    figures: Mapping[str, Mapping[str, float]] | None
    cases_per_year: float | None
    why: str | None


def holding(procedure: Procedure) -> Held:
    """What rests on principles in one procedure, priced by its scenario."""
    links = resting(Given(procedure))
    figures, per_year, why = None, None, None
    if links:
        try:
            figures, per_year = _figures(procedure, {link.element for link in links if link.rule is None})
            why = None if per_year is not None else "das Szenario nennt keine Fälle im Jahr (cases_per_year)"
        except LichtungError as error:
            why = error.message
    return Held(procedure.key, procedure.name, procedure.path, links, procedure.principles, figures, per_year, why)


def _figures(procedure: Procedure, elements: Iterable[str]) -> tuple[dict[str, dict[str, float]], float | None]:
    """Hours and euro per case of some steps, and the cases a year. Raises ScenarioError and what simulating raises."""
    scenario = scenario_of(procedure)
    result = simulate_procedure(procedure, cases=CASES, replications=REPLICATIONS, seed=1)
    nodes = {
        node.id: node
        for process in (procedure.process.processes if procedure.process else ())
        for node in process.nodes
    }
    found: dict[str, dict[str, float]] = {}
    for element in sorted(elements):
        entry = result["nodes"].get(element)
        if entry is None:
            continue
        times = _mean(entry["executions"])
        step, own = nodes[element].facts.step, scenario.figures.get(element)
        citizen = own.citizen_minutes if own and own.citizen_minutes is not None else step and step.citizen_minutes
        business = own.business_minutes if own and own.business_minutes is not None else step and step.business_minutes
        found[element] = {
            "executions": times,
            "hours": times * _mean(entry["processing_time_s"]) / 3600,
            "cost_eur": times * _mean(entry["cost_eur"]),
            "business_hours": times * (business or 0.0) / 60,
            "citizen_hours": times * (citizen or 0.0) / 60,
        }
    return found, scenario.cases_per_year


def _mean(estimate: Mapping[str, Any]) -> float:
    return float(estimate.get("mean") or 0.0)


def listing(held: Sequence[Held], name: str | None = None, lang: str = "de") -> dict[str, Any]:
    """All principles with what rests on them, or only the one called `name`.

    Raises:
        NotFound: nobody knows a principle of that name.
    """
    own = [principle for one in held for principle in one.principles]
    used = [link.principle for one in held for link in one.links]
    known = together(own, used)
    if name is not None:
        known = tuple(principle for principle in known if principle.called(name))
        if not known:
            raise NotFound("no-such-principle", f"there is no principle {name!r}")
    return {"as_of": AS_OF, "principles": [_entry(principle, held, lang) for principle in known]}


def _entry(principle: Principle, held: Sequence[Held], lang: str) -> dict[str, Any]:
    links: list[dict[str, Any]] = []
    per_year, protected = dict.fromkeys(PARTS, 0.0), dict.fromkeys(PARTS, 0.0)
    notes: list[dict[str, str]] = []
    priced = 0
    for one in held:
        mine = [link for link in one.links if link.principle == principle.id]
        for link in mine:
            figures = (one.figures or {}).get(link.element) if link.rule is None else None
            yearly = _per_year(figures, one.cases_per_year)
            links.append({**link.as_json(), "procedure": one.key, "procedure_name": one.name, "per_year": yearly})
            if yearly is not None:
                priced += 1
                for part in PARTS:
                    (protected if link.protected else per_year)[part] += yearly[part]
        if one.why is not None and any(link.rule is None for link in mine):
            notes.append({"procedure": one.key, "why": one.why})
    return {
        "id": principle.id,
        "name": principle.name[lang],
        "description": principle.description.get(lang, ""),
        "source": principle.source,
        "organ": principle.organ,
        "verified": principle.verified,
        "links": links,
        "procedures": len({link["procedure"] for link in links}),
        "steps": sum(link["kind"] == "step" for link in links),
        "rules": sum(link["kind"] == "rule" for link in links),
        "priced": priced,
        "per_year": _apart(per_year) if priced else None,
        "per_year_protected": _apart(protected) if priced else None,
        "notes": notes,
    }


def _per_year(figures: Mapping[str, float] | None, cases: float | None) -> dict[str, float] | None:
    return None if figures is None or cases is None else {part: figures[part] * cases for part in PARTS}


def _apart(sums: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """Three addressees side by side."""
    return {
        "city": {"hours": round(sums["hours"], 1), "cost_eur": round(sums["cost_eur"], 2)},
        "business": {"hours": round(sums["business_hours"], 1)},
        "citizen": {"hours": round(sums["citizen_hours"], 1)},
    }


# --- where procedures come from ------------------------------------------------------------------------------------


def question_principle(path: str | Path, name: str, lang: str = "de") -> tuple[dict[str, Any], tuple[FileError, ...]]:
    """One principle in all procedures at `path`, and what could not be read.

    Raises:
        NotFound: no such principle.
        ModelError: no such path, or no model there.
    """
    procedures = [one for one in procedures_at(path) if one.process is not None or one.decisions or one.errors]
    if not procedures:
        raise ModelError("no-model", "no model here", path=str(path))
    errors = tuple(error for one in procedures for error in one.errors)
    return listing([holding(one) for one in procedures], name, lang), errors


def list_all(services: Services, actor: Actor, lang: str | None = None, name: str | None = None) -> dict[str, Any]:
    """`{items, next, as_of}`: every principle in the newest versions of the office's procedures."""
    require(actor, "pages.read")
    with services.reading() as work:
        rows = queries.latest_procedures(work, actor.tenant)
        found = [services.held(row.id, services.model(work, row).procedure) for row in rows]
    told = listing(found, name, lang or services.settings.lang)
    return {"items": told["principles"], "next": None, "as_of": told["as_of"]}
