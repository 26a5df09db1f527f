"""Order, reachability and containers of a process."""

from __future__ import annotations

from bpm.model.graph import Graph
from tests.unit.tokens.drawing import draw

NESTED = (
    "start s : S\nsub S : c\nstart i in S : a\ntask a in S : j\nend j in S\nboundary.timer t on S : d\n"
    "task c : e\ntask d : e\nend e"
)
LOOP = "start s : m\nxor m : a\ntask a : x\nxor x : b? e!\ntask b : m\nend e"


def test_order_goes_through_sub_processes():
    graph = Graph(draw(NESTED))
    assert graph.precedes("a", "c")
    assert graph.path("a", "c") == ("a", "j", "c")
    assert graph.path("s", "a") == ("s", "S", "i", "a")
    assert graph.containers("a") == ("S",)
    assert not graph.precedes("c", "a")


def test_a_boundary_event_leads_on_from_its_host():
    graph = Graph(draw(NESTED))
    assert graph.precedes("S", "d")
    assert not graph.precedes("c", "d")


def test_one_after_the_other_does_not_go_round_a_loop():
    graph = Graph(draw(LOOP))
    assert graph.precedes("a", "b")
    assert not graph.precedes("b", "a")
    assert graph.cycles() == (frozenset({"m", "a", "x", "b"}),)


def test_a_path_can_avoid_nodes():
    graph = Graph(draw("start s : x\nxor x : a b\ntask a : y\ntask b : y\nxor y : e\nend e"))
    assert graph.path("s", "e", avoiding={"a"}) == ("s", "x", "b", "y", "e")
    assert graph.path("s", "e", avoiding={"a", "b"}) is None


def test_starts_are_start_events_else_nodes_without_incoming_flow():
    graph = Graph(draw("start s : a\ntask a\ntask lost"))
    assert [node.id for node in graph.starts("p")] == ["s"]
    bare = Graph(draw("task a : b\ntask b\ntask.undo u\nesub E\nstart.message m in E"))
    assert [node.id for node in bare.starts("p")] == ["a"]
    assert bare.reachable() >= {"a", "b", "E"} - {"E"}


def test_a_flow_across_a_border_is_stray():
    graph = Graph(draw("start s : S\nsub S\ntask a in S : b\ntask b"))
    assert [flow.id for flow in graph.stray] == ["a>b"]
    assert not graph.precedes("a", "b")


def test_five_thousand_steps_in_a_row_need_no_recursion():
    lines = ["start s : t0", *(f"task t{i} : t{i + 1}" for i in range(4999)), "task t4999"]
    graph = Graph(draw("\n".join(lines)))
    assert len(graph.after("s")) == 5000
    assert graph.cycles() == ()
