"""Snapshots recorded by earlier formats still load and run to their end; one that is broken is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bpm import engine
from bpm.engine.spiff.snapshot import dump, load
from bpm.errors import EngineError
from bpm.model.reader import read_bpmn
from tests.golden.record_snapshots import recorded
from tests.unit.engine.play import NOW

FILES = sorted((Path(__file__).parent / "snapshots").rglob("*.json"))


def content(path: Path) -> tuple[engine.Executable, dict[str, Any], list[str]]:
    found = json.loads(path.read_text(encoding="utf-8"))
    return engine.build(read_bpmn(found["bpmn"].encode(), path.name)), found["snapshot"], found["open"]


def finish(executable: engine.Executable, outcome: engine.Outcome) -> str:
    """Does whatever is open, oldest first."""
    for _ in range(100):
        if outcome.state != "active":
            return outcome.state
        snapshot = json.loads(json.dumps(outcome.snapshot))
        work = [*outcome.work_items, *outcome.jobs]
        if work:
            outcome = engine.complete(executable, snapshot, work[0].id, {}, NOW)
        elif outcome.subscriptions:
            outcome = engine.correlate(executable, snapshot, outcome.subscriptions[0].id, {}, NOW)
        else:
            outcome = engine.fire(executable, snapshot, outcome.timers[0].id, NOW)
    return "no end"


def test_at_least_twelve_wait_states_are_recorded_for_each_format():
    for folder in {path.parent for path in FILES}:
        assert sum(path.parent == folder for path in FILES) >= 12


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_recorded_snapshot_loads_unchanged_and_runs_to_its_end(path):
    executable, snapshot, opened = content(path)
    before = json.dumps(snapshot, sort_keys=True)
    outcome = engine.assign(executable, snapshot, {}, NOW)
    assert sorted(item.element for item in (*outcome.work_items, *outcome.jobs)) == opened
    assert json.dumps(dump(load(executable, snapshot, NOW)), sort_keys=True) == before
    assert finish(executable, outcome) == "completed"


def test_the_current_format_still_writes_what_was_recorded():
    newest = {path.stem: path for path in FILES}
    for name, play in recorded().items():
        _, snapshot, _ = content(newest[name])
        assert play.snapshot == snapshot, name


@pytest.mark.parametrize(
    "damage",
    [
        lambda snapshot: snapshot.update(format=99),
        lambda snapshot: snapshot.update(process="andere"),
        lambda snapshot: snapshot["scopes"][0][3][0].__setitem__(1, "kein-knoten"),
        lambda snapshot: snapshot["scopes"].append([77, "kein-bereich", {}, [], []]),
    ],
)
def test_a_damaged_snapshot_is_refused(damage):
    executable, snapshot, _ = content(next(path for path in FILES if path.stem == "user-task"))
    damage(snapshot)
    with pytest.raises(EngineError, match=r"format|model|node"):
        load(executable, snapshot, NOW)
