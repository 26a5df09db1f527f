"""Real event logs: XES (IEEE 1849-2016, also gzipped) and CSV, streamed into an `EventLog`, hostile or not.

A log of a city is about people: those who apply and those who work. So columns come in by an allow-list only - the
standard keys of XES, their usual names in CSV, and the case data that the caller names. Persons become pseudonyms while
the file is read, groups of fewer than five persons become one, the names of cases are not kept, and data of special
categories (GDPR Art. 9) are refused even if named. What was left out, guessed or put together is said in notes.

Nothing is ever a tree: a file of 1 GB costs its columns. Errors are `ModelError`, located by line where there is one.

Codes: ``log-format``, ``log-empty``, ``log-too-large``, ``log-gzip``, ``log-bomb``, ``log-encoding``, ``log-time``,
``log-column-missing``, ``log-column-special``, ``log-too-many-events``, ``log-malformed``, ``log-guide``,
``xml-malformed``, ``xml-doctype``, ``xml-processing-instruction``, ``xml-too-deep``, ``xml-attribute-too-long``,
``xml-text-too-long``, ``xml-too-many-attributes``, ``xml-encoding``.
"""

from __future__ import annotations

from pathlib import Path

from bpm.eventlog import NO_GUIDE, Guide
from bpm.exchange.logs.gathering import ROLES, Gathering, Reading
from bpm.exchange.logs.guide import read_guide
from bpm.exchange.logs.rows import read_rows
from bpm.exchange.logs.source import Source
from bpm.exchange.logs.traces import read_traces

__all__ = ["ROLES", "Reading", "is_log", "read_guide", "read_log"]


def read_log(
    path: str | Path, guide: Guide = NO_GUIDE, *, zone: str = "Europe/Berlin", key: bytes | None = None
) -> Reading:
    """Read the log at `path`; XES or CSV is told by its first characters. `zone` is where the office's clock is.

    `key` makes the pseudonyms; by default it is drawn from the file's own content, so that the same file gives the
    same bytes and nobody without the file can undo them.

    Raises:
        ModelError: the file is no log, or more than is read.
    """
    with Source(path) as source:
        gathering = Gathering(str(path), guide, zone)
        if source.looks_like_xml():
            read_traces(source, gathering)
        else:
            read_rows(source, gathering)
        return gathering.finish(source.digest(), key)


def is_log(path: str | Path) -> bool:
    """Whether a file is a log by its root element (`log` of XES, gzipped or not); never raises."""
    from bpm.errors import ModelError

    if not Path(path).is_file():
        return False
    try:
        with Source(path) as source:
            return source.looks_like_xml() and source.root() == "log"
    except (ModelError, OSError):
        return False
