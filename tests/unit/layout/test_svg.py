"""The drawing as SVG: complete, described, safe to put into a page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bpm.model import lettering, svg
from bpm.model.layout import lay_out
from bpm.model.process import Process, ProcessModel, SequenceFlow, SubProcess, Task
from bpm.model.reader import read_bpmn

OURS = sorted((Path(__file__).parents[3] / "processes" / "muenchen").glob("*/procedure.bpmn"))
SVG = "{http://www.w3.org/2000/svg}"


def elements(text: str) -> set[str]:
    return {
        str(group.get("data-element"))
        for group in ElementTree.fromstring(text).iter(f"{SVG}g")
        if group.get("data-element")
    }


def small(name: str = "Prüfen") -> ProcessModel:
    inner = Task(id="innen", type="task", name="Innen", parent="s")
    sub = SubProcess(id="s", type="subProcess", name="Teil", parent="p")
    first = Task(id="a", type="userTask", name=name, parent="p")
    flows = (SequenceFlow("f", "a", "s", "p"),)
    whole = ProcessModel("x", "sha256:0", (Process("p", "P", True, (first, sub, inner), flows),))
    return replace(whole, planes=lay_out(whole))


@pytest.mark.parametrize("path", OURS, ids=[path.parent.name for path in OURS])
def test_everything_on_the_plane_is_drawn_with_its_id(path: Path) -> None:
    model = read_bpmn(path.read_bytes(), str(path))
    plane = model.planes[0]
    drawn = elements(svg.draw(model, plane))
    assert drawn == {shape.element for shape in plane.shapes} | {edge.element for edge in plane.edges}


@pytest.mark.parametrize("path", OURS, ids=[path.parent.name for path in OURS])
def test_the_same_plane_gives_the_same_text(path: Path) -> None:
    model = read_bpmn(path.read_bytes(), str(path))
    assert svg.draw(model, model.planes[0]) == svg.draw(model, model.planes[0])


def test_nothing_inside_a_collapsed_sub_process_is_drawn() -> None:
    model = small()
    plane = model.planes[0]
    closed = replace(
        plane, shapes=tuple(replace(shape, expanded=False) if shape.element == "s" else shape for shape in plane.shapes)
    )
    assert "innen" in elements(svg.draw(model, plane))
    assert "innen" not in elements(svg.draw(model, closed))


def test_a_name_cannot_bring_markup_into_the_page() -> None:
    model = small('<script>alert("1")</script> & "x"')
    text = svg.draw(model, model.planes[0], title="</svg><img src=x>", description="<b>", prefix='"><x')
    assert "<script" not in text
    assert "<img" not in text
    assert ElementTree.fromstring(text).tag == f"{SVG}svg"


def test_the_drawing_has_a_title_and_a_description_for_those_who_do_not_see_it() -> None:
    model = small()
    root = ElementTree.fromstring(svg.draw(model, model.planes[0], title="Titel", description="Worte", prefix="d1"))
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "d1-title d1-desc"
    assert root.findtext(f"{SVG}title") == "Titel"
    assert root.findtext(f"{SVG}desc") == "Worte"


def test_no_style_no_script_no_address() -> None:
    text = svg.draw(small(), small().planes[0])
    for forbidden in ("style=", "<style", "<script", "href=", "onload"):
        assert forbidden not in text


def test_findings_are_numbered_pins_and_measurements_are_colours() -> None:
    model = small()
    plane = model.planes[0]
    plain = svg.draw(model, plane)
    marked = svg.draw(model, plane, pins={"a": (1, 3), "f": (2,), "nicht-da": (9,)}, heat={"a": 1.0, "s": 0.0})
    assert plain.count("data-pin=") == 0
    assert [number in marked for number in ('data-pin="1"', 'data-pin="2"', 'data-pin="3"')] == [True] * 3
    assert 'data-pin="9"' not in marked
    assert "#ee7a4b" in marked
    assert "#ee7a4b" not in plain


def test_cases_that_stand_at_a_step_are_counted_there() -> None:
    model = small()
    assert 'data-token="4" data-for="a"' in svg.draw(model, model.planes[0], tokens={"a": 4})


@pytest.mark.parametrize(
    "text", ["Sachbearbeiter*in prüft die Wohnungsgeberbestätigung", "Ä" * 60, "kurz", "a-b " * 40]
)
def test_lettering_keeps_within_the_width_and_loses_no_letter(text: str) -> None:
    lines = lettering.wrap(text, 100, most=100)
    assert all(lettering.width_of(line) <= 112 for line in lines)
    squeezed = "".join(lines).replace("-", "").replace(" ", "")
    assert squeezed == text.replace("-", "").replace(" ", "")


def test_a_text_too_long_for_its_box_ends_in_an_ellipsis() -> None:
    lines = lettering.wrap("eins zwei drei vier fünf sechs sieben acht", 40, most=2)
    assert len(lines) == 2
    assert lines[-1].endswith("…")
