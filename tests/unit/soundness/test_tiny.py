"""Verdicts on random flow graphs against a brute force that shares no code with them.

The suite takes some hundred graphs; `make prove` (or `BPM_PROVE_GRAPHS=12000 pytest tests/unit/soundness/test_tiny.py
-s`) takes enough to decide ten thousand.
"""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from bpm.analyser import soundness
from bpm.analyser.soundness import examine
from tests.unit.soundness.tiny import Tiny, Verdict, judge, kinds_of, random_graph

SEED = 20260
LIMIT = 600  # markings of one graph, here and there; more are not decided
GRAPHS = int(os.environ.get("BPM_PROVE_GRAPHS", "120"))


def differs(graph: Tiny, slow: Verdict) -> str:
    """What is wrong with the verdict of the analyser; empty: nothing."""
    fast = examine(graph.process())
    if fast.skipped:
        return "skipped"
    lengths = {
        name: None if (defect := getattr(fast, name)) is None else len(defect.trace)
        for name in ("deadlock", "livelock", "unsafe")
    }
    if fast.partial or not slow.whole:
        same = slow.unsafe is None or lengths["unsafe"] == slow.unsafe
        return "" if same else f"unsafe {lengths['unsafe']} {slow.unsafe}"
    found = Verdict(**lengths, dead=frozenset(fast.dead))
    return "" if found == slow else f"{found} {slow}"


def test_no_verdict_on_a_random_flow_graph_is_wrong(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(soundness, "UNSAFE_STATES", LIMIT)
    print("seeds from", SEED, "graphs", GRAPHS)
    decided: list[Verdict] = []
    unknown = 0
    for seed in range(SEED, SEED + GRAPHS):
        graph = random_graph(seed)
        slow = judge(graph, LIMIT)
        wrong = differs(graph, slow)
        if wrong == "skipped" or not slow.whole:
            unknown += 1
        else:
            decided.append(slow)
        assert wrong in ("", "skipped"), (seed, wrong, graph.text())
    print("decided", len(decided), "too large or skipped", unknown, "of them", dict(kinds_of(decided)))
    assert len(decided) >= GRAPHS * 0.7
    kinds = ("sound", "deadlock", "livelock", "unsafe", "dead")
    assert all(kinds_of(decided)[kind] >= GRAPHS // 100 for kind in kinds)


def test_a_wrong_verdict_would_be_noticed():
    noticed = 0
    for seed in range(SEED, SEED + 40):
        graph = random_graph(seed)
        slow = judge(graph)
        if slow.whole and not examine(graph.process()).partial:
            noticed += bool(differs(graph, replace(slow, deadlock=None if slow.deadlock else 3)))
            noticed += bool(differs(graph, replace(slow, dead=slow.dead ^ {"n1"})))
            assert noticed % 2 == 0, seed
    assert noticed > 20


def test_the_graphs_have_all_kinds_of_gateways_and_at_most_twelve_nodes():
    graphs = [random_graph(seed) for seed in range(SEED, SEED + 200)]
    assert max(len(graph.kinds) for graph in graphs) == 12
    for kind in ("xor", "and", "or"):
        assert sum(kind in graph.kinds for graph in graphs) > 50
