"""What duties cost: the method's own worked example, and what must never be mixed."""

import json

import pytest

from bpm.costs.effort import Duty, Range, Work, about, appearance, effort, exactly
from bpm.costs.table import group_of, read_table, table
from bpm.costs.views import Collection, InformationDuty
from bpm.errors import InvalidRequest, NotFound

STBA = table()
COPYING = Work("Kopieren", exactly(STBA.minutes(14, "einfach")), "mittlerer Dienst")


def test_the_worked_example_of_the_method_comes_out() -> None:
    cases = exactly(30_000)
    duties = [Duty("verteilen", "city", (COPYING,), cases), appearance("vorsprechen", cases, STBA, "gemeinde")]
    found = effort(duties, STBA)
    assert (found.city.eur.likely, found.city.hours.likely, found.city.posts.likely) == (25_500, 1_000, 0.625)
    assert found.citizens.hours.likely == 7_500
    assert found.citizens.material_eur.likely == pytest.approx(33_000)


def test_city_citizens_and_businesses_stand_apart_and_nobody_adds_them() -> None:
    duties = [Duty(who, who, (Work("Zeit", exactly(60)),), exactly(10)) for who in ("city", "citizens", "business")]
    told = effort(duties, STBA).as_json()
    assert sorted(told) == ["business", "citizens", "city", "table"]
    assert told["citizens"] == told["business"]
    assert told["citizens"]["material_eur"]["likely"] == 0  # ten hours, and no euro for them
    assert told["table"]["id"] == "stba-2025-01"
    assert told["table"]["rechtsstand"] == "2025-01"


def test_a_full_post_of_the_table_is_what_it_prints() -> None:
    assert STBA.hours_of_post == 1_600
    assert STBA.wage("gehobener Dienst") * STBA.hours_of_post == pytest.approx(67_520)


def test_once_and_anyway_are_apart_from_what_comes_every_year() -> None:
    work = (Work("anpassen", exactly(60), "gehoben"),)
    duties = [
        Duty("einmal", "city", work, exactly(100), once=True),
        Duty("sowieso", "city", work, exactly(10), anyway=True),
        Duty("jährlich", "city", work, exactly(1)),
    ]
    assert effort(duties, STBA).city.hours.likely == 1
    assert effort(duties, STBA, once=True).city.hours.likely == 100
    assert effort(duties, STBA, anyway=True).city.hours.likely == 10


def test_an_automatic_part_takes_no_time() -> None:
    duty = Duty("prüfen", "city", (Work("Register", exactly(5), automatic=True), COPYING), exactly(60))
    assert effort([duty], STBA).city.hours.likely == 2


def test_only_material_is_effective_in_the_budget() -> None:
    before = effort([Duty("Brief", "city", (COPYING,), exactly(1_000), exactly(0.95))], STBA)
    saved = (before - effort([], STBA)).as_json()["city"]
    assert saved["budget_effective_eur"]["likely"] == pytest.approx(950)
    assert saved["released_capacity_eur"]["likely"] == pytest.approx(850)
    assert saved["cost_eur"]["likely"] == pytest.approx(1_800)


def test_ranges_take_bounds_where_they_are_recorded() -> None:
    assert about(10, 0.2) == Range(8, 10, 12)
    assert about(10, 0.2, low=9, high=15) == Range(9, 10, 15)
    cost = effort([Duty("x", "city", (Work("x", about(60, 0.2), "mittel"),), about(100, 0.2))], STBA).city.hours
    assert cost.cautious == pytest.approx(64)
    assert cost.pessimistic == pytest.approx(144)


def test_wage_groups_are_understood_in_words() -> None:
    assert [group_of(it) for it in ("mittlerer Dienst", "gehoben", "höherer Dienst", "", None)] == [
        "mittel", "gehoben", "hoeher", None, None,
    ]  # fmt: skip
    assert STBA.wage(None) == 40.70


def test_a_citys_own_table_is_a_file_and_says_what_it_lacks() -> None:
    own = {
        "id": "stadt-2026", "name": "Eigene Sätze", "publisher": "Stadt", "source": "Kämmerei",
        "rechtsstand": "2026-01", "full_time": {"days": 200, "hours_per_day": 7.8},
        "wages": {"kommunen": {"mittel": 40}},
    }  # fmt: skip
    found = read_table(json.dumps(own).encode(), "own.json")
    assert found.wage("mittlerer Dienst") == 40
    with pytest.raises(NotFound, match="no wage of 'gehoben'"):
        found.wage("gehoben")
    with pytest.raises(InvalidRequest, match="rechtsstand"):
        read_table(json.dumps({**own, "rechtsstand": ""}).encode(), "own.json")
    with pytest.raises(InvalidRequest, match="mittel: a number"):
        read_table(json.dumps({**own, "wages": {"kommunen": {"mittel": "40"}}}).encode(), "own.json")


def test_an_empty_cell_of_the_table_is_no_zero() -> None:
    with pytest.raises(NotFound, match="activity 6"):
        STBA.minutes(6, "hoch")


def test_the_other_views_count_as_their_forms_say() -> None:
    assert InformationDuty(population=1_000, frequency=2, hours=0.5, tariff=30).eur == 30_000
    form = Collection(respondents=200, responses_each=3, hours_each=0.25)
    assert (form.responses, form.burden_hours, form.needs_approval) == (600, 150, True)
