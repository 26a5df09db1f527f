"""Gateways and joins: which way tokens go, and when several become one."""

from __future__ import annotations

import pytest

from bpm import engine
from bpm.errors import Incident, InvalidRequest
from tests.unit.engine.play import NOW, Play, chain, guard


def tasks(*ids: str) -> str:
    return "".join(f'<userTask id="{id}"/>' for id in ids)


XOR = (
    f'<startEvent id="s"/><exclusiveGateway id="g" default="f"/>{tasks("a", "b")}<exclusiveGateway id="m"/>'
    f'<endEvent id="e"/>{chain("s", "g")}{guard("g", "a", "x &gt; 1")}'
    f'<sequenceFlow id="f" sourceRef="g" targetRef="b"/>{chain("a", "m", "e")}{chain("b", "m")}'
)


@pytest.mark.parametrize(("x", "way"), [(2, "a"), (1, "b"), (None, "b"), ("text", "b")])
def test_an_exclusive_gateway_takes_the_first_flow_whose_condition_holds_else_the_default(x, way):
    play = Play(XOR).start({"x": x})
    assert play.open == [way]
    assert play.do(way).state == "completed"


def test_the_history_names_the_flow_taken_at_a_decision():
    play = Play(XOR).start({"x": 1})
    assert [event.detail for event in play.history if (event.kind, event.element) == ("left", "g")] == [
        {"flows": ["f"]}
    ]


def test_conditions_are_asked_in_the_order_of_the_file():
    body = (
        f'<startEvent id="s"/><exclusiveGateway id="g"/>{tasks("a", "b")}{chain("s", "g")}'
        f"{guard('g', 'a', 'x &gt; 1')}{guard('g', 'b', 'x &gt; 0')}"
    )
    assert Play(body).start({"x": 5}).open == ["a"]
    assert Play(body).start({"x": 1}).open == ["b"]


def test_no_condition_and_no_default_is_an_incident_at_the_gateway():
    body = (
        f'<startEvent id="s"/><exclusiveGateway id="g"/>{tasks("a", "b")}{chain("s", "g")}'
        f"{guard('g', 'a', 'x &gt; 1')}{guard('g', 'b', 'x &gt; 0')}"
    )
    with pytest.raises(Incident) as caught:
        Play(body).start({"x": 0})
    assert (caught.value.code, caught.value.element) == ("no-flow", "g")


def test_an_exclusive_gateway_with_one_flow_passes_without_a_condition():
    assert Play(f'<startEvent id="s"/><exclusiveGateway id="g"/>{tasks("a")}{chain("s", "g", "a")}').start().open == [
        "a"
    ]


AND = (
    f'<startEvent id="s"/><parallelGateway id="g"/>{tasks("a", "b")}<parallelGateway id="j"/>{tasks("c")}'
    f"{chain('s', 'g', 'a', 'j', 'c')}{chain('g', 'b', 'j')}"
)


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_a_parallel_join_waits_for_every_branch(order):
    play = Play(AND).start()
    assert play.open == ["a", "b"]
    play.do(order[0])
    assert play.open == [order[1]]
    assert play.out.tokens == {order[1]: 1, "j": 1}
    assert play.do(order[1]).open == ["c"]
    assert play.left.count("j") == 1


def test_conditions_after_a_parallel_gateway_are_not_looked_at():
    play = Play(AND.replace(chain("g", "b"), guard("g", "b", "1 = 2"))).start()
    assert play.open == ["a", "b"]


def test_excess_tokens_stay_at_a_parallel_join():
    body = (
        f'<startEvent id="s"/><parallelGateway id="g"/>{tasks("a", "a2", "b", "c")}<exclusiveGateway id="m"/>'
        f'<parallelGateway id="j"/>{chain("s", "g", "a", "m", "j", "c")}{chain("g", "a2", "m")}{chain("g", "b", "j")}'
    )
    play = Play(body).start().do("a").do("a2")
    assert play.out.tokens == {"b": 1, "j": 2}
    play.do("b")
    assert play.out.tokens == {"c": 1, "j": 1}
    play.do("c")
    assert play.state == "active"


def test_two_flows_between_the_same_nodes_are_two_arrivals():
    body = (
        f'<startEvent id="s"/><parallelGateway id="g"/><parallelGateway id="j"/>{tasks("c")}{chain("s", "g")}'
        '<sequenceFlow id="f1" sourceRef="g" targetRef="j"/><sequenceFlow id="f2" sourceRef="g" targetRef="j"/>'
        f"{chain('j', 'c')}"
    )
    play = Play(body).start()
    assert play.open == ["c"]
    assert play.out.tokens == {"c": 1}


def test_a_parallel_join_in_a_loop_counts_anew_each_round():
    body = (
        f'<startEvent id="s"/><exclusiveGateway id="m"/><parallelGateway id="g"/>{tasks("a", "b")}'
        f'<parallelGateway id="j"/><exclusiveGateway id="x" default="out"/><endEvent id="e"/>'
        f"{chain('s', 'm', 'g', 'a', 'j', 'x')}{chain('g', 'b', 'j')}{guard('x', 'm', 'again')}"
        '<sequenceFlow id="out" sourceRef="x" targetRef="e"/>'
    )
    play = Play(body).start()
    for again in (True, True, False):
        play.do("b", again=again).do("a")
    assert play.state == "completed"
    assert play.left.count("j") == 3


def test_a_lonely_branch_leaves_a_parallel_join_waiting_for_ever():
    body = (
        f'<startEvent id="s"/><exclusiveGateway id="g"/>{tasks("a", "b", "c")}<parallelGateway id="j"/>'
        f"{chain('s', 'g')}{guard('g', 'a', 'x')}{guard('g', 'b', 'not(x)')}{chain('a', 'j', 'c')}{chain('b', 'j')}"
    )
    play = Play(body).start({"x": True}).do("a")
    assert (play.state, play.open, play.out.tokens) == ("active", [], {"j": 1})


OR = (
    f'<startEvent id="s"/><inclusiveGateway id="g" default="d"/>{tasks("a", "b", "z")}<inclusiveGateway id="j"/>'
    f"{tasks('c')}{chain('s', 'g')}{guard('g', 'a', 'x &gt; 0')}{guard('g', 'b', 'x &gt; 1')}"
    f'<sequenceFlow id="d" sourceRef="g" targetRef="z"/>{chain("a", "j", "c")}{chain("b", "j")}{chain("z", "j")}'
)


@pytest.mark.parametrize(("x", "branches"), [(2, ["a", "b"]), (1, ["a"]), (0, ["z"])])
def test_an_inclusive_gateway_takes_every_flow_that_holds_and_joins_just_those(x, branches):
    play = Play(OR).start({"x": x})
    assert play.open == branches
    for branch in branches:
        assert "c" not in play.open
        play.do(branch)
    assert play.open == ["c"]
    assert play.left.count("j") == 1


def test_an_inclusive_join_waits_for_a_token_that_may_still_come_by_a_detour():
    body = (
        f'<startEvent id="s"/><parallelGateway id="g"/>{tasks("a", "b", "c")}<exclusiveGateway id="x" default="out"/>'
        f'<inclusiveGateway id="j"/><endEvent id="e"/>{chain("s", "g", "a", "j", "c")}{chain("g", "b", "x")}'
        f'{guard("x", "j", "join")}<sequenceFlow id="out" sourceRef="x" targetRef="e"/>'
    )
    play = Play(body).start().do("a")
    assert play.open == ["b"]
    assert Play(body).start().do("a").do("b", join=True).left.count("j") == 1
    away = Play(body).start().do("a").do("b", join=False)
    assert away.open == ["c"]


def test_an_inclusive_join_sees_a_boundary_event_that_may_still_lead_to_it():
    body = (
        f'<startEvent id="s"/><parallelGateway id="g"/>{tasks("a", "b", "c")}<boundaryEvent id="t" attachedToRef="b">'
        "<timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition></boundaryEvent>"
        f'<inclusiveGateway id="j"/><endEvent id="e"/>{chain("s", "g", "a", "j", "c")}{chain("g", "b", "e")}'
        f"{chain('t', 'j')}"
    )
    play = Play(body).start().do("a")
    assert play.open == ["b"]
    assert play.tick("t").open == ["c"]
    assert Play(body).start().do("a").do("b").open == ["c"]


def test_several_flows_out_of_a_task_are_all_taken():
    body = f'<startEvent id="s"/>{tasks("t", "a", "b")}{chain("s", "t", "a")}{chain("t", "b")}'
    play = Play(body)
    assert play.start().do("t").open == ["a", "b"]
    notes = engine.assess(play.model).rewrites
    assert ("t", "several flows leave it: all are taken, like a parallel gateway") in notes


def test_conditional_flows_out_of_a_task_act_like_an_inclusive_gateway():
    body = (
        f'<startEvent id="s"/><userTask id="t" default="d"/>{tasks("a", "b", "z")}{chain("s", "t")}'
        f"{guard('t', 'a', 'x &gt; 0')}{guard('t', 'b', 'x &gt; 1')}"
        '<sequenceFlow id="d" sourceRef="t" targetRef="z"/>'
    )
    assert Play(body).start().do("t", x=2).open == ["a", "b"]
    assert Play(body).start().do("t", x=0).open == ["z"]


def test_several_flows_into_a_task_start_it_for_each_token():
    body = f'<startEvent id="s"/><parallelGateway id="g"/>{tasks("a", "b", "t")}{chain("s", "g", "a", "t")}' + (
        chain("g", "b", "t")
    )
    play = Play(body).start().do("a").do("b")
    assert play.open == ["t", "t"]
    assert play.out.tokens == {"t": 2}


def test_a_process_without_start_event_starts_at_nodes_without_incoming_flow():
    play = Play(f"{tasks('a', 'b', 'c')}{chain('a', 'c')}").start()
    assert play.open == ["a", "b"]


def test_an_endless_automatic_loop_is_an_incident_and_costs_no_memory():
    body = f'<startEvent id="s"/><exclusiveGateway id="m"/><exclusiveGateway id="n"/>{chain("s", "m", "n", "m")}'
    with pytest.raises(Incident) as caught:
        Play(body).start()
    assert caught.value.code == "step-budget"
    assert caught.value.element in ("m", "n")


def test_gateways_that_double_tokens_without_end_are_an_incident():
    count = 40
    body = f'<startEvent id="s"/>{chain("s", "g0")}'
    for number in range(count):
        body += f'<parallelGateway id="g{number}"/><exclusiveGateway id="m{number}"/>'
        for way in "ab":
            body += f'<sequenceFlow id="{way}{number}" sourceRef="g{number}" targetRef="m{number}"/>'
        body += chain(f"m{number}", f"g{number + 1}") if number + 1 < count else ""
    with pytest.raises(Incident) as caught:
        Play(body).start()
    assert caught.value.code == "token-budget"


EVENTS = (
    f'<startEvent id="s"/><eventBasedGateway id="g"/>{tasks("a", "b", "c")}<receiveTask id="r" messageRef="mB"/>'
    '<intermediateCatchEvent id="m"><messageEventDefinition messageRef="mA"/></intermediateCatchEvent>'
    '<intermediateCatchEvent id="t"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>'
    f"</intermediateCatchEvent>{chain('s', 'g', 'm', 'a')}{chain('g', 't', 'b')}{chain('g', 'r', 'c')}"
)


def test_at_an_event_based_gateway_the_first_event_decides():
    play = Play(EVENTS).start()
    assert play.waits == [("m", "A"), ("r", "B"), ("t", "timer")]
    assert play.out.tokens == {"g": 1}
    assert play.send("A", answer=1).open == ["a"]
    assert play.waits == []
    assert Play(EVENTS).start().tick("t").open == ["b"]
    assert Play(EVENTS).start().send("B").open == ["c"]


def test_the_event_that_came_appears_in_the_history():
    play = Play(EVENTS).start().send("A")
    assert play.left == ["s", "g", "m"]


def test_the_events_of_an_event_based_gateway_cannot_come_twice():
    play = Play(EVENTS).start()
    late = play.out.timers[0].id
    play.send("A")
    with pytest.raises(engine_conflict()):
        engine.fire(play.executable, play.snapshot, late, NOW)


def engine_conflict() -> type[Exception]:
    from bpm.errors import Conflict

    return Conflict


def test_a_link_throw_goes_on_at_the_catch_of_its_name():
    body = (
        f'<startEvent id="s"/><exclusiveGateway id="g" default="d"/>{tasks("a", "z")}'
        '<intermediateThrowEvent id="l1"><linkEventDefinition name="L"/></intermediateThrowEvent>'
        '<intermediateThrowEvent id="l2"><linkEventDefinition name="L"/></intermediateThrowEvent>'
        '<intermediateCatchEvent id="c"><linkEventDefinition name="L"/></intermediateCatchEvent>'
        f'{chain("s", "g")}{guard("g", "l1", "x")}<sequenceFlow id="d" sourceRef="g" targetRef="a"/>'
        f"{chain('a', 'l2')}{chain('c', 'z')}"
    )
    assert Play(body).start({"x": True}).open == ["z"]
    assert Play(body).start({"x": False}).do("a").open == ["z"]


COMPLEX = (
    '<startEvent id="s"/><parallelGateway id="f"/><userTask id="a"/><userTask id="b"/><userTask id="c"/>'
    '<complexGateway id="k"><activationCondition>activationCount &gt;= 2</activationCondition></complexGateway>'
    '<userTask id="z"/><endEvent id="e"/>'
    + chain("s", "f", "a", "k", "z", "e")
    + chain("f", "b", "k")
    + chain("f", "c", "k")
)


def test_a_complex_gateway_goes_on_with_two_of_three_and_swallows_the_third():
    play = Play(COMPLEX).start().do("a")
    assert (play.open, play.out.tokens) == (["b", "c"], {"b": 1, "c": 1, "k": 1})
    play.do("c")
    assert (play.open, play.out.tokens) == (["b", "z"], {"b": 1, "z": 1})
    play.do("b")
    assert (play.open, play.state) == (["z"], "active")
    assert play.do("z").state == "completed"
    assert play.left.count("z") == 1
    last = Play(COMPLEX).start().do("a").do("b").do("z")
    assert (last.open, last.state) == (["c"], "active")
    assert last.do("c").state == "completed"


def test_a_flow_without_condition_out_of_an_inclusive_gateway_is_always_taken():
    body = f'<startEvent id="s"/><inclusiveGateway id="g"/><task id="a"/><task id="b"/>{chain("s", "g", "a")}' + guard(
        "g", "b", "x"
    )
    assert Play(body).start({"x": False}).open == ["a"]
    assert Play(body).start({"x": True}).open == ["a", "b"]


def test_a_conditional_start_needs_its_condition_to_hold():
    body = (
        '<startEvent id="s"><conditionalEventDefinition><condition>x &gt; 1</condition></conditionalEventDefinition>'
        f'</startEvent><task id="t"/>{chain("s", "t")}'
    )
    assert Play(body).start({"x": 2}).open == ["t"]
    for named in ({}, {"start": "s"}):
        with pytest.raises(InvalidRequest, match="condition"):
            Play(body).start({"x": 1}, **named)
