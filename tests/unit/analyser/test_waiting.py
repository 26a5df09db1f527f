"""Waiting by hand-over: each part where it belongs, and all parts together exactly the whole."""

from __future__ import annotations

import random
from typing import Any

from bpm.analyser.observed import Observed
from bpm.analyser.waiting import PARTS, Handover, cycle_time, handovers
from bpm.eventlog import Guide
from bpm.exchange.logs import read_log
from tests.checks.logs import played

SEED = 20_261_126
Row = tuple[int, str, str, str, str, str]


def log(tmp_path: Any, rows: list[Row]) -> Observed:
    """A log from (case, activity, person, enabled, started, completed), times as `02-03 08:00`."""
    path = tmp_path / "log.csv"
    lines = ["case,activity,resource,enabled,start,end"]
    lines += [f"{c},{a},{p}," + ",".join(f"2025-{t.replace(' ', 'T')}:00" for t in ts) for c, a, p, *ts in rows]
    path.write_text("\n".join(lines))
    return Observed(read_log(path).recorded, Guide(), None)


def parts(found: tuple[Handover, ...] | None, observed: Observed, activity: str) -> dict[str, float]:
    """Minutes of each part over all hand-overs to an activity."""
    assert found is not None
    mine = [one for one in found if observed.names[one.after] == activity]
    return {
        name: sum(one.parts[k] for one in mine) / 60_000
        for k, name in enumerate(PARTS)
        if sum(one.parts[k] for one in mine)
    }


def test_work_on_earlier_and_on_later_cases_is_told_apart(tmp_path: Any) -> None:
    rows: list[Row] = []
    for day in range(3, 33):
        date = f"02-{day:02}" if day < 28 else f"03-{day - 27:02}"
        rows.append((day, "A", "x", f"{date} 08:00", f"{date} 08:00", f"{date} 09:00"))
        rows.append((100 + day, "B", "x", f"{date} 08:30", f"{date} 09:20", f"{date} 09:30"))  # 30 earlier, 20 later
        rows.append((200 + day, "C", "x", f"{date} 08:45", f"{date} 09:00", f"{date} 09:20"))
    observed = log(tmp_path, rows)
    found = parts(handovers(observed), observed, "B")
    assert found == {"prioritisation": 30 * 20.0, "contention": 30 * 30.0}


def test_what_gathers_before_somebody_free_is_a_batch_and_the_rest_is_unexplained(tmp_path: Any) -> None:
    rows: list[Row] = []
    for day in range(1, 29):
        date = f"02-{day:02}"
        rows.append((day, "Dienst", "y", f"{date} 08:00", f"{date} 08:00", f"{date} 12:00"))  # the office works
        rows.append((100 + day, "B", "x", f"{date} 08:00", f"{date} 11:00", f"{date} 11:10"))
        rows.append((200 + day, "B", "x", f"{date} 10:00", f"{date} 11:10", f"{date} 11:20"))
    observed = log(tmp_path, rows)
    found = parts(handovers(observed), observed, "B")
    # the first gathers from 8 to 10; from 10 to 11 nobody knows; the second waits 10 minutes for the first
    assert found == {"batching": 28 * 120.0, "unexplained": 28 * 120.0, "contention": 28 * 10.0}


def test_a_queue_of_somebody_busy_is_no_batch(tmp_path: Any) -> None:
    rows: list[Row] = []
    for day in range(1, 29):
        date = f"02-{day:02}"
        rows.append((day, "A", "x", f"{date} 08:00", f"{date} 08:00", f"{date} 11:00"))
        rows.append((100 + day, "B", "x", f"{date} 08:30", f"{date} 11:00", f"{date} 11:10"))
        rows.append((200 + day, "B", "x", f"{date} 10:00", f"{date} 11:10", f"{date} 11:20"))
    observed = log(tmp_path, rows)
    found = parts(handovers(observed), observed, "B")
    assert set(found) == {"contention"}


def test_nights_and_days_off_are_off_duty(tmp_path: Any) -> None:
    rows: list[Row] = []
    for day in range(1, 28):
        one, other = f"02-{day:02}", f"02-{day + 1:02}"
        rows.append((day, "A", "x", f"{one} 08:00", f"{one} 08:00", f"{one} 16:00"))
        rows.append((100 + day, "B", "y", f"{one} 15:00", f"{other} 09:00", f"{other} 09:05"))
    observed = log(tmp_path, rows)
    found = handovers(observed)
    assert found == ()  # 27 waits are too few to be shown
    more = log(tmp_path, rows + [(c + 500, *rest) for c, *rest in rows])  # type: ignore[misc]
    told = parts(handovers(more), more, "B")
    assert told["unavailability"] == 2 * 27 * 16 * 60.0
    assert told["unexplained"] == 2 * 27 * 2 * 60.0


def test_the_parts_sum_to_the_whole_exactly(tmp_path: Any) -> None:
    print(f"seed {SEED}")
    pick = random.Random(SEED)
    for _ in range(8):
        rows: list[Row] = []
        for case in range(120):
            at = pick.randrange(0, 20 * 24 * 60)
            for activity in pick.sample(["A", "B", "C", "D"], 3):
                started = at + pick.choice((0, pick.randrange(600), pick.randrange(6000)))
                ended = started + pick.randrange(1, 200)
                stamps = [f"02-{1 + t // 1440:02} {t // 60 % 24:02}:{t % 60:02}" for t in (at, started, ended)]
                if ended // 1440 > 26:
                    break
                rows.append((case, activity, pick.choice("xyz"), *stamps))  # type: ignore[arg-type]
                at = ended
        observed = log(tmp_path, rows)
        found = handovers(observed)
        assert found
        for one in found:
            assert sum(one.parts) == one.total
            assert min(one.parts) >= 0
        waited = observed.recorded.log
        assert sum(one.total for one in found) <= round(float((waited.started - waited.enabled).sum()) * 1000)


def test_without_the_times_nothing_is_split() -> None:
    recorded, guide = played({"traces": [{"times": 50, "steps": ["A", "B"]}]})
    assert handovers(Observed(recorded, guide, None)) is None


def test_work_and_time_of_all_cases_are_the_logs_own() -> None:
    recorded, guide = played({"traces": [{"times": 50, "steps": [["A", "", 5, 10], ["B", "", 15, 30]]}]})
    assert cycle_time(Observed(recorded, guide, None)) == (50 * 60 * 60_000, 50 * 40 * 60_000)
