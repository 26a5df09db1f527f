"""Gates 1 and 2: no byte of a foreign file reaches a tree before this module has let it pass.

Gate 1 looks at bytes (size, encoding, NUL). Gate 2 streams the text through expat, which builds nothing: it refuses
a DOCTYPE before any entity exists, processing instructions, XInclude, and documents whose counts or sizes would make
a tree expensive. Only then lxml builds the tree, with entities, network and DTD off as a second line of defence.

Both parsers get the same UTF-8 bytes, decoded once here, with the XML declaration blanked: two parsers that disagree
about an encoding cannot be played against each other. Lines are those of the original file. `xsi:schemaLocation` is
an attribute like any other; nothing is ever fetched.

Codes: ``file-empty``, ``file-too-large``, ``xml-encoding``, ``xml-nul``, ``xml-version``, ``xml-malformed``,
``xml-doctype``, ``xml-processing-instruction``, ``xml-xinclude``, ``xml-too-many-elements``, ``xml-too-deep``,
``xml-too-many-attributes``, ``xml-attribute-too-long``, ``xml-text-too-long``, ``xml-too-many-namespaces``.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import NoReturn
from xml.parsers import expat

from lxml import etree

from bpm.errors import ModelError

XINCLUDE = "http://www.w3.org/2001/XInclude"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a document of one kind may have: bytes, elements, nesting, and characters per attribute and text."""

    size: int
    elements: int
    depth: int = 64
    attribute: int = 64 * 1024
    text: int = 1024 * 1024
    attributes: int = 20_000
    namespaces: int = 256


MEGABYTE = 1024 * 1024
LIMITS = {
    "bpmn": Limits(size=5 * MEGABYTE, elements=20_000),
    "dmn": Limits(size=50 * MEGABYTE, elements=500_000),
    "bpsim": Limits(size=5 * MEGABYTE, elements=100_000),
    # the export carries a zip as base64 text; libxml2 itself stops at 10 MB a text node
    "xprozess": Limits(size=20 * MEGABYTE, elements=100_000, text=9 * MEGABYTE),
}
LARGEST = max(limits.size for limits in LIMITS.values())

_ENCODINGS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "iso-8859-1": "iso-8859-1",
    "latin1": "iso-8859-1",
    "iso-8859-15": "iso-8859-15",
    "windows-1252": "windows-1252",
    "cp1252": "windows-1252",
}
_DECLARATION = re.compile(
    r"""<\?xml\s+version\s*=\s*(?:"([^"]*)"|'([^']*)')"""
    r"""(?:\s+encoding\s*=\s*(?:"([^"]*)"|'([^']*)'))?"""
    r"""(?:\s+standalone\s*=\s*(?:"(?:yes|no)"|'(?:yes|no)'))?\s*\?>"""
)
_CHUNK = 64 * 1024
_HEAD = MEGABYTE
_DECLARED = 400
"""Bytes in which an XML declaration must end; longer ones are not well-formed to us."""


def parse(data: bytes, path: str, kind: str = "bpmn", *, keep_comments: bool = False) -> etree._Element:
    """Let `data` through both gates and return the root element; `kind` chooses the limits.

    Raises ModelError with one of the codes of this module, the path and, where known, the line.
    """
    limits = LIMITS[kind]
    text = checked_text(data, path, limits)
    _stream(text, path, limits)
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=not keep_comments,
        remove_pis=True,
        collect_ids=False,
        strip_cdata=False,
    )
    try:
        return etree.fromstring(text, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        raise ModelError("xml-malformed", _plain(str(error)), path=path, line=line) from None


def root_name(data: bytes, path: str) -> tuple[str, str]:
    """(namespace, local name) of the root element; reads no further. Raises ModelError as `parse` does."""
    if len(data) > LARGEST:
        raise ModelError("file-too-large", f"{len(data)} bytes, at most {LARGEST} are read", path=path)
    watch = _Watch(path, Limits(size=LARGEST, elements=1), only_root=True)
    watch.run(_as_utf8(data[:_HEAD], path, whole=len(data) <= _HEAD), whole=len(data) <= _HEAD)
    if watch.root is None:
        raise ModelError("xml-malformed", "no root element", path=path, line=1)
    namespace, _, local = watch.root.rpartition(" ")
    return namespace, local


def checked_text(data: bytes, path: str, limits: Limits) -> bytes:
    """Gate 1: the document as UTF-8 bytes without byte order mark and XML declaration (its line breaks stay)."""
    if len(data) > limits.size:
        raise ModelError("file-too-large", f"{len(data)} bytes, at most {limits.size} are read", path=path)
    return _as_utf8(data, path)


def as_written(data: bytes, path: str) -> tuple[bytes, str, bytes]:
    """The byte order mark, the encoding, and all the rest (its XML declaration too) as UTF-8: what patches go into."""
    encoding, skip = _encoding(data, path)
    return data[:skip], encoding, _checked(data, encoding, skip, path)


def _as_utf8(data: bytes, path: str, whole: bool = True) -> bytes:
    """Text of the bytes as UTF-8. Not `whole`: the end may be cut in the middle of a character."""
    encoding, skip = _encoding(data, path)
    body = _checked(data, encoding, skip, path, whole)
    head = body[:_DECLARED].decode("latin-1")
    declared = _declared(head)
    if declared and not _agrees(declared, encoding):
        # another reader could believe the declaration and see another document
        message = f"declared {declared[:40]!r} but written as {encoding}"
        raise ModelError("xml-encoding", message, path=path, line=1)
    if not body or body.isspace():
        raise ModelError("file-empty", "the file has no content", path=path, line=1)
    if b"\x00" in body:
        line = body.count(b"\n", 0, body.index(b"\x00")) + 1
        raise ModelError("xml-nul", "a NUL character is not text", path=path, line=line)
    declaration = _DECLARATION.match(head)
    if declaration:
        version = declaration[1] or declaration[2]
        if version != "1.0":
            raise ModelError("xml-version", f"XML version {version[:20]!r}, only 1.0 is read", path=path, line=1)
        return b"\n" * declaration[0].count("\n") + body[declaration.end() :]
    if head.startswith("<?xml") and head[5:6].isspace():
        raise ModelError("xml-malformed", "the XML declaration is not well-formed", path=path, line=1)
    return body


_MARKS: tuple[tuple[bytes, str, int], ...] = (
    (codecs.BOM_UTF32_LE, "", 0),
    (codecs.BOM_UTF32_BE, "", 0),
    (b"+/v", "", 0),
    (codecs.BOM_UTF8, "utf-8", 3),
    (codecs.BOM_UTF16_LE, "utf-16-le", 2),
    (codecs.BOM_UTF16_BE, "utf-16-be", 2),
    (b"<\x00?\x00", "utf-16-le", 0),
    (b"\x00<\x00?", "utf-16-be", 0),
)
"""First bytes, the encoding they mean (none: refused), and how many of them are a byte order mark."""


def _encoding(data: bytes, path: str) -> tuple[str, int]:
    """The encoding and the length of the byte order mark: the mark wins, then the declaration, then UTF-8."""
    for mark, encoding, skip in _MARKS:
        if data.startswith(mark):
            if not encoding:
                raise ModelError("xml-encoding", "UTF-7 and UTF-32 are not read", path=path, line=1)
            return encoding, skip
    declared = _declared(data[:_DECLARED].decode("latin-1"))
    if declared is None:
        return "utf-8", 0
    known = _ENCODINGS.get(declared.lower())
    if known is None:
        raise ModelError("xml-encoding", f"encoding {declared[:40]!r} is not read", path=path, line=1)
    return known, 0


def _agrees(declared: str, encoding: str) -> bool:
    name = declared.lower()
    if encoding.startswith("utf-16"):
        return name == "utf-16" or name.replace("-", "") == encoding.replace("-", "")
    return _ENCODINGS.get(name) == encoding


def _checked(data: bytes, encoding: str, skip: int, path: str, whole: bool = True) -> bytes:
    """The bytes as UTF-8 after proof that they are what `encoding` says; UTF-8 is proved in chunks, not copied."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    start = skip
    try:
        if encoding not in ("utf-8", "ascii"):
            return decoder.decode(data[skip:], whole).encode("utf-8")
        for start in range(skip, len(data), _CHUNK):
            decoder.decode(data[start : start + _CHUNK], whole and start + _CHUNK >= len(data))
    except UnicodeError as error:
        at = start + getattr(error, "start", 0)
        line = data.count(b"\n", 0, at) + 1
        raise ModelError("xml-encoding", f"not {encoding} near byte {at}", path=path, line=line) from None
    return data[skip:] if skip else data


def _declared(head: str) -> str | None:
    match = _DECLARATION.match(head)
    return (match[3] or match[4]) if match else None


class _Found(Exception):
    """Stops the stream once the root element is seen."""


class _Watch:
    """The expat handlers of gate 2 and their counters."""

    def __init__(self, path: str, limits: Limits, *, only_root: bool = False) -> None:
        self.path = path
        self.limits = limits
        self.only_root = only_root
        self.root: str | None = None
        self.elements = 0
        self.depth = 0
        self.namespaces = 0
        self.text = 0
        parser = expat.ParserCreate("utf-8", " ")
        parser.ordered_attributes = True
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.characters
        parser.StartDoctypeDeclHandler = self.doctype
        parser.EntityDeclHandler = self.doctype
        parser.ProcessingInstructionHandler = self.instruction
        parser.StartNamespaceDeclHandler = self.namespace
        parser.EndNamespaceDeclHandler = self.namespace_end
        self.parser = parser

    def run(self, text: bytes, whole: bool = True) -> None:
        try:
            for start in range(0, len(text), _CHUNK):
                self.parser.Parse(text[start : start + _CHUNK], False)
            self.parser.Parse(b"", whole)
        except _Found:
            return
        except expat.ExpatError as error:
            message = expat.ErrorString(error.code)
            raise ModelError("xml-malformed", message, path=self.path, line=error.lineno) from None

    def refuse(self, code: str, message: str) -> NoReturn:
        raise ModelError(code, message, path=self.path, line=self.parser.CurrentLineNumber)

    def start(self, name: str, attributes: list[str]) -> None:
        if self.root is None:
            self.root = name
            if self.only_root:
                raise _Found
        limits = self.limits
        self.elements += 1
        self.depth += 1
        self.text = 0
        if self.elements > limits.elements:
            self.refuse("xml-too-many-elements", f"more than {limits.elements} elements")
        if self.depth > limits.depth:
            self.refuse("xml-too-deep", f"elements nested deeper than {limits.depth}")
        if len(attributes) > 2 * limits.attributes:
            self.refuse("xml-too-many-attributes", f"more than {limits.attributes} attributes at one element")
        if any(len(value) > limits.attribute for value in attributes):
            self.refuse("xml-attribute-too-long", f"an attribute longer than {limits.attribute} characters")

    def end(self, name: str) -> None:
        self.depth -= 1
        self.text = 0

    def characters(self, text: str) -> None:
        self.text += len(text)
        if self.text > self.limits.text:
            self.refuse("xml-text-too-long", f"a text longer than {self.limits.text} characters")

    def doctype(self, *_: object) -> None:
        self.refuse("xml-doctype", "a DOCTYPE is not read: it can name entities and files")

    def instruction(self, target: str, _: str) -> None:
        self.refuse("xml-processing-instruction", f"processing instruction {target[:40]!r} is not read")

    def namespace(self, prefix: str | None, uri: str | None) -> None:
        self.namespaces += 1
        if uri == XINCLUDE:
            self.refuse("xml-xinclude", "XInclude is not read: a model stands on its own")
        if self.namespaces > self.limits.namespaces:
            self.refuse("xml-too-many-namespaces", f"more than {self.limits.namespaces} namespaces in one place")

    def namespace_end(self, prefix: str | None) -> None:
        self.namespaces -= 1


def _stream(text: bytes, path: str, limits: Limits) -> None:
    _Watch(path, limits).run(text)


def _plain(message: str) -> str:
    """libxml2's message on one line, without the position that it repeats."""
    return re.sub(r", line \d+, column \d+.*$", "", " ".join(message.split()))
