"""Digests see meaning only; writing loses nothing."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from bpm.model.process import Edge, Plane, Shape
from bpm.model.reader import read_bpmn
from bpm.model.writer import with_diagram, write_bpmn
from tests.unit.model.texts import PASS, bpmn


def digest(data: bytes) -> str:
    return read_bpmn(data, "t.bpmn").digest


def everything(data: bytes) -> list[tuple[str, list[tuple[str, str]], str]]:
    """Each element with its attributes and text, in document order."""
    root = ElementTree.fromstring(data)
    return [(e.tag, sorted(e.attrib.items()), (e.text or "").strip()) for e in root.iter()]


def test_open_and_save_keeps_every_attribute_element_and_comment() -> None:
    written = write_bpmn(read_bpmn(PASS, "pass.bpmn"))
    assert everything(written) == everything(PASS)
    assert b"a comment of the modeller" in written
    assert digest(written) == digest(PASS)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.replace(b"bpmn:", b"x:").replace(b"xmlns:bpmn=", b"xmlns:x="),
        lambda data: data.replace(b'"t:', b'"other:').replace(b"xmlns:t=", b"xmlns:other="),
        lambda data: data.replace(b"\n", b"\r\n").replace(b"    <", b"\t<"),
        lambda data: data.replace(b"<!-- a comment of the modeller -->", b""),
        lambda data: data.replace(b'id="u" name="Pr&#252;fen"', 'name="Prüfen"  id="u"'.encode()),
        lambda data: data.decode().encode("utf-16").replace("UTF-8".encode("utf-16-le"), "UTF-16".encode("utf-16-le")),
    ],
    ids=["prefix of names", "prefix of values", "white space", "comment", "attribute order", "encoding"],
)
def test_the_digest_does_not_see_how_a_file_is_written(change: object) -> None:
    changed = change(PASS)  # type: ignore[operator]
    assert changed != PASS
    assert digest(changed) == digest(PASS)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'v:colour="red"', b'v:colour="blue"'),
        (b"urn:vendor", b"urn:vendor2"),
        (b"Bitte genau.", b"Bitte."),
        (b"ok = true", b"ok = false"),
        (b'x="1.5"', b'x="1.6"'),
        (b'<v:inner n="1"/>', b""),
        (b'sourceRef="s" targetRef="u"', b'sourceRef="u" targetRef="s"'),
    ],
)
def test_the_digest_sees_every_change_of_meaning(old: bytes, new: bytes) -> None:
    assert old in PASS
    assert digest(PASS.replace(old, new)) != digest(PASS)


def test_texts_cannot_be_shifted_between_neighbours_without_changing_the_digest() -> None:
    one = bpmn('<task id="a" name="b:c"/><task id="d" name=""/>')
    two = bpmn('<task id="a" name="b"/><task id="d" name=":c"/>')
    assert digest(one) != digest(two)


def test_a_diagram_is_added_or_replaced_and_nothing_else_changes() -> None:
    shapes = (Shape("u", 10, 20.25, 100, 80, label=(1, 2, 3, 4)), Shape("sub", 0, 0, 5, 5, expanded=True))
    planes = (Plane("c", shapes, (Edge("f2", ((0, 0), (10.5, 20))),)),)
    for source in (PASS, bpmn('<task id="u"/>')):
        drawn = with_diagram(source, planes)
        model = read_bpmn(drawn, "t.bpmn")
        assert model.planes == planes
        before = [entry for entry in everything(source) if "/DI}" not in entry[0] and "/DC}" not in entry[0]]
        after = [entry for entry in everything(drawn) if "/DI}" not in entry[0] and "/DC}" not in entry[0]]
        assert before == after
    assert with_diagram(with_diagram(PASS, planes), planes) == with_diagram(PASS, planes)
