"""Procedures in the database: taken in whole or not at all, numbered by content, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bpm import package
from bpm.errors import LichtungError, ModelError, NotFound
from bpm.model.layer import LAYER
from bpm.model.layering import as_plain
from bpm.model.procedure import Procedure
from bpm.model.process import Event
from bpm.model.reader import read_files
from bpm.model.steps import tabulate
from bpm.service import dismissals, views
from bpm.service.access import Actor, require
from bpm.service.context import Answer, Services, perform
from bpm.service.reading import as_models, files_of, folders_of
from bpm.service.trial import try_reading
from bpm.store import queries
from bpm.store.ids import new_id
from bpm.store.records import DismissalRow, FileRow, ProcedureRow
from bpm.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from bpm.analyser.run import Analysis


def deploy(services: Services, actor: Actor, files: Mapping[str, bytes], *, key: str | None = None) -> Answer:
    """Store a new version and answer `{key, version, digest, execution, findings, dismissed}`; 201, or 200 when this
    content is already there. Raises ModelError when a file cannot be read, and then nothing is stored."""
    from bpm.analyser.run import analyse

    require(actor, "procedures.deploy")
    files = as_models(_unpacked(files))
    try_reading(files)
    procedure = read_files(files)
    _refuse_without_process(procedure)
    digest = package.content_digest(files)

    def do(work: UnitOfWork) -> Answer:
        versions = queries.versions(work, actor.tenant, procedure.key)
        same = next((row for row in versions if row.digest == digest), None)
        row = same or _store(work, actor, procedure, digest, files, len(versions) + 1)
        told = _findings(services, analysis, dismissals.standing(work, actor, procedure.key))
        return Answer({**views.procedure(row), **told}, 200 if same else 201)

    analysis = analyse(procedure)
    return perform(services, actor, do, key=key, request=["deploy", digest])


def _unpacked(files: Mapping[str, bytes]) -> dict[str, bytes]:
    unpacked: dict[str, bytes] = {}
    for name, content in files.items():
        if content.startswith(b"PK\x03\x04"):
            unpacked |= package.unpack(content, name)
        else:
            unpacked[package.safe_name(name)] = content
    if not unpacked:
        raise ModelError("no-file", "no file was sent")
    return unpacked


def _refuse_without_process(procedure: Procedure) -> None:
    # what is wrong with single elements blocks execution only; an unreadable file has already been refused
    if procedure.process is None or not procedure.process.processes:
        raise ModelError("no-process", "no file holds a BPMN process", path=procedure.path or "-")


def _store(
    work: UnitOfWork, actor: Actor, procedure: Procedure, digest: str, files: Mapping[str, bytes], version: int
) -> ProcedureRow:
    row = ProcedureRow(
        id=new_id(work.now),
        city=actor.city,
        office=actor.office,
        key=procedure.key,
        version=version,
        name=procedure.name or procedure.key,
        digest=digest,
        execution=_execution(procedure),
        message_starts=_message_starts(procedure),
        created_at=work.now,
        created_by=actor.name,
    )
    work.add(row)
    work.add(*(FileRow(procedure_id=row.id, path=path, content=content) for path, content in files.items()))
    return row


def _execution(procedure: Procedure) -> dict[str, Any]:
    from bpm.engine import assess

    assert procedure.process is not None
    found = assess(procedure.process, procedure.decisions)
    return {
        "ready": found.ready,
        "rewrites": [{"element": element, "what": what} for element, what in found.rewrites],
        "blockers": [{"element": one.element, "line": one.line, "reason": one.reason} for one in found.blockers],
    }


def _message_starts(procedure: Procedure) -> dict[str, str]:
    assert procedure.process is not None
    main = procedure.process.main
    return {
        definition.name: node.id
        for node in main.nodes
        if isinstance(node, Event) and node.type == "startEvent" and node.parent == main.id
        for definition in node.definitions
        if definition.kind == "message" and definition.name
    }


def _findings(services: Services, analysis: Analysis, held: Mapping[str, DismissalRow]) -> dict[str, Any]:
    """What is asked, and apart from it what people have put aside with a reason."""
    asked, aside = dismissals.parted(analysis, held)
    lang = services.settings.lang
    return {"findings": [one.as_json(lang) for one in asked], "dismissed": [one.as_json(lang) for one in aside]}


# --- reading -------------------------------------------------------------------------------------------------


def list_all(services: Services, actor: Actor) -> dict[str, Any]:
    """The newest version of every procedure."""
    require(actor, "procedures.read")
    with services.reading() as work:
        return views.listed(views.procedure(row) for row in queries.latest_procedures(work, actor.tenant))


def get(services: Services, actor: Actor, key: str, version: int | None = None) -> dict[str, Any]:
    """One version (by default the newest), with the numbers of all."""
    require(actor, "procedures.read")
    with services.reading() as work:
        row = find(work, actor, key, version)
        versions = [one.version for one in queries.versions(work, actor.tenant, key)]
        return {**views.procedure(row), "versions": versions}


def find(work: UnitOfWork, actor: Actor, key: str, version: int | None = None) -> ProcedureRow:
    """The row of a version. Raises NotFound."""
    row = queries.procedure(work, actor.tenant, key, version)
    if row is None:
        raise NotFound("not-found", "no such procedure")
    return row


def load(services: Services, actor: Actor, key: str, version: int | None = None) -> Procedure:
    """A version as it was read, for pages and analysis."""
    require(actor, "procedures.read")
    with services.reading() as work:
        return services.model(work, find(work, actor, key, version)).procedure


def files(services: Services, actor: Actor, key: str, version: int | None = None) -> dict[str, bytes]:
    """The files of a version, byte for byte."""
    require(actor, "procedures.read")
    with services.reading() as work:
        return queries.files(work, find(work, actor, key, version).id)


def bpmn(services: Services, actor: Actor, key: str, version: int | None = None) -> bytes:
    """The BPMN file of a version, byte for byte."""
    procedure = load(services, actor, key, version)
    assert procedure.process is not None
    return procedure.process.source


def steps(services: Services, actor: Actor, key: str, version: int | None = None) -> dict[str, Any]:
    """The text twin of the diagram: its steps in order; `protection` says why a step is never offered for removal."""
    from dataclasses import asdict

    from bpm.analyser.protected import shield

    procedure = load(services, actor, key, version)
    assert procedure.process is not None
    main, lang = procedure.process.main, services.settings.lang
    shields = {node.id: found.as_json(lang) for node in main.nodes if (found := shield(node)) is not None}
    return views.listed({**asdict(step), "protection": shields.get(step.element)} for step in tabulate(main))


def svg(services: Services, actor: Actor, key: str, version: int | None = None) -> str:
    """The diagram as drawn; laid out by us where the file has none."""
    from bpm.model.layout import lay_out
    from bpm.model.svg import draw

    procedure = load(services, actor, key, version)
    assert procedure.process is not None
    planes = procedure.process.planes or lay_out(procedure.process)
    return draw(procedure.process, planes[0], title=procedure.name)


def findings(services: Services, actor: Actor, key: str, version: int | None = None) -> dict[str, Any]:
    """What is questionable about a version, what could not be decided and what is not recorded."""
    require(actor, "procedures.read")
    with services.reading() as work:
        row = find(work, actor, key, version)
        analysis = services.analysis(row.id, services.model(work, row).procedure)
        held = dismissals.standing(work, actor, row.key)
    lang = services.settings.lang
    return {
        "checks_run": list(analysis.checks_run),
        **_findings(services, analysis, held),
        "skipped": [one.as_json(lang) for one in analysis.skipped],
        "not_recorded": [{"element": one.element, "what": one.text(lang)} for one in analysis.not_recorded],
    }


def export(services: Services, actor: Actor, key: str, version: int | None = None) -> bytes:
    """A version as a package for another city."""
    require(actor, "procedures.read")
    with services.reading() as work:
        row = find(work, actor, key, version)
        return package.pack(row.key, row.version, queries.files(work, row.id))


def export_xprozess(services: Services, actor: Actor, key: str, version: int | None = None) -> bytes:
    """A version as an XProzess export, for a catalogue of the federal information management. Raises ModelError
    `one-model` where the procedure has several BPMN files."""
    from bpm.exchange.xprozess import write_export

    require(actor, "procedures.read")
    with services.reading() as work:
        row = find(work, actor, key, version)
        model = services.model(work, row).procedure.process
        assert model is not None
        files = as_plain(queries.files(work, row.id))
    held = [content for name, content in files.items() if name.endswith((".bpmn", ".bpmn2"))]
    if len(held) != 1:
        raise ModelError("one-model", f"an XProzess export holds one BPMN file, this procedure has {len(held)}")
    return write_export(model, held[0], row.name, str(row.version), row.created_at.isoformat())


# --- taking in from disk -------------------------------------------------------------------------------------


def import_path(services: Services, actor: Actor, path: Path) -> list[Answer]:
    """Deploy a BPMN file, a package, a procedure's folder, or every procedure in a folder of folders."""
    if path.is_file():
        return [deploy(services, actor, {path.name: path.read_bytes()})]
    if not path.is_dir():
        raise LichtungError("no-such-path", "no such file or folder", path=str(path))
    holders = folders_of(path)
    if not holders:
        raise LichtungError("no-process", "no BPMN file in this folder", path=str(path))
    return [deploy(services, actor, files_of(folder)) for folder in holders]


def load_samples(services: Services, actor: Actor, path: Path) -> int:
    """Fill an office that has no procedure yet with those in a folder; returns how many."""
    with services.reading() as work:
        if queries.has_procedures(work, actor.tenant):
            return 0
    folders = folders_of(path) if path.is_dir() else []
    own = [folder for folder in folders if not (folder / LAYER).is_file()]
    if own and len(own) < len(folders):
        # reference procedures and what another city made of them: this office shows the reference
        return len([deploy(services, actor, files_of(folder)) for folder in own])
    return len(import_path(services, actor, path))
