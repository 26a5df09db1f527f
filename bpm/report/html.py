"""Set a report as one HTML file without scripts, styles from outside or anything else that changes."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from bpm.report.document import Block, Heading, Paragraph, Picture, Table, title_of

STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#17251c}
table{border-collapse:collapse;width:100%;margin:1rem 0}th,td{border:1px solid #9aa39c;padding:.3rem .5rem}
th,td{text-align:left;vertical-align:top;overflow-wrap:anywhere}caption{text-align:left;color:#4c5a50}
td.num,th.num{text-align:right}.soft{color:#4c5a50}figure{margin:1rem 0;overflow-x:auto}svg{max-width:100%;height:auto}
@media print{@page{size:A4;margin:16mm}}"""


def set_html(report: Mapping[str, Any], blocks: tuple[Block, ...]) -> bytes:
    """The report as a page."""
    body = "\n".join(_block(block) for block in blocks)
    page = (
        f'<!doctype html>\n<html lang="{report["lang"]}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title_of(report))}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"{body}\n</main>\n</body>\n</html>\n"
    )
    return page.encode()


def _block(block: Block) -> str:
    match block:
        case Heading():
            return f"<h{block.level}>{escape(block.text)}</h{block.level}>"
        case Paragraph():
            return f"<p{' class=soft' if block.soft else ''}>{escape(block.text)}</p>"
        case Picture():
            return f'<figure role="img" aria-label="{escape(block.alt)}">{block.svg}</figure>'
        case Table():
            return _table(block)


def _table(table: Table) -> str:
    def cell(tag: str, at: int, text: str) -> str:
        scope = ' scope="col"' if tag == "th" else ""
        return f"<{tag}{scope}{' class=num' if at in table.numeric else ''}>{escape(text)}</{tag}>"

    head = "".join(cell("th", at, text) for at, text in enumerate(table.head))
    rows = "\n".join(
        "<tr>" + "".join(cell("td", at, text) for at, text in enumerate(row)) + "</tr>" for row in table.rows
    )
    caption = f"<caption>{escape(table.caption)}</caption>"
    return f"<table>{caption}\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table>"
