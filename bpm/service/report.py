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
from bpm.report.document import Pictures, compose
from bpm.report.html import set_html
from bpm.report.pdf import attached, set_pdf
from bpm.report.tables import set_csv, set_xlsx
from bpm.service.reading import files_of

FORMATS = ("pdf", "xlsx", "csv", "json", "html")
BESIDE = ("xlsx", "csv", "html")
"""Formats that cannot carry what the report is computed from: it lies beside them as `<name>.report.json`."""
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
    files: Mapping[str, bytes],
    *,
    created: datetime,
    lang: str,
    request: Mapping[str, int] = DEFAULT_REQUEST,
    to_be: Mapping[str, bytes] | None = None,
    ledger: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The report on the procedure in `files`, simulated as `request` says where it has a scenario; with `to_be`, the
    files of what it is to be, beside it and compared by paired simulation. `ledger` is a checkpoint to print.

    Raises:
        ModelError: the files are not one readable procedure.
    """
    procedure = read_files(files)
    simulation = _simulate(procedure, request) if procedure.scenario is not None else None
    proposed = None
    if to_be is not None:
        after = read_files(to_be)
        compared = _compare(procedure, after, request) if simulation is not None else None
        own = after if after.scenario is not None else procedure
        proposed = figures.Proposed(after, to_be, compared, _costs(after, own, compared and compared["to_be"]))
    return figures.draw_up(
        procedure,
        files,
        analyse(procedure),
        request=request if simulation is not None else None,
        simulation=simulation,
        created=created,
        lang=lang,
        proposed=proposed,
        ledger=ledger,
        costs=_costs(procedure, procedure, simulation),
    )


def write(drawn: Mapping[str, Any], format: str) -> bytes:
    """`drawn` as pdf, xlsx, csv, json or html. Raises InvalidRequest for any other format."""
    if format == "json":
        return figures.canonical(drawn)
    to_be = drawn["to_be"]
    pictures = Pictures(
        as_is=_picture(read_files(figures.contents(drawn))),
        to_be=_picture(read_files(figures.contents(to_be))) if to_be is not None else None,
    )
    blocks = compose(drawn, pictures)
    if format == "xlsx":
        return set_xlsx(drawn, blocks)
    if format == "csv":
        return set_csv(blocks)
    if format == "html":
        return set_html(drawn, blocks)
    if format == "pdf":
        return set_pdf(drawn, blocks)
    raise InvalidRequest("report-format", f"a report is {', '.join(FORMATS)}, not {format}")


def verify(path: Path) -> Verified:
    """Compute the report in `path` again from what it carries and compare everything, byte by byte.

    `path` is a PDF (with its attachment), a JSON, or a table or page beside its `<name>.report.json`.

    Raises:
        ModelError: the file is no report.
    """
    content = _bytes(path)
    format = "pdf" if content.startswith(b"%PDF") else path.suffix.lower().removeprefix(".")
    if format not in FORMATS:
        raise ModelError("report-unreadable", f"a report is {', '.join(FORMATS)}", path=str(path))
    if format == "pdf":
        carried = attached(content, str(path))
    else:
        carried = _bytes(path.with_suffix(".report.json")) if format in BESIDE else content
    try:
        stated = json.loads(carried)
        again = report(
            figures.contents(stated),
            created=datetime.fromisoformat(stated["created"]),
            lang=stated["lang"],
            request=stated["request"] or DEFAULT_REQUEST,
            to_be=figures.contents(stated["to_be"]) if stated["to_be"] is not None else None,
            ledger=stated["ledger"],
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


def _costs(procedure: Procedure, own: Procedure, simulation: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A year by the newest table; the scenario is that of `own`."""
    from bpm.report.costs import yearly
    from bpm.service.simulate import scenario_of

    return None if simulation is None else yearly(procedure, scenario_of(own), simulation)


def _compare(as_is: Procedure, to_be: Procedure, request: Mapping[str, Any]) -> dict[str, Any]:
    from bpm.service.compare import compare_procedures

    return compare_procedures(as_is, to_be, **request)


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
