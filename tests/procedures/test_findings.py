"""`expected-findings.json` was written before the checks: they must give exactly what it says, and nothing more.

An entry of `expected` (or `accepted`, with its reason) matches a finding of the same code that names all its elements,
its decision, and no other rules than its own. Codes whose check is not built stand under `later`; an entry of a code
that is built may stay there only with what the check would still need to know to see it (`needs`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from bpm.analyser.catalogue import all_checks
from bpm.analyser.finding import Finding
from bpm.analyser.given import Given
from bpm.analyser.knockouts import knockouts
from bpm.analyser.run import Analysis, analyse
from tests.procedures.city import KEYS, expected, model, procedure, process


@cache
def analysis(key: str) -> Analysis:
    return analyse(procedure(key))


@cache
def built() -> frozenset[str]:
    return frozenset(check.code for check in all_checks())


def findings(key: str) -> list[Finding]:
    return [reported.finding for reported in analysis(key).findings]


def matches(entry: Mapping[str, Any], finding: Finding) -> bool:
    """Whether a finding is what an entry announces."""
    return (
        entry["code"] == finding.code
        and set(entry.get("element_ids", ())) <= set(finding.element_ids)
        and entry.get("decision", finding.decision) == finding.decision
        and ("rules" not in entry or set(finding.rules) <= set(entry["rules"]))
        and all(item in json.dumps(finding.evidence, default=str) for item in entry.get("items", ())[:1])
    )


def shown(finding: Finding) -> str:
    return f"{finding.code} {finding.element_ids} {finding.decision} {finding.rules} {finding.evidence}"


@pytest.mark.parametrize("key", KEYS)
def test_what_was_planted_is_found(key: str) -> None:
    missed = [
        entry
        for entry in expected(key)["expected"]
        if entry["code"] in built() and not any(matches(entry, finding) for finding in findings(key))
    ]
    assert missed == [], "\n".join(shown(finding) for finding in findings(key))


@pytest.mark.parametrize("key", KEYS)
def test_nothing_is_found_that_nobody_planted_or_accepted(key: str) -> None:
    wanted = expected(key)["expected"] + expected(key)["accepted"]
    surprising = [shown(finding) for finding in findings(key) if not any(matches(entry, finding) for entry in wanted)]
    assert surprising == []


@pytest.mark.parametrize("key", KEYS)
def test_there_are_exactly_as_many_findings_as_announced(key: str) -> None:
    wanted = expected(key)["expected"] + expected(key)["accepted"]
    assert len(findings(key)) == len([entry for entry in wanted if entry["code"] in built()])


@pytest.mark.parametrize("key", KEYS)
def test_the_near_misses_stay_silent(key: str) -> None:
    for entry in expected(key)["must_not"]:
        hits = [finding for finding in findings(key) if matches({**entry, "items": ()}, finding)]
        items = entry.get("items", ())
        if items:
            hits = [
                finding for finding in hits if any(item in json.dumps(finding.evidence, default=str) for item in items)
            ]
        assert hits == [], entry


@pytest.mark.parametrize("key", KEYS)
def test_every_entry_names_real_elements_and_gives_its_reason(key: str) -> None:
    places = {node.id for node in process(key).nodes} | {flow.id for flow in process(key).flows}
    decisions = {decision.id for file in procedure(key).decisions for decision in file.decisions}
    for kind, entries in expected(key).items():
        for entry in entries:
            assert set(entry.get("element_ids", ())) <= places, entry
            assert entry.get("decision") in decisions | {None}, entry
            assert entry["reason"].endswith((".", "?")), entry
            assert (entry["code"] in built()) or kind in ("later", "must_not"), entry
            assert kind != "later" or entry["code"] not in built() or entry.get("needs"), entry


@pytest.mark.parametrize("key", KEYS)
def test_each_missing_plant_would_be_noticed(key: str) -> None:
    for entry in expected(key)["expected"]:
        elsewhere = {**entry, "element_ids": ["nowhere"], "decision": entry.get("decision", "nowhere") + "-"}
        assert not any(matches(elsewhere, finding) for finding in findings(key))


def test_without_the_dead_branch_there_is_no_question_about_it() -> None:
    whole = model("dienstreise")
    main = whole.main
    alive = replace(
        main,
        nodes=tuple(node for node in main.nodes if node.id != "haushalterisch_freigeben"),
        flows=tuple(flow for flow in main.flows if "haushalterisch_freigeben" not in (flow.source, flow.target)),
    )
    repaired = replace(procedure("dienstreise"), process=replace(whole, processes=(alive,)))
    assert "FL06" in {finding.code for finding in findings("dienstreise")}
    assert "FL06" not in {reported.finding.code for reported in analyse(repaired, ("FL06",)).findings}


def test_a_version_still_in_force_is_not_called_out_of_date() -> None:
    said = [one.skipped.reason["de"] for one in analysis("veranstaltungsanzeige").skipped if one.code == "RC10"]
    assert any("gilt bis 2026-12-31; danach gilt" in reason for reason in said)
    assert not any("2027" in reason for reason in said if "veraltet" in reason)
    old = [one.skipped.reason["de"] for one in analysis("baumfaellung").skipped if one.code == "RC10"]
    assert any("veraltet seit 2025-12-30" in reason for reason in old)


def test_grant_or_refuse_is_a_decision_and_no_refusal() -> None:
    given = Given(procedure("baugenehmigung"))
    assert "abweichung_bewerten" not in {one.step.id for graph in given.graphs for one in knockouts(given, graph)}
    seats = Given(procedure("freischankflaeche"))
    assert "standort_bewerten" in {one.step.id for graph in seats.graphs for one in knockouts(seats, graph)}
