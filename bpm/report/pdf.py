"""Set a report as PDF: tagged (PDF/UA-1), archivable (PDF/A-3a), with `report.json` attached.

Typst refuses inaccessible input, and gives the same bytes for the same report: no system fonts, the report's own date.
"""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from bpm.errors import ModelError
from bpm.report.document import Block, Heading, Paragraph, Picture, Table, title_of
from bpm.report.figures import canonical
from bpm.texts import translate

ATTACHMENT = "report.json"
STRIP, OVERLAP = 950.0, 50.0
"""A diagram wider than `STRIP` pixels is set in strips: on A4 its smallest letters are then about 2 mm high."""
TEMPLATE = Path(__file__).with_name("report.typ")
LONG_WORD = re.compile(r"\S{16}(?=\S{8})")
"""Where a word without blanks (a digest) may be broken, so that it stays in its column."""
VIEW_BOX = re.compile(r'viewBox="(?P<x>\S+) (?P<y>\S+) (?P<w>\S+) (?P<h>\S+)" width="[^"]*" height="[^"]*"')


def set_pdf(report: Mapping[str, Any], blocks: tuple[Block, ...]) -> bytes:
    """The PDF of `report`."""
    import typst

    created = datetime.fromisoformat(report["created"])
    data = {
        "title": title_of(report),
        "lang": report["lang"],
        "date": [created.year, created.month, created.day],
        "attachment": translate("Alles, was zum Nachrechnen nötig ist", report["lang"]),
        "blocks": [part for block in blocks for part in _parts(block)],
    }
    pdf: bytes = typst.compile(
        TEMPLATE.read_bytes(),
        format="pdf",
        sys_inputs={"blocks": json.dumps(data, ensure_ascii=False), "report": canonical(report).decode()},
        pdf_standards=["ua-1", "a-3a"],
        ignore_system_fonts=True,
        timestamp=int(created.timestamp()),
    )
    return pdf


def attached(pdf: bytes, path: str) -> bytes:
    """The `report.json` inside a PDF. Raises ModelError `report-unreadable` if there is none."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    # what it grumbles about on the way is said once, by our own error
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        found = PdfReader(BytesIO(pdf)).attachments.get(ATTACHMENT, [])
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError("report-unreadable", f"not a readable PDF: {error}", path=path) from None
    if len(found) != 1:
        raise ModelError("report-unreadable", f"the PDF carries no {ATTACHMENT}", path=path)
    return bytes(found[0])


def _parts(block: Block) -> list[dict[str, Any]]:
    if isinstance(block, Picture):
        strips = cut(block.svg)
        return [
            {"kind": "picture", "svg": strip, "alt": f"{block.alt} ({number}/{len(strips)})"}
            for number, strip in enumerate(strips, start=1)
        ]
    return [_block(block)]


def cut(svg: str) -> tuple[str, ...]:
    """A wide drawing as equal strips from left to right that overlap a little; a narrow one as it is."""
    found = VIEW_BOX.search(svg)
    if found is None:
        return (svg,)
    x, y, width, height = (float(found[name]) for name in ("x", "y", "w", "h"))
    count = max(1, math.ceil(width / STRIP))
    step = width / count
    strips = []
    for number in range(count):
        left = x + number * step - (OVERLAP if number else 0)
        wide = x + (number + 1) * step - left + (OVERLAP if number < count - 1 else 0)
        frame = f'viewBox="{left:g} {y:g} {wide:g} {height:g}" width="{wide:g}" height="{height:g}"'
        strips.append(svg[: found.start()] + frame + svg[found.end() :])
    return tuple(strips)


def _block(block: Heading | Paragraph | Table) -> dict[str, Any]:
    match block:
        case Heading():
            return {"kind": "heading", "level": block.level, "text": block.text}
        case Paragraph():
            return {"kind": "paragraph", "text": block.text, "soft": block.soft}
        case Table():
            return {
                "kind": "table",
                "caption": block.caption,
                "head": block.head,
                "rows": [[LONG_WORD.sub("\\g<0>\u200b", cell) for cell in row] for row in block.rows],
                "numeric": block.numeric,
                "widths": _widths(block),
            }


def _widths(table: Table) -> list[float]:
    """Shares of the width by the longest text of each column, so that no narrow column takes room from a wide one."""
    columns = [[table.head[at], *(row[at] for row in table.rows)] for at in range(len(table.head))]
    return [round(min(34.0, max(5.0, max(len(cell) for cell in column))), 1) ** 0.75 for column in columns]
