"""A file's XML as bytes that can be patched: what no edit touches stays as it is, byte for byte.

The document is scanned once (expat, after the gates of the reader); every element knows where its tags stand in the
bytes. Edits are collected and put in place at the end, so that comments, white space, the order of attributes and
everything foreign survive. Nothing is written that was not asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from bpm.errors import ModelError
from bpm.model.reader import guard

_ATTRIBUTE = re.compile(rb"""\s+([^\s=/>]+)\s*=\s*("[^"]*"|'[^']*')""")
_WHITE = b" \t\r\n"


@dataclass(slots=True, eq=False)
class Element:
    """One element: `space` and `local` name it, `prefix` as written; `start` to `opened` is its start tag,
    `closing` to `end` its end tag (both `end` for an empty element)."""

    space: str
    local: str
    prefix: str
    attributes: Mapping[str, str]
    prefixes: Mapping[str, str]
    start: int
    opened: int
    parent: Element | None
    closing: int = 0
    end: int = 0
    empty: bool = False
    children: list[Element] = field(default_factory=list)

    def get(self, name: str) -> str | None:
        """An attribute by its local name, or `{namespace}local`."""
        return self.attributes.get(name)

    def each(self, local: str, space: str | None = None) -> Iterator[Element]:
        """Children of a name, in the element's own namespace by default."""
        wanted = self.space if space is None else space
        return (child for child in self.children if child.local == local and child.space == wanted)

    def prefix_of(self, space: str) -> str | None:
        """The prefix (empty: default namespace) declared for `space` where this element stands."""
        return next((prefix for prefix, uri in self.prefixes.items() if uri == space), None)


class Document:
    """The bytes of one file with the edits collected so far. Raises ModelError as the reader does."""

    def __init__(self, source: bytes, path: str, kind: str = "bpmn") -> None:
        guard.parse(source, path, kind)
        self.path = path
        self.text = guard.checked_text(source, path, guard.LIMITS[kind])
        head = source[: len(source) - len(self.text)]
        self.head = head if source.endswith(self.text) else b'<?xml version="1.0" encoding="UTF-8"?>\n'
        self._cuts: list[tuple[int, int]] = []
        self._inserts: list[tuple[int, bytes]] = []
        self._attributes: dict[Element, dict[str, str | None]] = {}
        self._names: dict[Element, str] = {}
        self._appended: dict[Element, list[str]] = {}
        self.root = self._scan()
        self._by_id: dict[str, Element] = {}
        for element in self.iterate():
            if (key := element.get("id")) is not None:
                self._by_id.setdefault(key, element)

    # --- reading -----------------------------------------------------------------------------------------------

    def _scan(self) -> Element:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.namespace_prefixes = True
        stack: list[Element] = []
        roots: list[Element] = []
        pending: dict[str, str] = {}
        text = self.text

        def declared(prefix: str | None, uri: str | None) -> None:
            pending[prefix or ""] = uri or ""

        def started(name: str, attributes: dict[str, str]) -> None:
            parent = stack[-1] if stack else None
            prefixes: Mapping[str, str] = parent.prefixes if parent else {}
            if pending:
                prefixes = {**prefixes, **pending}
                pending.clear()
            space, local, prefix = _parts(name)
            own = {_clark(key): value for key, value in attributes.items()}
            start = parser.CurrentByteIndex
            element = Element(space, local, prefix, own, prefixes, start, _tag_end(text, start), parent)
            element.empty = text[element.opened - 2 : element.opened - 1] == b"/"
            (parent.children if parent else roots).append(element)
            stack.append(element)

        def ended(_: str) -> None:
            element = stack.pop()
            element.closing = element.opened if element.empty else parser.CurrentByteIndex
            element.end = element.opened if element.empty else text.index(b">", element.closing) + 1

        parser.StartNamespaceDeclHandler = declared
        parser.StartElementHandler = started
        parser.EndElementHandler = ended
        try:
            parser.Parse(text, True)
        except expat.ExpatError as error:
            raise ModelError("xml-malformed", str(error), path=self.path) from None
        return roots[0]

    def iterate(self) -> Iterator[Element]:
        """Every element in document order."""
        todo = [self.root]
        while todo:
            element = todo.pop()
            yield element
            todo.extend(reversed(element.children))

    def by_id(self, key: str) -> Element | None:
        """The first element with this `id`."""
        return self._by_id.get(key)

    def taken(self) -> set[str]:
        """All ids of the file."""
        return set(self._by_id)

    def content(self, element: Element) -> bytes:
        """The element as it stands in the file."""
        return self.text[element.start : element.end]

    # --- editing -----------------------------------------------------------------------------------------------

    def remove(self, element: Element) -> None:
        """Take an element out, with the line it leaves empty."""
        start = element.start
        while start and self.text[start - 1 : start] in (b" ", b"\t"):
            start -= 1
        if start and self.text[start - 1 : start] == b"\n":
            start -= 2 if self.text[start - 2 : start - 1] == b"\r" else 1
        elif not (self.text[element.end : element.end + 1].strip() == b"" or start == 0):
            start = element.start
        self._cuts.append((start, element.end))

    def set(self, element: Element, name: str, value: str | None) -> None:
        """Write an attribute by the name it has in the file (`prefix:local`); None takes it out."""
        self._attributes.setdefault(element, {})[name] = value

    def rename(self, element: Element, local: str) -> None:
        """Give an element another name in its namespace."""
        self._names[element] = local

    def append(self, element: Element, markup: str) -> None:
        """Add markup as the last child."""
        self._appended.setdefault(element, []).append(markup)

    def before(self, element: Element, markup: str) -> None:
        """Add markup as the sibling in front."""
        self._inserts.append((element.start, (markup + "\n" + self._indent(element)).encode()))

    def after(self, element: Element, markup: str) -> None:
        """Add markup as the sibling behind."""
        self._inserts.append((element.end, ("\n" + self._indent(element) + markup).encode()))

    def first(self, element: Element, markup: str) -> None:
        """Add markup in front of all children."""
        if element.children:
            self.before(element.children[0], markup)
        else:
            self.append(element, markup)

    def name(self, space: str, local: str, near: Element, usual: str) -> tuple[str, str]:
        """(qualified name, declaration to write with it): the prefix in use near an element, else the usual one."""
        prefix = near.prefix_of(space)
        if prefix is None:
            return f"{usual}:{local}", f' xmlns:{usual}="{space}"'
        return (f"{prefix}:{local}" if prefix else local), ""

    def render(self) -> bytes:
        """The file with all edits in place."""
        pieces: list[tuple[int, int, int, bytes]] = []
        cuts = _outermost(self._cuts)
        for start, end in cuts:
            pieces.append((start, 1, end, b""))
        for at, markup in self._inserts:
            pieces.append((at, 0, at, markup))
        for element in {**self._attributes, **self._names, **self._appended}:
            pieces += self._tags(element)
        out: list[bytes] = []
        at = 0
        for start, _, end, markup in sorted(pieces, key=lambda piece: piece[:2]):
            if start < at or any(low < start < high for low, high in cuts):
                continue
            out += [self.text[at:start], markup]
            at = end
        return self.head + b"".join(out) + self.text[at:]

    def _tags(self, element: Element) -> Iterator[tuple[int, int, int, bytes]]:
        tag = self.text[element.start : element.opened]
        name = tag[1:].split(None, 1)[0].rstrip(b"/>")
        new = name
        if element in self._names:
            new = (f"{element.prefix}:" if element.prefix else "").encode() + self._names[element].encode()
        rest = tag[1 + len(name) :]
        for key, value in self._attributes.get(element, {}).items():
            rest = _with_attribute(rest, key, value)
        markup = "".join(
            "\n" + self._indent(element) + "  " + part for part in self._appended.get(element, ())
        ).encode()
        if element.empty and markup:
            rest = rest[: rest.rindex(b"/")].rstrip() + b">" + markup + b"\n" + self._indent(element).encode()
            rest += b"</" + new + b">"
        elif markup:
            at = element.closing
            while at > element.opened and self.text[at - 1 : at] in (b" ", b"\t", b"\n", b"\r"):
                at -= 1
            yield at, 0, at, markup if at < element.closing else markup + b"\n" + self._indent(element).encode()
        if not element.empty and new != name:
            yield element.closing, 2, element.end, b"</" + new + b">"
        if rest != tag[1 + len(name) :] or new != name:
            yield element.start, 1, element.opened, b"<" + new + rest

    def _indent(self, element: Element) -> str:
        start = element.start
        while start and self.text[start - 1 : start] in (b" ", b"\t"):
            start -= 1
        if start and self.text[start - 1 : start] != b"\n":
            return ""
        return self.text[start : element.start].decode()


def attributes(pairs: Mapping[str, str | None]) -> str:
    """Attributes as they stand in a tag, each with a blank in front; None leaves one out."""
    return "".join(f" {name}={_quoted(value)}" for name, value in pairs.items() if value is not None)


def text(value: str) -> str:
    """Character data, escaped."""
    return escape(value)


def _quoted(value: str) -> str:
    return quoteattr(value, {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def _with_attribute(rest: bytes, name: str, value: str | None) -> bytes:
    for match in _ATTRIBUTE.finditer(rest):
        if match[1] == name.encode():
            new = b"" if value is None else f" {name}={_quoted(value)}".encode()
            return rest[: match.start()] + new + rest[match.end() :]
    if value is None:
        return rest
    end = len(rest) - (2 if rest.endswith(b"/>") else 1)
    while rest[end - 1 : end] in (b" ", b"\n", b"\t", b"\r"):
        end -= 1
    return rest[:end] + f" {name}={_quoted(value)}".encode() + rest[end:]


def _outermost(cuts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    kept: list[tuple[int, int]] = []
    for start, end in sorted(set(cuts), key=lambda cut: (cut[0], -cut[1])):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept


def _tag_end(text: bytes, start: int) -> int:
    quote = 0
    for at in range(start, len(text)):
        sign = text[at]
        if quote:
            quote = 0 if sign == quote else quote
        elif sign in b"\"'":
            quote = sign
        elif sign == 0x3E:
            return at + 1
    raise ModelError("xml-malformed", "a tag does not end")


def _parts(name: str) -> tuple[str, str, str]:
    parts = name.split(" ")
    if len(parts) == 1:
        return "", parts[0], ""
    return parts[0], parts[1], parts[2] if len(parts) > 2 else ""


def _clark(name: str) -> str:
    space, local, _ = _parts(name)
    return f"{{{space}}}{local}" if space else local
