"""Edits of elements, collected and put into the file's text at the end: removed, renamed, given neighbours.

Comments, white space, the order of attributes and everything foreign survive; see `bpm.model.source`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape, quoteattr

from bpm.model.source import Part, Source

_ATTRIBUTE = re.compile(rb"""\s+([^\s=/>]+)\s*=\s*("[^"]*"|'[^']*')""")
_WHITE = b" \t\r\n"


class Document(Source):
    """The text of one file with the edits collected so far. Raises ModelError as the reader does."""

    def __init__(self, data: bytes, path: str, kind: str = "bpmn") -> None:
        super().__init__(data, path, kind)
        self._cuts: list[tuple[int, int]] = []
        self._inserts: list[tuple[int, bytes]] = []
        self._attributes: dict[Part, dict[str, str | None]] = {}
        self._names: dict[Part, str] = {}
        self._appended: dict[Part, list[str]] = {}
        self._by_id: dict[str, Part] = {}
        for part in self.root.walk():
            if part.id:
                self._by_id.setdefault(part.id, part)

    def by_id(self, key: str) -> Part | None:
        """The first element with this `id`."""
        return self._by_id.get(key)

    def said(self, part: Part) -> str:
        """What is written between an element's tags."""
        return self.written(part.inner, part.closing)

    # --- editing -----------------------------------------------------------------------------------------------

    def remove(self, element: Part) -> None:
        """Take an element out, with the line it leaves empty."""
        start = element.start
        while start and self.text[start - 1 : start] in (b" ", b"\t"):
            start -= 1
        if start and self.text[start - 1 : start] == b"\n":
            start -= 2 if self.text[start - 2 : start - 1] == b"\r" else 1
        elif not (self.text[element.end : element.end + 1].strip() == b"" or start == 0):
            start = element.start
        self._cuts.append((start, element.end))

    def set(self, element: Part, name: str, value: str | None) -> None:
        """Write an attribute by the name it has in the file (`prefix:local`); None takes it out."""
        self._attributes.setdefault(element, {})[name] = value

    def rename(self, element: Part, local: str) -> None:
        """Give an element another name in its namespace."""
        self._names[element] = local

    def append(self, element: Part, markup: str) -> None:
        """Add markup as the last child."""
        self._appended.setdefault(element, []).append(markup)

    def before(self, element: Part, markup: str) -> None:
        """Add markup as the sibling in front."""
        self._inserts.append((element.start, (markup + "\n" + self._indent(element)).encode()))

    def after(self, element: Part, markup: str) -> None:
        """Add markup as the sibling behind."""
        self._inserts.append((element.end, ("\n" + self._indent(element) + markup).encode()))

    def first(self, element: Part, markup: str) -> None:
        """Add markup in front of all children."""
        if element.children:
            self.before(element.children[0], markup)
        else:
            self.append(element, markup)

    def name(self, space: str, local: str, near: Part, usual: str) -> tuple[str, str]:
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
        return self.encoded(b"".join(out) + self.text[at:])

    def _tags(self, element: Part) -> Iterator[tuple[int, int, int, bytes]]:
        tag = self.text[element.start : element.inner]
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
            while at > element.inner and self.text[at - 1 : at] in (b" ", b"\t", b"\n", b"\r"):
                at -= 1
            yield at, 0, at, markup if at < element.closing else markup + b"\n" + self._indent(element).encode()
        if not element.empty and new != name:
            yield element.closing, 2, element.end, b"</" + new + b">"
        if rest != tag[1 + len(name) :] or new != name:
            yield element.start, 1, element.inner, b"<" + new + rest

    def _indent(self, element: Part) -> str:
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
