"""Event logs as XES (IEEE 1849-2016): one trace per case, one event per completed activity, written as a stream."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import BinaryIO

from lxml import etree

_EXTENSIONS = (
    ("Concept", "concept", "http://www.xes-standard.org/concept.xesext"),
    ("Time", "time", "http://www.xes-standard.org/time.xesext"),
    ("Organizational", "org", "http://www.xes-standard.org/org.xesext"),
    ("Lifecycle", "lifecycle", "http://www.xes-standard.org/lifecycle.xesext"),
)


def write_xes(stream: BinaryIO, rows: Iterable[tuple[str, ...]]) -> None:
    """Write activity rows (`bpm.eventlog.COLUMNS`), ordered by case, to a binary stream."""
    with etree.xmlfile(stream, encoding="UTF-8") as xml:
        xml.write_declaration()
        with xml.element("log", {"xes.version": "1849-2016", "xmlns": "http://www.xes-standard.org/"}):
            for name, prefix, uri in _EXTENSIONS:
                xml.write(etree.Element("extension", name=name, prefix=prefix, uri=uri))
            for case, events in groupby(rows, key=lambda row: row[0]):
                with xml.element("trace"):
                    xml.write(_value("string", "concept:name", case))
                    for row in events:
                        xml.write(_event(row))


def _event(row: tuple[str, ...]) -> etree._Element:
    _, activity, element, enabled, started, completed, resource = row
    event = etree.Element("event")
    event.append(_value("string", "concept:name", activity))
    event.append(_value("string", "concept:instance", element))
    event.append(_value("string", "lifecycle:transition", "complete"))
    if resource:
        event.append(_value("string", "org:resource", resource))
    event.append(_value("date", "enable_timestamp", enabled))
    event.append(_value("date", "start_timestamp", started))
    event.append(_value("date", "time:timestamp", completed))
    return event


def _value(kind: str, key: str, value: str) -> etree._Element:
    return etree.Element(kind, key=key, value=value)
