"""Compensation and the cancelling of transactions: what was done is undone, last first, once."""

from __future__ import annotations

import pytest

from bpm import engine
from tests.unit.engine.play import Play, chain, model_of
from tests.unit.engine.test_events import ERROR, MESSAGE

COMPENSATE = "<compensateEventDefinition/>"


def undoable(id: str) -> str:
    """A user task `id` with the handler `undo_id`."""
    return (
        f'<userTask id="{id}"/><boundaryEvent id="{id}_b" attachedToRef="{id}">{COMPENSATE}</boundaryEvent>'
        f'<userTask id="undo_{id}" isForCompensation="true"/>'
        f'<association id="{id}_as" associationDirection="One" sourceRef="{id}_b" targetRef="undo_{id}"/>'
    )


TWO = (
    f'<startEvent id="s"/>{undoable("a")}{undoable("b")}<userTask id="c"/>'
    f'<intermediateThrowEvent id="k">{COMPENSATE}</intermediateThrowEvent><userTask id="z"/>'
    f"{chain('s', 'a', 'b', 'c', 'k', 'z')}"
)


def test_what_was_done_is_undone_last_first():
    play = Play(TWO).start().do("a").do("b").do("c")
    assert play.open == ["undo_b"]
    assert play.do("undo_b").open == ["undo_a"]
    assert play.do("undo_a").open == ["z"]
    assert play.do("z").state == "completed"


def test_the_handlers_run_once_only():
    again = TWO.replace(chain("k", "z"), "") + (
        f'<intermediateThrowEvent id="k2">{COMPENSATE}</intermediateThrowEvent>{chain("k", "k2", "z")}'
    )
    play = Play(again).start().do("a").do("b").do("c").do("undo_b").do("undo_a")
    assert play.open == ["z"]


def test_what_was_not_done_is_not_undone():
    body = (
        f'<startEvent id="s"/><parallelGateway id="g"/>{undoable("a")}{undoable("b")}'
        f'<intermediateThrowEvent id="k">{COMPENSATE}</intermediateThrowEvent><userTask id="z"/>'
        f"{chain('s', 'g', 'a', 'k', 'z')}{chain('g', 'b')}"
    )
    play = Play(body).start().do("a")
    assert play.open == ["b", "undo_a"]
    assert play.do("undo_a").open == ["b", "z"]


def test_nothing_to_undo_is_passed():
    body = (
        f'<startEvent id="s"/><intermediateThrowEvent id="k">{COMPENSATE}</intermediateThrowEvent>{undoable("a")}'
        f"{chain('s', 'k', 'a')}"
    )
    assert Play(body).start().open == ["a"]


def test_one_activity_can_be_named():
    body = TWO.replace(f'id="k">{COMPENSATE}', 'id="k"><compensateEventDefinition activityRef="a"/>')
    play = Play(body).start().do("a").do("b").do("c")
    assert play.open == ["undo_a"]
    assert play.do("undo_a").open == ["z"]


def test_a_compensation_end_event_undoes_and_ends():
    body = f'<startEvent id="s"/>{undoable("a")}<endEvent id="e">{COMPENSATE}</endEvent>{chain("s", "a", "e")}'
    play = Play(body).start().do("a")
    assert (play.open, play.ends) == (["undo_a"], ["e"])
    assert play.do("undo_a").state == "completed"


def test_each_round_of_a_loop_is_undone():
    play = (
        Play(
            TWO.replace(chain("b", "c"), chain("b", "x"))
            + (
                '<exclusiveGateway id="x" default="on"/><sequenceFlow id="on" sourceRef="x" targetRef="c"/>'
                '<sequenceFlow id="back" sourceRef="x" targetRef="b"><conditionExpression>again</conditionExpression>'
                "</sequenceFlow>"
            )
        )
        .start()
        .do("a")
        .do("b", again=True)
        .do("b", again=False)
        .do("c")
    )
    for _ in range(2):
        assert play.open == ["undo_b"]
        play.do("undo_b")
    assert play.open == ["undo_a"]


def wrapped(inside: str, *, attributes: str = "", extra: str = "") -> str:
    return (
        f'<startEvent id="s"/><subProcess id="p1"{attributes}>{inside}</subProcess>{extra}<userTask id="c"/>'
        f'<intermediateThrowEvent id="k">{COMPENSATE}</intermediateThrowEvent><userTask id="z"/>'
        f"{chain('s', 'p1', 'c', 'k', 'z')}"
    )


INSIDE = f'<startEvent id="is"/>{undoable("a")}{undoable("b")}{chain("is", "a", "b")}'


def test_a_finished_sub_process_is_undone_from_outside_last_first():
    play = Play(wrapped(INSIDE)).start().do("a").do("b").do("c")
    assert play.open == ["undo_b"]
    play.do("undo_b")
    assert play.open == ["undo_a"]
    assert play.do("undo_a").open == ["z"]
    assert play.do("z").state == "completed"


def test_a_handler_of_the_sub_process_stands_for_all_inside():
    extra = (
        f'<boundaryEvent id="pb" attachedToRef="p1">{COMPENSATE}</boundaryEvent>'
        '<userTask id="undo_all" isForCompensation="true"/>'
        '<association id="pas" sourceRef="pb" targetRef="undo_all"/>'
    )
    play = Play(wrapped(INSIDE, extra=extra)).start().do("a").do("b").do("c")
    assert play.open == ["undo_all"]
    assert play.do("undo_all").open == ["z"]


def test_nested_sub_processes_are_undone_through_every_level():
    inner = f'<startEvent id="os"/><subProcess id="p2">{INSIDE}</subProcess>{undoable("d")}{chain("os", "p2", "d")}'
    play = Play(wrapped(inner)).start().do("a").do("b").do("d").do("c")
    undone = []
    while play.open != ["z"]:
        undone += play.open
        play.do(play.open[0])
    assert undone == ["undo_d", "undo_b", "undo_a"]
    assert play.do("z").state == "completed"


def test_a_repeated_activity_is_undone_once_as_a_whole():
    loop = "<multiInstanceLoopCharacteristics><loopCardinality>3</loopCardinality></multiInstanceLoopCharacteristics>"
    body = TWO.replace('<userTask id="b"/>', f'<userTask id="b">{loop}</userTask>')
    play = Play(body).start().do("a").do("b").do("b").do("b").do("c")
    assert play.do("undo_b").open == ["undo_a"]


def test_an_event_sub_process_undoes_what_its_scope_did():
    body = (
        f'<startEvent id="s"/>{undoable("a")}<userTask id="c"/>{chain("s", "a", "c")}'
        f'<subProcess id="h" triggeredByEvent="true"><startEvent id="hs">{MESSAGE}</startEvent>'
        f'<intermediateThrowEvent id="k">{COMPENSATE}</intermediateThrowEvent><userTask id="z"/>'
        f"{chain('hs', 'k', 'z')}</subProcess>"
    )
    play = Play(body).start().do("a").send("A")
    assert play.open == ["undo_a"]
    assert play.do("undo_a").open == ["z"]
    assert play.do("z").state == "completed"


def transaction(inside: str) -> str:
    return (
        f'<startEvent id="s"/><transaction id="t">{inside}</transaction><userTask id="n"/>'
        '<boundaryEvent id="tb" attachedToRef="t"><cancelEventDefinition/></boundaryEvent><userTask id="h"/>'
        f"{chain('s', 't', 'n')}{chain('tb', 'h')}"
    )


CANCEL = (
    f'<startEvent id="ts"/><parallelGateway id="g"/>{undoable("a")}<userTask id="w"/>'
    '<exclusiveGateway id="x" default="ok"/><endEvent id="good"/>'
    '<endEvent id="bad"><cancelEventDefinition/></endEvent>'
    f'{chain("ts", "g", "a", "x")}{chain("g", "w")}<sequenceFlow id="ok" sourceRef="x" targetRef="good"/>'
    '<sequenceFlow id="no" sourceRef="x" targetRef="bad"><conditionExpression>fail</conditionExpression></sequenceFlow>'
)


def test_a_cancelled_transaction_is_undone_and_left_by_its_cancel_boundary():
    play = Play(transaction(CANCEL)).start().do("a", fail=True)
    assert play.open == ["undo_a"]
    assert play.do("undo_a").open == ["h"]
    assert play.do("h").state == "completed"


def test_a_transaction_that_is_not_cancelled_goes_on():
    play = Play(transaction(CANCEL)).start().do("a", fail=False).do("w")
    assert play.open == ["n"]


def test_a_transaction_cancelled_before_anything_was_done_is_just_left():
    inside = '<startEvent id="ts"/><endEvent id="bad"><cancelEventDefinition/></endEvent>' + chain("ts", "bad")
    assert Play(transaction(inside)).start().open == ["h"]


def test_an_error_after_the_handlers_started_still_climbs():
    inside = INSIDE + (
        f'<intermediateThrowEvent id="ik">{COMPENSATE}</intermediateThrowEvent><endEvent id="ie">{ERROR}</endEvent>'
        f"{chain('b', 'ik', 'ie')}"
    )
    extra = f'<boundaryEvent id="pb" attachedToRef="p1">{ERROR}</boundaryEvent><userTask id="x"/>{chain("pb", "x")}'
    play = Play(wrapped(inside, extra=extra)).start().do("a").do("b").do("undo_b").do("undo_a")
    assert play.open == ["x"]


@pytest.mark.parametrize(
    ("body", "element", "code"),
    [
        (
            TWO.replace('<association id="a_as" associationDirection="One" sourceRef="a_b" targetRef="undo_a"/>', ""),
            "a_b",
            "compensation",
        ),
        (
            TWO.replace(f'id="k">{COMPENSATE}', 'id="k"><compensateEventDefinition activityRef="nix"/>'),
            "k",
            "compensation",
        ),
        (
            f'<startEvent id="s"/><endEvent id="e"><cancelEventDefinition/></endEvent>{chain("s", "e")}',
            "e",
            "transaction",
        ),
        (
            transaction("").replace("<transaction", "<subProcess").replace("</transaction", "</subProcess"),
            "tb",
            "transaction",
        ),
        (TWO + chain("undo_a", "z"), "undo_a", "compensation"),
    ],
)
def test_compensation_that_means_nothing_is_refused(body, element, code):
    blockers = engine.assess(model_of(body)).blockers
    assert (element, code) in {(blocker.element, blocker.reason.split(":")[0]) for blocker in blockers}
