"""A questionnaire as a spreadsheet: one row per step and rule, what is known, what is missing; and read back.

The first row of each sheet holds stable keys (hidden), the second the headings. Text is always written as text and
never as a formula, whatever the model says; a formula that comes back is refused and never computed. A spreadsheet is
judged as an archive from strangers before it is opened.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from bpm.errors import ModelError
from bpm.model.reader.archive import read_archive

HEADINGS: Final[Mapping[str, Mapping[str, str]]] = {
    "id": {"de": "Kennung (nicht ändern)", "en": "id (do not change)"},
    "name": {"de": "Schritt oder Regel", "en": "step or rule"},
    "role": {"de": "Stelle", "en": "role"},
    "missing": {"de": "Was fehlt", "en": "what is missing"},
    "minutes": {"de": "Minuten je Fall", "en": "minutes each time"},
    "low": {"de": "mindestens", "en": "at least"},
    "high": {"de": "höchstens", "en": "at most"},
    "citizen_minutes": {"de": "Minuten Bürger*in", "en": "citizen's minutes"},
    "business_minutes": {"de": "Minuten Unternehmen", "en": "business's minutes"},
    "channel": {"de": "Kanal", "en": "channel"},
    "citation": {"de": "Rechtsgrundlage (oder: keine)", "en": "legal basis (or: none)"},
    "organ": {"de": "wer darf sie ändern", "en": "who may change it"},
    "force": {"de": "muss / soll / kann", "en": "must / should / may"},
    "demands": {"de": "verlangte Form", "en": "form demanded"},
    "reads": {"de": "liest (mit ; getrennt)", "en": "reads (split by ;)"},
    "writes": {"de": "schreibt (mit ; getrennt)", "en": "writes (split by ;)"},
    "law": {"de": "Verfahrensrecht", "en": "procedural law"},
    "law_as_of": {"de": "Rechtsstand (JJJJ-MM-TT)", "en": "date of law (YYYY-MM-DD)"},
    "by": {"de": "ausgefüllt von (Rolle)", "en": "filled in by (role)"},
    "on": {"de": "am (JJJJ-MM-TT)", "en": "on (YYYY-MM-DD)"},
}
STEP_KEYS: Final = (
    "id", "name", "role", "missing", "minutes", "low", "high", "citizen_minutes", "business_minutes", "channel",
    "citation", "organ", "force", "demands", "reads", "writes", "by", "on",
)  # fmt: skip
RULE_KEYS: Final = ("id", "name", "missing", "citation", "organ", "force", "by", "on")
PROCESS_KEYS: Final = ("id", "name", "missing", "law", "law_as_of", "by", "on")
SHEETS: Final[Mapping[str, tuple[str, ...]]] = {"Verfahren": PROCESS_KEYS, "Schritte": STEP_KEYS, "Regeln": RULE_KEYS}
FIXED: Final = frozenset({"id", "name", "role", "missing"})
"""What is only shown."""

GUIDE: Final[Mapping[str, Sequence[str]]] = {
    "de": (
        "Fragebogen zu {name}",
        "Gelb ist, was nicht erfasst ist. Bitte nur ausfüllen, was Sie wissen; leer heißt weiter: nicht erfasst.",
        "Jede ausgefüllte Zeile braucht, wer sie ausgefüllt hat (eine Rolle genügt) und wann.",
        "Schätzungen gern als Spanne (mindestens, höchstens). Schätzen mehrere, darf eine Zeile mehrfach stehen.",
        "Gibt es keine Rechtsgrundlage, schreiben Sie »keine«: das ist eine Antwort, ein leeres Feld ist keine.",
        "Kanal: Papier, Schalter, Telefon, Post oder online.",
    ),
    "en": (
        "Questionnaire on {name}",
        "Yellow is what is not recorded. Please fill in only what you know; empty still means: not recorded.",
        "Every row that is filled in needs who filled it in (a role will do) and when.",
        "Estimates are welcome as a range (at least, at most). If several people estimate, a row may stand repeatedly.",
        "If there is no legal basis, write »none«: that is an answer, an empty cell is not.",
        "Channel: paper, counter, phone, mail or online.",
    ),
}
MOST_ROWS: Final = 20_000
LONGEST: Final = 2_000


@dataclass(frozen=True, slots=True)
class Row:
    """One row: texts by key (a float stays a number), and the keys that nobody has recorded."""

    values: Mapping[str, str | float | None]
    open: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Filled:
    """One row that came back: sheet, 1-based row number, and the cells as text by key; empty ones are left out."""

    sheet: str
    number: int
    values: Mapping[str, str]
    path: str = ""

    @property
    def place(self) -> str:
        return f"{self.path}!{self.sheet}"


def write_sheet(name: str, rows: Mapping[str, Sequence[Row]], lang: str = "de") -> bytes:
    """The workbook of a questionnaire; `rows` are by sheet. The same rows give the same bytes."""
    import xlsxwriter

    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"title": name, "author": "Lichtung", "created": datetime(2026, 1, 1)})
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        plain = book.add_format({"text_wrap": True, "valign": "top"})
        shown = book.add_format({"text_wrap": True, "valign": "top", "font_color": "#555555"})
        open_ = book.add_format({"text_wrap": True, "valign": "top", "bg_color": "#FFF2B3", "border": 1})
        guide = book.add_worksheet("Anleitung")
        guide.set_column(0, 0, 110)
        for number, sentence in enumerate(GUIDE[lang]):
            guide.write_string(number, 0, sentence.format(name=name), plain if number else bold)
        for title, keys in SHEETS.items():
            sheet = book.add_worksheet(title)
            for column, key in enumerate(keys):
                sheet.write_string(0, column, key)
                sheet.write_string(1, column, HEADINGS[key][lang], bold)
                sheet.set_column(column, column, 34 if key in ("name", "missing", "citation") else 16)
            sheet.set_row(0, None, None, {"hidden": True})
            sheet.freeze_panes(2, 2)
            for line, row in enumerate(rows.get(title, ()), start=2):
                for column, key in enumerate(keys):
                    value = row.values.get(key)
                    style = open_ if key in row.open else shown if key in FIXED else plain
                    if isinstance(value, float):
                        sheet.write_number(line, column, value, style)
                    elif value:
                        sheet.write_string(line, column, value, style)
                    else:
                        sheet.write_blank(line, column, None, style)
    return buffer.getvalue()


def read_sheet(data: bytes, path: str) -> tuple[Filled, ...]:
    """The rows of a questionnaire that hold anything beside what is only shown.

    Raises:
        ModelError: located by sheet and row: `sheet-malformed`, `sheet-formula`, `sheet-key`, `sheet-cell`, or what
            an archive from strangers is refused for.
    """
    for name, content in read_archive(data, path).items():
        if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
            raise ModelError("xml-doctype", "a DOCTYPE is not read", path=f"{path}!{name}")
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    except Exception as error:  # openpyxl raises whatever its parsers do
        raise ModelError("sheet-malformed", " ".join(str(error).split())[:200], path=path) from None
    found: list[Filled] = []
    try:
        for title, keys in SHEETS.items():
            if title in book.sheetnames:
                found += _rows(book[title], title, keys, path)
    finally:
        book.close()
    if not any(title in book.sheetnames for title in SHEETS):
        raise ModelError("sheet-malformed", f"none of the sheets {', '.join(SHEETS)}", path=path)
    return tuple(found)


def _rows(sheet: Any, title: str, keys: tuple[str, ...], path: str) -> Iterator[Filled]:
    place = f"{path}!{title}"
    lines = sheet.iter_rows(max_row=MOST_ROWS + 3)
    head = [str(cell.value or "") for cell in next(lines, ())]
    strange = [key for key in head if key and key not in keys]
    if strange or "id" not in head:
        raise ModelError("sheet-key", f"the first row holds the keys; {strange or 'id is missing'}", path=place, line=1)
    for number, cells in enumerate(lines, start=2):
        if number == 2:
            continue
        if number > MOST_ROWS + 2:
            raise ModelError("sheet-malformed", f"more than {MOST_ROWS} rows", path=place, line=number)
        values = {key: _text(cell, place, number) for key, cell in zip(head, cells, strict=False) if key}
        values = {key: value for key, value in values.items() if value}
        if "id" in values:
            yield Filled(title, number, values, path)
        elif values:
            raise ModelError("sheet-key", "a row without an id", path=place, line=number)


def _text(cell: Any, place: str, number: int) -> str:
    value = cell.value
    if value is None:
        return ""
    if getattr(cell, "data_type", "") in ("f", "e"):
        raise ModelError(
            "sheet-formula", "formulas and error values are not read; please write the value", path=place, line=number
        )
    if isinstance(value, datetime | date):
        return value.date().isoformat() if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ModelError("sheet-cell", "a cell holds a text, a number or a date", path=place, line=number)
    text = " ".join(str(value).split()) if isinstance(value, str) else f"{value:.10g}"
    if len(text) > LONGEST or any(ord(sign) < 32 for sign in text):
        raise ModelError(
            "sheet-cell", f"a cell is longer than {LONGEST} signs or holds control signs", path=place, line=number
        )
    return text
