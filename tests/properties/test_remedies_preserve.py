"""Random sound processes with recorded data: whatever is offered as mechanical leaves them sound and the same outside.

The judge is another one than the product's: it plays every complete case of both models with real values (each step
writes a digest of what it read) and compares what messages, machines, choices and ends were shown, in order. Set
`BPM_REMEDY_SEEDS` for more processes than the few of the suite.
"""

from __future__ import annotations

import os
import random
import re
from functools import cache

import pytest

from bpm.analyser.given import Given
from bpm.analyser.remedies import offer
from bpm.analyser.soundness import examine
from bpm.model.edit import apply, of_json
from bpm.model.edit.steps import MoveStep, ParalleliseSteps, RemoveStep, StepEdit
from bpm.model.process import Activity, BusinessRuleTask, Process
from bpm.model.reader import read_bpmn, read_files
from bpm.model.tokens import State, TokenGame
from tests.properties.processes import as_bpmn, generate

SEEDS = int(os.environ.get("BPM_REMEDY_SEEDS", "14"))
KINDS = ("sequence", "sequence", "sequence", "exclusive", "parallel", "timer")
MOST = 4_000
"""Markings with values that the judge looks at per model before it leaves a process out."""


class TooMany(Exception):
    """The judge would take too long."""


def with_data(source: bytes, rng: random.Random) -> bytes:
    """Every task reads and writes a few of five items; some are decision tables, some stay machines."""

    def described(match: re.Match[str]) -> str:
        tag, key = match[1], match[2]
        reads = rng.sample("uvwxy", rng.randint(0, 2))
        writes = rng.sample("uvwxy", 1 if tag == "userTask" else rng.randint(0, 1))
        data = "".join(f'<li:reads item="{item}"/>' for item in reads)
        data += "".join(f'<li:writes item="{item}" from="step"/>' for item in writes)
        data = data or '<li:reads item="u"/>'
        more = ""
        if tag == "userTask" and rng.random() < 0.35:
            tag = "businessRuleTask"
            more = f' camunda:decisionRef="d{rng.randint(1, 2)}" camunda:resultVariable="{writes[0]}"'
        kept = match[3] if tag == "serviceTask" else ""
        return f'<{tag} id="{key}"{more}{kept}><extensionElements>{data}</extensionElements></{tag}>'

    text = source.decode().replace("<definitions ", '<definitions xmlns:li="urn:lichtung:bpmn:1" ', 1)
    return re.sub(r'<(userTask|serviceTask) id="([^"]*)"([^>]*)/>', described, text).encode()


def traces(process: Process) -> frozenset[tuple[object, ...]]:
    """What every complete case of a process without loops shows, with the values it rests on."""
    game = TokenGame(process, once=True)
    nodes = game.graph.nodes
    looked = 0

    @cache
    def onward(state: State, values: tuple[tuple[str, object], ...]) -> frozenset[tuple[object, ...]]:
        nonlocal looked
        looked += 1
        if looked > MOST:
            raise TooMany
        if game.ended(state):
            return frozenset({()})
        found: set[tuple[object, ...]] = set()
        for step in game.enabled(state):
            node, known = nodes[step.node], dict(values)
            read = tuple((use.item, known.get(use.item)) for use in sorted(node.facts.reads, key=lambda it: it.item))
            shown: tuple[object, ...] = ()
            if node.type in ("exclusiveGateway", "serviceTask", "endEvent", "boundaryEvent"):
                shown = ((node.id, step.flows if node.type == "exclusiveGateway" else (), read),)
            if step.kind == "pass" and isinstance(node, Activity):
                rule = isinstance(node, BusinessRuleTask)
                written = {use.item for use in node.facts.writes}
                known |= {item: hash((node.decision if rule else (node.id, item), read)) for item in written}  # type: ignore[attr-defined]
            for rest in onward(game.fire(state, step), tuple(sorted(known.items(), key=lambda it: it[0]))):
                found.add((*shown, *rest))
                if len(found) > MOST:
                    raise TooMany
        return frozenset(found)

    return onward(game.initial(), ())


def candidates(given: Given) -> list[StepEdit]:
    graph = given.graphs[0]
    found: list[StepEdit] = []
    for node in graph.process.nodes:
        if not isinstance(node, Activity):
            continue
        found.append(RemoveStep(element=node.id))
        for flow in graph.outgoing[node.id]:
            if isinstance(graph.nodes[flow.target], Activity):
                found.append(ParalleliseSteps(elements=(node.id, flow.target)))
                found.append(MoveStep(element=flow.target, before=node.id))
    return found


def example(seed: int) -> Given:
    generated = generate(seed, kinds=KINDS, depth=3, budget=7)
    return Given(read_files({"p.bpmn": with_data(as_bpmn(generated.model), random.Random(seed))}, "p"))


@pytest.mark.parametrize("block", range(3))
def test_mechanical_edits_of_random_processes_leave_them_sound_and_the_same_outside(block: int) -> None:
    judged = 0
    for seed in range(block, SEEDS * 3, 3):
        given = example(seed)
        model = given.procedure.process
        assert model is not None
        try:
            before = traces(model.main)
        except TooMany:
            continue
        for edit in candidates(given):
            remedy = offer(given, given.graphs[0], edit)
            if remedy is None or remedy.applicability != "mechanical":
                continue
            after = read_bpmn(apply(model.source, of_json(remedy.edits)), "p.bpmn")
            assert examine(after.main).sound, f"seed {seed}: {edit} leaves an unsound process"
            try:
                assert traces(after.main) == before, f"seed {seed}: {edit} can be told from outside"
            except TooMany:
                continue
            judged += 1
    print(f"seeds {block}, {block + 3}, ... below {SEEDS * 3}: {judged} mechanical edits judged")
    assert judged > SEEDS / 6, "too few processes had anything mechanical: the property says nothing"


def test_the_judge_tells_what_is_not_the_same() -> None:
    told = 0
    for seed in range(40):
        given = example(seed)
        model = given.procedure.process
        assert model is not None
        for edit in candidates(given):
            remedy = offer(given, given.graphs[0], edit)
            if remedy is None or remedy.applicability != "board":
                continue
            try:
                told += traces(read_bpmn(apply(model.source, [edit]), "p.bpmn").main) != traces(model.main)
            except TooMany:
                continue
        if told > 5:
            return
    pytest.fail("no edit for the board was ever seen from outside")
