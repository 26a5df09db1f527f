"""XES (IEEE 1849-2016) as a stream: one pass of expat, which builds nothing and is the guard at the same time."""

from __future__ import annotations

from typing import NoReturn
from xml.parsers import expat

from bpm.errors import ModelError
from bpm.exchange.logs.gathering import NAN, Gathering, Value
from bpm.exchange.logs.source import Source

KEYS = {
    "concept:name": "activity",
    "concept:instance": "instance",
    "lifecycle:transition": "transition",
    "time:timestamp": "end",
    "start_timestamp": "start",
    "time:start": "start",
    "enable_timestamp": "enabled",
    "org:resource": "resource",
    "org:role": "group",
    "org:group": "group",
    "lichtung:element": "element",
}
"""Keys of the standard's extensions (and of our own logs), by what they are; `org:group` counts before `org:role`."""

DEEPEST = 64
LONGEST = 64 * 1024
LONGEST_TOKEN = 1024 * 1024
MOST_ATTRIBUTES = 100
_CHUNK = 64 * 1024
_TYPES = frozenset(("string", "date", "int", "float", "boolean", "id"))
_ENCODINGS = frozenset(("utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin1", "utf-16"))


def read_traces(source: Source, gathering: Gathering) -> None:
    """Read a XES document to its end.

    Raises ModelError with the codes of the package.
    """
    _Traces(source, gathering).run()


class _Traces:
    def __init__(self, source: Source, gathering: Gathering) -> None:
        self.source, self.gathering = source, gathering
        self.roles = {**KEYS, **{name: role for role, name in gathering.wanted.columns.items() if role != "case"}}
        self.named = gathering.wanted.columns.get("case", "concept:name")
        self.depth = 0
        self.traces = 0
        self.of_trace: dict[str, tuple[str, str]] | None = None
        self.of_event: dict[str, tuple[str, str]] | None = None
        self.case: int | None = None
        self.event_line = 0
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.StartDoctypeDeclHandler = self.doctype
        parser.ProcessingInstructionHandler = self.instruction
        parser.XmlDeclHandler = self.declaration
        self.parser = parser

    def run(self) -> None:
        try:
            fed = 0
            while data := self.source.read(_CHUNK):
                self.parser.Parse(data, False)
                fed += len(data)
                if fed - self.parser.CurrentByteIndex > LONGEST_TOKEN:
                    self.refuse("xml-text-too-long", f"one tag, text or comment longer than {LONGEST_TOKEN} bytes")
            self.parser.Parse(b"", True)
        except expat.ExpatError as error:
            message = expat.errors.messages[error.code] if error.code in expat.errors.messages else str(error)
            raise ModelError("xml-malformed", message, path=self.source.path, line=error.lineno) from None
        except (LookupError, UnicodeError, ValueError) as error:
            raise ModelError("xml-encoding", str(error)[:100], path=self.source.path, line=1) from None

    def refuse(self, code: str, message: str) -> NoReturn:
        raise ModelError(code, message, path=self.source.path, line=self.parser.CurrentLineNumber)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        local = name.rpartition(":")[2]
        if self.depth > DEEPEST:
            self.refuse("xml-too-deep", f"elements nested deeper than {DEEPEST}")
        if len(attributes) > MOST_ATTRIBUTES:
            self.refuse("xml-too-many-attributes", f"more than {MOST_ATTRIBUTES} attributes at one element")
        if self.depth == 1:
            if local != "log":
                self.refuse("log-format", f"the root element is {local[:40]!r}, an event log has 'log'")
        elif self.depth == 2:
            if local == "trace":
                self.of_trace, self.case = {}, None
        elif self.of_trace is not None and self.depth == 3:
            if local == "event":
                self.of_event, self.event_line = {}, self.parser.CurrentLineNumber
            elif local in _TYPES:
                self.keep(self.of_trace, local, attributes)
        elif self.of_event is not None and self.depth == 4 and local in _TYPES:
            self.keep(self.of_event, local, attributes)

    def keep(self, where: dict[str, tuple[str, str]], kind: str, attributes: dict[str, str]) -> None:
        key, value = attributes.get("key", ""), attributes.get("value", "")
        if len(value) > LONGEST or len(key) > LONGEST:
            self.refuse("xml-attribute-too-long", f"an attribute longer than {LONGEST} characters")
        where[key] = (kind, value)

    def end(self, name: str) -> None:
        self.depth -= 1
        if self.depth == 2 and self.of_event is not None and self.of_trace is not None:
            self.finish_event(self.of_event)
            self.of_event = None
        elif self.depth == 1 and self.of_trace is not None:
            self.finish_trace(self.of_trace)
            self.of_trace = None

    def number(self) -> int:
        """The case of the current trace; a trace without a name is a case of its own."""
        if self.case is None:
            held = (self.of_trace or {}).get(self.named)
            self.traces += 1
            self.case = self.gathering.case(held[1] if held else f"\0{self.traces}")
        return self.case

    def finish_event(self, event: dict[str, tuple[str, str]]) -> None:
        gathering, fields = self.gathering, {}
        for key, (_, value) in event.items():
            role = self.roles.get(key)
            if role is None:
                if key not in gathering.values:
                    gathering.leave(key)
            elif role not in fields or key != "org:role":
                fields[role] = value
        at = gathering.event(self.number(), fields, self.event_line)
        for key, (kind, value) in event.items():
            if key in gathering.values:
                self.datum(key, kind, value, at)

    def finish_trace(self, trace: dict[str, tuple[str, str]]) -> None:
        for key, (kind, value) in trace.items():
            if key in self.gathering.values:
                self.datum(key, kind, value, NAN)
            elif key != self.named:
                self.gathering.leave(key)

    def datum(self, key: str, kind: str, value: str, at: float) -> None:
        read: Value = value
        if kind in ("int", "float"):
            try:
                read = float(value)
            except ValueError:
                self.refuse("log-malformed", f"{value[:40]!r} is no number")
        elif kind == "boolean":
            read = value.strip().lower() == "true"
        elif kind == "date":
            read = self.gathering.moment(value, self.parser.CurrentLineNumber)[1]
            self.gathering.moments.add(key)
        self.gathering.datum(key, self.number(), read, at)

    def doctype(self, *_: object) -> None:
        self.refuse("xml-doctype", "a DOCTYPE is not read: it can name entities and files")

    def instruction(self, target: str, _: str) -> None:
        self.refuse("xml-processing-instruction", f"processing instruction {target[:40]!r} is not read")

    def declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding and encoding.lower() not in _ENCODINGS:
            self.refuse("xml-encoding", f"encoding {encoding[:40]!r} is not read")
