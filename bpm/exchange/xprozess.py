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
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from lxml import etree

from bpm.errors import ModelError
from bpm.model.process import NO_FACTS, Activity, FlowNode, LegalBasis, Process, ProcessModel
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


# --- out -----------------------------------------------------------------------------------------------------

_LISTS: Final = "urn:xoev-de:xprozess:codeliste:"
_NAMESPACE: Final = XPROZESS + "2"


def write_export(model: ProcessModel, bpmn: bytes, name: str, version: str, created: str) -> bytes:
    """A procedure as an export: its BPMN as a zip in base64, its steps as activity groups with their legal bases.

    `created` is an ISO time with offset. Keys, reference types and addresses are written where an import said them
    (``extras["fim"]``); what nobody said is left out, so a catalogue may ask for more. The schema itself could not be
    had: the structure is that of a real export, to be checked with the receiving catalogue. Same input, same bytes.
    """
    fim = model.extras.get("fim", {})
    key = str(fim.get("key") or model.main.id)
    root = etree.Element(_name("alleInhalte.export.0303"), nsmap={"xprozess": _NAMESPACE})
    for attribute, value in (("produkt", "Lichtung"), ("produkthersteller", "Lichtung"), ("xprozessVersion", "2.0")):
        root.set(attribute, value)
    head = _put(root, "nachrichtenkopf")
    _put(head, "nachrichtUUID", str(uuid5(NAMESPACE_URL, f"urn:lichtung:xprozess:{key}:{version}:{created}")))
    _code(head, "nachrichtentyp", f"{_LISTS}nachricht", "1.0", "0303")
    _put(head, "erstellungszeitpunkt", created)
    catalogue = _put(root, "prozesskatalog")
    kind = _put(catalogue, "prozessklasse")
    for one in (kind, library := _put(_put(root, "prozessbibliothek"), "prozess")):
        _put(one, "id", key)
        _put(one, "version", str(fim.get("version") or version))
        _put(one, "name", name)
    for norm in fim.get("norms", ()):
        _put_norm(kind, norm)
    structure = _put(_put(library, "prozessdetails"), "prozessstrukturbeschreibung")
    groups = fim.get("groups") or [
        ActivityGroup(f"{number:02}", node.id, node.name, None, None, _bases(node), None)
        for number, node in enumerate((one for one in model.main.nodes if _is_step(one, model.main)), start=1)
    ]
    for group in groups:
        _put_group(structure, group)
    file = _put(_put(library, "prozessmodell"), "prozessmodelldatei")
    _put(file, "dateiname", f"{model.main.id}.bpmn")
    _code(file, "mimeType", f"{_LISTS}mimetype", "2020-01-20", "1")
    _put(file, "inhalt", base64.b64encode(_zipped(f"{model.main.id}.bpmn", bpmn)).decode("ascii"))
    etree.indent(root)
    content: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return content


def _put_group(parent: etree._Element, group: ActivityGroup) -> None:
    element = _put(parent, "aktivitaetengruppe")
    if group.rag is not None:
        listed = f"{_LISTS}referenzaktivitaetengruppe"
        _code(element, "referenzaktivitaetengruppeTyp", listed, "2019-08-07", group.rag)
    if group.rag_version is not None:
        _put(element, "referenzaktivitaetengruppeVersion", group.rag_version)
    _put(element, "id", group.id)
    if group.element is not None:
        _put(element, "subProzessID", group.element)
    _put(element, "name", group.name)
    for norm in group.norms:
        _put_norm(element, norm)


def _put_norm(parent: etree._Element, norm: Norm) -> None:
    element = _put(parent, "handlungsgrundlage")
    _put(element, "name", norm.name)
    if norm.kind is not None:
        listed = "urn:xoev-de:mv:em:codeliste:xprozess:handlungsgrundlagenart"
        _code(element, "art", listed, "2019-04-16", norm.kind)
    if norm.uri is not None:
        _put(element, "uri", norm.uri)


def _is_step(node: FlowNode, process: Process) -> bool:
    return isinstance(node, Activity) and node.parent == process.id


def _bases(node: FlowNode) -> tuple[Norm, ...]:
    return tuple(Norm(base.citation, None, None) for base in node.facts.legal_bases)


def _zipped(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        # the earliest time a zip can hold, so that the same model gives the same bytes
        member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
        member.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(member, content)
    return buffer.getvalue()


def _name(local: str) -> str:
    return f"{{{_NAMESPACE}}}{local}"


def _put(parent: etree._Element, local: str, text: str | None = None) -> etree._Element:
    element = etree.SubElement(parent, _name(local))
    element.text = text
    return element


def _code(parent: etree._Element, local: str, listed: str, version: str, code: str) -> None:
    element = _put(parent, local)
    element.set("listURI", listed)
    element.set("listVersionID", version)
    etree.SubElement(element, "code").text = code
