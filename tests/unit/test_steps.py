"""The text twin lists a process in the order a case meets it."""

from __future__ import annotations

from bpm.model.process import Event, Gateway, Lane, Process, SequenceFlow, SubProcess, Task
from bpm.model.steps import step_nodes, tabulate


def process_of(nodes: str, flows: str, lanes: tuple[Lane, ...] = ()) -> Process:
    """`nodes` are `id:type[:parent]`, `flows` are `a>b`, both separated by blanks."""
    kinds = {"startEvent": Event, "endEvent": Event, "exclusiveGateway": Gateway, "subProcess": SubProcess}
    made = []
    for part in nodes.split():
        id, type, *rest = part.split(":")
        made.append(kinds.get(type, Task)(id=id, type=type, name=id, parent=rest[0] if rest else "P"))
    edges = [pair.split(">") for pair in flows.split()]
    return Process(
        id="P", name="", executable=True, nodes=tuple(made), lanes=lanes,
        flows=tuple(SequenceFlow(id=f"{a}{b}", source=a, target=b, parent="P") for a, b in edges),
    )  # fmt: skip


def order(process: Process) -> list[str]:
    return [row.element for row in tabulate(process)]


def test_rows_follow_the_flow_whatever_the_order_in_the_file() -> None:
    assert order(process_of("e:endEvent b:task a:task s:startEvent", "a>b s>a b>e")) == ["s", "a", "b", "e"]


def test_a_loop_is_walked_once() -> None:
    loop = process_of("s:startEvent a:task g:exclusiveGateway b:task e:endEvent", "s>a a>g g>b b>a g>e")
    assert order(loop) == ["s", "a", "g", "b", "e"]


def test_a_node_stands_behind_the_longest_way_to_it() -> None:
    assert order(process_of("s:startEvent j:task a:task b:task", "s>j s>a a>b b>j")) == ["s", "a", "b", "j"]


def test_the_inside_of_a_sub_process_follows_it() -> None:
    rows = tabulate(process_of("s:startEvent u:subProcess e:endEvent i:startEvent:u t:task:u", "s>u u>e i>t"))
    assert [(row.element, row.depth) for row in rows] == [("s", 0), ("u", 0), ("i", 1), ("t", 1), ("e", 0)]


def test_only_work_is_numbered_and_counted() -> None:
    process = process_of("s:startEvent a:task g:exclusiveGateway b:userTask e:endEvent", "s>a a>g g>b b>e")
    assert [row.number for row in tabulate(process)] == [None, 1, None, 2, None]
    assert [node.id for node in step_nodes(process)] == ["a", "b"]


def test_the_role_is_the_name_of_the_lane() -> None:
    process = process_of("a:task", "", (Lane("L", "Kasse", None, ("a",)),))
    assert tabulate(process)[0].role is None, "a node that names no lane has no role"
