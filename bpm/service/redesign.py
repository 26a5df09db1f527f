"""Redesign: the answer of `bpm redesign` and of `POST /procedures/{key}/redesign`.

The to-be model is a whole procedure in a folder of its own (or a package): what was edited, and every other file as it
is. Nothing that exists is overwritten with something else, and the model that was read stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from bpm import package
from bpm.errors import InvalidRequest, ModelError, NotFound
from bpm.model.layer import BASE, LAYER
from bpm.model.layering import as_plain
from bpm.model.procedure import FileError
from bpm.service.access import Actor, require
from bpm.service.context import Services
from bpm.service.reading import files_of, procedures_at
from bpm.store import queries

if TYPE_CHECKING:
    from bpm.analyser.redesign import Redesign


@dataclass(frozen=True, slots=True)
class Written:
    """What was applied at one path, procedure by procedure; `files` are the paths written, `errors` what could not be
    read."""

    redesigns: tuple[Redesign, ...]
    files: tuple[str, ...] = ()
    errors: tuple[FileError, ...] = ()

    def as_json(self, lang: str = "de") -> dict[str, Any]:
        """JSON-able values by the contract's names, texts in `lang`."""
        return {
            "written": list(self.files),
            "applied": [one.found.fingerprint for it in self.redesigns for one in it.applied],
            "excluded": [one.as_json(lang) for it in self.redesigns for one in it.excluded],
            "edits": [
                {
                    "fingerprint": one.found.fingerprint,
                    "code": one.found.finding.code,
                    "applicability": "mechanical" if one.mechanical else "board",
                    "path": path,
                    **edit.as_json(),
                }
                for it in self.redesigns
                for one in it.applied
                for path, edit in one.edits
            ],
            "tables": [table.as_json(lang) for it in self.redesigns for table in it.tables],
        }


def redesign(path: str | Path, fingerprints: Sequence[str], out: str | Path) -> Written:
    """Apply remedies of what `bpm check PATH` finds and write the to-be model into the folder `out`.

    Raises:
        InvalidRequest: `nothing-to-apply`; `output-is-input`, `output-exists` if something would be overwritten.
        NotFound: `unknown-fingerprint`.
        ModelError: no such path, or a container that has to be unpacked first (`container`).
    """
    from bpm.analyser.redesign import ALL_MECHANICAL
    from bpm.analyser.redesign import redesign as plan
    from bpm.analyser.rivals import with_neighbours
    from bpm.analyser.run import analyse

    if not fingerprints:
        raise InvalidRequest("nothing-to-apply", "name at least one fingerprint, or all-mechanical", path=str(path))
    procedures = procedures_at(path)
    errors = tuple(error for procedure in procedures for error in procedure.errors)
    left = set(fingerprints) - {ALL_MECHANICAL}
    done = []
    for given in with_neighbours([it for it in procedures if it.process is not None or it.decisions]):
        findings = analyse(given).findings
        known = {found.fingerprint for found in findings}
        wanted = [name for name in fingerprints if name in known or name == ALL_MECHANICAL]
        left -= known
        if wanted:
            done.append(plan(given.procedure, findings, wanted))
    if left:
        listed = ", ".join(sorted(left))
        raise NotFound("unknown-fingerprint", f"no finding has the fingerprint {listed[:200]}", path=str(path))
    changed = {name: data for one in done for name, data in one.files.items()}
    files = _write(Path(path), Path(out), changed) if changed else ()
    return Written(tuple(done), files, errors)


def _write(source: Path, out: Path, changed: Mapping[str, bytes]) -> tuple[str, ...]:
    """The whole of `source` below `out`, with the changed files in place of theirs. All or nothing."""
    if out.resolve() == source.resolve() or source.resolve() in out.resolve().parents:
        raise InvalidRequest("output-is-input", "the to-be model needs a folder of its own", path=str(out))
    files = _everything(source)
    for name, data in changed.items():
        inner = _inner_name(source, name)
        if inner not in files:
            raise ModelError("container", "unpack this file first; it cannot be written in place", path=name)
        files[inner] = data
    for name, data in files.items():
        place = out / name
        if place.exists() and (not place.is_file() or place.read_bytes() != data):
            raise InvalidRequest("output-exists", "something else is there already", path=str(place))
    for name, data in files.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(data)
    return tuple((out / name).as_posix() for name in sorted(files))


def _everything(source: Path) -> dict[str, bytes]:
    """Every file of a folder or package, or the one file with the scenario beside it; hidden files aside."""
    if source.is_dir():
        found = [path for path in sorted(source.rglob("*")) if path.is_file()]
        inner = {path.relative_to(source): path for path in found}
        files = {
            name.as_posix(): path.read_bytes()
            for name, path in inner.items()
            if not any(part.startswith(".") for part in name.parts)
        }
        for name in [name for name in files if PurePosixPath(name).name == LAYER]:
            files = _without_layer(files, source, name)
        return files
    data = source.read_bytes()
    if data.startswith(b"PK\x03\x04"):
        return as_plain(package.unpack(data, str(source)))
    beside = [source.with_suffix(".json"), source.with_name("scenario.json")]
    return {source.name: data} | {path.name: path.read_bytes() for path in beside if path.is_file()}


def _without_layer(files: Mapping[str, bytes], source: Path, name: str) -> dict[str, bytes]:
    """What a layer makes of its base takes its place: the to-be procedure is one of its own."""
    folder = name[: -len(LAYER)]
    plain = as_plain(files_of(source / folder))
    kept = {other: data for other, data in files.items() if other != name and not other.startswith(f"{folder}{BASE}/")}
    return {**{folder + inner: data for inner, data in plain.items()}, **kept}


def _inner_name(source: Path, path: str) -> str:
    """A model's path relative to what was read."""
    prefix = source.as_posix().rstrip("/")
    path = path.replace(f"{LAYER}!", "")  # what a layer takes from its base stands beside it in the to-be model
    if path.startswith(f"{prefix}!"):
        return path[len(prefix) + 1 :]
    if source.is_dir() and path.startswith(f"{prefix}/"):
        return path[len(prefix) + 1 :]
    return Path(path).name if Path(path) == source else path


# --- a stored procedure -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Draft:
    """The to-be files of a stored version. It is no version itself: whoever wants that deploys the package."""

    key: str
    version: int
    result: Redesign
    files: Mapping[str, bytes]

    def as_json(self, lang: str) -> dict[str, Any]:
        written = Written((self.result,), tuple(sorted(self.result.files)))
        return {**written.as_json(lang), "key": self.key, "version": self.version}

    def as_package(self) -> bytes:
        """The to-be procedure as a package, as `POST /procedures` takes it."""
        return package.pack(self.key, self.version, self.files)


def draft(services: Services, actor: Actor, key: str, fingerprints: Sequence[str], version: int | None = None) -> Draft:
    """Apply remedies of the findings of a stored version (by default the newest); nothing is stored.

    Raises:
        InvalidRequest: `nothing-to-apply`.
        NotFound: no such procedure or version; `unknown-fingerprint`.
    """
    from bpm.analyser.redesign import redesign as plan
    from bpm.service.procedures import find

    require(actor, "procedures.read")
    if not fingerprints:
        raise InvalidRequest("nothing-to-apply", "name at least one fingerprint, or all-mechanical")
    with services.reading() as work:
        row = find(work, actor, key, version)
        procedure = services.model(work, row).procedure
        findings = services.analysis(row.id, procedure).findings
        files = as_plain(queries.files(work, row.id))
    result = plan(procedure, findings, fingerprints)
    return Draft(row.key, row.version, result, merged_files(files, result.files))


def merged_files(files: Mapping[str, bytes], changed: Mapping[str, bytes]) -> dict[str, bytes]:
    """The stored files with the changed ones, which go by the paths of their models, in place of theirs."""
    found = dict(files)
    for path, data in changed.items():
        names = [name for name in files if path == name or path.endswith((f"/{name}", f"!{name}"))]
        found[max(names, key=len) if names else path] = data
    return found


def stored_files(services: Services, actor: Actor, key: str, version: int) -> dict[str, bytes]:
    """The files of a version, for a page that offers them. Raises NotFound."""
    from bpm.service.procedures import find

    require(actor, "pages.read")
    with services.reading() as work:
        return as_plain(queries.files(work, find(work, actor, key, version).id))
