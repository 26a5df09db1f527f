"""The order of checks: exact beside brute force, replayed instead of multiplied, by rules that do not cheat."""

from __future__ import annotations

import random
from itertools import permutations
from typing import Any

import numpy as np
import pytest

from bpm.analyser.given import Given
from bpm.analyser.observed import Observed
from bpm.analyser.ordering import MOST, best_order, guessed, independent, replayed, saving, work
from bpm.analyser.rulefinding import find_rule
from bpm.analyser.run import analyse
from bpm.analyser.trials import trials
from bpm.model.procedure import Procedure
from tests.checks.logs import played

SEED = 20_261_125
GUIDE: dict[str, Any] = {
    "data": {"zone": "start", "flaeche": "start", "nein_a": "end", "nein_b": "end"},
    "results": [
        {"step": "Ort prüfen", "datum": "nein_a", "refused": ["True"]},
        {"step": "Gebiet prüfen", "datum": "nein_b", "refused": ["True"]},
    ],
}


def cases(counts: dict[tuple[str, float], int], guide: dict[str, Any] = GUIDE) -> Observed:
    """A log of two checks: a plot above 50 is refused by the first (60 min), zone `aussen` by the second (2 min)."""
    traces = []
    for (zone, area), times in counts.items():
        steps = [["Ort prüfen", f"Amt {zone}", 5, 60]]
        data: dict[str, Any] = {"zone": zone, "flaeche": area, "nein_a": "ja" if area > 50 else "nein"}
        if area <= 50:
            steps.append(["Gebiet prüfen", "Amt", 5, 2])
            data["nein_b"] = "ja" if zone == "aussen" else "nein"
        traces.append({"times": times, "data": data, "steps": [*steps, ["Ende", "Amt", 1, 1]]})
    recorded, read = played({"guide": guide, "every_minutes": 7, "traces": traces})
    return Observed(recorded, read, None)


def findings(observed: Observed, code: str) -> list[Any]:
    given = Given(Procedure("x", "x", "x", None), recorded=observed.recorded, guide=observed.guide)
    return [reported.finding for reported in analyse(given, select=(code,)).findings]


def test_the_best_order_is_that_of_trying_all() -> None:
    print(f"seed {SEED}")
    pick = random.Random(SEED)
    for _ in range(60):
        k, n = pick.randint(2, 5), 40
        costs = [pick.choice((0.0, 1.0, 5.0, 20.0)) for _ in range(k)]
        refused = np.array([[pick.random() < pick.random() * 0.7 for _ in range(k)] for _ in range(n)])
        first = {(a, b) for a in range(k) for b in range(a + 1, k) if pick.random() < 0.2}
        allowed = [o for o in permutations(range(k)) if all(o.index(a) < o.index(b) for a, b in first)]
        alive = replayed(refused)
        cheapest = min(work(order, costs, alive) for order in allowed)
        order = best_order(costs, alive, first)
        assert order in allowed
        assert work(order, costs, alive) == pytest.approx(cheapest)


def test_beyond_eight_checks_they_go_by_cost_per_refusal() -> None:
    shares = [0.1 * (k % 5 + 1) for k in range(MOST + 2)]
    costs = [float(10 - k) for k in range(MOST + 2)]
    order = best_order(costs, independent(shares), {(0, 9)})
    ratio = [costs[k] / shares[k] for k in range(MOST + 2)]
    free = [k for k in order if k not in (0, 9)]
    assert free == sorted(free, key=lambda k: ratio[k])
    assert order.index(0) < order.index(9)


def test_independence_overstates_what_replaying_shows() -> None:
    # whoever the second check refuses, the first one nearly always refuses too
    refused = np.zeros((1000, 2), bool)
    refused[:400, 0] = True
    refused[:200, 1] = True
    costs = [60.0, 50.0]
    replay, product = saving(costs, refused), guessed([60.0, 50.0], [0.4, 0.2])
    assert replay.order == (0, 1)
    assert replay.mean == 0.0
    assert not replay.certain
    other = saving([60.0, 10.0], refused)
    told = guessed([60.0, 10.0], [0.4, 0.2])
    assert other.order == told.order == (1, 0)
    assert told.before - told.after == pytest.approx(60 + 0.6 * 10 - 10 - 0.8 * 60)
    assert other.half_width is not None
    assert product.n == 0


def test_a_rule_over_data_known_before_is_found_and_holds_later() -> None:
    observed = cases(
        {("innen", 10.0): 100, ("innen", 30.0): 100, ("aussen", 10.0): 50, ("aussen", 30.0): 50}
        | {("innen", 80.0): 60, ("aussen", 90.0): 60}
    )
    ort, gebiet = trials(observed)
    assert ort.rule is not None
    assert ort.rule.text() == "flaeche > 55.0"
    assert ort.rule.accuracy == 1.0 > ort.rule.majority
    assert gebiet.rule is not None
    assert gebiet.rule.text() == 'zone = "aussen"'
    (finding,) = findings(observed, "RS06")
    assert finding.evidence["method"] == "replay"
    assert finding.evidence["order"] == ["»Gebiet prüfen«", "»Ort prüfen«"]
    assert finding.evidence["interval_95"][0] > 0
    assert finding.evidence["verdicts_by_rule"] == 120  # refused before anybody looked at the zone
    # the zone ends 160 cases before the visit, and is looked at in the 120 that the visit ended
    assert finding.evidence["minutes_saved_per_case"] == pytest.approx((160 * 60 - 120 * 2) / 420, abs=1e-3)


def test_what_is_known_only_later_or_names_the_office_is_no_rule() -> None:
    for data in (
        {"zone": "start", "nein_a": "end", "nein_b": "end", "flaeche": "Gebiet prüfen"},
        {"zone": "start", "nein_a": "end", "nein_b": "end", "flaeche": "end"},
    ):
        observed = cases({("innen", 10.0): 200, ("innen", 80.0): 100}, {**GUIDE, "data": data})
        assert [trial.rule for trial in trials(observed)] == [None]
    observed = cases({("innen", 10.0): 200, ("innen", 80.0): 100})
    assert trials(observed)[0].rule is not None  # control: with the datum in time there is one
    assert "Amt" not in str([trial.rule for trial in trials(observed)])


def test_chance_is_no_rule() -> None:
    print(f"seed {SEED}")
    pick = random.Random(SEED)
    observed = cases({("innen", 10.0): 300, ("aussen", 20.0): 300})
    drawn = frozenset(case for case in range(observed.cases) if pick.random() < 0.3)
    assert find_rule(observed, frozenset((0,)), drawn) is None


def test_a_number_of_every_case_is_no_rule() -> None:
    traces = [
        {
            "times": 1,
            "data": {"nummer": f"A-{k}", "nein": "ja" if k % 3 == 0 else "nein"},
            "steps": [["Prüfen", "Amt", 1, 5]],
        }
        for k in range(150)
    ]
    guide = {
        "data": {"nummer": "start", "nein": "end"},
        "results": [{"step": "Prüfen", "datum": "nein", "refused": ["True"]}],
    }
    recorded, read = played({"guide": guide, "traces": traces})
    assert [trial.rule for trial in trials(Observed(recorded, read, None))] == [None]


def test_fewer_than_thirty_refused_say_nothing() -> None:
    assert trials(cases({("innen", 10.0): 300, ("innen", 80.0): 29})) == ()
    assert findings(cases({("innen", 10.0): 300, ("innen", 80.0): 29}), "RS06") == []


def test_without_starts_no_order_is_ranked() -> None:
    traces = [
        {"times": 100, "data": {"nein_a": "nein", "nein_b": "nein"}, "steps": ["Ort prüfen", "Gebiet prüfen"]},
        {"times": 40, "data": {"nein_a": "nein", "nein_b": "ja"}, "steps": ["Ort prüfen", "Gebiet prüfen"]},
        {"times": 40, "data": {"nein_a": "ja"}, "steps": ["Ort prüfen"]},
    ]
    recorded, read = played({"guide": GUIDE, "traces": traces})
    given = Given(Procedure("x", "x", "x", None), recorded=recorded, guide=read)
    analysis = analyse(given, select=("RS06", "RS07"))
    assert analysis.findings == ()
    reasons = [entry.skipped.reason["en"] for entry in analysis.skipped]
    assert any("start of work is not recorded" in reason for reason in reasons)


def test_a_late_check_of_a_log_is_priced_on_the_cases_it_refused() -> None:
    observed = cases({("innen", 10.0): 200, ("aussen", 30.0): 100, ("innen", 80.0): 60})
    (finding,) = findings(observed, "RS07")
    assert "Gebiet prüfen" in finding.message["de"]
    assert finding.evidence["minutes_saved_per_case"] == pytest.approx(100 * 60 / 300)
    assert finding.evidence["interval_95"][0] > 0
    fixed = {**GUIDE, "legal_order": [["Ort prüfen", "Gebiet prüfen"]]}
    assert findings(cases({("innen", 10.0): 200, ("aussen", 30.0): 100, ("innen", 80.0): 60}, fixed), "RS07") == []


def test_the_last_check_before_a_refusal_is_blamed_and_no_other() -> None:
    guide = {"results": [{"step": name, "refused_by": ["Ablehnung"]} for name in ("Ort prüfen", "Gebiet prüfen")]}
    traces = [
        {"times": 100, "steps": ["Ort prüfen", "Gebiet prüfen", "Bescheid"]},
        {"times": 40, "steps": ["Ort prüfen", "Gebiet prüfen", "Ablehnung"]},
        {"times": 30, "steps": ["Ort prüfen", "Ablehnung"]},
    ]
    recorded, read = played({"guide": guide, "traces": traces})
    ort, gebiet = trials(Observed(recorded, read, None))
    assert (len(ort.refused), len(ort.had)) == (30, 170)
    assert (len(gebiet.refused), len(gebiet.had)) == (40, 140)
