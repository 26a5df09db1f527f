"""Edits of processes: what they change, what they leave alone byte for byte, and what they refuse."""

from __future__ import annotations

import difflib
from itertools import pairwise
from pathlib import Path

import pytest

from bpm.analyser.soundness import examine
from bpm.errors import InvalidRequest
from bpm.model.edit import apply, clash, of_json
from bpm.model.edit.steps import (
    ChangeGateway,
    MergeSteps,
    MoveStep,
    ParalleliseSteps,
    QueryRegister,
    RemoveStep,
    SetChannel,
    StepEdit,
)
from bpm.model.process import Event, ProcessModel
from bpm.model.reader import read_bpmn

TRIP = (Path(__file__).parents[3] / "processes" / "muenchen" / "dienstreise" / "procedure.bpmn").read_bytes()

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!-- drawn by hand -->
<b:definitions xmlns:b='http://www.omg.org/spec/BPMN/20100524/MODEL' xmlns:li="urn:lichtung:bpmn:1"
  xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:x="urn:vendor" targetNamespace="urn:t">
"""


def document(body: str, before: str = "", after: str = "") -> bytes:
    return f'{HEAD}{before}<b:process id="p" isExecutable="true">{body}</b:process>{after}</b:definitions>\n'.encode()


def flow(source: str, target: str) -> str:
    return f'<b:sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}"/>\n'


def chain(*nodes: str) -> str:
    return "".join(flow(a, b) for a, b in pairwise(nodes))


PLAIN = (
    '<b:startEvent id="s"/>\n<b:userTask id="a" name="A"/>\n<!-- keep me -->\n'
    "<b:userTask id='b' name='B &amp; C' x:color='red'/>\n<b:userTask id=\"c\" name=\"C\"/>\n<b:endEvent id=\"e\"/>\n"
)


def edited(source: bytes, *edits: StepEdit) -> ProcessModel:
    model = read_bpmn(apply(source, edits), "edited.bpmn")
    assert not model.extras["problems"], model.extras["problems"]
    return model


def ways(model: ProcessModel) -> set[tuple[str, str]]:
    return {(one.source, one.target) for one in model.main.flows}


def lines_changed(before: bytes, after: bytes) -> list[str]:
    found = difflib.unified_diff(before.decode().splitlines(), after.decode().splitlines(), lineterm="", n=0)
    return [line for line in found if line[:1] in "+-" and line[:3] not in ("+++", "---")]


def overlapping(model: ProcessModel) -> set[tuple[str, str]]:
    """Pairs of shapes that cover each other without one holding the other; guests on a border are allowed."""
    hosts = {node.id: node.attached_to for node in model.main.nodes if isinstance(node, Event)}
    found = set()
    for plane in model.planes:
        for i, a in enumerate(plane.shapes):
            for b in plane.shapes[i + 1 :]:
                apart = a.x >= b.x + b.width or b.x >= a.x + a.width or a.y >= b.y + b.height or b.y >= a.y + a.height
                if apart or hosts.get(a.element) == b.element or hosts.get(b.element) == a.element:
                    continue
                inner, outer = (a, b) if a.width * a.height < b.width * b.height else (b, a)
                held = outer.x <= inner.x and inner.x + inner.width <= outer.x + outer.width
                if not (held and outer.y <= inner.y and inner.y + inner.height <= outer.y + outer.height):
                    found.add((a.element, b.element))
    return found


def test_a_removed_step_leaves_the_way_it_stood_on_and_every_other_byte() -> None:
    source = document(PLAIN + chain("s", "a", "b", "c", "e"))
    after = apply(source, [RemoveStep(element="c")])
    assert lines_changed(source, after) == [
        '-<b:userTask id="c" name="C"/>',
        '-<b:sequenceFlow id="b_c" sourceRef="b" targetRef="c"/>',
        '-<b:sequenceFlow id="c_e" sourceRef="c" targetRef="e"/>',
        '+<b:sequenceFlow id="b_c" sourceRef="b" targetRef="e"/>',
    ]


def test_removing_takes_lane_references_boundary_events_and_what_only_they_led_to() -> None:
    model = edited(TRIP, RemoveStep(element="abrechnung_einreichen"))
    left = {node.id for node in model.main.nodes}
    assert not left & {"abrechnung_einreichen", "frist_naht", "mail_erinnerung", "ende_erinnert"}
    assert ("reise_vorbei", "abrechnung_feststellen") in ways(model)
    assert not {node for lane in model.main.lanes for node in lane.nodes} - left
    drawn = {shape.element for plane in model.planes for shape in plane.shapes}
    assert not drawn & {"frist_naht", "mail_erinnerung", "ende_erinnert"}
    assert examine(model.main).sound


def test_removing_takes_data_associations_message_flows_and_associations() -> None:
    body = (
        PLAIN.replace(
            '<b:userTask id="c" name="C"/>',
            '<b:userTask id="c"><b:dataInputAssociation id="dia"><b:sourceRef>d</b:sourceRef></b:dataInputAssociation>'
            '</b:userTask><b:dataObjectReference id="d" dataObjectRef="o"/><b:dataObject id="o"/>',
        )
        + chain("s", "a", "b", "c", "e")
        + '<b:textAnnotation id="n"/><b:association id="as" sourceRef="c" targetRef="n"/>'
    )
    around = '<b:collaboration id="k"><b:participant id="pool" processRef="p"/><b:participant id="box"/>'
    around += '<b:messageFlow id="mf" sourceRef="c" targetRef="box"/></b:collaboration>'
    model = edited(document(body, around), RemoveStep(element="c"))
    assert not model.message_flows
    assert not model.main.associations
    assert not model.main.data_associations
    assert [one.id for one in model.main.data] == ["d", "o"]


def test_the_way_past_a_removed_step_is_drawn_through_its_place() -> None:
    model = edited(TRIP, RemoveStep(element="kostengrenze_bestaetigen"))
    edges = {edge.element: edge.points for plane in model.planes for edge in plane.edges}
    assert len(edges["f31_weiter_genehmigt"]) == 2
    before = {shape.element: shape for plane in read_bpmn(TRIP, "").planes for shape in plane.shapes}
    for plane in model.planes:
        assert all(shape == before[shape.element] for shape in plane.shapes)


def test_a_step_with_several_ways_on_or_an_event_gateway_before_it_is_not_removed() -> None:
    several = document(PLAIN + chain("s", "a", "b", "e") + flow("b", "c") + flow("c", "e"))
    with pytest.raises(InvalidRequest, match="several ways on"):
        apply(several, [RemoveStep(element="b")])
    waiting = document(
        PLAIN.replace("userTask id='b' name='B &amp; C' x:color='red'", 'receiveTask id="b"').replace(
            'userTask id="a" name="A"', 'eventBasedGateway id="a"'
        )
        + chain("s", "a", "b", "c", "e")
    )
    with pytest.raises(InvalidRequest, match="waits for it"):
        apply(waiting, [RemoveStep(element="b")])


def test_a_step_that_several_ways_lead_to_is_not_removed_in_front_of_a_join() -> None:
    body = PLAIN.replace('userTask id="c" name="C"', 'parallelGateway id="c"')
    source = document(body + chain("s", "a", "b", "c", "e") + flow("s", "b"))
    with pytest.raises(InvalidRequest, match="join"):
        apply(source, [RemoveStep(element="b")])


def test_merged_steps_keep_the_first_id_and_put_together_what_is_recorded() -> None:
    one = (
        '<b:userTask id="a" name="A"><b:extensionElements><li:step minutes="3" channel="online" known="measured"/>'
        '<li:reads item="x"/><li:writes item="y"/></b:extensionElements></b:userTask>'
    )
    other = (
        '<b:userTask id="b" name="B"><b:extensionElements><li:step minutes="4.5" known="assumed"/><li:reads item="y"/>'
        '<li:reads item="x"/><li:writes item="z"/></b:extensionElements></b:userTask>'
    )
    source = document('<b:startEvent id="s"/><b:endEvent id="e"/>' + one + other + chain("s", "a", "b", "e"))
    model = edited(source, MergeSteps(elements=("a", "b"), name="A und B"))
    merged = next(node for node in model.main.nodes if node.id == "a")
    assert merged.name == "A und B"
    assert merged.facts.step is not None
    assert merged.facts.step.minutes == 7.5
    assert merged.facts.step.known is not None
    assert merged.facts.step.known.how == "assumed"
    assert [use.item for use in merged.facts.reads] == ["x"]
    assert [use.item for use in merged.facts.writes] == ["y", "z"]
    assert ways(model) == {("s", "a"), ("a", "e")}


def test_a_time_of_one_step_alone_is_not_the_time_of_both() -> None:
    body = PLAIN.replace(
        '<b:userTask id="a" name="A"/>',
        '<b:userTask id="a"><b:extensionElements><li:step minutes="3"/></b:extensionElements></b:userTask>',
    )
    model = edited(document(body + chain("s", "a", "b", "c", "e")), MergeSteps(elements=("a", "b")))
    merged = next(node for node in model.main.nodes if node.id == "a")
    assert merged.facts.step is not None
    assert merged.facts.step.minutes is None


def test_steps_are_not_merged_where_something_would_be_lost() -> None:
    looped = PLAIN.replace(
        '<b:userTask id="c" name="C"/>',
        '<b:userTask id="c"><b:extensionElements><x:script/></b:extensionElements></b:userTask>',
    )
    with pytest.raises(InvalidRequest, match="lose script"):
        apply(document(looped + chain("s", "a", "b", "c", "e")), [MergeSteps(elements=("b", "c"))])
    with pytest.raises(InvalidRequest, match="directly follow"):
        apply(document(PLAIN + chain("s", "a", "b", "c", "e")), [MergeSteps(elements=("a", "c"))])


def test_parallel_steps_stand_between_a_split_and_a_join_and_cover_nothing() -> None:
    model = edited(TRIP, ParalleliseSteps(elements=("abrechnung_feststellen", "auszahlung_anordnen")))
    assert examine(model.main).sound
    assert ("teilen_1", "auszahlung_anordnen") in ways(model)
    assert ("auszahlung_anordnen", "verbinden_1") in ways(model)
    assert overlapping(model) <= overlapping(read_bpmn(TRIP, ""))
    lane = next(lane for lane in model.main.lanes if "abrechnung_feststellen" in lane.nodes)
    assert {"teilen_1", "verbinden_1"} <= set(lane.nodes)
    edges = {edge.element for plane in model.planes for edge in plane.edges}
    assert {one.id for one in model.main.flows} <= edges


def test_a_model_without_a_diagram_gets_none() -> None:
    source = document(PLAIN + chain("s", "a", "b", "c", "e"))
    model = edited(source, ParalleliseSteps(elements=("a", "b", "c")))
    assert examine(model.main).sound
    assert not model.planes
    assert b"<!-- keep me -->" in model.source
    assert b"x:color='red'" in model.source


def test_a_moved_step_comes_directly_before_another_in_room_made_for_it() -> None:
    model = edited(TRIP, MoveStep(element="reise_buchen", before="antrag_pruefen"))
    assert {("weiter_pruefung", "reise_buchen"), ("reise_buchen", "antrag_pruefen")} <= ways(model)
    assert ("teilen_buchung", "verbinden_buchung") in ways(model)
    assert overlapping(model) <= overlapping(read_bpmn(TRIP, ""))


def test_two_neighbours_change_places_and_nothing_else_moves() -> None:
    after = apply(TRIP, [MoveStep(element="auszahlung_anordnen", before="abrechnung_feststellen")])
    model = read_bpmn(after, "")
    assert ("auszahlung_anordnen", "abrechnung_feststellen") in ways(model)
    before = {shape.element: shape for shape in read_bpmn(TRIP, "").planes[0].shapes}
    moved = {shape.element for shape in model.planes[0].shapes if shape != before[shape.element]}
    assert moved == {"auszahlung_anordnen", "abrechnung_feststellen"}


def test_a_request_becomes_a_query_in_the_words_of_the_vendor() -> None:
    model = edited(TRIP, QueryRegister(element="antrag_ergaenzen", register="melderegister"))
    task = next(node for node in model.main.nodes if node.id == "antrag_ergaenzen")
    assert (task.type, getattr(task, "topic", None)) == ("serviceTask", "register.melderegister")
    assert not any(name.endswith("formKey") for name in task.attributes)
    zeebe = PLAIN.replace(
        '<b:userTask id="c" name="C"/>',
        '<b:userTask id="c"><b:extensionElements><zeebe:formDefinition formId="f"/></b:extensionElements></b:userTask>',
    )
    source = document(zeebe + chain("s", "a", "b", "c", "e"))
    after = apply(source, [QueryRegister(element="c", register="r", topic="t")])
    assert b'<zeebe:taskDefinition type="t"/>' in after
    assert b"formDefinition" not in after


def test_a_request_by_letter_and_the_wait_for_the_answer_become_one_query() -> None:
    body = (
        PLAIN.replace("userTask id='b'", "sendTask id='b' messageRef='m'")
        .replace('userTask id="c"', 'receiveTask id="c" messageRef="m"')
        .replace("<b:userTask id='b' name='B &amp; C' x:color='red'/>", "")
    )
    source = document(body + chain("s", "a", "b", "c", "e"), '<b:message id="m" name="m"/>')
    model = edited(source, QueryRegister(element="b", receive="c", register="gewerberegister"))
    assert ("b", "e") in ways(model)
    task = next(node for node in model.main.nodes if node.id == "b")
    assert (task.type, getattr(task, "topic", None)) == ("serviceTask", "register.gewerberegister")


def test_a_channel_is_written_where_it_was_recorded_or_added() -> None:
    source = document(PLAIN + chain("s", "a", "b", "c", "e"))
    added = edited(source, SetChannel(element="a", channel="online"))
    step = next(node for node in added.main.nodes if node.id == "a").facts.step
    assert step is not None
    assert step.channel == "online"
    changed = apply(TRIP, [SetChannel(element="antrag_ergaenzen", channel="paper")])
    assert len(lines_changed(TRIP, changed)) == 2


def test_only_a_gateway_that_joins_changes_its_kind() -> None:
    with pytest.raises(InvalidRequest, match="joins"):
        apply(TRIP, [ChangeGateway(element="gw_kosten", kind="parallel")])
    model = edited(TRIP, ChangeGateway(element="weiter_buchung", kind="inclusive"))
    assert next(node for node in model.main.nodes if node.id == "weiter_buchung").type == "inclusiveGateway"


def test_edits_of_one_step_exclude_each_other_and_a_step_that_justifies_stays() -> None:
    merge, remove = MergeSteps(elements=("a", "b")), RemoveStep(element="b", keeps="a")
    assert clash(merge, remove) == ("step", "a")
    assert clash(remove, RemoveStep(element="a")) == ("step", "a")
    assert clash(remove, RemoveStep(element="c")) is None
    with pytest.raises(InvalidRequest) as caught:
        apply(TRIP, [RemoveStep(element="reise_buchen"), SetChannel(element="reise_buchen", channel="online")])
    assert caught.value.code == "edits-clash"


def test_edits_come_back_from_json_and_unknown_targets_are_refused() -> None:
    edits = [ParalleliseSteps(elements=("a", "b")), SetChannel(element="a", channel="mail")]
    assert list(of_json([edit.as_json() for edit in edits])) == edits
    with pytest.raises(InvalidRequest) as caught:
        apply(TRIP, [RemoveStep(element="nobody")])
    assert caught.value.code == "edit-target"
    with pytest.raises(InvalidRequest):
        of_json([{"do": "set-channel", "element": "a", "channel": "pigeon"}])


def test_several_edits_of_one_file_are_all_made() -> None:
    model = edited(
        TRIP,
        RemoveStep(element="kostengrenze_bestaetigen"),
        RemoveStep(element="mail_genehmigung_erneut", keeps="mail_genehmigung"),
        SetChannel(element="reise_buchen", channel="phone"),
    )
    left = {node.id for node in model.main.nodes}
    assert not left & {"kostengrenze_bestaetigen", "mail_genehmigung_erneut"}
    assert examine(model.main).sound


def test_a_file_keeps_its_encoding() -> None:
    source = document(PLAIN.replace("B &amp; C", "Prüfen") + chain("s", "a", "b", "c", "e"))
    latin = source.decode().replace('encoding="UTF-8"', 'encoding="ISO-8859-1"').encode("latin-1")
    after = apply(latin, [RemoveStep(element="c")])
    assert "Prüfen" in after.decode("latin-1")
    assert b'encoding="ISO-8859-1"' in after
