"""Findings are told apart by what rules say, put in an order worth talking in, and never offer what is protected."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from bpm.analyser.check import Check, Skipped
from bpm.analyser.finding import Finding
from bpm.analyser.run import Reported, analyse, fingerprint, ranked
from bpm.model.decision import Rule
from bpm.model.procedure import Procedure
from bpm.model.process import StepFacts
from bpm.model.reader import read
from tests.checks.fixtures import HERE, fixtures


def procedure(name: str) -> Procedure:
    (found,) = read(HERE / name)
    return found


def shuffled(found: Procedure, seed: int) -> Procedure:
    """The same procedure with the rows of its first table in another order."""
    model = found.decisions[0]
    decision = model.decisions[0]
    rules = list(decision.logic.rules)  # type: ignore[union-attr]
    random.Random(seed).shuffle(rules)
    moved = replace(decision, logic=replace(decision.logic, rules=tuple(rules)))  # type: ignore[arg-type, type-var]
    return replace(found, decisions=(replace(model, decisions=(moved, *model.decisions[1:])),))


@pytest.mark.parametrize("name", ["rc02/invalid-any.dmn", "rc07/invalid-texts.dmn", "rc01/invalid-sum.dmn"])
def test_a_fingerprint_survives_moved_rows(name: str) -> None:
    found = procedure(name)
    prints = {tuple(sorted(one.fingerprint for one in analyse(shuffled(found, seed)).findings)) for seed in range(10)}
    assert len(prints) == 1


def test_a_fingerprint_changes_with_the_rule() -> None:
    found = procedure("rc02/invalid-unique.dmn")
    model = found.decisions[0]
    decision = model.decisions[0]
    first, second = decision.logic.rules  # type: ignore[union-attr]
    changed = replace(decision.logic, rules=(first, replace(second, inputs=("< 81",))))  # type: ignore[type-var, arg-type]
    other = replace(found, decisions=(replace(model, decisions=(replace(decision, logic=changed),)),))
    before, after = ([one.fingerprint for one in analyse(it, ("RC02",)).findings] for it in (found, other))
    assert len(before) == len(after) == 1
    assert before != after


def test_equal_findings_have_fingerprints_of_their_own() -> None:
    found = procedure("rc02/invalid-unique.dmn")
    model = found.decisions[0]
    decision = model.decisions[0]
    rules = (*decision.logic.rules, decision.logic.rules[1])  # type: ignore[union-attr]
    twice = replace(decision, logic=replace(decision.logic, rules=rules))  # type: ignore[type-var, arg-type]
    findings = analyse(replace(found, decisions=(replace(model, decisions=(twice,)),)), ("RC02",)).findings
    assert len({one.fingerprint for one in findings}) == len(findings) == 2


def test_the_same_procedure_gives_the_same_answer() -> None:
    found = procedure("rc05/invalid-union.dmn")
    first, second = ([one.as_json("en") for one in analyse(found).findings] for _ in range(2))
    assert first == second


def reported(code: str, severity: str, basis: str, element: str = "x") -> Reported:
    finding = Finding(code=code, basis=basis, path="p", procedure="k", element_ids=(element,), message={"en": code})
    check = Check(code, "rule", severity, basis, {"de": code, "en": code}, lambda given: iter(()), __name__)
    return Reported(finding, check, fingerprint(finding))


def test_the_worst_and_best_proven_comes_first_then_the_dearest() -> None:
    guess = reported("BU03", "warning", "heuristic")
    cheap = reported("RC01", "warning", "proof", "cheap")
    dear = reported("RC05", "warning", "proof", "dear")
    note = reported("RC07", "info", "proof")
    worst = reported("RC02", "error", "heuristic")
    order = ranked([note, guess, cheap, dear, worst], {dear.fingerprint: 900.0, cheap.fingerprint: 10.0})
    assert [one.finding.code for one in order] == ["RC02", "RC05", "RC01", "BU03", "RC07"]
    assert [one.finding.code for one in ranked([note, guess, cheap, dear, worst])][1] == "RC01"


def test_one_kind_of_question_does_not_crowd_out_the_others() -> None:
    many = [reported("RC01", "warning", "proof", f"t{n}") for n in range(9)]
    other = reported("RC05", "warning", "proof")
    assert other in ranked([*many, other])[:2]


def test_a_check_that_cannot_decide_says_why() -> None:
    found = procedure("rc01/invalid-sum.dmn")
    model = found.decisions[0]
    decision = model.decisions[0]
    rule = replace(decision.logic.rules[0], inputs=("> grenze",))  # type: ignore[union-attr]
    unclear = replace(decision, logic=replace(decision.logic, rules=(rule,)))  # type: ignore[type-var, arg-type]
    analysis = analyse(replace(found, decisions=(replace(model, decisions=(unclear,)),)), ("RC01",))
    assert analysis.findings == ()
    (skipped,) = analysis.skipped
    assert isinstance(skipped.skipped, Skipped)
    assert "> grenze" in skipped.as_json("de")["reason"]
    assert skipped.as_json("en")["code"] == "RC01"


def test_what_is_not_recorded_is_a_question_and_no_finding() -> None:
    analysis = analyse(procedure("fl06/valid-fits"))
    asked = {(gap.element, gap.field, gap.rule) for gap in analysis.not_recorded}
    assert ("entscheiden", "minutes", None) in asked
    assert ("freigabe", "rule-source", 3) in asked
    assert all(gap.text("de") and gap.text("en") for gap in analysis.not_recorded)
    assert analysis.findings == ()


def test_a_rule_with_a_source_is_not_asked_for_one(tmp_path: Path) -> None:
    analysis = analyse(procedure("rc02/valid-versions.dmn"))
    assert [gap for gap in analysis.not_recorded if gap.field == "rule-source"] == []


def test_a_protected_step_is_never_offered_for_removal() -> None:
    (found,) = read(next(iter(fixtures("RS05", "invalid"))))
    offers = [one.finding.remedy for one in analyse(found, ("RS05",)).findings]
    removed = {edit["element"] for remedy in offers if remedy is not None for edit in remedy.edits}
    assert removed, "negative control: without protection the step is offered"
    assert found.process is not None
    main = found.process.main
    guarded = tuple(
        replace(node, facts=replace(node.facts, step=replace(node.facts.step or StepFacts(), protected="Anhörung")))
        for node in main.nodes
    )
    model = replace(found.process, processes=(replace(main, nodes=guarded),))
    for one in analyse(replace(found, process=model), ("RS05",)).findings:
        assert one.finding.remedy is None or not one.finding.remedy.edits


def test_a_table_too_entangled_is_given_up_and_not_waited_for() -> None:
    found = procedure("rc02/invalid-unique.dmn")
    model = found.decisions[0]
    decision = model.decisions[0]
    rules = tuple(Rule(f"r{n}", ("-",), (str(n),)) for n in range(1_500))
    large = replace(decision, logic=replace(decision.logic, rules=rules))  # type: ignore[type-var, arg-type]
    analysis = analyse(replace(found, decisions=(replace(model, decisions=(large,)),)), ("RC",))
    assert {entry.code for entry in analysis.skipped} == {"RC02", "RC03", "RC04", "RC05"}
    assert Counter(one.finding.code for one in analysis.findings) == {"RC02": 200, "RC08": 1}
