"""Cost follows live tokens, never history: counted in tokens and bytes, not in seconds."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime

from bpm import engine
from bpm.engine.spiff.snapshot import load
from tests.unit.engine.play import NOW, Play, chain, guard

LOOP = (
    '<startEvent id="s"/><exclusiveGateway id="m"/><userTask id="t"/><exclusiveGateway id="g" default="d"/>'
    f'<endEvent id="e"/>{chain("s", "m", "t", "g")}{guard("g", "m", "n &gt; 0")}'
    '<sequenceFlow id="d" sourceRef="g" targetRef="e"/>'
)


def size(outcome: engine.Outcome) -> int:
    return len(json.dumps(outcome.snapshot))


def test_ten_thousand_rounds_of_a_loop_leave_one_token_and_no_trace():
    executable = Play(LOOP).executable
    outcome = engine.start(executable, {"n": 1}, NOW)
    early = 0
    for count in range(10_000):
        item = outcome.work_items[0].id
        outcome = engine.complete(executable, outcome.snapshot, item, {"n": 9_999 - count}, NOW)
        if count == 10:
            early = size(outcome)
        if count in (100, 1_000, 9_990):
            instance = load(executable, outcome.snapshot, NOW)
            assert len(instance.tokens) == 1
            assert len(instance.tasks) == 2
            assert size(outcome) <= early + 8
    assert outcome.state == "completed"


def test_an_automatic_loop_of_thousands_of_steps_ends_in_one_command():
    body = (
        '<startEvent id="s"/><exclusiveGateway id="m"/><callActivity id="c" calledElement="q"><extensionElements>'
        '<camunda:in source="n" target="n"/><camunda:out sourceExpression="${n - 1}" target="n"/></extensionElements>'
        f'</callActivity><exclusiveGateway id="g" default="d"/><endEvent id="e"/>{chain("s", "m", "c", "g")}'
        f'{guard("g", "m", "n &gt; 0")}<sequenceFlow id="d" sourceRef="g" targetRef="e"/>'
    )
    other = '<process id="q"><startEvent id="qs"/></process>'
    play = Play(f'<process id="p" isExecutable="true">{body}</process>{other}', wrapped=True).start({"n": 2_000})
    assert (play.state, play.variables) == ("completed", {"n": 0})


def test_a_thousand_tasks_in_a_row_have_no_depth():
    ids = [f"t{number}" for number in range(1_000)]
    play = Play('<startEvent id="s"/>' + "".join(f'<userTask id="{id}"/>' for id in ids) + chain("s", *ids)).start()
    sizes = set()
    for id in ids:
        sizes.add(len(json.dumps(play.snapshot)) - len(id) * 2)
        play.do(id)
    assert play.state == "completed"
    assert max(sizes) - min(sizes) < 16


def test_a_waiting_instance_is_small():
    play = Play(LOOP).start()
    assert size(play.out) < 200


def test_live_tokens_of_a_large_multi_instance_shrink_with_the_work():
    body = (
        '<startEvent id="s"/><userTask id="t"><multiInstanceLoopCharacteristics><loopCardinality>200</loopCardinality>'
        f"</multiInstanceLoopCharacteristics></userTask>{chain('s', 't')}"
    )
    play = Play(body).start()
    before = size(play.out)
    for _ in range(150):
        play.do("t")
    assert size(play.out) < before / 3


def test_the_same_commands_give_the_same_bytes():
    runs = [json.dumps(Play(LOOP).start().do("t", n=1).snapshot, sort_keys=True) for _ in range(2)]
    assert runs[0] == runs[1]


def test_threads_share_one_executable():
    executable = Play(LOOP).executable
    results: list[str] = []

    def run() -> None:
        outcome = engine.start(executable, {}, datetime(2025, 1, 1, tzinfo=UTC))
        for left in range(50, -1, -1):
            outcome = engine.complete(executable, outcome.snapshot, outcome.work_items[0].id, {"n": left}, NOW)
        results.append(json.dumps(outcome.snapshot, sort_keys=True) + outcome.state)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert len(set(results)) == 1
