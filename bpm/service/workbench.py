"""What the pages show: procedures as everybody may read them, without an account.

Reading a procedure is public on purpose (its rules bind the public); cases, tasks and computations are not. Whoever is
not signed in acts as `PUBLIC`, which may read pages and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from bpm.errors import NotFound
from bpm.model.form import Form
from bpm.model.layering import as_plain
from bpm.model.procedure import Procedure
from bpm.service.access import Actor, require
from bpm.service.context import Services
from bpm.service.dismissals import Dismissed, parted, standing
from bpm.service.overview import Overview, TableView, look
from bpm.service.procedures import find
from bpm.store import queries
from bpm.store.records import ProcedureRow
from bpm.store.unit_of_work import UnitOfWork
from bpm.texts import KIND, translate

__all__ = [
    "PUBLIC", "Form", "Line", "Page", "documentation_of", "form", "form_of_start", "form_of_task", "lines", "names_of",
    "page", "reason", "resource_names", "source", "sources", "table",
]  # fmt: skip

PUBLIC = Actor("", frozenset({"citizen"}))
"""Whoever is not signed in."""


@dataclass(frozen=True, slots=True)
class Line:
    """A procedure in the list: counts of steps, rules and questions of its newest version."""

    key: str
    name: str
    version: int
    steps: int
    rules: int
    questions: int
    ready: bool


@dataclass(frozen=True, slots=True)
class Page:
    """The procedure on one page."""

    overview: Overview
    procedure: Procedure
    version: int
    digest: str
    ready: bool
    blockers: tuple[dict[str, Any], ...]
    has_scenario: bool
    dismissed: tuple[Dismissed, ...] = ()

    def explained(self, lang: str) -> tuple[dict[str, Any], ...]:
        """The blockers with their reasons in the reader's language."""
        return tuple({**one, "reason": reason(one["reason"], lang)} for one in self.blockers)

    @property
    def key(self) -> str:
        return self.overview.key

    @property
    def name(self) -> str:
        return self.overview.name or self.overview.key

    def names(self, lang: str) -> dict[str, str]:
        """Element and decision ids to what people call them; a node without a name is called by its kind."""
        kinds = {step.element: translate(KIND.get(step.type, step.type), lang) for step in self.overview.steps}
        names = {step.element: step.name or kinds[step.element] for step in self.overview.steps}
        process = self.procedure.process
        names |= {lane.id: lane.name for one in (process.processes if process else ()) for lane in one.lanes}
        names |= {view.decision.id: view.decision.name for view in self.overview.tables}
        return names | {self.key: self.name}


def reason(text: str, lang: str) -> str:
    """Why an element cannot be executed, in the reader's language."""
    # only a page that has to say so loads the engine
    from bpm.engine import explain

    return explain(text, lang)


def lines(services: Services, actor: Actor) -> tuple[Line, ...]:
    """All procedures of the office, newest versions."""
    require(actor, "pages.read")
    with services.reading() as work:
        return tuple(_line(services, work, actor, row) for row in queries.latest_procedures(work, actor.tenant))


def page(services: Services, actor: Actor, key: str, version: int | None = None) -> Page:
    """One version of a procedure, by default the newest. Raises NotFound."""
    require(actor, "pages.read")
    with services.reading() as work:
        return _page(services, work, actor, find(work, actor, key, version))


def source(services: Services, actor: Actor, key: str, version: int, kind: str, name: str | None = None) -> bytes:
    """The BPMN file (`kind` bpmn), or the DMN file or form called `name`, byte for byte. Raises NotFound."""
    require(actor, "pages.read")
    with services.reading() as work:
        row = find(work, actor, key, version)
        procedure = services.model(work, row).procedure
        if kind == "bpmn" and procedure.process is not None:
            return procedure.process.source
        stored = as_plain(queries.files(work, row.id))
    suffix = {"dmn": ".dmn", "form": ".json"}.get(kind)
    if suffix and name and name in stored and name.endswith(suffix):
        return stored[name]
    raise NotFound("not-found", "no such file")


def sources(services: Services, actor: Actor, key: str) -> str | None:
    """What the authors of a procedure say about their sources, and what is still to be checked (`sources.md`)."""
    require(actor, "pages.read")
    with services.reading() as work:
        text = queries.files(work, find(work, actor, key).id).get("sources.md")
    return text.decode("utf-8", "replace") if text is not None else None


def table(page: Page, decision: str) -> TableView:
    """A decision table of a page. Raises NotFound."""
    for view in page.overview.tables:
        if view.decision.id == decision:
            return view
    raise NotFound("not-found", "no such decision table")


def names_of(services: Services, actor: Actor) -> dict[str, str]:
    """Procedure keys to names, newest versions."""
    require(actor, "pages.read")
    with services.reading() as work:
        return {row.key: row.name for row in queries.latest_procedures(work, actor.tenant)}


def documentation_of(procedure: Procedure, element: str) -> str:
    """What the model says about one element in words."""
    processes = procedure.process.processes if procedure.process is not None else ()
    return next((node.documentation for process in processes for node in process.nodes if node.id == element), "")


def resource_names(procedure: Procedure) -> dict[str, str]:
    """Ids of the scenario's resources to their names."""
    profiles = (procedure.scenario or {}).get("resource_profiles", [])
    resources = [one for profile in profiles for one in profile.get("resource_list", [])]
    return {str(one.get("id")): str(one.get("name") or one.get("id")) for one in resources}


def form(page: Page, name: str) -> Form:
    """A form of a page by its file name. Raises NotFound."""
    schema = page.procedure.form(name)
    if schema is None:
        raise NotFound("not-found", "no such form")
    return Form.parse(schema, name)


def form_of_task(procedure: Procedure, key: str | None) -> Form | None:
    """The form of a task by its form key; None if it has none."""
    schema = procedure.form(key) if key else None
    return Form.parse(schema, key or "") if schema is not None else None


def form_of_start(procedure: Procedure) -> Form | None:
    """The form of the start event a person begins a case with, if there is one."""
    if procedure.process is None:
        return None
    main = procedure.process.main
    for node in main.nodes:
        if node.type == "startEvent" and node.parent == main.id:
            keys = [value for name, value in node.attributes.items() if name.endswith("}formKey")]
            schema = procedure.form(keys[0]) if keys else None
            if schema is not None:
                return Form.parse(schema, keys[0])
    return None


def _line(services: Services, work: UnitOfWork, actor: Actor, row: ProcedureRow) -> Line:
    overview = _page(services, work, actor, row).overview
    return Line(
        key=row.key,
        name=row.name,
        version=row.version,
        steps=overview.step_count,
        rules=overview.rule_count,
        questions=len(overview.questions),
        ready=bool(row.execution.get("ready")),
    )


def _page(services: Services, work: UnitOfWork, actor: Actor, row: ProcedureRow) -> Page:
    procedure = services.model(work, row).procedure
    analysis = services.analysis(row.id, procedure)
    asked, aside = parted(analysis, standing(work, actor, row.key))
    return Page(
        dismissed=aside,
        overview=look(procedure, replace(analysis, findings=asked)),
        procedure=procedure,
        version=row.version,
        digest=row.digest,
        ready=bool(row.execution.get("ready")),
        blockers=tuple(row.execution.get("blockers", ())),
        has_scenario=procedure.scenario is not None,
    )
