"""Records a snapshot at many wait states of the current format: `python -m tests.golden.record_snapshots`.

Run once per released format, into a folder of its own; recorded files are never changed afterwards.
"""

from __future__ import annotations

import json
from pathlib import Path

from bpm.engine.spiff.snapshot import FORMAT
from tests.unit.engine.play import Play, chain, guard

FOLDER = Path(__file__).parent / "snapshots" / f"format-{FORMAT}"
TIMER = "<timerEventDefinition><timeCycle>R3/PT1H</timeCycle></timerEventDefinition>"
MESSAGE = '<messageEventDefinition messageRef="mA"/>'
AND = (
    '<startEvent id="s"/><parallelGateway id="g"/><userTask id="a"/><userTask id="b"/><parallelGateway id="j"/>'
    f'<userTask id="c"/>{chain("s", "g", "a", "j", "c")}{chain("g", "b", "j")}'
)
OR = (
    '<startEvent id="s"/><inclusiveGateway id="g"/><userTask id="a"/><userTask id="b"/><inclusiveGateway id="j"/>'
    f'<userTask id="c"/>{chain("s", "g")}{guard("g", "a", "x &gt; 0")}{guard("g", "b", "x &gt; 1")}'
    f"{chain('a', 'j', 'c')}{chain('b', 'j')}"
)


def many(kind: str, body: str = '<userTask id="t">LOOP</userTask>') -> str:
    loop = (
        f'<multiInstanceLoopCharacteristics isSequential="{kind}" camunda:collection="l" camunda:elementVariable="e"/>'
    )
    return f'<startEvent id="s"/>{body.replace("LOOP", loop)}{chain("s", "t")}'


def recorded() -> dict[str, Play]:
    """Name to a case that waits."""
    plain = f'<startEvent id="s"/><userTask id="t"/>{chain("s", "t")}'
    job = f'<startEvent id="s"/><serviceTask id="t"/>{chain("s", "t")}'
    catch = f'<startEvent id="s"/><intermediateCatchEvent id="t">{MESSAGE}</intermediateCatchEvent>{chain("s", "t")}'
    beside = plain + (
        f'<boundaryEvent id="b" attachedToRef="t" cancelActivity="false">{TIMER}</boundaryEvent><userTask id="h"/>'
        f"{chain('b', 'h')}"
    )
    inside = (
        f'<startEvent id="s"/><subProcess id="p1"><userTask id="a"/><userTask id="b"/></subProcess>{chain("s", "p1")}'
    )
    event = (
        f'<startEvent id="s"/><userTask id="t"/>{chain("s", "t")}<subProcess id="h" triggeredByEvent="true">'
        f'<startEvent id="hs" isInterrupting="false">{MESSAGE}</startEvent><userTask id="ht"/>{chain("hs", "ht")}'
        "</subProcess>"
    )
    gate = (
        f'<startEvent id="s"/><eventBasedGateway id="g"/><intermediateCatchEvent id="m">{MESSAGE}'
        f'</intermediateCatchEvent><intermediateCatchEvent id="w">{TIMER}</intermediateCatchEvent>'
        f"{chain('s', 'g', 'm')}{chain('g', 'w')}"
    )
    loop = (
        '<startEvent id="s"/><userTask id="t"><standardLoopCharacteristics loopMaximum="3"/></userTask>'
        f"{chain('s', 't')}"
    )
    nested = many("false", '<subProcess id="t">LOOP<userTask id="a"/><userTask id="b"/></subProcess>')
    call = (
        f'<process id="p" isExecutable="true"><startEvent id="s"/><callActivity id="c" calledElement="q"/>'
        f'{chain("s", "c")}</process><process id="q"><userTask id="t"/></process>'
    )
    return {
        "user-task": Play(plain).start({"x": 1}),
        "job": Play(job).start({"x": [1, {"y": None}]}),
        "message": Play(catch).start(),
        "cycle-beside-a-task": Play(beside).start().tick("b"),
        "parallel-join-half": Play(AND).start().do("a"),
        "inclusive-join-half": Play(OR).start({"x": 2}).do("b"),
        "sub-process": Play(inside).start().do("a"),
        "event-sub-process": Play(event).start().send("A"),
        "event-based-gateway": Play(gate).start(),
        "parallel-instances": Play(many("false")).start({"l": ["a", "b", "c"]}).do("t"),
        "sequential-instances": Play(many("true")).start({"l": ["a", "b", "c"]}).do("t"),
        "repeated-sub-process": Play(nested).start({"l": [1, 2]}).do("b"),
        "standard-loop": Play(loop).start().do("t"),
        "call": Play(call, wrapped=True).start({"x": 1}),
    }


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, play in recorded().items():
        content = {"bpmn": play.model.source.decode(), "snapshot": play.out.snapshot, "open": play.open}
        text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True)
        (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
