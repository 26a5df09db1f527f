"""Sub-processes, calls, repetitions and event sub-processes."""

from __future__ import annotations

import pytest

from bpm import engine
from bpm.errors import Incident
from tests.unit.engine.play import Play, chain, guard
from tests.unit.engine.test_events import ERROR, ESCALATION, MESSAGE, SIGNAL, timer

# --- sub-processes


def outer(inner: str, *, attributes: str = "", tail: str = '<userTask id="n"/>') -> str:
    return f'<startEvent id="s"/><subProcess id="sub"{attributes}>{inner}</subProcess>{tail}{chain("s", "sub", "n")}'


def test_a_sub_process_ends_when_no_token_is_left_in_it():
    inner = f'<startEvent id="is"/><userTask id="a"/><userTask id="b"/>{chain("is", "a")}{chain("is", "b")}'
    play = Play(outer(inner)).start()
    assert play.open == ["a", "b"]
    assert play.out.tokens == {"a": 1, "b": 1, "sub": 1}
    assert play.do("a").open == ["b"]
    assert play.do("b").open == ["n"]


def test_a_sub_process_without_start_event_starts_where_no_flow_leads():
    assert Play(outer('<userTask id="a"/><userTask id="b"/>')).start().open == ["a", "b"]


def test_an_empty_sub_process_is_passed():
    assert Play(outer("")).start().open == ["n"]


def test_variables_of_a_sub_process_are_those_of_the_case():
    play = Play(outer('<userTask id="a"/>')).start({"x": 1}).do("a", x=2, y=3)
    assert play.variables == {"x": 2, "y": 3}


def test_sixty_sub_processes_inside_each_other_are_refused_politely_forty_run():
    def nested(depth: int) -> str:
        inner = '<userTask id="core"/>'
        for level in range(depth):
            inner = f'<subProcess id="p{level}">{inner}</subProcess>'
        return inner

    assert Play(nested(40)).start().do("core").state == "completed"
    with pytest.raises(Incident) as caught:
        Play(nested(55)).start()
    assert caught.value.code == "too-deep"


def test_a_transaction_that_is_never_cancelled_is_a_sub_process():
    body = f'<startEvent id="s"/><transaction id="x"><userTask id="a"/></transaction>{chain("s", "x")}'
    assert Play(body).start().do("a").state == "completed"


# --- calls


def calls(mapping: str = "", *, called: str = '<startEvent id="cs"/><userTask id="ct"/>') -> str:
    return (
        f'<process id="p" isExecutable="true"><startEvent id="s"/><callActivity id="c" calledElement="q">{mapping}'
        f'</callActivity><userTask id="n"/>{chain("s", "c", "n")}</process>'
        f'<process id="q" isExecutable="true">{called}{chain("cs", "ct")}</process>'
    )


def test_a_call_without_mappings_passes_all_variables_in_and_back():
    play = Play(calls(), wrapped=True).start({"x": 1})
    assert play.open == ["ct"]
    assert play.out.work_items[0].variables == {"x": 1}
    assert play.do("ct", y=2).variables == {"x": 1, "y": 2}
    assert play.open == ["n"]


MAPPING = """<extensionElements><camunda:in source="x" target="innen"/><camunda:in sourceExpression="${x + 1}"
 target="mehr"/><camunda:out source="ergebnis" target="y"/></extensionElements>"""


def test_a_call_with_mappings_passes_just_those():
    play = Play(calls(MAPPING), wrapped=True).start({"x": 1, "geheim": 2})
    assert play.out.work_items[0].variables == {"innen": 1, "mehr": 2}
    play.do("ct", ergebnis=7, anderes=8)
    assert play.variables == {"x": 1, "geheim": 2, "y": 7}


def test_an_error_in_a_called_process_reaches_the_boundary_of_the_call():
    called = f'<startEvent id="cs"/><userTask id="ct"/><endEvent id="ce">{ERROR}</endEvent>{chain("ct", "ce")}'
    body = calls(called=called).replace(
        '<userTask id="n"/>',
        f'<userTask id="n"/><boundaryEvent id="b" attachedToRef="c">{ERROR}</boundaryEvent><userTask id="h"/>'
        f"{chain('b', 'h')}",
    )
    assert Play(body, wrapped=True).start().do("ct").open == ["h"]


def test_a_process_that_calls_itself_for_ever_is_an_incident():
    body = '<process id="p" isExecutable="true"><callActivity id="c" calledElement="p"/></process>'
    with pytest.raises(Incident) as caught:
        Play(body, wrapped=True).start()
    assert caught.value.code == "too-deep"


def test_a_process_may_call_itself_until_a_condition_holds():
    body = (
        '<process id="p" isExecutable="true"><startEvent id="s"/><userTask id="t"/><exclusiveGateway id="g" default="d"'
        f'/><callActivity id="c" calledElement="p"/><endEvent id="e"/>{chain("s", "t", "g")}'
        f'{guard("g", "c", "n &gt; 0")}<sequenceFlow id="d" sourceRef="g" targetRef="e"/></process>'
    )
    play = Play(body, wrapped=True).start()
    for n in (2, 1, 0):
        play.do("t", n=n)
    assert play.state == "completed"


# --- multi-instance


def many(task: str, *, loop: str, sequential: bool = False) -> str:
    order = "true" if sequential else "false"
    return f'<startEvent id="s"/>{task}<userTask id="n"/>{chain("s", "t", "n")}'.replace(
        "LOOP",
        f'<multiInstanceLoopCharacteristics isSequential="{order}" {loop}</multiInstanceLoopCharacteristics>',
    )


USER = '<userTask id="t">LOOP</userTask>'
EACH = 'camunda:collection="liste" camunda:elementVariable="eintrag">'
COUNT = "><loopCardinality>3</loopCardinality>"


def test_a_parallel_multi_instance_offers_every_item_at_once():
    play = Play(many(USER, loop=EACH)).start({"liste": ["a", "b"]})
    assert [dict(item.variables or {}) for item in play.out.work_items] == [
        {"eintrag": "a", "loopCounter": 1},
        {"eintrag": "b", "loopCounter": 2},
    ]
    assert play.out.tokens == {"t": 2}
    assert play.do("t").open == ["t"]
    assert play.do("t").open == ["n"]
    assert play.variables == {"liste": ["a", "b"]}


def test_a_sequential_multi_instance_offers_one_item_after_the_other():
    play = Play(many(USER, loop=EACH, sequential=True)).start({"liste": ["a", "b"]})
    assert play.out.work_items[0].variables == {"eintrag": "a", "loopCounter": 1}
    play.do("t", liste=[])
    assert play.out.work_items[0].variables == {"eintrag": "b", "loopCounter": 2}
    assert play.do("t").open == ["n"]


@pytest.mark.parametrize("sequential", [True, False])
def test_a_multi_instance_may_be_given_a_number(sequential):
    play = Play(many(USER, loop=COUNT, sequential=sequential)).start()
    for _ in range(3):
        assert "n" not in play.open
        play.do("t")
    assert play.open == ["n"]


@pytest.mark.parametrize("empty", [EACH, "><loopCardinality>0</loopCardinality>"])
def test_nothing_to_repeat_is_passed_at_once(empty):
    assert Play(many(USER, loop=empty)).start({"liste": []}).open == ["n"]


@pytest.mark.parametrize("value", [None, 5, "text", {"a": 1}])
def test_a_collection_that_is_no_list_is_an_incident(value):
    with pytest.raises(Incident) as caught:
        Play(many(USER, loop=EACH)).start({"liste": value})
    assert caught.value.element == "t"


@pytest.mark.parametrize("value", [-1, 1.5, "3", None, True, 10**9])
def test_a_number_of_instances_that_is_none_is_an_incident(value):
    with pytest.raises(Incident) as caught:
        Play(many(USER, loop="><loopCardinality>n</loopCardinality>")).start({"n": value})
    assert caught.value.element == "t"


def test_a_completion_condition_ends_it_early():
    loop = COUNT.replace("3", "5") + "<completionCondition>nrOfCompletedInstances &gt;= 2</completionCondition>"
    play = Play(many(USER, loop=loop)).start().do("t").do("t")
    assert play.open == ["n"]
    play = Play(many(USER, loop=loop, sequential=True)).start().do("t").do("t")
    assert play.open == ["n"]


def test_results_are_collected_by_position():
    zeebe = 'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"'
    loop = f"""><extensionElements><zeebe:loopCharacteristics {zeebe} inputCollection="=liste" inputElement="e"
    outputCollection="ergebnisse" outputElement="=e + ja"/></extensionElements>"""
    play = Play(many(USER, loop=loop)).start({"liste": [1, 2]})
    second = play.out.work_items[1].id
    play._take(engine.complete(play.executable, play.snapshot, second, {"ja": 10}, play.now))
    play.do("t", ja=20)
    assert play.variables["ergebnisse"] == [21, 12]


def test_a_sub_process_can_be_repeated_with_its_item():
    task = '<subProcess id="t">LOOP<userTask id="a"/><userTask id="b"/></subProcess>'
    play = Play(many(task, loop=EACH)).start({"liste": ["x", "y"]})
    assert [dict(item.variables or {})["eintrag"] for item in play.out.work_items] == ["x", "x", "y", "y"]
    for _ in range(2):
        play.do("a").do("b")
    assert play.open == ["n"]


def test_a_timer_beside_a_multi_instance_ends_all_of_it():
    body = many(USER, loop=COUNT) + (
        f'<boundaryEvent id="b" attachedToRef="t">{timer("PT1H")}</boundaryEvent><userTask id="h"/>{chain("b", "h")}'
    )
    play = Play(body).start().do("t")
    assert play.waits == [("b", "timer")]
    assert play.tick("b").open == ["h"]


def test_an_error_in_one_instance_reaches_the_boundary_of_the_activity():
    body = many('<serviceTask id="t">LOOP</serviceTask>', loop=COUNT) + (
        f'<boundaryEvent id="b" attachedToRef="t">{ERROR}</boundaryEvent><userTask id="h"/>{chain("b", "h")}'
    )
    assert Play(body).start().fail("t", "A").open == ["h"]


@pytest.mark.parametrize(
    ("loop", "rounds"),
    [
        ('loopMaximum="3">', 3),
        ("><loopCondition>again</loopCondition>", 4),
        ('loopMaximum="2"><loopCondition>again</loopCondition>', 2),
    ],
)
def test_a_standard_loop_goes_round_while_its_condition_holds(loop, rounds):
    body = (
        f'<startEvent id="s"/><userTask id="t"><standardLoopCharacteristics {loop}</standardLoopCharacteristics>'
        f'</userTask><userTask id="n"/>{chain("s", "t", "n")}'
    )
    play = Play(body).start()
    done = 0
    while play.open == ["t"]:
        done += 1
        play.do("t", again=done < 4)
    assert (done, play.open) == (rounds, ["n"])


def test_a_loop_tested_before_may_not_run_at_all():
    body = (
        '<startEvent id="s"/><userTask id="t"><standardLoopCharacteristics testBefore="true"><loopCondition>again'
        f'</loopCondition></standardLoopCharacteristics></userTask><userTask id="n"/>{chain("s", "t", "n")}'
    )
    assert Play(body).start({"again": False}).open == ["n"]
    assert Play(body).start({"again": True}).open == ["t"]


# --- event sub-processes


def handled(definition: str, *, interrupting: bool = True, main: str = '<userTask id="t"/>') -> str:
    mark = "true" if interrupting else "false"
    return (
        f'<startEvent id="s"/>{main}<subProcess id="h" triggeredByEvent="true">'
        f'<startEvent id="hs" isInterrupting="{mark}">{definition}</startEvent><userTask id="ht"/>'
        f"{chain('hs', 'ht')}</subProcess>{chain('s', 't')}"
    )


@pytest.mark.parametrize(("definition", "name"), [(timer("PT1H"), "timer"), (MESSAGE, "A"), (SIGNAL, "S")])
def test_an_interrupting_event_sub_process_replaces_what_ran(definition, name):
    play = Play(handled(definition)).start()
    assert (play.open, play.waits) == (["t"], [("hs", name)])
    play.tick("hs") if name == "timer" else play.send(name)
    assert (play.open, play.waits) == (["ht"], [])
    assert play.do("ht").state == "completed"


@pytest.mark.parametrize(("definition", "name"), [(MESSAGE, "A"), (SIGNAL, "S")])
def test_a_gentle_event_sub_process_runs_beside_as_often_as_it_is_called(definition, name):
    play = Play(handled(definition, interrupting=False)).start().send(name).send(name)
    assert play.open == ["ht", "ht", "t"]
    play.do("t").do("ht")
    assert play.state == "active"
    assert play.do("ht").state == "completed"


def test_a_listening_event_sub_process_does_not_keep_the_case_open():
    play = Play(handled(MESSAGE)).start().do("t")
    assert (play.state, play.waits) == ("completed", [])


def test_an_event_sub_process_catches_errors_of_its_scope():
    main = f'<userTask id="t"/><endEvent id="e">{ERROR}</endEvent>{chain("t", "e")}'
    assert Play(handled(ERROR, main=main)).start().do("t").open == ["ht"]
    assert Play(handled(ERROR)).start().fail("t", "A").open == ["ht"]


def test_an_escalation_starts_a_gentle_event_sub_process_beside():
    main = f'<intermediateThrowEvent id="t">{ESCALATION}</intermediateThrowEvent><userTask id="u"/>{chain("t", "u")}'
    assert Play(handled(ESCALATION, interrupting=False, main=main)).start().open == ["ht", "u"]


def test_an_error_inside_an_event_sub_process_leaves_its_scope():
    inner = handled(MESSAGE).replace(
        '<userTask id="ht"/>', f'<userTask id="ht"/><endEvent id="he">{ERROR}</endEvent>{chain("ht", "he")}'
    )
    body = (
        f'<startEvent id="s0"/><subProcess id="sub">{inner}</subProcess><userTask id="x"/>'
        f'<boundaryEvent id="b" attachedToRef="sub">{ERROR}</boundaryEvent>{chain("s0", "sub")}{chain("b", "x")}'
    )
    assert Play(body).start().send("A").do("ht").open == ["x"]
