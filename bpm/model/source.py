"""A file's text with the place of every element in it, so that one part can be changed and all others stay, byte by
byte: quotes, white space, entities, comments, vendor attributes, the declaration and the encoding.

Writing a tree again would normalise all of these. So an edit does not write the file; it replaces spans of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias
from xml.parsers import expat
from xml.sax.saxutils import escape

from bpm.errors import ModelError
from bpm.model.reader import guard

Patch: TypeAlias = tuple[int, int, str]
"""Bytes from (included) until (excluded) give way to a text; equal ends insert."""

_BLANK = re.compile(rb"[ \t\r\n]*\Z")


@dataclass(slots=True, eq=False)
class Part:
    """An element: `start` of its first tag, `inner` where its content begins, `closing` where its last tag does, `end`
    after it (byte offsets into `Source.text`). `empty`: written as one tag; `text`: its characters after its last child
    element, entities resolved. `prefix` as written; `prefixes` are the namespaces declared where it stands. Attributes
    by name, `{namespace}name` where it has one."""

    namespace: str
    name: str
    prefix: str
    attributes: Mapping[str, str]
    prefixes: Mapping[str, str] = field(repr=False)
    start: int
    parent: Part | None = field(repr=False)
    line: int
    inner: int = 0
    closing: int = 0
    end: int = 0
    empty: bool = False
    text: str = ""
    children: list[Part] = field(default_factory=list, repr=False)

    @property
    def id(self) -> str:
        return self.attributes.get("id", "")

    def get(self, name: str) -> str | None:
        """An attribute by its name, or `{namespace}name`."""
        return self.attributes.get(name)

    def each(self, name: str, namespace: str | None = None) -> Iterator[Part]:
        """Direct children of this local name, in the element's own namespace by default."""
        wanted = self.namespace if namespace is None else namespace
        return (part for part in self.children if part.name == name and part.namespace == wanted)

    def all(self, name: str) -> list[Part]:
        """Direct children of this local name, in the same namespace."""
        return list(self.each(name))

    def prefix_of(self, namespace: str) -> str | None:
        """The prefix (empty: default namespace) declared for a namespace where this element stands."""
        return next((prefix for prefix, uri in self.prefixes.items() if uri == namespace), None)

    def first(self, name: str) -> Part | None:
        return next(self.each(name), None)

    def walk(self) -> Iterator[Part]:
        """This element and all below, in document order."""
        stack = [self]
        while stack:
            part = stack.pop()
            yield part
            stack.extend(reversed(part.children))


class Source:
    """One file. Raises ModelError as `reader.guard` does: nothing is edited that could not be read."""

    def __init__(self, data: bytes, path: str = "", notation: str = "dmn") -> None:
        guard.parse(data, path, notation)
        self.path = path
        self._mark, self._encoding, self.text = guard.as_written(data, path)
        self.root = _parts(self.text, path)

    @cached_property
    def ids(self) -> set[str]:
        """Every id of the file; whoever invents one adds it."""
        return {part.id for part in self.root.walk() if part.id}

    def written(self, start: int, end: int) -> str:
        """The text of a span as it stands in the file."""
        return self.text[start:end].decode("utf-8")

    def outer(self, part: Part) -> str:
        """An element as it is written."""
        return self.written(part.start, part.end)

    def blank_before(self, part: Part) -> int:
        """Where the white space before an element begins: removed from here it leaves no empty line."""
        low = max((end for end in self._ends_before(part) if end <= part.start), default=0)
        blank = _BLANK.search(self.text, low, part.start)
        return part.start if blank is None else max(blank.start(), low)

    def indent(self, part: Part) -> str:
        """The white space before an element."""
        return self.written(self.blank_before(part), part.start)

    def prefix(self, part: Part) -> str:
        """The namespace prefix with its colon, as it is written in the element's tag."""
        return f"{part.prefix}:" if part.prefix else ""

    def content(self, part: Part, text: str) -> Patch:
        """The patch that makes `text` (already XML) the whole content of an element."""
        if not part.empty:
            return part.inner, part.closing, text
        head = self.written(part.start, part.end)
        name = self.prefix(part) + part.name
        return part.start, part.end, f"{head.rstrip()[:-2].rstrip()}>{text}</{name}>"

    def attribute(self, part: Part, name: str, value: str | None) -> Patch:
        """The patch that sets, adds or (None) removes an attribute without namespace."""
        head = self.text[part.start : part.inner]
        found = re.search(rb"""[ \t\r\n]+""" + re.escape(name.encode()) + rb"""\s*=\s*("[^"]*"|'[^']*')""", head)
        new = "" if value is None else f' {name}="{escape(value, {chr(34): "&quot;"})}"'
        if found:
            return part.start + found.start(), part.start + found.end(), new
        at = part.inner - (2 if part.empty else 1)
        while self.text[at - 1 : at].isspace():
            at -= 1
        return at, at, new

    def patched(self, patches: Iterable[Patch]) -> bytes:
        """The file with spans replaced, in its own encoding. Patches at one place go in the order given; a patch
        inside another one raises ValueError."""
        out: list[bytes] = []
        at = 0
        for start, end, text in sorted(patches, key=lambda patch: patch[0]):
            if start < at:
                raise ValueError(f"two edits of one place (byte {start})")
            out += (self.text[at:start], text.encode("utf-8"))
            at = end
        return self.encoded(b"".join((*out, self.text[at:])))

    def encoded(self, whole: bytes) -> bytes:
        """A changed text in the file's own encoding, with its mark."""
        if self._encoding in ("utf-8", "ascii") and not (self._encoding == "ascii" and not whole.isascii()):
            return self._mark + whole
        return self._mark + whole.decode("utf-8").encode(self._encoding, "xmlcharrefreplace")

    def _ends_before(self, part: Part) -> Iterator[int]:
        if part.parent is not None:
            yield part.parent.inner
            yield from (sibling.end for sibling in part.parent.children)


def text_of(value: str) -> str:
    """A text as XML content."""
    return escape(value)


def _parts(text: bytes, path: str) -> Part:
    """The tree of elements with their places."""
    parser = expat.ParserCreate("utf-8", " ")
    parser.namespace_prefixes = True
    found: list[Part] = []
    stack: list[Part] = []
    pending: dict[str, str] = {}

    def declared(prefix: str | None, uri: str | None) -> None:
        pending[prefix or ""] = uri or ""

    def start(name: str, attributes: dict[str, str]) -> None:
        at = parser.CurrentByteIndex
        parent = stack[-1] if stack else None
        prefixes: Mapping[str, str] = parent.prefixes if parent else {}
        if pending:
            prefixes = {**prefixes, **pending}
            pending.clear()
        namespace, local, prefix = _split(name)
        own = {_clark(key): value for key, value in attributes.items()}
        part = Part(namespace, local, prefix, own, prefixes, at, parent, parser.CurrentLineNumber)
        part.inner = _tag_end(text, at)
        part.empty = text[part.inner - 2 : part.inner] == b"/>"
        if parent is not None:
            parent.children.append(part)
            parent.text = ""
        found.append(part)
        stack.append(part)

    def end(_: str) -> None:
        part = stack.pop()
        if part.empty:
            part.closing = part.end = part.inner
        else:
            part.closing = parser.CurrentByteIndex
            part.end = text.index(b">", part.closing) + 1

    def characters(data: str) -> None:
        stack[-1].text += data

    parser.StartNamespaceDeclHandler = declared
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.buffer_text = True
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:  # the guard has read it, so this cannot be
        raise ModelError("xml-malformed", expat.ErrorString(error.code), path=path, line=error.lineno) from None
    return found[0]


def _split(name: str) -> tuple[str, str, str]:
    """Namespace, local name and prefix of a name as the scanner gives it."""
    parts = name.split(" ")
    if len(parts) == 1:
        return "", parts[0], ""
    return parts[0], parts[1], parts[2] if len(parts) > 2 else ""


def _clark(name: str) -> str:
    namespace, local, _ = _split(name)
    return f"{{{namespace}}}{local}" if namespace else local


def _tag_end(text: bytes, at: int) -> int:
    """After the `>` of the tag that starts here; one inside quotes ends nothing."""
    quote = 0
    while True:
        byte = text[at]
        at += 1
        if quote:
            quote = 0 if byte == quote else quote
        elif byte in b"\"'":
            quote = byte
        elif byte == 0x3E:
            return at
