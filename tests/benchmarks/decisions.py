"""How fast decisions are: one call of `decide` where only the last rule fits, and a compiled table over many cases.

Generated FIRST tables, numbers and texts in turn, with a last rule that fits everything; the input is the first drawn
one that no other rule fits. CPU time of one core. The ZEN engine (Rust) decides the same table in the environment of
the other engines; where that cannot be, the line says so.
"""

from __future__ import annotations

import json
import random
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bpm.decisions import PreparedModel, decide
from bpm.model.decision import Decision, DecisionModel, DecisionTable, InputClause, InputData, OutputClause, Rule

SHAPES = ((24, 5, 40), (1_000, 10, 100))
"""Rules, columns, goal in microseconds."""
GOAL_ROWS = 2_000_000
ROWS = 1_000_000
TEXTS = ("a", "b", "c", "d", "e")


def measure(python: Path, trouble: str | None) -> Iterator[dict[str, Any]]:
    """Two lines a shape for single calls, one for a batch. `trouble` says why `python` has no other engine."""
    for rules, columns, goal in SHAPES:
        model = grow(random.Random(rules), rules, columns)
        prepared = PreparedModel(model, {})
        name = f"one decision, {rules:,} x {columns}, FIRST, last rule hits"
        begin = time.process_time()
        inputs = last_only(prepared, rules, columns)
        first = time.process_time() - begin
        spent = middle(lambda p=prepared, i=inputs: decide(p, "d", i), 500)
        yield {
            "benchmark": name, "engine": "Lichtung, decide()", "cpu_us": round(spent, 1), "goal_us": goal,
            "reached": spent <= goal, "first_cpu_ms": round(first * 1e3, 1),
        }  # fmt: skip
        yield {"benchmark": name, "engine": "ZEN engine 2.1 (Rust)"} | zen(python, trouble, model, inputs)
    for rules, columns, _ in SHAPES:
        yield batch(rules, columns)


def grow(pick: random.Random, rules: int, columns: int) -> DecisionModel:
    """Numbers of 0 to 999 and texts, in cells that both engines read alike."""

    def cell(column: int) -> str:
        if column % 2:
            return pick.choice((f'"{pick.choice(TEXTS)}"', '"a", "b"', '"b", "c", "d"', ""))
        low = pick.randrange(1_000)
        return pick.choice((f"[{low}..{low + 200}]", f"> {low}", f"<= {low}", ""))

    cells = [tuple(cell(column) for column in range(columns)) for _ in range(rules - 1)] + [("",) * columns]
    kinds = ["string" if column % 2 else "number" for column in range(columns)]
    clauses = tuple(InputClause(f"i{at}", f"x{at}", f"x{at}", kind) for at, kind in enumerate(kinds))
    made = tuple(Rule(f"r{at}", row, (f'"o{at}"',)) for at, row in enumerate(cells))
    table = DecisionTable("t", "FIRST", None, clauses, (OutputClause("o", "o", type="string"),), made)
    data = tuple(InputData(f"x{at}", f"x{at}", kind) for at, kind in enumerate(kinds))
    decision = Decision("d", "D", "D", None, table, requires=tuple(entry.id for entry in data))
    return DecisionModel("t.dmn", "", "t", "urn:t", (decision,), inputs=data)


def last_only(prepared: PreparedModel, rules: int, columns: int) -> dict[str, Any]:
    """The first drawn input that the last rule alone fits."""
    pick = random.Random(1)
    while True:
        inputs = {f"x{at}": pick.choice(TEXTS) if at % 2 else pick.randrange(1_000) for at in range(columns)}
        if decide(prepared, "d", inputs).matched == (rules,):
            return inputs


def middle(act: Callable[[], object], calls: int) -> float:
    """Microseconds of CPU a call, the middle of five runs."""
    found = []
    for _ in range(5):
        begin = time.process_time()
        for _ in range(calls):
            act()
        found.append((time.process_time() - begin) / calls * 1e6)
    return sorted(found)[2]


def zen(python: Path, trouble: str | None, model: DecisionModel, inputs: dict[str, Any]) -> dict[str, Any]:
    """The same table as the engine's own JSON; reading it is not counted."""
    if trouble is not None:
        return {"error": trouble}
    table = model.decisions[0].logic
    assert isinstance(table, DecisionTable)
    content = {
        "hitPolicy": "first",
        "inputs": [{"id": clause.id, "name": clause.id, "field": clause.expression} for clause in table.inputs],
        "outputs": [{"id": "o", "name": "o", "field": "o"}],
        "rules": [
            {"_id": rule.id, **{f"i{at}": text for at, text in enumerate(rule.inputs)}, "o": rule.outputs[0]}
            for rule in table.rules
        ],
    }
    nodes = [("in", "inputNode", None), ("table", "decisionTableNode", content), ("out", "outputNode", None)]
    graph = {
        "nodes": [
            {"id": id, "name": id, "type": type, "position": {"x": 0, "y": 0}, **({"content": inner} if inner else {})}
            for id, type, inner in nodes
        ],
        "edges": [
            {"id": "e1", "type": "edge", "sourceId": "in", "targetId": "table"},
            {"id": "e2", "type": "edge", "sourceId": "table", "targetId": "out"},
        ],
    }
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "table.json"
        file.write_text(json.dumps({"graph": graph, "inputs": inputs}))
        words = [str(python), str(Path(__file__).with_name("zen_reference.py")), str(file)]
        try:
            done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=300)
        except (subprocess.SubprocessError, OSError) as error:
            return {"error": f"{type(error).__name__}: {getattr(error, 'stderr', None) or error}"[-300:]}
    found = json.loads(done.stdout)
    if found["result"] != {"o": f"o{len(table.rules) - 1}"}:
        return {"error": f"another result: {found['result']}"}
    return {"cpu_us": round(found["cpu_us"], 1)}


def batch(rules: int, columns: int) -> dict[str, Any]:
    """A compiled table over columns that are arrays already; a sample is compared with `decide`."""
    import numpy as np

    from bpm.decisions.batch import Coded, CompiledTable

    prepared = PreparedModel(grow(random.Random(rules), rules, columns), {})
    pick = np.random.default_rng(1)
    cases: dict[str, Any] = {
        f"x{at}": Coded(pick.integers(0, len(TEXTS), ROWS).astype(np.int32), TEXTS)
        if at % 2
        else pick.uniform(0, 1_000, ROWS).round(2)
        for at in range(columns)
    }
    begin = time.process_time()
    compiled = CompiledTable(prepared, "d")
    compiled.run({name: Coded(np.zeros(1, np.int32), TEXTS) if isinstance(values, Coded) else values[:1]
                  for name, values in cases.items()})  # fmt: skip
    ready = time.process_time() - begin
    found = compiled.run(cases)
    spent = middle(lambda: compiled.run(cases), 1) / 1e6
    for row in range(0, ROWS, ROWS // 200):
        inputs = {
            name: values.values[values.codes[row]] if isinstance(values, Coded) else float(values[row])
            for name, values in cases.items()
        }
        assert decide(prepared, "d", inputs).matched == (found.rules[row],)
    return {
        "benchmark": f"compiled table, {rules:,} x {columns}, FIRST, {ROWS:,} cases", "cpu_s": round(spent, 3),
        "rows_per_cpu_s": round(ROWS / spent), "goal": GOAL_ROWS, "reached": ROWS / spent >= GOAL_ROWS,
        "ready_cpu_s": round(ready, 3), "numba": "rows are warm; ready is loading the code, or making it once",
        "last_rule_decides": round(float((found.rules == rules).mean()), 3),
    }  # fmt: skip
