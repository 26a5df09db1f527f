"""R8: timers and a clock that jumps: a year on, an hour back, both changes of summer time, a leap day, a day's stop."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bpm.clock import ManualClock
from bpm.service import cases, procedures
from bpm.service.access import DEMO
from bpm.service.background import run_round
from bpm.service.context import Services, open_services
from bpm.settings import Settings
from bpm.store import queries
from bpm.store.records import HistoryRow, TimerRow
from tests import models
from tests.proof import FULL, Proof, size

CLAIMED = "each timer fires once, 0 early; the backlog drains <= 10 s in due order"
JUMPS = {
    "a year on": (datetime(2026, 3, 2, 9, tzinfo=UTC), [timedelta(days=365)]),
    "an hour back": (datetime(2026, 3, 2, 9, tzinfo=UTC), [timedelta(hours=-1), timedelta(hours=48)]),
    "summer time begins": (datetime(2026, 3, 28, 23, 30, tzinfo=UTC), [timedelta(hours=one) for one in (1, 1, 48)]),
    "summer time ends": (datetime(2026, 10, 24, 22, 30, tzinfo=UTC), [timedelta(hours=one) for one in (1, 1, 1, 48)]),
    "a leap day": (datetime(2028, 2, 28, 12, tzinfo=UTC), [timedelta(days=1), timedelta(days=2)]),
    "a day's stop": (datetime(2026, 3, 2, 9, tzinfo=UTC), [timedelta(hours=24), timedelta(hours=24)]),
}
DURATIONS = ("PT10M", "PT1H", "PT5H", "P1D")


def fill(services: Services, timers: int) -> None:
    """So many waiting timers, of four durations."""
    for duration in DURATIONS:
        content = {"m.bpmn": models.with_timer(f"frist{duration.lower()}", duration)}
        procedures.deploy(services, DEMO["owner"], content)
    for number in range(timers):
        key = f"frist{DURATIONS[number % 4].lower()}"
        cases.start(services, DEMO["clerk"], key, {})


def drain(services: Services) -> float:
    """Rounds until nothing is due; returns the seconds taken."""
    began = time.perf_counter()
    while run_round(services):
        pass
    return time.perf_counter() - began


def judge(services: Services) -> tuple[int, int, int]:
    """Timers, and how many fired more than once or early."""
    with services.reading() as work:
        fired = [row for row in work.where(HistoryRow) if row.kind == "timer-fired" and row.detail]
        timers = {row.instance_id: row for row in work.where(TimerRow)}
    times = Counter(row.instance_id for row in fired)
    early = sum(row.at < timers[row.instance_id].due for row in fired)
    return len(timers), sum(count > 1 for count in times.values()), early


@pytest.mark.parametrize("name", JUMPS)
def test_timers_fire_once_and_never_early(name: str, sqlite_url: str, tmp_path: Path, proof: Proof) -> None:
    start, jumps = JUMPS[name]
    clock = ManualClock(start)
    services = open_services(Settings(database_url=sqlite_url, data_dir=tmp_path, embedded_worker=False), clock)
    count = size(4, 170, 17_000)
    fill(services, count)
    order: list[datetime] = []
    slowest = 0.0
    for jump in jumps:
        clock.advance(jump)
        with services.reading() as work:
            order += [row.due for row in queries.due_timers(work)]
            assert order[-1:] == [] or all(due <= clock.now() for due in order)
        slowest = max(slowest, drain(services))
    timers, twice, early = judge(services)
    with services.reading() as work:
        waiting = sum(row.state == "open" for row in work.where(TimerRow))
    services.database.dispose()
    measured = f"{name}: {timers} timers, {twice} twice, {early} early, {waiting} left, drained in {slowest:.1f} s"
    proof("R8", CLAIMED, measured, met=slowest <= 10)
    assert (timers, twice, early, waiting) == (count, 0, 0, 0)
    assert order == sorted(order)


def test_control_a_build_that_does_not_look_again_is_found_out(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Timers are taken as due without asking the clock."""
    if not FULL:
        pytest.skip("the control of the one above: make prove")
    due = queries.due_timers
    clock = ManualClock(datetime(2026, 3, 2, 9, tzinfo=UTC))
    services = open_services(Settings(database_url=sqlite_url, data_dir=tmp_path, embedded_worker=False), clock)
    fill(services, 4)
    clock.advance(timedelta(days=2))
    with services.reading() as work:
        rows = due(work)
    clock.advance(timedelta(days=-2))
    monkeypatch.setattr(queries, "due_timers", lambda _: rows)
    from bpm.service import background
    from bpm.service.execution import Command, record

    def careless(services: Services, seen: TimerRow) -> bool:
        from bpm import engine

        def do(work: object) -> bool:
            instance = queries.instance_of(work, seen.instance_id)  # type: ignore[arg-type]
            model = services.model_by_id(work, instance.procedure_id)  # type: ignore[arg-type, union-attr]
            outcome = engine.fire(model.require(), instance.snapshot, seen.timer, seen.due)  # type: ignore[union-attr]
            record(work, instance, outcome, Command("timer-fired", "system", seen.element, {"due": "x"}))  # type: ignore[arg-type]
            return True

        return services.transact(do)

    monkeypatch.setattr(background, "fire", careless)
    run_round(services)
    assert judge(services)[2] > 0
    services.database.dispose()
