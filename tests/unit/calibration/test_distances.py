"""Our distances between logs are those of the published package, and say what they measure."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from bpm.distances import MEASURES, Events, distances, wasserstein

MONDAY = datetime(2025, 1, 6)


def drawn(seed: int, cases: int, slow: float, *, starts: bool = True) -> Events:
    rng = np.random.default_rng(seed)
    rows = []
    for case in range(cases):
        now = float(rng.integers(0, 20 * 86400))
        for name in "ABCDE"[: rng.integers(1, 6)]:
            begin = now + float(rng.exponential(7200.0 * slow))
            now = begin + float(rng.exponential(3600.0))
            rows.append((case, name if rng.random() < 0.9 else "X", begin, now))
    case, name, begin, end = zip(*rows, strict=True)
    return Events(np.array(case), name, np.array(begin) if starts else None, np.array(end))


def test_every_distance_is_that_of_the_published_package() -> None:
    package = pytest.importorskip("log_distance_measures.n_gram_distribution", reason="log-distance-measures is absent")
    import pandas
    from log_distance_measures.absolute_event_distribution import absolute_event_distribution_distance
    from log_distance_measures.circadian_event_distribution import circadian_event_distribution_distance
    from log_distance_measures.config import DEFAULT_CSV_IDS as ids
    from log_distance_measures.cycle_time_distribution import cycle_time_distribution_distance
    from log_distance_measures.relative_event_distribution import relative_event_distribution_distance

    logs = drawn(1, 60, 1.0), drawn(11, 50, 2.0)
    frames = [
        pandas.DataFrame({
            ids.case: log.case, ids.activity: log.activity, ids.resource: "r",
            ids.start_time: [pandas.Timestamp(MONDAY + timedelta(seconds=x)) for x in log.started],
            ids.end_time: [pandas.Timestamp(MONDAY + timedelta(seconds=x)) for x in log.completed],
        })
        for log in logs
    ]  # fmt: skip
    theirs = {
        "ngd": package.n_gram_distribution_distance(frames[0], ids, frames[1], ids, n=3),
        "aed": absolute_event_distribution_distance(frames[0], ids, frames[1], ids),
        "ced": circadian_event_distribution_distance(frames[0], ids, frames[1], ids),
        "red": relative_event_distribution_distance(frames[0], ids, frames[1], ids),
        "ctd": cycle_time_distribution_distance(frames[0], ids, frames[1], ids, timedelta(hours=1)),
    }
    assert distances(*logs) == pytest.approx(theirs, rel=1e-6, abs=1e-9)


def test_a_log_is_at_no_distance_from_itself() -> None:
    log = drawn(3, 30, 1.0)
    assert distances(log, log) == dict.fromkeys(MEASURES, 0.0)


def test_a_log_without_starts_is_compared_by_its_ends() -> None:
    with_starts, without = drawn(4, 40, 1.0), drawn(5, 40, 1.0, starts=False)
    ends = Events(with_starts.case, with_starts.activity, None, with_starts.completed)
    assert distances(with_starts, without) == distances(ends, without)


def test_moving_every_case_by_a_day_is_seen_on_the_time_line_only() -> None:
    log = drawn(6, 30, 1.0)
    assert log.started is not None
    week = 604_800.0
    later = Events(log.case, log.activity, log.started + week, log.completed + week)
    found = distances(log, later)
    assert found.pop("aed") == pytest.approx(168.0)
    assert set(found.values()) == {0.0}


def test_the_distance_of_two_points_is_what_lies_between_them() -> None:
    assert wasserstein([0.0], [5.0]) == 5.0
    assert wasserstein([0.0, 10.0], [5.0, 5.0]) == 5.0
