"""XProzess 2: the export of Germany's federal information management (FIM), as written by ADONIS and others.

An export carries one BPMN model per process as a zip in base64 beside a picture and a report, and says of each
activity group its reference type (RAG), its legal basis and the id of its sub-process in the BPMN. The model is
read as BPMN; what the export adds goes to ``extras["fim"]``, and legal bases to the facts of the sub-process.

RAG codes 1 receive, 2 provide information, 3 formal check, 4 substantive check, 5 decide, 7 take part / obtain
information were seen in a real export; other codes are kept as numbers without a name.

Codes: ``xprozess-base64``, ``xprozess-no-model``, and those of the archive and the guard.
Source: namespace http://www.regierung-mv.de/xprozess/2, message 0303.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from lxml import etree

from bpm.errors import ModelError
from bpm.model.process import NO_FACTS, FlowNode, LegalBasis, Process, ProcessModel
from bpm.model.reader import Unpacked, guard
from bpm.model.reader.archive import read_archive

XPROZESS: Final = "http://www.regierung-mv.de/xprozess/"
RAG: Final = {
    "1": "empfangen",
    "2": "Information bereitstellen",
    "3": "formell prüfen",
    "4": "fachlich prüfen",
    "5": "entscheiden",
    "7": "beteiligen / Informationen einholen",
}


@dataclass(frozen=True, slots=True)
class Norm:
    """One `handlungsgrundlage`: its citation, the code of its kind, and where it can be read."""

    name: str
    kind: str | None
    uri: str | None


@dataclass(frozen=True, slots=True)
class ActivityGroup:
    """One `aktivitaetengruppe`; `element` is the id of its sub-process, `rag` the code of its reference type."""

    id: str
    element: str | None
    name: str
    rag: str | None
    rag_version: str | None
    norms: tuple[Norm, ...]
    line: int | None


@dataclass(frozen=True, slots=True)
class Export:
    """What an export says beside its BPMN. `key` is the service key (14 digits), `files` the BPMN files inside,
    `left_out` the names of pictures and reports that are not read."""

    key: str
    version: str
    name: str
    product: str | None
    norms: tuple[Norm, ...]
    groups: tuple[ActivityGroup, ...]
    files: dict[str, bytes]
    left_out: tuple[str, ...]


def unpack(data: bytes, path: str) -> Unpacked | None:
    """Open an export; None when the file is something else. Raises ModelError, located."""
    namespace, _ = guard.root_name(data, path)
    if not namespace.startswith(XPROZESS):
        return None
    export = read_export(data, path)
    return Unpacked(export.files, lambda model: _enrich(model, export))


def read_export(data: bytes, path: str) -> Export:
    """The whole export. Raises ModelError, located."""
    root = guard.parse(data, path, "xprozess")
    process = _first(root, "prozess")
    if process is None:
        process = root
    files: dict[str, bytes] = {}
    left_out: list[str] = []
    for part in _all(root, "prozessmodell"):
        for file in part:
            for name, content in _contents(file, path):
                if _is_bpmn(content, f"{path}!{name}"):
                    files[name] = content
                else:
                    left_out.append(name)
    if not files:
        message = "the export holds no BPMN model"
        raise ModelError("xprozess-no-model", message, path=path, line=_line(process))
    process_class = _first(root, "prozessklasse")
    return Export(
        key=_text(process, "id"),
        version=_text(process, "version"),
        name=_text(process, "name"),
        product=root.get("produkt"),
        norms=tuple(_norms(process_class)) if process_class is not None else (),
        groups=tuple(_group(element) for element in _all(root, "aktivitaetengruppe")),
        files=files,
        left_out=tuple(left_out),
    )


def _contents(file: etree._Element, path: str) -> Iterator[tuple[str, bytes]]:
    """The unpacked files of one `...datei` element."""
    content = _first(file, "inhalt")
    if content is None or not (content.text or "").strip():
        return
    name = _text(file, "dateiname") or "Modell"
    try:
        data = base64.b64decode("".join((content.text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        message = f"the content of {name[:80]!r} is not base64"
        raise ModelError("xprozess-base64", message, path=path, line=_line(content)) from None
    if data[:4] == b"PK\x03\x04":
        yield from read_archive(data, f"{path}!{name}").items()
    else:
        yield name, data


def _is_bpmn(content: bytes, path: str) -> bool:
    if not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return False
    return guard.root_name(content, path)[1] == "definitions"


def _group(element: etree._Element) -> ActivityGroup:
    kind = _first(element, "referenzaktivitaetengruppeTyp")
    return ActivityGroup(
        id=_text(element, "id"),
        element=_text(element, "subProzessID") or None,
        name=_text(element, "name"),
        rag=_text(kind, "code") or None if kind is not None else None,
        rag_version=_text(element, "referenzaktivitaetengruppeVersion") or None,
        norms=tuple(_norms(element)),
        line=_line(element),
    )


def _norms(element: etree._Element) -> Iterator[Norm]:
    for found in element:
        if _local(found) == "handlungsgrundlage":
            kind = _first(found, "art")
            code = _text(kind, "code") if kind is not None else ""
            yield Norm(_text(found, "name"), code or None, _text(found, "uri") or None)


def _enrich(model: ProcessModel, export: Export) -> ProcessModel:
    """The BPMN with what the export knows: legal bases at the sub-processes, everything in ``extras["fim"]``."""
    groups = {group.element: group for group in export.groups if group.element}
    processes = tuple(_with_norms(process, groups) for process in model.processes)
    fim: dict[str, Any] = {
        "key": export.key,
        "version": export.version,
        "name": export.name,
        "product": export.product,
        "norms": export.norms,
        "groups": export.groups,
        "left_out": export.left_out,
    }
    return replace(model, processes=processes, extras={**model.extras, "fim": fim})


def _with_norms(process: Process, groups: dict[str, ActivityGroup]) -> Process:
    def known(node: FlowNode) -> FlowNode:
        group = groups.get(node.id)
        if group is None or not group.norms:
            return node
        bases = tuple(LegalBasis(norm.name) for norm in group.norms)
        facts = replace(node.facts or NO_FACTS, legal_bases=(*node.facts.legal_bases, *bases))
        return replace(node, facts=facts)

    return replace(process, nodes=tuple(known(node) for node in process.nodes))


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname


def _all(root: etree._Element, local: str) -> Iterator[etree._Element]:
    return (element for element in root.iter() if _local(element) == local)


def _first(element: etree._Element, local: str) -> etree._Element | None:
    found = next((child for child in element if _local(child) == local), None)
    return found if found is not None else next((inner for inner in _all(element, local) if inner is not element), None)


def _text(element: etree._Element, local: str) -> str:
    """Text of a direct child; the empty text if there is none."""
    found = next((child for child in element if _local(child) == local), None)
    return (found.text or "").strip() if found is not None else ""


def _line(element: etree._Element) -> int | None:
    line: int | None = element.sourceline  # type: ignore[assignment]  # the stubs know no int here
    return line
