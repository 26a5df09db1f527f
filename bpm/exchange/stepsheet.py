"""A table of steps, as departments keep it, to a draft process with lanes and a diagram.

One row is one step, in the order of the table: `Schritt; Rolle; Minuten; Rechtsgrundlage; Formular` (or Step, Role,
Minutes, Legal basis, Form). Only the first column is needed; separators are semicolon, comma or tab; the text is
UTF-8, or what Excel writes on a German desk (Windows-1252). A column with another name is kept as documentation of
its step. Decisions are not in such a table: the draft is one line from start to end, and marked as not executable.

Minutes are taken as *assumed*, with the table as their source: nobody says how they are known.

Codes: ``steps-text``, ``steps-columns``, ``steps-empty``, ``steps-name``, ``steps-minutes``, ``steps-too-many``.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Final

from lxml import etree

from bpm.errors import ModelError
from bpm.model.layout import lay_out
from bpm.model.reader import Unpacked, read_bpmn
from bpm.model.reader.names import BPMN, LI
from bpm.model.writer import with_diagram

COLUMNS: Final = {
    "schritt": "step",
    "step": "step",
    "aktivität": "step",
    "rolle": "role",
    "role": "role",
    "stelle": "role",
    "minuten": "minutes",
    "minutes": "minutes",
    "rechtsgrundlage": "basis",
    "legal basis": "basis",
    "formular": "form",
    "form": "form",
}
MOST: Final = 2000
"""Rows; more are no procedure of a city."""
NO_ROLE: Final = "Rolle nicht angegeben"


@dataclass(frozen=True, slots=True)
class Step:
    """One row; texts are empty where the table is, `others` are columns that mean nothing to us."""

    line: int
    name: str
    role: str
    minutes: str
    basis: str
    form: str
    others: tuple[tuple[str, str], ...]


def unpack(data: bytes, path: str) -> Unpacked | None:
    """Open a table of steps; None when the file is something else. Raises ModelError, located."""
    rows = _rows(data)
    if rows is None or "step" not in _columns(rows[0]):
        return None
    name = PurePosixPath(path.rpartition("!")[2]).stem
    return Unpacked({f"{name}.bpmn": draft(read_steps(data, path), name)}, lambda model: model)


def read_steps(data: bytes, path: str) -> tuple[Step, ...]:
    """The rows of a table. Raises ModelError, located."""
    rows = _rows(data)
    if rows is None:
        raise ModelError("steps-text", "this is no text in UTF-8 or Windows-1252", path=path)
    head = _columns(rows[0])
    if head.count("step") != 1:
        raise ModelError("steps-columns", "one column is called Schritt (or Step)", path=path, line=1)
    found = [
        _step(dict(zip(head, cells, strict=False)), rows[0], cells, line, path)
        for line, cells in enumerate(rows[1:], start=2)
        if any(cell.strip() for cell in cells)
    ]
    if not found:
        raise ModelError("steps-empty", "the table has no steps", path=path, line=1)
    if len(found) > MOST:
        raise ModelError("steps-too-many", f"the table has more than {MOST} steps", path=path, line=MOST + 2)
    return tuple(found)


def draft(steps: tuple[Step, ...], name: str) -> bytes:
    """The steps in one line as BPMN, with a lane for each role and a diagram; the same steps give the same bytes."""
    key = _id(name) or "verfahren"
    ids = _ids(steps)
    root = etree.Element(f"{{{BPMN}}}definitions", nsmap={None: BPMN, "li": LI})  # type: ignore[dict-item]  # the stubs know no default namespace
    root.set("id", f"definitions_{key}")
    root.set("targetNamespace", f"urn:lichtung:draft:{key}")
    roles = list(dict.fromkeys(step.role or NO_ROLE for step in steps)) if any(step.role for step in steps) else []
    if roles:
        pool = _add(_add(root, "collaboration", id=f"collaboration_{key}"), "participant", id=f"pool_{key}", name=name)
        pool.set("processRef", key)
    process = _add(root, "process", id=key, name=name, isExecutable="false")
    lanes = _add(process, "laneSet", id="lanes") if roles else None
    for number, role in enumerate(roles, start=1):
        assert lanes is not None
        lane = _add(lanes, "lane", id=f"lane_{number}", name=role)
        inside = [one for one, step in zip(ids, steps, strict=True) if (step.role or NO_ROLE) == role]
        first = ["start"] if role == (steps[0].role or NO_ROLE) else []
        last = ["ende"] if role == (steps[-1].role or NO_ROLE) else []
        for one in [*first, *inside, *last]:
            _add(lane, "flowNodeRef").text = one
    _add(process, "startEvent", id="start")
    for one, step in zip(ids, steps, strict=True):
        _task(process, one, step, name)
    _add(process, "endEvent", id="ende")
    line = ["start", *ids, "ende"]
    for number, (source, target) in enumerate(pairwise(line), start=1):
        _add(process, "sequenceFlow", id=f"f{number}", sourceRef=source, targetRef=target)
    etree.indent(root)
    plain: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return with_diagram(plain, lay_out(read_bpmn(plain, name)))


def _task(process: etree._Element, one: str, step: Step, source: str) -> None:
    task = _add(process, "userTask", id=one, name=step.name)
    for column, value in step.others:
        _add(task, "documentation").text = f"{column}: {value}"
    if not (step.minutes or step.basis or step.form):
        return
    facts = _add(task, "extensionElements")
    if step.minutes:
        known = {"minutes": step.minutes, "known": "assumed", "source": f"Schrittliste {source}"}
        etree.SubElement(facts, f"{{{LI}}}step", known)
    if step.basis:
        etree.SubElement(facts, f"{{{LI}}}legalBasis", {"citation": step.basis})
    if step.form:
        etree.SubElement(facts, f"{{{LI}}}document", {"name": step.form})


def _step(named: dict[str, str], titles: list[str], cells: list[str], line: int, path: str) -> Step:
    name = _plain(named.get("step", ""))
    if not name:
        raise ModelError("steps-name", "a step has a name", path=path, line=line)
    minutes = named.get("minutes", "").strip()
    if minutes:
        try:
            value = Decimal(minutes.replace(",", "."))
        except InvalidOperation:
            value = Decimal(-1)
        if not value.is_finite() or value < 0:
            raise ModelError("steps-minutes", f"{minutes[:40]!r} is no number of minutes", path=path, line=line)
        minutes = f"{value.normalize():f}"
    if any(cell.strip() for cell in cells[len(titles) :]):
        raise ModelError("steps-columns", "the row has more cells than the head", path=path, line=line)
    others = [(_plain(title), _plain(cell)) for title, cell in zip(titles, cells, strict=False)]
    return Step(
        line=line,
        name=name,
        role=_plain(named.get("role", "")),
        minutes=minutes,
        basis=_plain(named.get("basis", "")),
        form=_plain(named.get("form", "")),
        others=tuple((title, cell) for title, cell in others if cell and title.casefold() not in COLUMNS),
    )


def _rows(data: bytes) -> list[list[str]] | None:
    """The cells of a text with separators; None for anything that is not text or has no head."""
    text = _text(data)
    if text is None or not text.strip():
        return None
    head = text.lstrip().splitlines()[0]
    separator = max(";,\t", key=head.count)
    try:
        return list(csv.reader(io.StringIO(text.lstrip("\r\n")), delimiter=separator))
    except csv.Error:
        return None


def _text(data: bytes) -> str | None:
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        # control characters have no business in a table, nor in the XML that is made of it
        return None if re.search(r"[^\t\r\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text) else text
    return None


def _columns(titles: list[str]) -> list[str]:
    return [COLUMNS.get(title.strip().casefold(), f"?{place}") for place, title in enumerate(titles)]


def _plain(text: str) -> str:
    return " ".join(text.split())


def _ids(steps: tuple[Step, ...]) -> list[str]:
    """An id that speaks, for every step; a name that occurs again gets a number."""
    seen = {"start": 1, "ende": 1, "lanes": 1}
    ids = []
    for number, step in enumerate(steps, start=1):
        stem = _id(step.name) or f"schritt_{number}"
        seen[stem] = seen.get(stem, 0) + 1
        ids.append(stem if seen[stem] == 1 else f"{stem}_{number}_")
    return ids


def _id(name: str) -> str:
    text = name.casefold()
    for umlaut, plain in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        text = text.replace(umlaut, plain)
    text = re.sub(r"[^a-z0-9]+", "_", text).strip("_")[:60]
    return f"s_{text}" if text[:1].isdigit() else text


def _add(parent: etree._Element, local: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{BPMN}}}{local}", attributes)
