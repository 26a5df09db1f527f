"""The report as tables: one sheet a table for spreadsheets, or one text with separators.

Cells are text or numbers, never formulas, whatever a model's names begin with: in the spreadsheet by their type, in the
text by an apostrophe before what a spreadsheet would take for a formula. Same report, same bytes.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bpm.report.document import Block, Heading, Paragraph, Table, title_of

_FORMULA = re.compile(r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?\Z")
_WIDEST = 60


def set_csv(blocks: Sequence[Block]) -> bytes:
    """All tables one after the other, each below its caption; UTF-8 with the mark that spreadsheets look for."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    for block in blocks:
        if isinstance(block, Heading | Paragraph):
            writer.writerow([plain(block.text)])
        elif isinstance(block, Table):
            writer.writerow([plain(block.caption)])
            writer.writerow([plain(cell) for cell in block.head])
            writer.writerows([plain(cell) for cell in row] for row in block.rows)
            writer.writerow([])
    return ("\ufeff" + text.getvalue()).encode()


def plain(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; numbers stay numbers."""
    cell = " ".join(cell.split())
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.match(cell) else cell


def set_xlsx(report: Mapping[str, Any], blocks: Sequence[Block]) -> bytes:
    """A workbook: the text on the first sheet, then one sheet a table."""
    import xlsxwriter

    buffer = io.BytesIO()
    # the date is the report's, so that the same report gives the same bytes
    created = datetime.fromisoformat(report["created"]).replace(tzinfo=None)
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"title": title_of(report), "author": "Lichtung", "created": created})
        bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
        first = book.add_worksheet("Bericht" if report["lang"] == "de" else "Report")
        first.set_column(0, 0, 110)
        texts = [block for block in blocks if isinstance(block, Heading | Paragraph)]
        for row, block in enumerate(texts):
            first.write_string(row, 0, block.text, bold if isinstance(block, Heading) else wrapped)
        tables = (block for block in blocks if isinstance(block, Table))
        for number, table in enumerate(tables, start=1):
            sheet = book.add_worksheet(f"{number} {_sheet_name(table.caption)}")
            sheet.write_string(0, 0, table.caption, bold)
            for column, title in enumerate(table.head):
                sheet.write_string(1, column, title, bold)
                longest = max((len(row[column]) for row in table.rows), default=0)
                sheet.set_column(column, column, min(_WIDEST, max(len(title), longest) + 2))
            for line, cells in enumerate(table.rows, start=2):
                for column, cell in enumerate(cells):
                    if column in table.numeric and _NUMBER.match(cell):
                        sheet.write_number(line, column, _number(cell, report["lang"]))
                    else:
                        sheet.write_string(line, column, cell, wrapped)
            sheet.freeze_panes(2, 0)
    return buffer.getvalue()


def _number(cell: str, lang: str) -> float:
    return float(cell.replace(",", ".") if lang == "de" else cell)


def _sheet_name(caption: str) -> str:
    """At most 31 characters with the number, without those a sheet's name may not have."""
    return re.sub(r"[\[\]:*?/\\']", " ", caption)[:26].strip()
