"""Draw up a step-reduction report, set it in a format, verify one that somebody hands in.

A report is computed from the bytes it carries, never from the folder they came from, so that drawing up and verifying
are the same computation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bpm.analyser.run import analyse
from bpm.errors import InvalidRequest, LichtungError, ModelError
from bpm.model.procedure import Procedure
from bpm.model.reader import read, read_files
from bpm.report import figures
from bpm.report.document import compose
from bpm.report.html import set_html
from bpm.report.pdf import attached, set_pdf
from bpm.service.reading import files_of

FORMATS = ("pdf", "html", "json")
DEFAULT_REQUEST: Mapping[str, int] = {"cases": 1000, "replications": 30, "seed": 1}


@dataclass(frozen=True, slots=True)
class Verified:
    """Whether a report is what its own models, scenario and seed give; `differences` name where it is not."""

    differences: tuple[str, ...]

    @property
    def equal(self) -> bool:
        return not self.differences

    def as_json(self) -> dict[str, Any]:
        return {"equal": self.equal, "differences": list(self.differences)}


def collect(path: Path) -> dict[str, bytes]:
    """The files of the one procedure at `path`, by name relative to it; of a folder the same that are stored with it.

    Raises:
        ModelError: a file is unreadable, or there is no such path.
        InvalidRequest: `path` holds no procedure, or several.
    """
    found = read(path)
    for procedure in found:
        for error in procedure.errors:
            raise ModelError(error.code, error.message, path=error.path, line=error.line, element=error.element)
    if len(found) != 1:
        raise InvalidRequest("one-procedure", f"a report is about one procedure, {path} holds {len(found)}")
    if path.is_dir():
        return files_of(path)
    return {name: (path.parent / name).read_bytes() for name in found[0].files}


def report(
    files: Mapping[str, bytes], *, created: datetime, lang: str, request: Mapping[str, int] = DEFAULT_REQUEST
) -> dict[str, Any]:
    """The report on the procedure in `files`, simulated as `request` says where it has a scenario.

    Raises:
        ModelError: the files are not one readable procedure.
    """
    procedure = read_files(files)
    simulation = _simulate(procedure, request) if procedure.scenario is not None else None
    return figures.draw_up(
        procedure,
        files,
        analyse(procedure),
        request=request if simulation is not None else None,
        simulation=simulation,
        created=created,
        lang=lang,
    )


def write(drawn: Mapping[str, Any], format: str) -> bytes:
    """`drawn` as pdf, html or json. Raises InvalidRequest for any other format."""
    if format == "json":
        return figures.canonical(drawn)
    blocks = compose(drawn, _picture(read_files(figures.contents(drawn))))
    if format == "html":
        return set_html(drawn, blocks)
    if format == "pdf":
        return set_pdf(drawn, blocks)
    raise InvalidRequest("report-format", f"a report is {', '.join(FORMATS)}, not {format}")


def verify(path: Path) -> Verified:
    """Compute the report in `path` again from what it carries and compare everything, byte by byte.

    `path` is a PDF (with its attachment), a JSON, or an HTML beside its `<name>.report.json`.

    Raises:
        ModelError: the file is no report.
    """
    content = _bytes(path)
    format = "pdf" if content.startswith(b"%PDF") else "json" if path.suffix.lower() == ".json" else "html"
    if format == "html" and not content.lstrip()[:15].lower().startswith(b"<!doctype html"):
        raise ModelError("report-unreadable", "a report is PDF, JSON or HTML", path=str(path))
    if format == "pdf":
        carried = attached(content, str(path))
    else:
        carried = content if format == "json" else _bytes(path.with_suffix(".report.json"))
    try:
        stated = json.loads(carried)
        again = report(
            figures.contents(stated),
            created=datetime.fromisoformat(stated["created"]),
            lang=stated["lang"],
            request=stated["request"] or DEFAULT_REQUEST,
        )
    except LichtungError as error:
        return Verified((f"files: {error.message}",))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ModelError(
            "report-unreadable", "this is not a report, or a part of it is missing", path=str(path)
        ) from None
    differences = list(_differences(stated, again, ""))
    if stated.get("digest") != figures.digest(stated):
        differences.append("digest")
    if not differences and (carried != figures.canonical(again) or content != write(again, format)):
        differences.append("bytes")
    return Verified(tuple(differences))


def _simulate(procedure: Procedure, request: Mapping[str, Any]) -> dict[str, Any]:
    from bpm.service.simulate import simulate_procedure

    return simulate_procedure(procedure, **request)


def _picture(procedure: Procedure) -> str | None:
    from bpm.model.svg import draw

    model = procedure.process
    return draw(model, model.planes[0], title=procedure.name) if model is not None and model.planes else None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError("unreadable-file", error.strerror or "cannot be opened", path=str(path)) from None


def _differences(stated: Any, again: Any, place: str) -> list[str]:
    """Places, as JSON paths, at which two values differ; at most one per leaf."""
    if isinstance(stated, dict) and isinstance(again, dict):
        found = []
        for name in sorted({*stated, *again}):
            found += _differences(stated.get(name), again.get(name), f"{place}/{name}")
        return found
    if isinstance(stated, list) and isinstance(again, list) and len(stated) == len(again):
        return [
            one
            for at, pair in enumerate(zip(stated, again, strict=True))
            for one in _differences(*pair, f"{place}/{at}")
        ]
    return [] if stated == again and type(stated) is type(again) else [place or "/"]
