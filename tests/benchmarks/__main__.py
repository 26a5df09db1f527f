"""`python -m tests.benchmarks`: how fast tables are questioned and decided, and the simulator beside others on the same
model, as JSON lines.

The model is ref7 (seven steps, three pools of five, a rework loop). Speed is activities per CPU second on one core,
since wall time on a shared machine says little. SimPy, Prosimos and ZEN run in an environment of their own,
`.bench-venv`, made from the package index on the first run; when it cannot be made, the line says so instead of a
number.
"""

from __future__ import annotations

import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks import boxes, decisions, questions, simexact, soundness, tables

ROOT = Path(__file__).parents[2]
VENV = ROOT / ".bench-venv"
OTHERS = ("simpy==4.1.2", "prosimos==2.1.0", "zen-engine==2.1.3")
GOAL, GOAL_LOG, GOAL_WARM = 300_000, 500_000, 2_000_000
"""Activities per CPU second: the whole command, and a warm process with and without its log."""
LIMIT_S = 900


def main() -> None:
    for line in questions.measure():
        print(json.dumps(line, sort_keys=True), flush=True)
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    for line in soundness.measure():
        print(json.dumps(line, sort_keys=True), flush=True)
    for line in boxes.measure():
        print(json.dumps(line, sort_keys=True), flush=True)
    for line in tables.measure():
        print(json.dumps(line, sort_keys=True), flush=True)
    trouble = environment()
    for line in decisions.measure(VENV / "bin" / "python", trouble):
        print(json.dumps(line, sort_keys=True), flush=True)
    for line in simexact.measure():
        print(json.dumps(line, sort_keys=True), flush=True)
    data = Path(os.environ.get("BPM_CONFORMANCE_DATA", ROOT.parent / "shared" / "data")) / "sim"
    if not (data / "ref7.bpmn").is_file():
        tell("ref7", error=f"no ref7.bpmn in {data.name}; set BPM_CONFORMANCE_DATA")
        return
    own = [kernel(data), many(data), logged(data), command(data), command(data, log=True), cold(data), memory(data)]
    for line in own:
        tell(**line)
    for name, run in (("SimPy 4.1.2, hand-written", simpy), ("Prosimos 2.1.0", prosimos)):
        try:
            tell(**(run(data) if trouble is None else {"engine": name, "error": trouble}))
        except (subprocess.SubprocessError, OSError, ValueError) as error:
            tell(engine=name, error=f"{type(error).__name__}: {error}")


def tell(engine: str, **values: Any) -> None:
    """One JSON line."""
    if "cpu_s" in values:
        values["activities_per_cpu_s"] = round(values["activities"] / values["cpu_s"])
        values["cpu_s"] = round(values["cpu_s"], 3)
    print(json.dumps({"benchmark": "ref7", "engine": engine, **values}, sort_keys=True), flush=True)


def kernel(data: Path) -> dict[str, Any]:
    """The kernel in a warm process, figures only."""
    from bpm.service.simulate import one_procedure, scenario_of
    from bpm.simulator import simulate

    procedure = one_procedure(data / "ref7.bpmn")
    scenario = scenario_of(procedure)
    simulate(procedure, scenario, cases=100, replications=1)
    rates = []
    for seed in (1, 2, 3):
        begin = time.process_time()
        result = simulate(procedure, scenario, cases=100_000, replications=1, seed=seed)
        rates.append((time.process_time() - begin, result))
    spent, result = sorted(rates, key=lambda pair: pair[0])[1]
    used = {name: round(row["utilisation"].mean or 0.0, 4) for name, row in result.resources.items()}
    return {
        "engine": "Lichtung, in a warm process", "cases": 100_000, "activities": result.activities, "cpu_s": spent,
        "goal": GOAL_WARM, "reached": result.activities / spent >= GOAL_WARM, "utilisation": used,
        "cycle_s": round(result.kpis["cycle_time_s"].mean or 0.0, 1),
        "cost_eur": round(result.kpis["cost_eur"].mean or 0.0, 3),
    }  # fmt: skip


def command(data: Path, *, log: bool = False) -> dict[str, Any]:
    """The whole command: start of Python, import of Numba, cached machine code, reading, figures, JSON (and CSV)."""
    cases = 100_000
    with tempfile.TemporaryDirectory() as folder:
        words = [str(Path(sys.executable).with_name("bpm")), "simulate", str(data / "ref7.bpmn"), "--cases", str(cases)]
        words += ["--replications", "1", "--seed", "1", "--format", "json"]
        words += ["--log", f"{folder}/log.csv"] if log else []
        # as an installed program: byte code is written once, outside this tree
        surroundings = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        surroundings["PYTHONPYCACHEPREFIX"] = f"{folder}/pyc"
        run(words, surroundings)
        found, spent = timed(lambda: run(words, surroundings))
    name = "Lichtung, whole command" + (" with CSV log" if log else "")
    result = json.loads(found)
    line = {"engine": name, "cases": cases, "activities": result["activities"], "cpu_s": spent}
    return line if log else line | {"goal": GOAL, "reached": result["activities"] / spent >= GOAL}


def many(data: Path) -> dict[str, Any]:
    """A hundred replications of a thousand cases with their intervals, in a warm process."""
    from bpm.service.simulate import one_procedure, scenario_of
    from bpm.simulator import simulate

    procedure = one_procedure(data / "ref7.bpmn")
    scenario = scenario_of(procedure)
    simulate(procedure, scenario, cases=100, replications=1)
    begin = time.process_time()
    result = simulate(procedure, scenario, cases=1_000, replications=100)
    spent = time.process_time() - begin
    return {"engine": "Lichtung, 100 x 1,000 cases warm", "cases": 100_000, "activities": result.activities,
            "cpu_s": spent, "goal_s": 0.5, "reached": spent <= 0.5}  # fmt: skip


def cold(data: Path) -> dict[str, Any]:
    """A process from start to figures, 1,000 cases, machine code on disk."""
    words = [str(Path(sys.executable).with_name("bpm")), "simulate", str(data / "ref7.bpmn"), "--cases", "1000"]
    words += ["--replications", "1", "--format", "json"]
    run(words)
    found, spent = timed(lambda: run(words))
    activities = json.loads(found)["activities"]
    return {"engine": "Lichtung, cold process, 1,000 cases", "cases": 1_000, "activities": activities,
            "cpu_s": spent, "goal_s": 1.5, "reached": spent <= 1.5}  # fmt: skip


def logged(data: Path) -> dict[str, Any]:
    """Simulated and written as CSV in a warm process, reading of the model included."""
    from bpm.service.simulate import simulate

    with tempfile.TemporaryDirectory() as folder:
        simulate(data / "ref7.bpmn", cases=100, replications=1, log=f"{folder}/log.csv")
        begin = time.process_time()
        _, result = simulate(data / "ref7.bpmn", cases=100_000, replications=1, log=f"{folder}/log.csv")
        spent = time.process_time() - begin
    return {"engine": "Lichtung, CSV log in a warm process", "cases": 100_000, "activities": result.activities,
            "cpu_s": spent, "goal": GOAL_LOG, "reached": result.activities / spent >= GOAL_LOG}  # fmt: skip


def memory(data: Path) -> dict[str, Any]:
    """The most memory of a process that simulates a million activities and writes their log."""
    code = (
        "import resource, sys; from bpm.service.simulate import simulate; "
        "_, result = simulate(sys.argv[1], cases=166_000, replications=1, log=sys.argv[2]); "
        "print(result.activities, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    )
    with tempfile.TemporaryDirectory() as folder:
        found = run([sys.executable, "-c", code, str(data / "ref7.bpmn"), f"{folder}/log.csv"])
    activities, peak = (int(word) for word in found.split())
    return {"engine": "Lichtung, memory with CSV log", "cases": 166_000, "activities": activities, "peak_mb": peak,
            "goal_mb": 250, "reached": peak <= 250}  # fmt: skip


def simpy(data: Path) -> dict[str, Any]:
    """A hand-written model; import not counted."""
    found = json.loads(
        run([str(VENV / "bin" / "python"), str(Path(__file__).with_name("simpy_reference.py")), "20000", "1"])
    )
    return {
        "engine": "SimPy 4.1.2, hand-written", "cases": 20_000, "activities": found["activities"],
        "cpu_s": found["cpu_s"], "cycle_s": round(found["cycle_s"], 1),
    }  # fmt: skip


def prosimos(data: Path) -> dict[str, Any]:
    """The whole command with its log, from which activities are counted."""
    cases = 2_000
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.csv"
        words = [str(VENV / "bin" / "prosimos"), "start-simulation", "--bpmn_path", str(data / "ref7.bpmn"),
                 "--json_path", str(data / "ref7.json"), "--total_cases", str(cases), "--log_out_path", str(log),
                 "--stat_out_path", f"{folder}/stat.csv", "--starting_at", "2025-01-06T08:00:00+00:00"]  # fmt: skip
        _, spent = timed(lambda: run(words))
        with log.open(newline="") as rows:
            activities = sum(1 for _ in csv.reader(rows)) - 1
    return {"engine": "Prosimos 2.1.0", "cases": cases, "activities": activities, "cpu_s": spent,
            "note": "whole command with import and CSV log"}  # fmt: skip


def environment() -> str | None:
    """Make `.bench-venv`; what went wrong, or None."""
    ready = VENV / ".ready"
    wanted = "\n".join(OTHERS)
    if ready.is_file() and ready.read_text() == wanted:
        return None
    uv = Path(sys.executable).with_name("uv")
    make = [str(uv), "venv", "--quiet", "--python", sys.executable, str(VENV)]
    fill = [str(uv), "pip", "install", "--quiet", "--python", str(VENV / "bin" / "python"), *OTHERS]
    for words in (fill,) if ready.is_file() else (make, fill):
        try:
            run(words)
        except (subprocess.SubprocessError, OSError) as error:
            return f".bench-venv could not be made: {getattr(error, 'stderr', None) or error}"
    ready.write_text(wanted)
    return None


def run(words: list[str], surroundings: dict[str, str] | None = None) -> str:
    """Standard output of a command that must succeed."""
    done = subprocess.run(
        words, capture_output=True, text=True, check=True, timeout=LIMIT_S, cwd=ROOT, env=surroundings
    )
    return done.stdout


def timed(act: Callable[[], str]) -> tuple[str, float]:
    """What it gives and the CPU seconds of its processes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = act()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
