"""CSV logs as a stream: one row per activity, or per change of its state where a transition column says so.

Columns are found by their names in English, German and Dutch use, or as the caller names them. Separator: comma,
semicolon or tab; text: UTF-8, else Windows-1252 (said in a note by the reader of the file).
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator

from bpm.errors import ModelError
from bpm.exchange.logs.gathering import Gathering, Value, levelled
from bpm.exchange.logs.source import Source

NAMES: dict[str, tuple[str, ...]] = {
    "case": (
        "case_id", "case", "caseid", "case:concept:name", "fall", "fall_id", "fallnummer", "vorgang", "vorgangsnummer",
        "vorgang_id", "aktenzeichen", "az", "instance_id", "trace_id",
    ),
    "activity": (
        "activity", "activity_name", "concept:name", "task", "event", "aktivitaet", "schritt", "taetigkeit",
        "ereignis", "arbeitsschritt",
    ),
    "enabled": ("enable_time", "enabled", "enable_timestamp", "enabled_time", "bereit", "moeglich_ab", "eingang"),
    "start": ("start_time", "start", "start_timestamp", "started", "beginn", "begonnen", "anfang", "startzeit"),
    "end": (
        "end_time", "end", "complete", "completed", "complete_time", "complete_timestamp", "end_timestamp",
        "time:timestamp", "timestamp", "time", "ende", "abgeschlossen", "erledigt", "zeitpunkt", "zeitstempel",
        "endzeit", "zeit",
    ),
    "resource": ("resource", "org:resource", "user", "person", "bearbeiter", "bearbeiterin", "bearbeitung_durch",
                 "sachbearbeiter", "sachbearbeitung", "bearbeitende"),
    "group": ("role", "group", "org:group", "org:role", "pool", "rolle", "stelle", "gruppe", "lane", "zustaendig"),
    "element": ("element", "element_id", "node", "bpmn_id"),
    "transition": ("lifecycle:transition", "lifecycle", "transition", "zustand", "statuswechsel"),
}  # fmt: skip

LONGEST_LINE = 1024 * 1024
_CHUNK = 64 * 1024


def read_rows(source: Source, gathering: Gathering) -> None:
    """Read a CSV log to its end.

    Raises ModelError with the codes of the package.
    """
    encoding = _encoding(source)
    try:
        _read(source, gathering, encoding)
    except UnicodeDecodeError:
        raise ModelError(
            "log-encoding", f"the text is not {encoding} throughout; save it as UTF-8", path=source.path
        ) from None
    if encoding == "cp1252":
        gathering.guessed.append(("encoding", "kein UTF-8", encoding, "Text als Windows-1252 gelesen."))


def _encoding(source: Source) -> str:
    """UTF-8 if the head is, else Windows-1252; UTF-16 only with its mark."""
    head = source.head
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\x00" in head:
        raise ModelError("log-format", "neither XES nor CSV: the file is not text", path=source.path)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _lines(source: Source, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    rest = ""
    while True:
        data = source.read(_CHUNK)
        rest += decoder.decode(data, final=not data)
        if not data:
            break
        *whole, rest = rest.split("\n")
        yield from (line + "\n" for line in whole)
        if len(rest) > LONGEST_LINE:
            raise ModelError("log-malformed", f"a line longer than {LONGEST_LINE} characters", path=source.path)
    if rest:
        yield rest


def _read(source: Source, gathering: Gathering, encoding: str) -> None:
    lines = _lines(source, encoding)
    first = next(lines, "")
    if not first.strip():
        raise ModelError("log-empty", "the log has no content", path=source.path, line=1)
    separator = max(",;\t", key=first.count)
    header = next(csv.reader([first], delimiter=separator), [])
    places = _places(header, gathering)
    data = {header[k].strip(): k for k in range(len(header)) if header[k].strip() in gathering.values}
    used = set(places.values()) | set(data.values())
    for k, name in enumerate(header):
        if k not in used:
            gathering.leave(name)
    reader = csv.reader(lines, delimiter=separator)
    try:
        for row in reader:
            if row:
                _take(row, places, data, gathering, reader.line_num + 1)
    except csv.Error as error:
        raise ModelError("log-malformed", str(error), path=source.path, line=reader.line_num + 1) from None


def _places(header: list[str], gathering: Gathering) -> dict[str, int]:
    """Role to column number: as the caller says, else by name.

    Raises ModelError `log-column-missing` naming the columns there are.
    """
    plain = [levelled(name) for name in header]
    found: dict[str, int] = {}
    for role, named in gathering.wanted.columns.items():
        if named not in (name.strip() for name in header):
            raise gathering.refused("log-column-missing", f"there is no column {named[:60]!r}", 1)
        found[role] = [name.strip() for name in header].index(named)
    for role, names in NAMES.items():
        place = next((plain.index(name) for name in names if name in plain), None)
        if role not in found and place is not None and place not in found.values():
            found[role] = place
    missing = [role for role in ("case", "activity", "end") if role not in found]
    if missing:
        there = ", ".join(name.strip()[:30] for name in header[:20])
        message = f"no column for {', '.join(missing)} among: {there}; name them as case=..., activity=..., end=..."
        raise gathering.refused("log-column-missing", message, 1)
    return found


def _take(row: list[str], places: dict[str, int], data: dict[str, int], gathering: Gathering, line: int) -> None:
    fields = {role: row[k] for role, k in places.items() if k < len(row)}
    if not fields.get("case", "").strip():
        gathering.left_out["case"] += 1
        return
    case = gathering.case(fields["case"].strip())
    at = gathering.event(case, fields, line)
    for name, k in data.items():
        if k < len(row) and row[k].strip():
            gathering.datum(name, case, _value(row[k].strip()), at)


def _value(text: str) -> Value:
    """A cell as number, boolean or text; a decimal comma is one."""
    lowered = text.lower()
    if lowered in ("true", "wahr", "ja", "yes"):
        return True
    if lowered in ("false", "falsch", "nein", "no"):
        return False
    plain = text.replace(".", "").replace(",", ".") if "," in text else text
    try:
        number = float(plain)
    except ValueError:
        return text
    # a leading zero is a key, not a number (postal code, office)
    return text if number != number or (len(text) > 1 and text[0] == "0" and text[1].isdigit()) else number
