"""What a finding proposes, side by side with today: nothing is stored; whoever wants it deploys it as a new version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bpm import package
from bpm.analyser.run import Reported
from bpm.errors import InvalidRequest, NotFound
from bpm.model.edit.difference import Difference, differences
from bpm.model.layering import as_plain
from bpm.model.process import FlowNode, ProcessModel
from bpm.service import procedures, workbench
from bpm.service.access import Actor, require
from bpm.service.context import Answer, Services
from bpm.store import queries
from bpm.texts import ASPECT, CHANNEL, KIND, translate

if TYPE_CHECKING:
    from bpm.analyser.redesign import Redesign


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table that says in words what the two diagrams show."""

    element: str
    name: str
    kind: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """One version with remedies applied. `wanted` are the findings asked for, `files` the whole to-be procedure."""

    page: workbench.Page
    wanted: tuple[Reported, ...]
    result: Redesign
    model: ProcessModel
    changes: tuple[Difference, ...]
    files: Mapping[str, bytes]

    @property
    def mechanical(self) -> bool:
        """Whether everything that was applied is proven to leave the observable traces as they are."""
        return bool(self.result.applied) and all(one.mechanical for one in self.result.applied)

    def marks(self) -> dict[str, dict[str, str]]:
        """Element to kind of change, for the diagram of today (`old`) and of the proposal (`new`)."""
        old = {one.element: one.kind for one in self.changes if one.kind != "new"}
        new = {one.element: one.kind for one in self.changes if one.kind != "removed"}
        return {"old": old, "new": new}

    def rows(self, lang: str) -> tuple[Row, ...]:
        """The changes in words, steps first; a flow that only goes with a removed step is left out."""
        names = self._names(lang)
        gone = {one.element for one in self.changes if one.kind == "removed" and not one.is_flow}
        found = []
        for one in sorted(self.changes, key=lambda it: it.is_flow):
            ends = {end for _, end in one.before}
            if one.is_flow and one.kind == "removed" and ends & gone:
                continue
            found.append(self._row(one, names, lang))
        return tuple(found)

    def _row(self, one: Difference, names: Mapping[str, str], lang: str) -> Row:
        if one.is_flow:
            texts = [" → ".join(names.get(end, end) for _, end in side) for side in (one.before, one.after)]
            return Row(one.element, translate("Verbindung", lang), one.kind, *texts)
        texts = ["; ".join(_said(name, value, lang) for name, value in side) for side in (one.before, one.after)]
        return Row(one.element, names.get(one.element, one.element), one.kind, *texts)

    def _names(self, lang: str) -> dict[str, str]:
        old = self.page.procedure.process
        models = [*((old,) if old is not None else ()), self.model]
        nodes: list[FlowNode] = [node for it in models for process in it.processes for node in process.nodes]
        return {node.id: node.name or translate(KIND.get(node.type, node.type), lang) for node in reversed(nodes)}


def _said(name: str, value: str, lang: str) -> str:
    if name == "other":
        return translate(ASPECT["other"], lang)
    said = value
    if name == "channel" and value:
        said = translate(CHANNEL.get(value, value), lang)
    elif name == "type":
        said = translate(KIND.get(value, value), lang)
    return f"{translate(ASPECT[name], lang)}: {said or translate('nicht erfasst', lang)}"


def propose(
    services: Services, actor: Actor, key: str, fingerprints: Sequence[str], version: int | None = None
) -> Proposal:
    """Apply the remedies of these findings to one version of a procedure, by default the newest.

    Raises:
        NotFound: no such procedure or version; `unknown-fingerprint`.
        InvalidRequest: `nothing-to-show`, if none of them changes the process.
    """
    from bpm.analyser.redesign import redesign

    require(actor, "pages.read")
    page = workbench.page(services, actor, key, version)
    known = {found.fingerprint: found for found in page.overview.analysis.findings}
    missing = [name for name in fingerprints if name not in known]
    if missing:
        raise NotFound("unknown-fingerprint", f"no finding has the fingerprint {missing[0][:40]!r}")
    result = redesign(page.procedure, page.overview.analysis.findings, fingerprints)
    old = page.procedure.process
    new = result.procedure.process
    if old is None or new is None or old.path not in result.files:
        raise InvalidRequest("nothing-to-show", "none of these proposals changes the process")
    with services.reading() as work:
        files = as_plain(queries.files(work, procedures.find(work, actor, key, page.version).id))
    for path, data in result.files.items():
        stored = [name for name in files if path == name or path.endswith((f"/{name}", f"!{name}"))]
        files[max(stored, key=len) if stored else path] = data
    wanted = tuple(known[name] for name in dict.fromkeys(fingerprints))
    return Proposal(page, wanted, result, new, differences(old, new), files)


def as_package(proposal: Proposal) -> bytes:
    """The to-be procedure as a package, as `POST /procedures` takes it."""
    return package.pack(proposal.page.key, proposal.page.version, proposal.files)


def adopt(services: Services, actor: Actor, key: str, fingerprints: Sequence[str], version: int) -> Answer:
    """Store the to-be procedure as a new version, if the one it was made from is still the newest.

    Raises:
        Forbidden: only who may deploy.
        InvalidRequest: `not-newest`, somebody stored another version meanwhile.
    """
    require(actor, "procedures.deploy")
    proposal = propose(services, actor, key, fingerprints, version)
    if workbench.page(services, actor, key).version != version:
        raise InvalidRequest("not-newest", "another version was stored meanwhile; look at the proposal again")
    return procedures.deploy(services, actor, proposal.files)
