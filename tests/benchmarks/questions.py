"""How long it takes to question a procedure: 30 steps and 60 rules, each played without, 1,000 cases x 30 runs."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

STEPS, TABLES, KINDS, BOUNDS = 30, 3, 4, 5
GOAL_CPU_S = 40.0
"""20 s on two cores; wall time on a shared machine says little."""
BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
FEEL = "https://www.omg.org/spec/DMN/20191111/FEEL/"


def measure() -> Iterator[dict[str, Any]]:
    """The whole command on two cores, machine code cached; wall and CPU seconds."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder))
        words = [str(Path(sys.executable).with_name("bpm")), "question", folder, "--workers", "2", "--format", "json"]
        subprocess.run([*words, "--cases", "5", "--replications", "2"], check=True, capture_output=True)
        allowed = os.sched_getaffinity(0)
        before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(words, check=True, capture_output=True, preexec_fn=_two_cores)
        wall, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
        os.sched_setaffinity(0, allowed)
    told = json.loads(done.stdout)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    tried = sum(one["saving"] is not None for one in (*told["steps"], *told["rules"]))
    yield {
        "benchmark": "question", "steps": len(told["steps"]), "rules": len(told["rules"]), "played_without": tried,
        "cases": told["played"]["cases"], "replications": told["played"]["replications"], "wall_s": round(wall, 1),
        "cpu_s": round(cpu, 1), "goal_cpu_s": GOAL_CPU_S,
        "reached": cpu <= GOAL_CPU_S,
    }  # fmt: skip


def _two_cores() -> None:
    os.sched_setaffinity(0, set(sorted(range(os.cpu_count() or 1))[:2]))


def write(folder: Path) -> None:
    """A line of steps; every ninth asks a table and turns some cases away."""
    (folder / "procedure.bpmn").write_text(_process(), encoding="utf-8")
    (folder / "decisions.dmn").write_text(_tables(), encoding="utf-8")
    (folder / "scenario.json").write_text(json.dumps(_scenario()), encoding="utf-8")


def _process() -> str:
    nodes, flows, last = ["<startEvent id='s'/>"], [], "s"

    def go(target: str, condition: str = "") -> None:
        nonlocal last
        inside = f"<conditionExpression language='{FEEL}'>{condition}</conditionExpression>" if condition else ""
        flow = f"f{len(flows)}"
        flows.append(f"<sequenceFlow id='{flow}' sourceRef='{last}' targetRef='{target}'>{inside}</sequenceFlow>")

    for number in range(STEPS):
        table = number // 10 if number % 10 == 9 else None
        if table is None:
            nodes.append(f"<userTask id='t{number}' name='Schritt {number}'/>")
        else:
            nodes.append(
                f"<businessRuleTask id='t{number}' name='Regel {number}' camunda:decisionRef='d{table}' "
                f"camunda:resultVariable='r{table}' camunda:mapDecisionResult='singleEntry'/>"
            )
        go(f"t{number}")
        last = f"t{number}"
        if table is not None:
            nodes += [f"<exclusiveGateway id='x{table}'/>", f"<endEvent id='no{table}'/>"]
            go(f"x{table}")
            last = f"x{table}"
            go(f"no{table}", f'r{table} = "nein"')
            nodes.append(f"<exclusiveGateway id='j{table}'/>")
            go(f"j{table}", f'r{table} = "ja"')
            last = f"j{table}"
    nodes.append("<endEvent id='e'/>")
    go("e")
    body = "".join([*nodes, *flows])
    return (
        f"<definitions xmlns='{BPMN}' xmlns:camunda='http://camunda.org/schema/1.0/bpmn' targetNamespace='b'>"
        f"<process id='bench' name='Messung' isExecutable='true'>{body}</process></definitions>"
    )


def _tables() -> str:
    decisions = []
    for table in range(TABLES):
        rows = []
        for kind in range(KINDS):
            for place in range(BOUNDS):
                low, high = place * 200, place * 200 + 200
                answer = "nein" if (kind + place + table) % 7 == 0 else "ja"
                rows.append(
                    f'<rule><inputEntry><text>[{low}..{high})</text></inputEntry><inputEntry><text>"k{kind}"</text>'
                    f'</inputEntry><outputEntry><text>"{answer}"</text></outputEntry></rule>'
                )
        decisions.append(
            f"<decision id='d{table}' name='d{table}'><decisionTable hitPolicy='UNIQUE'>"
            f"<input><inputExpression typeRef='number'><text>betrag</text></inputExpression></input>"
            f"<input><inputExpression typeRef='string'><text>art</text></inputExpression></input>"
            f"<output name='ergebnis' typeRef='string'/>{''.join(rows)}</decisionTable></decision>"
        )
    return (
        "<definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/' namespace='b' name='b' id='b'>"
        + "".join(decisions)
        + "</definitions>"
    )


def _scenario() -> dict[str, Any]:
    def law(name: str, *values: float) -> dict[str, Any]:
        return {"distribution_name": name, "distribution_params": [{"value": value} for value in values]}

    people = [
        {"id": f"r{pool}", "name": f"r{pool}", "amount": 4, "cost_per_hour": 42.2, "calendar": "c"} for pool in range(5)
    ]
    tasks = [number for number in range(STEPS) if number % 10 != 9]
    return {
        "cases_per_year": 10_000,
        "resource_profiles": [{"id": f"p{p['id']}", "name": p["name"], "resource_list": [p]} for p in people],
        "resource_calendars": [{"id": "c", "name": "c", "time_periods": [
            {"from": "MONDAY", "to": "FRIDAY", "beginTime": "08:00:00", "endTime": "16:00:00"}]}],
        "task_resource_distribution": [
            {"task_id": f"t{n}", "resources": [{"resource_id": f"r{n % 5}", **law("gamma", 600, 200_000, 0, 1e9)}]}
            for n in tasks
        ],
        "arrival_time_distribution": law("expon", 1_200, 0, 1e9),
        "arrival_time_calendar": [
            {"from": "MONDAY", "to": "FRIDAY", "beginTime": "08:00:00", "endTime": "16:00:00"}
        ],
        "gateway_branching_probabilities": [],
        "case_attributes": [
            {"name": "betrag", "type": "continuous", "values": law("uniform", 0, 1_000)},
            {"name": "art", "type": "discrete",
             "values": [{"key": f"k{kind}", "value": 1 / KINDS} for kind in range(KINDS)]},
        ],
    }  # fmt: skip


if __name__ == "__main__":
    for line in measure():
        print(json.dumps(line, sort_keys=True))
