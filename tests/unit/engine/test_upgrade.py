"""A case goes to another version as a whole, or stays where it is with the reason; it is never bent."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from typing import Any

import pytest

from bpm import engine
from bpm.engine import Upgrade
from bpm.errors import InvalidRequest, NotExecutable, NotMovable
from tests.properties.processes import damaged, generate
from tests.unit.engine.play import NOW, Play, chain

TIMER = "<timerEventDefinition><timeDuration>{}</timeDuration></timerEventDefinition>"
THREE = '<startEvent id="s"/><userTask id="a"/><userTask id="b"/><userTask id="c"/><endEvent id="e"/>'


def move(case: Play, version: str | Play, mapping: dict[str, str | None] | None = None) -> Play:
    """`case` carried over; it plays on in the new version."""
    new = version if isinstance(version, Play) else Play(version)
    before = json.dumps(case.out.snapshot)
    outcome = Upgrade(case.executable, new.executable, mapping or {}).migrate(case.snapshot, case.now)
    assert json.dumps(case.out.snapshot) == before
    new.now = case.now
    return new._take(outcome)


def why_not(case: Play, version: str, mapping: dict[str, str | None] | None = None) -> list[tuple[str, str]]:
    with pytest.raises(NotMovable) as refused:
        move(case, version, mapping)
    return [(one.element, one.reason.split(":")[0]) for one in refused.value.blockers]


def test_equal_ids_stay_and_keep_their_work_items():
    case = Play(THREE + chain("s", "a", "b", "c", "e")).start({"x": 1}).do("a")
    moved = move(case, THREE.replace('id="c"', 'id="d"') + chain("s", "a", "b", "d", "e"))
    assert (moved.open, moved.out.work_items[0].id) == (["b"], case.out.work_items[0].id)
    assert moved.do("b").do("d").state == "completed"
    assert moved.variables == {"x": 1}


def test_a_removed_step_is_refused_by_its_line_until_the_mapping_says_where_it_goes_on():
    case = Play(THREE + chain("s", "a", "b", "c", "e")).start().do("a")
    shorter = THREE.replace('<userTask id="b"/>', "") + chain("s", "a", "c", "e")
    assert why_not(case, shorter) == [("b", "element-gone")]
    assert why_not(case, shorter, {"b": None}) == [("b", "token-dropped")]
    moved = move(case, shorter, {"b": "c"})
    assert moved.open == ["c"]
    assert [(event.kind, event.element) for event in moved.history] == [("cancelled", "b"), ("entered", "c")]
    assert moved.do("c").state == "completed"


def test_a_flow_of_the_new_version_is_a_place_too_and_the_case_may_end_there():
    case = Play(THREE + chain("s", "a", "b", "c", "e")).start().do("a")
    shorter = THREE.replace('<userTask id="b"/><userTask id="c"/>', "") + chain("s", "a", "e")
    assert move(case, shorter, {"b": "a->e"}).state == "completed"


def test_a_step_of_another_kind_begins_afresh():
    case = Play(THREE + chain("s", "a", "b", "c", "e")).start().do("a")
    other = THREE.replace('<userTask id="b"/>', '<serviceTask id="b" camunda:type="external" camunda:topic="t"/>')
    moved = move(case, other + chain("s", "a", "b", "c", "e"))
    assert [job.topic for job in moved.out.jobs] == ["t"]
    assert moved.out.jobs[0].id > case.out.work_items[0].id
    assert moved.do("b").do("c").state == "completed"


FORK = '<startEvent id="s"/><parallelGateway id="f"/><userTask id="a"/><userTask id="b"/>'
FORK += '<parallelGateway id="j"/><endEvent id="e"/>'
BOTH = chain("s", "f", "a", "j", "e") + chain("f", "b", "j")


def test_a_join_keeps_what_arrived():
    case = Play(FORK + BOTH).start().do("a")
    assert move(case, FORK + BOTH).do("b").state == "completed"
    renamed = (FORK + BOTH).replace('id="j"', 'id="k"').replace('"j"', '"k"')
    assert move(case, renamed, {"j": "k"}).do("b").state == "completed"


def test_a_new_branch_that_the_join_would_wait_for_is_refused():
    case = Play(FORK + BOTH).start().do("a")
    wider = FORK + '<userTask id="n"/>' + BOTH + chain("f", "n", "j")
    assert why_not(case, wider) == [("p", "unreachable")]


def test_a_branch_that_went_is_refused_until_its_token_has_a_place():
    case = Play(FORK + BOTH).start().do("a")
    narrow = FORK.replace('<userTask id="a"/>', "") + chain("s", "f", "b", "j", "e")
    assert why_not(case, narrow) == [("j", "join-changed")]
    kept = '<startEvent id="s"/><userTask id="b"/><endEvent id="e"/>' + chain("s", "b", "e")
    assert why_not(case, kept, {"j": "b"}) == [("p", "unreachable")]
    still = FORK.replace('<userTask id="a"/>', "") + chain("s", "f", "b", "j", "e") + chain("f", "j")
    assert move(case, still, {"a->j": "f->j"}).do("b").state == "completed"


def test_branches_made_a_sequence_would_be_done_twice_and_are_refused():
    case = Play(FORK + BOTH).start()
    in_a_row = THREE.replace('<userTask id="c"/>', "") + chain("s", "a", "b", "e")
    assert why_not(case, in_a_row) == [("p", "unreachable")]
    assert move(Play(FORK + BOTH).start().do("a"), FORK + BOTH).open == ["b"]


def timed(span: str, boundary: str = "t", target: str = "x") -> str:
    return (
        f'<startEvent id="s"/><userTask id="a"/><endEvent id="e"/><endEvent id="{target}"/>'
        f'<boundaryEvent id="{boundary}" attachedToRef="a">{TIMER.format(span)}</boundaryEvent>'
        + chain("s", "a", "e")
        + chain(boundary, target)
    )


def test_a_running_timer_keeps_its_due_date_and_its_number():
    case = Play(timed("P1D")).start().wait(hours=20)
    moved = move(case, timed("P2D"))
    assert [(row.due, row.id) for row in moved.out.timers] == [(row.due, row.id) for row in case.out.timers]
    assert moved.tick("t").state == "completed"


def test_a_timer_that_went_is_given_up_only_by_name_and_a_new_one_begins_now():
    case = Play(timed("P1D")).start().wait(hours=20)
    plain = '<startEvent id="s"/><userTask id="a"/><endEvent id="e"/>' + chain("s", "a", "e")
    assert why_not(case, plain) == [("t", "beside-gone")]
    assert move(case, plain, {"t": None}).waits == []
    assert why_not(case, timed("P1D", "u"), {"t": "a"}) == [("t", "beside-changed")]
    moved = move(Play(plain).start().wait(hours=5), timed("P1D"))
    assert [row.due for row in moved.out.timers] == [NOW + timedelta(hours=29)]
    again = move(case, timed("P2D"), {"t": None})
    assert [row.due for row in again.out.timers] == [NOW + timedelta(hours=68)]


def test_a_timer_that_has_fired_does_not_begin_again():
    body = timed("P1D").replace('attachedToRef="a"', 'attachedToRef="a" cancelActivity="false"')
    case = Play(body).start().tick("t")
    assert move(case, body).waits == []


INNER = '<startEvent id="s"/><subProcess id="p1">{}</subProcess><userTask id="z"/><endEvent id="e"/>'
INNER += chain("s", "p1", "z", "e")


def test_sub_processes_go_along_and_their_steps_stay_inside():
    case = Play(INNER.format(THREE.replace('"s"', '"i"').replace('"e"', '"o"') + chain("i", "a", "b", "c", "o")))
    case.start().do("a")
    shorter = INNER.format('<startEvent id="i"/><userTask id="c"/><endEvent id="o"/>' + chain("i", "c", "o"))
    assert why_not(case, shorter) == [("b", "element-gone")]
    assert why_not(case, shorter, {"b": "z"}) == [("b", "scope-changed")]
    assert move(case, shorter, {"b": "c"}).do("c").do("z").state == "completed"
    flat = '<startEvent id="s"/><userTask id="z"/><endEvent id="e"/>' + chain("s", "z", "e")
    assert why_not(case, flat) == [("p1", "element-gone")]
    assert move(case, flat, {"p1": "z"}).do("z").state == "completed"


def many(kind: str, extra: str = "") -> str:
    loop = f'<multiInstanceLoopCharacteristics isSequential="{kind}"><loopCardinality>3</loopCardinality>'
    loop += "</multiInstanceLoopCharacteristics>"
    return f'<startEvent id="s"/><userTask id="a">{loop}</userTask>{extra}<endEvent id="e"/>'


def test_a_multi_instance_goes_on_counting_or_begins_afresh_when_it_is_of_another_kind():
    case = Play(many("false") + chain("s", "a", "e")).start().do("a")
    moved = move(case, many("false") + chain("s", "a", "e"))
    assert moved.open == ["a", "a"]
    assert moved.do("a").do("a").state == "completed"
    assert move(case, many("true") + chain("s", "a", "e")).open == ["a"]


def test_an_event_gateway_waits_for_the_same_things_in_another_order_or_is_refused():
    def body(*order: str) -> str:
        timer = f'<intermediateCatchEvent id="t">{TIMER.format("P1D")}</intermediateCatchEvent>'
        post = '<intermediateCatchEvent id="m"><messageEventDefinition messageRef="mA"/></intermediateCatchEvent>'
        events = {"t": timer, "m": post}
        ways = "".join(chain("g", one, "e") for one in order)
        nodes = "".join(events[one] for one in order)
        return f'<startEvent id="s"/><eventBasedGateway id="g"/>{nodes}<endEvent id="e"/>' + chain("s", "g") + ways

    case = Play(body("t", "m")).start()
    moved = move(case, body("m", "t"))
    assert moved.waits == [("m", "A"), ("t", "timer")]
    assert moved.send("A").left[-2:] == ["m", "e"]
    assert why_not(case, body("t")) == [("g", "choice-changed")]


def test_the_plan_says_what_becomes_of_every_place_where_a_case_can_stand():
    old, new = Play(timed("P1D")), Play(THREE + chain("s", "a", "b", "c", "e"))
    plan = Upgrade(old.executable, new.executable, {}).plan()
    assert [(one.element, one.kind) for one in plan] == [("a", "stays"), ("t", "refused")]
    plan = Upgrade(new.executable, old.executable, {"b": "a", "c": "a->e"}).plan()
    assert [(one.element, one.kind, one.target) for one in plan] == [
        ("a", "stays", "a"),
        ("b", "renamed", "a"),
        ("c", "restarts", "a->e"),
        (None, "new", "t"),
    ]
    with pytest.raises(InvalidRequest, match="nirgends"):
        Upgrade(old.executable, new.executable, {"a": "nirgends"})


def stop_everywhere(executable: engine.Executable, seed: int, choices: Any) -> list[engine.Outcome]:
    """Outcomes at the wait states of one random case."""
    from tests.properties.test_engine_agrees import move as step

    rng = random.Random(seed)
    found = [engine.start(executable, choices(rng), NOW)]
    while found[-1].state == "active" and len(found) < 40:
        at = found[-1]
        if not (at.work_items or at.jobs or at.subscriptions or at.timers):
            break
        found.append(step(executable, at, at.snapshot, choices(rng), rng))
    return found[:-1]


def test_random_cases_are_moved_to_a_damaged_version_or_refused_and_what_is_moved_stands_as_before():
    counts = {"moved": 0, "refused": 0}
    for seed in range(40):
        generated = generate(seed, budget=10)
        old = engine.build(generated.model)
        try:
            new = engine.build(damaged(generated, seed).model)
        except NotExecutable:
            continue
        same, other = Upgrade(old, old, {}), Upgrade(old, new, {})
        for outcome in stop_everywhere(old, seed, generated.draw):
            kept = same.migrate(outcome.snapshot, NOW)
            assert (kept.snapshot, kept.work_items, kept.timers, kept.history) == (
                outcome.snapshot,
                outcome.work_items,
                outcome.timers,
                (),
            ), f"seed {seed}"
            counts["refused" if other.refusals(outcome.snapshot, NOW) else "moved"] += 1
    print(f"seeds 0 to 39: {counts}")
    assert min(counts.values()) >= 10


# --- by hand


def change(case: Play, *instructions: dict[str, Any]) -> Play:
    return case._take(engine.modify(case.executable, case.snapshot, instructions, case.now))


def refused(case: Play, *instructions: dict[str, Any]) -> str:
    with pytest.raises(NotMovable) as error:
        change(case, *instructions)
    return error.value.blockers[0].reason.split(":")[0]


def test_a_wrong_step_is_taken_back_with_its_variables():
    case = Play(THREE + chain("s", "a", "b", "c", "e")).start().do("a", x=1)
    change(case, {"cancel": "b"}, {"start_before": "a"}, {"set": {"x": None}})
    assert (case.open, case.variables) == (["a"], {"x": None})
    assert case.do("a").do("b").do("c").state == "completed"


def test_what_would_break_a_join_or_a_scope_is_refused():
    case = Play(FORK + BOTH).start().do("a")
    assert refused(case, {"cancel": "j"}) == "join-changed"
    assert refused(case, {"cancel": "b"}) == "unreachable"
    assert refused(case, {"start_before": "a"}) == "unreachable"
    assert refused(case, {"start_before": "j"}) == "cannot-enter"
    assert refused(case, {"cancel": "a"}) == "not-there"
    assert change(case, {"cancel": "b"}, {"start_before": "b->j"}).state == "completed"
    single = Play(THREE + chain("s", "a", "b", "c", "e")).start()
    assert refused(single, {"cancel": "a"}) == "nothing-left"
    assert refused(single, {"start_before": "b"}) == "unreachable"
    inside = Play(INNER.format('<userTask id="i"/>')).start()
    assert refused(inside, {"cancel": "i"}) == "scope-empty"
    assert change(inside, {"cancel": "p1"}, {"start_before": "z"}).open == ["z"]
    assert refused(inside, {"cancel": "z"}, {"start_before": "i"}) == "scope-not-running"
    with pytest.raises(InvalidRequest):
        change(inside, {"start_before": "nirgends"})
