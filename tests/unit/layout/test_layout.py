"""Drawings we make ourselves: readable, complete, the same every time."""

from __future__ import annotations

import os
import time
from itertools import combinations, pairwise
from pathlib import Path

import pytest

from bpm.model.layout import lay_out
from bpm.model.process import (
    Event,
    EventDefinition,
    Gateway,
    Lane,
    MessageFlow,
    Participant,
    Plane,
    Process,
    ProcessModel,
    SequenceFlow,
    Shape,
    SubProcess,
    Task,
)
from bpm.model.reader import read_bpmn

ROOT = Path(__file__).parents[3]
OURS = sorted((ROOT / "processes" / "muenchen").glob("*/procedure.bpmn"))
DATA = Path(os.environ.get("BPM_CONFORMANCE_DATA") or ROOT.parent / "shared" / "data")


def task(id: str, parent: str = "p", name: str = "") -> Task:
    return Task(id=id, type="task", name=name or id, parent=parent)


def flow(source: str, target: str, parent: str = "p", name: str = "") -> SequenceFlow:
    return SequenceFlow(f"{source}-{target}", source, target, parent, name=name)


def model(*parts: Task | Gateway | Event | SubProcess | SequenceFlow, lanes: tuple[Lane, ...] = ()) -> ProcessModel:
    nodes = tuple(part for part in parts if not isinstance(part, SequenceFlow))
    flows = tuple(part for part in parts if isinstance(part, SequenceFlow))
    return ProcessModel("x.bpmn", "sha256:0", (Process("p", "P", True, nodes, flows, lanes),))


def shapes(plane: Plane) -> dict[str, Shape]:
    return {shape.element: shape for shape in plane.shapes}


def inside(point: tuple[float, float], shape: Shape, margin: float = 0.5) -> bool:
    x, y = point
    return (
        shape.x + margin < x < shape.x + shape.width - margin and shape.y + margin < y < shape.y + shape.height - margin
    )


def crossed(plane: Plane, nodes: set[str], ends: dict[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    """Flows that run through a node that is neither their source nor their target (nor around them)."""
    found = []
    for edge in plane.edges:
        for shape in plane.shapes:
            if shape.element not in nodes or shape.element in ends[edge.element]:
                continue
            for (x0, y0), (x1, y1) in pairwise(edge.points):
                steps = max(int(max(abs(x1 - x0), abs(y1 - y0)) // 4), 1)
                if any(inside((x0 + (x1 - x0) * k / steps, y0 + (y1 - y0) * k / steps), shape) for k in range(steps)):
                    found.append((edge.element, shape.element))
                    break
    return found


@pytest.mark.parametrize("path", OURS, ids=[path.parent.name for path in OURS])
def test_no_flow_of_our_procedures_runs_through_a_node(path: Path) -> None:
    loaded = read_bpmn(path.read_bytes(), str(path))
    (plane,) = lay_out(loaded)
    main = loaded.main
    nodes = {node.id for node in main.nodes}
    around: dict[str, tuple[str, ...]] = {node.id: (node.parent,) for node in main.nodes}
    around |= {
        node.id: (node.parent, node.attached_to) for node in main.nodes if isinstance(node, Event) and node.attached_to
    }
    ends = {flow.id: (flow.source, flow.target, *around[flow.source], *around[flow.target]) for flow in main.flows}
    assert crossed(plane, nodes, ends) == []


@pytest.mark.parametrize("path", OURS, ids=[path.parent.name for path in OURS])
def test_the_nodes_of_our_procedures_do_not_overlap_and_lie_in_their_lane(path: Path) -> None:
    loaded = read_bpmn(path.read_bytes(), str(path))
    drawn = shapes(lay_out(loaded)[0])
    main = loaded.main
    top = [node for node in main.nodes if node.parent == main.id and not (isinstance(node, Event) and node.attached_to)]
    for one, other in combinations([drawn[node.id] for node in top], 2):
        apart = (
            one.x + one.width <= other.x
            or other.x + other.width <= one.x
            or one.y + one.height <= other.y
            or other.y + other.height <= one.y
        )
        assert apart, (one.element, other.element)
    for node in top:
        assert node.lane is not None
        lane, shape = drawn[node.lane], drawn[node.id]
        assert lane.y <= shape.y
        assert shape.y + shape.height <= lane.y + lane.height


@pytest.mark.parametrize("path", OURS, ids=[path.parent.name for path in OURS])
def test_the_same_model_is_drawn_the_same_way(path: Path) -> None:
    loaded = read_bpmn(path.read_bytes(), str(path))
    assert lay_out(loaded) == lay_out(read_bpmn(path.read_bytes(), str(path)))


def test_time_runs_from_left_to_right_and_a_way_back_does_not_disturb_it() -> None:
    drawn = shapes(lay_out(model(task("a"), task("b"), task("c"), flow("a", "b"), flow("b", "c"), flow("c", "a")))[0])
    assert drawn["a"].x < drawn["b"].x < drawn["c"].x
    assert drawn["a"].y == drawn["b"].y == drawn["c"].y


def test_a_boundary_event_sits_on_the_lower_border_of_its_host() -> None:
    timer = Event(id="t", type="boundaryEvent", parent="p", attached_to="a", definitions=(EventDefinition("timer"),))
    plane = lay_out(model(task("a"), task("b"), timer, flow("t", "b")))[0]
    drawn = shapes(plane)
    assert drawn["t"].y + drawn["t"].height / 2 == drawn["a"].y + drawn["a"].height
    assert drawn["a"].x < drawn["t"].x < drawn["a"].x + drawn["a"].width
    assert plane.edges[0].points[0][1] == drawn["t"].y + drawn["t"].height


def test_a_sub_process_holds_its_children() -> None:
    whole = model(
        SubProcess(id="s", type="subProcess", name="S", parent="p"), task("a", "s"), task("b", "s"), flow("a", "b", "s")
    )
    drawn = shapes(lay_out(whole)[0])
    assert drawn["s"].expanded is True
    for child in ("a", "b"):
        assert inside((drawn[child].x, drawn[child].y), drawn["s"])
        assert inside((drawn[child].x + drawn[child].width, drawn[child].y + drawn[child].height), drawn["s"])


def test_lanes_inside_lanes_lie_inside_them() -> None:
    lanes = (
        Lane("aussen", "Außen", None, ()),
        Lane("eins", "1", "aussen", ("a",)),
        Lane("zwei", "2", "aussen", ("b",)),
    )
    drawn = shapes(lay_out(model(task("a"), task("b"), flow("a", "b"), lanes=lanes))[0])
    assert drawn["eins"].y + drawn["eins"].height == drawn["zwei"].y
    assert drawn["aussen"].y == drawn["eins"].y
    assert drawn["aussen"].height == drawn["eins"].height + drawn["zwei"].height
    assert drawn["aussen"].x < drawn["eins"].x


def test_pools_stand_one_above_the_other_with_message_flows_between_them() -> None:
    first = Process("p", "P", True, (task("a"),), ())
    whole = ProcessModel(
        "x",
        "sha256:0",
        (first,),
        (Participant("pool", "Stadt", "p"), Participant("außen", "Bürger*in", None)),
        (MessageFlow("m", "Brief", "a", "außen"),),
    )
    plane = lay_out(whole)[0]
    drawn = shapes(plane)
    assert drawn["pool"].y + drawn["pool"].height < drawn["außen"].y
    assert plane.element == "collaboration"
    assert plane.edges[0].points[-1][1] == drawn["außen"].y


def test_names_of_gateways_events_and_flows_have_boxes_of_their_own() -> None:
    fork = Gateway(id="g", type="exclusiveGateway", name="Ja?", parent="p")
    plane = lay_out(model(fork, task("a"), task("b"), flow("g", "a", name="ja"), flow("g", "b", name="nein")))[0]
    assert shapes(plane)["g"].label is not None
    boxes = [edge.label for edge in plane.edges]
    assert all(box is not None for box in boxes)
    assert boxes[0] != boxes[1]


def test_a_node_that_follows_itself_and_a_process_without_flows_are_drawn_too() -> None:
    plane = lay_out(model(task("a"), flow("a", "a"), task("b")))[0]
    assert len(plane.edges[0].points) >= 4
    assert lay_out(ProcessModel("x", "sha256:0", (Process("p", "", None, (), ()),)))[0].shapes == ()


def test_a_tangle_is_drawn_within_seconds() -> None:
    nodes = [task(f"t{i}") for i in range(60)]
    flows = [flow(f"t{i}", f"t{i * j % 60}") for i in range(60) for j in (3, 7, 11)]
    began = time.perf_counter()
    plane = lay_out(model(*nodes, *{each.id: each for each in flows}.values()))[0]
    assert len(plane.edges) == len({each.id for each in flows})
    assert time.perf_counter() - began < 20


def test_models_of_other_tools_can_be_drawn_anew() -> None:
    paths = sorted((DATA / "bpmn-miwg").glob("*.bpmn"))
    if not paths:
        pytest.skip(f"no reference models below {DATA}")
    for path in paths:
        loaded = read_bpmn(path.read_bytes(), str(path))
        (plane,) = lay_out(loaded)
        nodes = {node.id for process in loaded.processes for node in process.nodes}
        assert nodes <= {shape.element for shape in plane.shapes}, path.name
