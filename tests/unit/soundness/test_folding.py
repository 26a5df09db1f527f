"""Verdicts of the analyser against every state of the unfolded token game, on processes with all it unfolds."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

from bpm.analyser.soundness import Defect, examine
from bpm.model.graph import Graph
from bpm.model.process import (
    Activity,
    Association,
    Event,
    EventDefinition,
    Expression,
    Gateway,
    Loop,
    Process,
    SubProcess,
)
from bpm.model.whole import WholeGame
from tests.properties.processes import EXTRA, KINDS, damaged, generate
from tests.unit.soundness.brute import Endless, judge

SEED = 4711
LOOPS = (
    Loop("standard"),
    Loop("standard", test_before=True),
    Loop("parallel", cardinality=Expression("2")),
    Loop("sequential", cardinality=Expression("2")),
    Loop("parallel", collection=Expression("liste"), completion_condition=Expression("fertig")),
    Loop("sequential", collection=Expression("liste")),
)


def decorated(seed: int) -> Process:
    """A random process, damaged or not, with repetition, compensation, ad-hoc parts or complex gateways put in."""
    rng = random.Random(seed)
    kinds = KINDS + EXTRA if seed % 4 == 0 else KINDS
    process = damaged(generate(seed, kinds=kinds, depth=2, budget=5), seed, times=seed % 3).process
    nodes, associations = list(process.nodes), list(process.associations)
    for i, node in enumerate(nodes):
        if isinstance(node, SubProcess) and not node.triggered_by_event and rng.random() < 0.3:
            nodes[i] = replace(node, type="adHocSubProcess")
        elif isinstance(node, Activity) and rng.random() < 0.3:
            nodes[i] = replace(node, loop=rng.choice(LOOPS))
        elif isinstance(node, Gateway) and rng.random() < 0.12 and node.type in ("parallelGateway", "inclusiveGateway"):
            nodes[i] = replace(
                node, type="complexGateway", activation=Expression(f"activationCount >= {rng.choice((1, 2))}")
            )
        elif isinstance(node, Activity) and rng.random() < 0.15:
            nodes.append(Event(id=f"k{i}", type="boundaryEvent", parent=node.parent, attached_to=node.id,
                               definitions=(EventDefinition("compensate"),)))  # fmt: skip
            nodes.append(replace(node, id=f"u{i}", for_compensation=True, default=None))
            associations.append(Association(f"k{i}>u{i}", f"k{i}", f"u{i}"))
    ends = [i for i, node in enumerate(nodes) if node.type == "endEvent" and not getattr(node, "definitions", ())]
    if ends and rng.random() < 0.4:
        nodes[ends[0]] = replace(nodes[ends[0]], definitions=(EventDefinition("compensate"),))  # type: ignore[call-arg]
    return replace(process, nodes=tuple(nodes), associations=tuple(associations))


def _in_ad_hoc(graph: Graph, node: str) -> bool:
    """Content of an ad-hoc process is never called dead."""
    return any(graph.nodes[container].type == "adHocSubProcess" for container in graph.containers(node))


def test_folding_changes_no_verdict():
    print("seeds from", SEED)
    decided: Counter[str] = Counter()
    for seed in range(SEED, SEED + 260):
        process = decorated(seed)
        try:
            slow = judge(process, limit=700, game=WholeGame(process, once=True))
        except Endless:
            decided["endless"] += 1
            continue
        fast = examine(process)
        if fast.skipped or fast.partial:
            decided["skipped"] += 1
            continue
        for name in ("deadlock", "livelock", "unsafe"):
            found: Defect | None = getattr(fast, name)
            assert (found is None) == (getattr(slow, name) is None), (seed, name, found)
            decided[name] += found is not None
        graph = Graph(process)
        assert set(fast.dead) == {node for node in slow.dead if not _in_ad_hoc(graph, node)}, seed
        decided["decided"] += 1
    print(dict(decided))
    assert decided["decided"] >= 150
    assert min(decided["deadlock"], decided["livelock"], decided["unsafe"]) >= 5
