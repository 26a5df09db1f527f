"""What a finding proposes for a decision table, beside today: nothing is stored; whoever wants it takes the package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bpm import package
from bpm.errors import InvalidRequest, NotFound
from bpm.model.edit.rules import TableEdit
from bpm.model.edit.tabledifference import TableDifference, table_difference
from bpm.service import redesign, workbench
from bpm.service.access import Actor, require
from bpm.service.context import Services

if TYPE_CHECKING:
    from bpm.analyser.redesign import Changed, Redesign
    from bpm.analyser.run import Reported


@dataclass(frozen=True, slots=True)
class TableProposal:
    """One table with remedies applied: `same` is whether every case is decided as before (None: not proven), `case`
    one that is not."""

    name: str
    decision: str
    difference: TableDifference
    same: bool | None
    case: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Proposed:
    """One version of a procedure with remedies of its tables applied; `files` is all of it."""

    page: workbench.Page
    wanted: tuple[Reported, ...]
    result: Redesign
    tables: tuple[TableProposal, ...]
    files: Mapping[str, bytes]

    @property
    def mechanical(self) -> bool:
        """Whether everything that was applied is proven to decide every case as before."""
        return bool(self.result.applied) and all(one.mechanical for one in self.result.applied)

    def as_package(self) -> bytes:
        """The to-be procedure as a package, as `POST /procedures` takes it."""
        return package.pack(self.page.key, self.page.version, self.files)


def propose(
    services: Services, actor: Actor, key: str, fingerprints: Sequence[str], version: int | None = None
) -> Proposed:
    """Apply the remedies of these findings to one version of a procedure, by default the newest.

    Raises:
        NotFound: no such procedure or version; `unknown-fingerprint`.
        InvalidRequest: `nothing-to-show`, if none of them changes a decision table.
    """
    from bpm.analyser.redesign import redesign as plan

    require(actor, "pages.read")
    page = workbench.page(services, actor, key, version)
    findings = page.overview.analysis.findings
    known = {found.fingerprint: found for found in findings}
    missing = [name for name in fingerprints if name not in known]
    if missing:
        raise NotFound("unknown-fingerprint", f"no finding has the fingerprint {missing[0][:40]!r}")
    result = plan(page.procedure, findings, fingerprints)
    if not result.tables:
        raise InvalidRequest("nothing-to-show", "none of these proposals changes a decision table")
    stored = redesign.stored_files(services, actor, key, page.version)
    files = redesign.merged_files(stored, result.files)
    wanted = tuple(known[name] for name in dict.fromkeys(fingerprints))
    return Proposed(page, wanted, result, tuple(_of(result, it) for it in result.tables), files)


def _of(result: Redesign, changed: Changed) -> TableProposal:
    told = changed.as_json("de")
    at = changed.before
    edits = [edit for edit in changed.edits if isinstance(edit, TableEdit)]
    return TableProposal(
        at.name, at.owner, table_difference(at.table, edits), told["equivalent"], told["witness"] or {}
    )
