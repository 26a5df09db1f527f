"""Events: starts, ends, timers, messages, signals, conditions, errors, escalations, at every place they may stand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bpm import engine
from bpm.errors import Conflict, Incident, InvalidRequest
from tests.unit.engine.play import NOW, Play, chain, guard, model_of

TIMER = "<timerEventDefinition><time{kind}>{text}</time{kind}></timerEventDefinition>"
MESSAGE = '<messageEventDefinition messageRef="mA"/>'
SIGNAL = '<signalEventDefinition signalRef="sA"/>'
CONDITION = "<conditionalEventDefinition><condition>x &gt; 1</condition></conditionalEventDefinition>"
ERROR = '<errorEventDefinition errorRef="eA"/>'
ESCALATION = '<escalationEventDefinition escalationRef="xA"/>'
TERMINATE = "<terminateEventDefinition/>"


def timer(text: str, kind: str = "Duration") -> str:
    return TIMER.format(text=text, kind=kind)


def catch(definition: str) -> str:
    return (
        f'<startEvent id="s"/><intermediateCatchEvent id="c">{definition}</intermediateCatchEvent><userTask id="t"/>'
        f"{chain('s', 'c', 't')}"
    )


# --- starts


@pytest.mark.parametrize("definition", ["", MESSAGE, SIGNAL, timer("R/P1D", "Cycle")])
def test_a_process_starts_at_its_only_start_event_whatever_triggers_it(definition):
    body = f'<startEvent id="s">{definition}</startEvent><userTask id="t"/>{chain("s", "t")}'
    play = Play(body).start()
    assert play.open == ["t"]
    assert play.left == ["s"]


TWO_STARTS = (
    f'<startEvent id="s"/><startEvent id="m">{MESSAGE}</startEvent><userTask id="a"/><userTask id="b"/>'
    f"{chain('s', 'a')}{chain('m', 'b')}"
)


def test_of_several_starts_the_plain_one_is_taken_unless_another_is_named():
    assert Play(TWO_STARTS).start().open == ["a"]
    assert Play(TWO_STARTS).start(start="m").open == ["b"]
    points = Play(TWO_STARTS).executable.starts
    assert [(point.element, point.kind, point.name) for point in points] == [("s", "none", None), ("m", "message", "A")]


def test_a_start_that_is_not_there_or_not_clear_is_refused():
    with pytest.raises(InvalidRequest, match="no start event"):
        Play(TWO_STARTS).start(start="a")
    unclear = TWO_STARTS.replace(MESSAGE, "")
    with pytest.raises(InvalidRequest, match="name one of the start events: s, m"):
        Play(unclear).start()
    assert Play(unclear).start(start="m").open == ["b"]


# --- timers


@pytest.mark.parametrize(
    ("text", "kind", "after"),
    [
        ("PT90M", "Duration", timedelta(minutes=90)),
        ("P1DT2H", "Duration", timedelta(days=1, hours=2)),
        ("P1M", "Duration", timedelta(days=31)),
        ("P2W", "Duration", timedelta(weeks=2)),
        ("2025-03-03T09:00:00Z", "Date", timedelta(hours=1)),
        ("2025-03-03T09:00:00+02:00", "Date", timedelta(hours=-1)),
        ("2025-03-04", "Date", timedelta(hours=16)),
        ("R3/PT10M", "Cycle", timedelta(minutes=10)),
        ("R2/2025-03-03T10:00:00Z/PT10M", "Cycle", timedelta(hours=2)),
        ('duration("PT" + string(n) + "H")', "Duration", timedelta(hours=5)),
        ("wann", "Date", timedelta(days=1)),
        ('= "PT5M"', "Duration", timedelta(minutes=5)),
        ("${frist}", "Duration", timedelta(days=2)),
        ("R/${frist}", "Cycle", timedelta(days=2)),
        ('date and time("2025-03-03T08:30:00Z")', "Date", timedelta(minutes=30)),
    ],
)
def test_a_timer_is_due_when_its_text_says_counted_from_the_moment_it_is_armed(text, kind, after):
    play = Play(catch(timer(text, kind))).start({"n": 5, "wann": "2025-03-04T08:00:00Z", "frist": "P2D"})
    assert [(row.element, row.due) for row in play.out.timers] == [("c", NOW + after)]
    assert play.tick("c").open == ["t"]


def test_local_times_and_today_are_those_of_the_zone_the_model_is_built_for():
    body = catch(timer("2025-07-01T09:00:00", "Date")).replace(
        '<userTask id="t"/>', '<userTask id="t" camunda:assignee="=string(today())"/>'
    )
    executable = engine.build(model_of(body), (), ZoneInfo("Europe/Berlin"))
    late = datetime(2025, 3, 3, 23, 30, tzinfo=UTC)
    outcome = engine.start(executable, {}, late)
    assert outcome.timers[0].due == datetime(2025, 7, 1, 7, tzinfo=UTC)
    outcome = engine.fire(executable, outcome.snapshot, outcome.timers[0].id, late)
    assert outcome.work_items[0].assignee == "2025-03-04"


def test_a_due_date_does_not_move_while_the_timer_waits():
    play = Play(catch(timer("PT1H")) + f'<startEvent id="s2">{MESSAGE}</startEvent>{chain("s2", "t")}').start()
    due = play.out.timers[0].due
    assert play.wait(hours=9).out.timers[0].due == due


@pytest.mark.parametrize("value", [5, None, "bald", True, []])
def test_a_timer_whose_expression_gives_no_time_is_an_incident(value):
    with pytest.raises(Incident) as caught:
        Play(catch(timer("wert"))).start({"wert": value})
    assert caught.value.element == "c"


def test_a_timer_that_fired_cannot_fire_again():
    play = Play(catch(timer("PT1H"))).start()
    id = play.out.timers[0].id
    play.tick("c")
    with pytest.raises(Conflict, match="nothing waits"):
        engine.fire(play.executable, play.snapshot, id, play.now)


@pytest.mark.parametrize("id", ["", "x", "99", "2.0", "2.x", "-1", "2."])
def test_an_unknown_row_is_refused(id):
    play = Play(catch(MESSAGE)).start()
    assert id != play.out.subscriptions[0].id, "the control: only ids that are nobody's are tried"
    with pytest.raises(Conflict):
        engine.correlate(play.executable, play.snapshot, id, {}, NOW)


def test_a_message_row_is_not_fired_as_a_timer():
    play = Play(catch(MESSAGE)).start()
    with pytest.raises(Conflict):
        engine.fire(play.executable, play.snapshot, play.out.subscriptions[0].id, NOW)


# --- messages, signals, conditions


def test_a_message_catch_takes_the_variables_of_its_message():
    play = Play(catch(MESSAGE)).start()
    assert play.waits == [("c", "A")]
    assert play.send("A", antwort="ja").variables == {"antwort": "ja"}
    assert play.open == ["t"]


def test_a_signal_catch_waits_for_its_signal():
    play = Play(catch(SIGNAL)).start()
    assert [(row.kind, row.name) for row in play.out.subscriptions] == [("signal", "S")]
    assert play.send("S").open == ["t"]


@pytest.mark.parametrize(("definition", "kind", "name"), [(MESSAGE, "message", "A"), (SIGNAL, "signal", "S")])
def test_messages_and_signals_are_thrown_on_the_way_and_at_the_end(definition, kind, name):
    body = (
        f'<startEvent id="s"/><intermediateThrowEvent id="i">{definition}</intermediateThrowEvent>'
        f'<endEvent id="e">{definition}</endEvent>{chain("s", "i", "e")}'
    )
    play = Play(body).start({"v": 1})
    assert play.state == "completed"
    assert [(found.kind, found.name, found.element) for found in play.thrown] == [(kind, name, "i"), (kind, name, "e")]


def test_a_plain_throw_event_is_passed():
    assert Play(f'<startEvent id="s"/><intermediateThrowEvent id="i"/>{chain("s", "i")}').start().left == ["s", "i"]


def test_a_condition_that_holds_is_passed_at_once_else_when_a_variable_makes_it_true():
    assert Play(catch(CONDITION)).start({"x": 2}).open == ["t"]
    body = (
        f'<startEvent id="s"/><parallelGateway id="g"/><intermediateCatchEvent id="c">{CONDITION}'
        f'</intermediateCatchEvent><userTask id="t"/><userTask id="u"/><userTask id="v"/>'
        f"{chain('s', 'g', 'c', 't')}{chain('g', 'u', 'v')}"
    )
    play = Play(body).start({"x": 0}).do("u", x=1)
    assert play.open == ["v"]
    assert play.do("v", x=2).open == ["t"]


# --- ends


def test_a_terminate_end_ends_everything_else():
    body = (
        f'<startEvent id="s"/><parallelGateway id="g"/><userTask id="a"/><userTask id="b"/>'
        f'<endEvent id="e">{TERMINATE}</endEvent>{chain("s", "g", "a", "e")}{chain("g", "b")}'
    )
    play = Play(body).start().do("a")
    assert (play.state, play.ends, play.out.work_items) == ("completed", ["e"], ())
    assert ("cancelled", "b") in [(event.kind, event.element) for event in play.history]


def test_a_terminate_end_in_a_sub_process_ends_that_one_only():
    inner = (
        f'<startEvent id="is"/><parallelGateway id="ig"/><userTask id="ia"/><userTask id="ib"/>'
        f'<endEvent id="ie">{TERMINATE}</endEvent>{chain("is", "ig", "ia", "ie")}{chain("ig", "ib")}'
    )
    body = f'<startEvent id="s"/><subProcess id="p1">{inner}</subProcess><userTask id="t"/>{chain("s", "p1", "t")}'
    assert Play(body).start().do("ia").open == ["t"]


def test_an_error_nobody_catches_ends_the_case():
    body = f'<startEvent id="s"/><userTask id="t"/><endEvent id="e">{ERROR}</endEvent>{chain("s", "t", "e")}'
    play = Play(body).start().do("t")
    assert (play.state, play.ends) == ("terminated", ["e"])
    assert play.left == ["s", "t", "e"]
    assert "cancelled" not in [event.kind for event in play.history]


def test_an_escalation_nobody_catches_is_forgotten():
    body = (
        f'<startEvent id="s"/><intermediateThrowEvent id="i">{ESCALATION}</intermediateThrowEvent><userTask id="t"/>'
        f'<endEvent id="e">{ESCALATION}</endEvent>{chain("s", "i", "t", "e")}'
    )
    play = Play(body).start()
    assert play.open == ["t"]
    assert play.do("t").state == "completed"


# --- boundary events


def boundary(definition: str, *, interrupting: bool = True, host: str = '<userTask id="t"/>') -> str:
    cancel = "" if interrupting else ' cancelActivity="false"'
    return (
        f'<startEvent id="s"/>{host}<userTask id="n"/><userTask id="h"/>'
        f'<boundaryEvent id="b" attachedToRef="t"{cancel}>{definition}</boundaryEvent>'
        f"{chain('s', 't', 'n')}{chain('b', 'h')}"
    )


WAITING = [(timer("PT1H"), "timer"), (MESSAGE, "A"), (SIGNAL, "S")]


@pytest.mark.parametrize(("definition", "name"), WAITING)
def test_an_interrupting_boundary_event_ends_its_activity(definition, name):
    play = Play(boundary(definition)).start()
    assert play.waits == [("b", name)]
    assert play.out.tokens == {"t": 1}
    play.tick("b") if name == "timer" else play.send(name)
    assert (play.open, play.waits) == (["h"], [])
    assert play.do("h").state == "completed"


@pytest.mark.parametrize(("definition", "name"), WAITING)
def test_a_finished_activity_takes_its_boundary_events_with_it(definition, name):
    play = Play(boundary(definition)).start().do("t")
    assert (play.open, play.waits) == (["n"], [])
    assert play.do("n").state == "completed"


@pytest.mark.parametrize(("definition", "name"), WAITING[1:])
def test_a_non_interrupting_boundary_event_fires_each_time(definition, name):
    play = Play(boundary(definition, interrupting=False)).start().send(name).send(name)
    assert play.open == ["h", "h", "t"]
    play.do("t")
    assert (play.open, play.waits) == (["h", "h", "n"], [])


def test_a_one_shot_timer_beside_an_activity_fires_once():
    play = Play(boundary(timer("PT1H"), interrupting=False)).start().tick("b")
    assert (play.open, play.waits) == (["h", "t"], [])


def test_a_cycle_counts_down_and_is_not_shifted_by_a_late_clerk():
    play = Play(boundary(timer("R3/PT1H", "Cycle"), interrupting=False)).start()
    seen = []
    while play.out.timers:
        row = play.out.timers[0]
        seen.append((row.id, row.due - NOW, row.remaining))
        play.wait(minutes=7).tick("b")
    assert [(due, left) for _, due, left in seen] == [
        (timedelta(hours=1), 2),
        (timedelta(hours=2), 1),
        (timedelta(hours=3), 0),
    ]
    assert len({id for id, _, _ in seen}) == 3
    assert play.open == ["h", "h", "h", "t"]


def test_an_endless_cycle_stays_armed():
    play = Play(boundary(timer("R/PT1H", "Cycle"), interrupting=False)).start()
    for _ in range(5):
        play.tick("b")
    assert [(row.cycle, row.remaining) for row in play.out.timers] == [("R/PT1H", None)]


def test_a_condition_at_the_boundary_fires_on_becoming_true_each_time_anew():
    body = boundary(CONDITION, interrupting=False).replace("</endEvent>", "")
    body += f'<startEvent id="s2">{MESSAGE}</startEvent>{chain("s2", "t")}'
    play = Play(body).start({"x": 0})
    assert play.open == ["t"]
    extra = Play(
        f'<startEvent id="s"/><parallelGateway id="g"/><userTask id="t"/><userTask id="u"/><exclusiveGateway id="m"/>'
        f'<userTask id="h"/><boundaryEvent id="b" attachedToRef="t" cancelActivity="false">{CONDITION}</boundaryEvent>'
        f"{chain('s', 'g', 't')}{chain('g', 'm', 'u', 'm')}{chain('b', 'h')}"
    ).start({"x": 0})
    for value, fired in ((0, 0), (2, 1), (3, 1), (0, 1), (5, 2)):
        extra.do("u", x=value)
        assert extra.open.count("h") == fired, value


@pytest.mark.parametrize("code", ["A", "B", "anything"])
def test_a_job_may_fail_with_a_code_that_its_boundary_catches(code):
    host = '<serviceTask id="t" camunda:type="external" camunda:topic="x"/>'
    play = Play(boundary("<errorEventDefinition/>", host=host)).start().fail("t", code, grund="g")
    assert play.open == ["h"]
    assert play.variables == {"grund": "g"}


def test_an_exact_code_is_preferred_to_one_that_catches_all():
    body = boundary("<errorEventDefinition/>") + (
        f'<boundaryEvent id="b2" attachedToRef="t">{ERROR}</boundaryEvent><userTask id="h2"/>{chain("b2", "h2")}'
    )
    assert Play(body).start().fail("t", "A").open == ["h2"]
    assert Play(body).start().fail("t", "other").open == ["h"]


def test_a_code_nobody_catches_is_an_incident_and_changes_nothing():
    play = Play(boundary(ERROR)).start()
    with pytest.raises(Incident) as caught:
        play.fail("t", "unbekannt")
    assert (caught.value.code, caught.value.element) == ("error-uncaught", "t")
    assert play.open == ["t"]


def sub(inner: str, definition: str, *, interrupting: bool = True) -> str:
    host = f'<subProcess id="t"><startEvent id="is"/>{inner}</subProcess>'
    return boundary(definition, interrupting=interrupting, host=host)


def test_an_error_end_event_reaches_the_boundary_of_its_sub_process():
    inner = f'<userTask id="it"/><endEvent id="ie">{ERROR}</endEvent>{chain("is", "it", "ie")}'
    assert Play(sub(inner, ERROR)).start().do("it").open == ["h"]
    assert Play(sub(inner, "<errorEventDefinition/>")).start().do("it").open == ["h"]
    other = '<errorEventDefinition errorRef="eB"/>'
    assert Play(sub(inner, other)).start().do("it").state == "terminated"


def test_an_error_climbs_through_several_levels():
    inner = (
        f'<subProcess id="deep"><startEvent id="ds"/><userTask id="dt"/><endEvent id="de">{ERROR}</endEvent>'
        f"{chain('ds', 'dt', 'de')}</subProcess>{chain('is', 'deep')}"
    )
    assert Play(sub(inner, ERROR)).start().do("dt").open == ["h"]


def test_an_error_in_one_sub_process_leaves_its_sibling_alone():
    def half(name: str) -> str:
        return (
            f'<subProcess id="{name}"><startEvent id="{name}s"/><userTask id="{name}t"/>'
            f'<endEvent id="{name}e">{ERROR}</endEvent>{chain(name + "s", name + "t", name + "e")}</subProcess>'
            f'<boundaryEvent id="{name}b" attachedToRef="{name}">{ERROR}</boundaryEvent><userTask id="{name}h"/>'
            f"{chain(name + 'b', name + 'h')}"
        )

    body = f'<startEvent id="s"/><parallelGateway id="g"/>{half("x")}{half("y")}{chain("s", "g", "x")}{chain("g", "y")}'
    assert Play(body).start().do("xt").open == ["xh", "yt"]


def test_an_interrupting_escalation_ends_the_sub_process_a_gentle_one_does_not():
    inner = (
        f'<userTask id="it"/><intermediateThrowEvent id="ie">{ESCALATION}</intermediateThrowEvent><userTask id="iu"/>'
        f"{chain('is', 'it', 'ie', 'iu')}"
    )
    assert Play(sub(inner, ESCALATION)).start().do("it").open == ["h"]
    gentle = Play(sub(inner, ESCALATION, interrupting=False)).start().do("it")
    assert gentle.open == ["h", "iu"]
    assert gentle.do("iu").open == ["h", "n"]
    other = '<escalationEventDefinition escalationRef="xB"/>'
    assert Play(sub(inner, other)).start().do("it").open == ["iu"]


def test_a_timer_on_a_sub_process_ends_all_that_is_inside():
    inner = (
        f'<parallelGateway id="ig"/><userTask id="a"/><userTask id="b1"/><boundaryEvent id="ib" attachedToRef="a">'
        f"{MESSAGE}</boundaryEvent>{chain('is', 'ig', 'a')}{chain('ig', 'b1')}"
    )
    play = Play(sub(inner, timer("PT1H"))).start()
    assert play.waits == [("b", "timer"), ("ib", "A")]
    play.tick("b")
    assert (play.open, play.waits, play.out.tokens) == (["h"], [], {"h": 1})


def test_a_boundary_event_in_a_loop_is_armed_anew_each_round():
    body = boundary(timer("PT1H")).replace(chain("t", "n"), "") + (
        f'<exclusiveGateway id="x" default="out"/>{chain("t", "x")}{guard("x", "t", "again")}'
        '<sequenceFlow id="out" sourceRef="x" targetRef="n"/>'
    )
    play = Play(body).start()
    ids = set()
    for again in (True, True, False):
        ids.add(play.out.timers[0].id)
        play.do("t", again=again)
    assert len(ids) == 3
    assert (play.open, play.waits) == (["n"], [])
