"""How long soundness takes: parallel branches, chains of blocks, 1,000 nodes with every check, our own procedures.

CPU time of this process, best of several runs in a warm process. What others publish or took is given as text: their
numbers come from other machines.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from bpm.analyser.run import analyse
from bpm.analyser.soundness import examine
from bpm.model.process import DataUse, Facts, Lane, Process, ProcessModel, StepFacts, UserTask
from bpm.model.reader import read
from tests.properties.processes import as_bpmn
from tests.unit.tokens.drawing import draw

ROOT = Path(__file__).parents[2]


def measure() -> Iterator[dict[str, Any]]:
    """One line per figure to reach."""
    yield figure(
        "soundness, 17 parallel branches", lambda: examine(branches(17)), 0.010, branches(17),
        "rust_bpmn_analyzer, published: 8.9 s without, 1.3 ms with partial order reduction; pm4py woflan: 21 s at 8",
    )  # fmt: skip
    yield figure(
        "soundness, chain of 300 blocks", lambda: examine(long), 0.050, long := blocks(300),
        "rust_bpmn_analyzer: 84 ms; pm4py woflan: > 20 s",
    )  # fmt: skip
    raw, annotated = thousand(False), thousand(True)
    for name, model in (("raw", raw), ("every step with data, role and minutes", annotated)):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "thousand.bpmn"
            path.write_bytes(as_bpmn(model))
            (procedure,) = read(path)
        procedure = replace(procedure, process=model)
        yield figure(f"all checks, 1,000 nodes, {name}", lambda: analyse(procedure), 3.0, model.processes[0])  # noqa: B023
    yield figure(
        "all checks, reading included, processes/", lambda: [analyse(p) for p in read(ROOT / "processes")], 2.0
    )


def figure(
    name: str, act: Callable[[], object], goal: float, process: Process | None = None, others: str | None = None
) -> dict[str, Any]:
    """The best of five runs as a line; `goal` in seconds."""
    spent = min(seconds(act) for _ in range(5))
    line: dict[str, Any] = {"benchmark": name, "cpu_ms": round(spent * 1000, 2), "goal_ms": goal * 1000}
    line["reached"] = spent <= goal
    if process is not None:
        line["nodes"] = len(process.nodes)
        line["sound"] = examine(process).sound
    return line | ({"others": others} if others else {})


def seconds(act: Callable[[], object]) -> float:
    begin = time.process_time()
    act()
    return time.process_time() - begin


def branches(number: int) -> Process:
    """One task in each of so many parallel branches."""
    lines = ["start s : x", "and x : " + " ".join(f"t{i}" for i in range(number))]
    lines += [f"task t{i} : y" for i in range(number)]
    return draw("\n".join([*lines, "and y : e", "end e"]))


def blocks(number: int) -> Process:
    """A choice, a parallel block and a loop in turn, `number` blocks in all."""
    lines, before = list[str](), "start s :"
    for i in range(number):
        lines.append(f"{before} g{i}")
        kind = ("xor", "and", "xor")[i % 3]
        lines += [f"{kind} g{i} : a{i}" + ("" if i % 3 == 2 else f" b{i}"), f"task a{i} : j{i}"]
        lines += [] if i % 3 == 2 else [f"task b{i} : j{i}"]
        before = f"{kind} j{i} :" + (f" g{i}" if i % 3 == 2 else "")
    return draw("\n".join([*lines, f"{before} e", "end e"]))


def thousand(annotated: bool) -> ProcessModel:
    """A model of 1,000 nodes with labels as offices write them."""
    process = blocks(272)
    verbs = ("prüfen", "erfassen", "versenden", "freigeben", "mitzeichnen", "klären")
    things = ("Antrag", "Bescheid", "Gebühr", "Nachweis", "Akte", "Stellungnahme", "Zahlung")
    nodes = []
    for i, node in enumerate(process.nodes):
        node = replace(node, name=f"{things[i % 7]} {verbs[i % 6]} {i % 50}")
        if annotated and isinstance(node, UserTask):
            reads = tuple(DataUse(f"angabe{(i * 7 + j) % 60}") for j in range(3))
            writes = (DataUse(f"angabe{i % 60}", "citizen" if i % 4 == 0 else "step"),)
            step = StepFacts(minutes=3.0, channel=("online", "paper", "mail")[i % 3])
            node = replace(node, lane=f"lane{i % 5}", facts=Facts(step, reads, writes))
        nodes.append(node)
    lanes = tuple(
        Lane(f"lane{k}", f"Stelle {k}", None, tuple(n.id for n in nodes if n.lane == f"lane{k}")) for k in range(5)
    )
    process = replace(process, nodes=tuple(nodes), lanes=lanes if annotated else ())
    return ProcessModel("thousand.bpmn", "", (process,))
