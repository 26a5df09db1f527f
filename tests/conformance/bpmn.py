"""BPMN files of other projects: `bpmn-*/`, one line per folder.

A file is *executed* (built nodes = model nodes, and a seeded driver ends the instance or takes 1,000 steps without an
engine error), *refused* (each blocker has element id, line and a reason of the one list) or *unreadable* (a DOCTYPE,
malformed XML, no BPMN). Anything else fails: silent loss, a traceback, a case that is stuck, more than 10 seconds.

Two more figures a line: `data_only` files have no class, delegate, method expression, script, listener or connector,
and every process they call is in the file; of these `data_only_executed` run whole.

The driver completes, correlates and fires at random, and draws the values that expressions ask for. A draw that leads
nowhere (no condition holds, a loop over what is no list) is drawn again: the command was not carried out.
"""

from __future__ import annotations

import json
import random
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bpm import engine
from bpm.engine import Executable
from bpm.engine.scopes import executed_processes, scopes_of
from bpm.errors import Blocker, Incident, InvalidRequest, ModelError
from bpm.feel.syntax import tree
from bpm.feel.syntax.walk import children
from bpm.model.process import ProcessModel
from bpm.model.reader import read_bpmn
from tests.conformance.outcome import Outcome

STEPS = 1_000
SECONDS = 10
UNREADABLE = {"xml-doctype", "xml-malformed", "not-bpmn", "file-empty"}
REDRAW = {"no-flow", "loop-collection", "loop-cardinality", "loop-size", "timer-value", "timer-syntax", "timer-range"}
REDRAW |= {"step-budget", "too-deep", "feel-budget"}
NOW = datetime(2025, 1, 6, 8, 0, tzinfo=UTC)
DRAWN = (True, False, 0, 1, 2, 5, 100, "a", "PT5M", "2025-02-01T00:00:00Z", None)


def suites(data: Path) -> list[tuple[str, Path]]:
    """Folders `bpmn-*` at any depth."""
    return [(folder.name, folder) for folder in sorted(data.rglob("bpmn-*")) if folder.is_dir()]


def judge(name: str, folder: Path) -> Outcome:
    """All BPMN files of a folder, in one line."""
    counts = {"executed": 0, "refused": 0, "unreadable": 0, "data_only": 0, "data_only_executed": 0}
    outcome = Outcome(name, extra=dict(counts))
    for path in sorted(folder.rglob("*")):
        if path.suffix not in (".bpmn", ".bpmn2", ".xml") or not path.is_file():
            continue
        blockers: list[Blocker] = []
        verdict = verdict_of(path, blockers)
        if verdict in ("executed", "refused", "unreadable"):
            counts[verdict] += 1
            counts["data_only"] += verdict != "unreadable" and is_data_only(blockers)
            counts["data_only_executed"] += verdict == "executed"
            outcome.extra.update(counts)
            outcome.passed += 1
        else:
            outcome.failed.append(f"{path.name}: {verdict}")
    return outcome


def is_data_only(blockers: list[Blocker]) -> bool:
    """Whether nothing refused is code, or lies in another file."""
    for blocker in blockers:
        code = blocker.reason.split(":")[0]
        if code in ("script", "code", "listener", "connector") or "methods are never called" in blocker.reason:
            return False
        if code == "call" and "it needs" not in blocker.reason:
            return False
        if code == "expression" and re.search(r"language '(groovy|javascript|python|juel-script)'", blocker.reason):
            return False
    return True


def verdict_of(path: Path, blockers: list[Blocker] | None = None) -> str:
    """executed, refused, unreadable, or what went wrong; what blocks execution is put into `blockers`."""
    started = time.monotonic()
    try:
        with _limit():
            verdict = _judge(path, [] if blockers is None else blockers)
    except TimeoutError:
        return "hang"
    except Exception as error:
        return f"traceback {type(error).__name__}: {error}"[:200]
    return verdict if time.monotonic() - started <= SECONDS else "hang"


@contextmanager
def _limit() -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS + 1)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _judge(path: Path, found: list[Blocker]) -> str:
    try:
        model = read_bpmn(path.read_bytes(), path.name)
    except ModelError as error:
        return "unreadable" if error.code in UNREADABLE else f"unreadable for {error.code}"
    readiness = engine.assess(model)
    found.extend(readiness.blockers)
    if not readiness.ready:
        for blocker in readiness.blockers:
            if not blocker.element or blocker.line is None or blocker.reason.split(":")[0] not in engine.REASONS:
                return f"blocker without place or reason: {blocker}"
        return "refused"
    executable = engine.build(model)
    lost = lost_nodes(model, executable)
    if lost:
        return f"lost {lost}"
    problems = [drive(executable, seed) for seed in range(1, 6)]
    return "executed" if None in problems else str(problems[0])


def lost_nodes(model: ProcessModel, executable: Executable) -> list[str]:
    """Nodes of run processes that no spec stands for."""
    missing = []
    for process in executed_processes(model):
        inside = {node.id for scope in scopes_of(process) for node in scope.nodes.values()}
        missing += [node.id for node in process.nodes if node.id not in inside]
        for scope in scopes_of(process):
            built = executable.specs[scope.id].task_specs
            missing += [id for id in scope.nodes if id not in built or built[id].element.id != id]
    return missing


def drive(executable: Executable, seed: int) -> str | None:
    """Plays one case at random; None when it ends or takes `STEPS` steps, else what went wrong."""
    rng = random.Random(seed)
    shapes = _shapes(executable)
    try:
        outcome = _start(executable, rng, shapes)
        for _ in range(STEPS):
            if outcome.state != "active":
                return None
            outcome = _step(executable, outcome, rng, shapes)
    except LookupError:
        return "stuck"
    except Incident as error:
        return f"incident {error.code} at {error.element}: {error.message}"
    return None


def _start(executable: Executable, rng: random.Random, shapes: dict[str, Any]) -> engine.Outcome:
    wanted: str | None = None
    for attempt in range(30):
        try:
            return engine.start(executable, _draw(rng, shapes), NOW, start=wanted)
        except InvalidRequest:
            wanted = rng.choice(executable.starts).element
        except Incident as error:
            if error.code not in REDRAW or attempt == 29:
                raise
    raise AssertionError


def _step(
    executable: Executable, outcome: engine.Outcome, rng: random.Random, shapes: dict[str, Any]
) -> engine.Outcome:
    """One random command. Raises LookupError when nothing can be done any more."""
    moves: list[tuple[str, Any]] = [("item", item.id) for item in (*outcome.work_items, *outcome.jobs)]
    moves += [("row", row.id) for row in outcome.subscriptions]
    moves += [("timer", row) for row in outcome.timers]
    if not moves and _waits_for_condition(executable, outcome):
        moves = [("variables", None)]
    if not moves:
        raise LookupError
    snapshot = json.loads(json.dumps(outcome.snapshot))
    for attempt in range(60):
        kind, id = rng.choice(moves)
        variables = _draw(rng, shapes)
        try:
            if kind == "item":
                return engine.complete(executable, snapshot, id, variables, NOW)
            if kind == "row":
                return engine.correlate(executable, snapshot, id, variables, NOW)
            if kind == "variables":
                return engine.assign(executable, snapshot, variables, NOW)
            return engine.fire(executable, snapshot, id.id, max(NOW, id.due))
        except Incident as error:
            if error.code not in REDRAW or attempt == 59:
                raise
    raise AssertionError


def _waits_for_condition(executable: Executable, outcome: engine.Outcome) -> bool:
    """Whether a live token waits for a condition: at a catch event, beside an activity, or before one at a gateway."""
    live = set(outcome.tokens or {})
    for process in executable.model.processes:
        for node in process.nodes:
            if any(definition.kind == "conditional" for definition in getattr(node, "definitions", ())):
                near = {node.id, node.parent, getattr(node, "attached_to", None)}
                if live & (near | {flow.source for flow in process.flows if flow.target == node.id}):
                    return True
    return False


# --- drawing values


def _shapes(executable: Executable) -> dict[str, Any]:
    """Variable name to possible values: literals near it, members it is asked for, lists where a loop needs one."""
    literals: list[Any] = list(DRAWN)
    names: dict[str, set[str]] = {}
    for parsed in executable.expressions.values():
        waiting = [parsed.node]
        while waiting:
            node = waiting.pop()
            if isinstance(node, tree.String):
                literals.append(node.value)
            elif isinstance(node, tree.Number):
                value = float(node.value)
                literals += [value - 1, value, value + 1]
            elif isinstance(node, tree.Path) and isinstance(node.value, tree.Name):
                names.setdefault(node.value.name, set()).add(node.name)
            elif isinstance(node, tree.Path) and isinstance(node.value, tree.Filter):
                inner = node.value.value
                if isinstance(inner, tree.Name):
                    names.setdefault(inner.name, set()).update((node.name, "[]"))
            waiting.extend(part for part, _ in children(node))
        for name in parsed.names:
            names.setdefault(name, set())
    return {"": literals} | {name: sorted(members) for name, members in sorted(names.items())}


def _draw(rng: random.Random, shapes: dict[str, Any]) -> dict[str, Any]:
    literals = shapes[""]

    def leaf() -> Any:
        return ["a", "b"] if rng.random() < 0.3 else rng.choice(literals)

    def value(members: list[str]) -> Any:
        if not members:
            return leaf()
        context = {member: leaf() for member in members if member != "[]"}
        return [context, context, context] if "[]" in members else context

    return {name: value(members) for name, members in shapes.items() if name}
