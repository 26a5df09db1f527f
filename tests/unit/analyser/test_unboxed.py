"""Tables that calculate are put to the solver, with a case or a proof; without it the checks say they skip."""

from __future__ import annotations

import contextlib
import itertools
import random
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bpm.analyser.catalogue import load
from bpm.analyser.chains import Chain
from bpm.analyser.check import Skipped
from bpm.analyser.finding import Finding
from bpm.analyser.given import Given
from bpm.decisions import PreparedModel, decide
from bpm.errors import DecisionError, NotTranslatable
from bpm.model.decision import (
    Decision,
    DecisionModel,
    DecisionTable,
    InputClause,
    InputData,
    LiteralExpression,
    OutputClause,
    Rule,
)
from bpm.model.procedure import Procedure

pytest.importorskip("z3", reason="the extra `verify` is not installed: nothing was proven")


def table(rows: list[tuple[str, ...]], policy: str, names: tuple[str, ...] = ("a", "b"), output: str = "o") -> Any:
    clauses = tuple(InputClause(f"i{n}", name, name, "number") for n, name in enumerate(names))
    rules = tuple(Rule(f"r{n}", row[:-1], row[-1:]) for n, row in enumerate(rows))
    return DecisionTable("t", policy, None, clauses, (OutputClause("o", output),), rules)


def model(*decisions: Decision, names: tuple[str, ...] = ("a", "b")) -> DecisionModel:
    data = tuple(InputData(f"in_{name}", name, "number") for name in names)
    return DecisionModel("t.dmn", "", "t", "urn:t", decisions, inputs=data)


def one(rows: list[tuple[str, ...]], policy: str) -> Given:
    decision = Decision("d", "D", "D", None, table(rows, policy), requires=("in_a", "in_b"), inputs=("in_a", "in_b"))
    return Given(Procedure("p", "p", "t.dmn", None, (model(decision),)))


def found(given: Given, code: str) -> list[Finding]:
    return [it for it in load(code).find(given) if isinstance(it, Finding)]


def skipped(given: Given, code: str) -> list[Skipped]:
    return [it for it in load(code).find(given) if isinstance(it, Skipped)]


def matched(given: Given, case: dict[str, Any]) -> tuple[int, ...]:
    return decide(PreparedModel(given.procedure.decisions[0], {}), "d", case).matched


def test_a_gap_between_two_inputs_is_shown_by_a_case() -> None:
    given = one([("< b", "-", '"x"'), ("> b", "-", '"y"')], "UNIQUE")
    (finding,) = found(given, "RC01")
    assert (finding.basis, finding.evidence["proven_by"]) == ("proof", "z3")
    example = finding.evidence["example"]
    assert example["a"] == example["b"]
    assert matched(given, example) == ()
    assert not found(one([("< b", "-", '"x"'), (">= b", "-", '"y"')], "UNIQUE"), "RC01")


def test_rules_that_compare_two_inputs_contradict_each_other_in_a_case() -> None:
    given = one([("<= b", "-", '"x"'), (">= b", "-", '"y"')], "UNIQUE")
    (finding,) = found(given, "RC02")
    assert finding.rules == (1, 2)
    assert finding.evidence["example"]["a"] == finding.evidence["example"]["b"]
    assert not found(one([("< b", "-", '"x"'), (">= b", "-", '"y"')], "UNIQUE"), "RC02")
    assert not found(one([("<= b", "-", '"x"'), (">= b", "-", '"x"')], "UNIQUE"), "RC02")


def test_calculated_results_contradict_each_other_only_where_they_differ() -> None:
    rows = [("? * 2 > b", "-", "a + b"), ("-", "> 3", "b + a")]
    assert not found(one(rows, "ANY"), "RC02")
    (finding,) = found(one([rows[0], ("-", "> 3", "b + a + 1")], "ANY"), "RC02")
    assert finding.rules == (1, 2)


def test_a_rule_is_masked_by_a_union_that_calculates() -> None:
    rows = [("? + b > 10", "-", '"x"'), ("? + b <= 10", "-", '"y"'), ("> 5", "> 5", '"z"')]
    (finding,) = found(one(rows, "FIRST"), "RC05")
    assert finding.rules == (3, 1)
    (both,) = found(one([*rows[:2], ("not(null)", "not(null)", '"z"')], "FIRST"), "RC05")
    assert both.rules == (3, 1, 2)
    assert not found(one([*rows[:2], ("-", "-", '"z"')], "FIRST"), "AB01"), "it decides where an input is missing"


def test_a_rule_that_no_number_can_meet_is_found() -> None:
    (finding,) = found(one([("? * 2 < ? + ? - 1", "-", '"x"'), ("-", "-", '"y"')], "UNIQUE"), "RC05")
    assert finding.rules == (1,)


def test_a_rule_that_calculates_and_never_decides_is_proven() -> None:
    given = one([("? * 2 < b", "-", '"x"'), ("< b", "-", '"x"'), ("-", "-", '"y"')], "FIRST")
    assert [it.rules for it in found(given, "AB01")] == []
    given = one([("? > 0 and ? * 2 < b", "-", '"x"'), ("< b", "-", '"x"'), ("-", "-", '"y"')], "FIRST")
    (finding,) = found(given, "AB01")
    assert finding.rules == (1,)


@pytest.mark.parametrize("code", ["RC01", "RC02", "RC05", "AB01"])
def test_without_the_solver_the_check_says_that_it_skips(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "z3", None)
    given = one([("<= b", "-", '"x"'), (">= b", "-", '"y"'), ("> 1", "-", '"x"')], "UNIQUE")
    assert not found(given, code)
    (reason,) = skipped(given, code)
    assert "<= b" in reason.reason["en"]


@pytest.mark.parametrize("code", ["RC01", "RC02", "RC05", "AB01"])
def test_what_no_solver_is_told_is_skipped_too(code: str) -> None:
    given = one([("? / b > 1", "-", '"x"'), ("> 1", "-", '"y"')], "UNIQUE")
    assert not found(given, code)
    assert len(skipped(given, code)) == 1


def chained(condition: str, literal: bool = False) -> Given:
    if literal:
        above = Decision("u", "Summe", "summe", "number", LiteralExpression("a * a + 1"), ("in_a",), ("in_a",))
    else:
        logic = table([("< 0", "0 - a"), (">= 0", "a + 1")], "UNIQUE", ("a",), "summe")
        above = Decision("u", "Summe", "summe", None, logic, ("in_a",), ("in_a",))
    below = Decision("d", "Stufe", "D", None, table([(condition, '"x"'), ("-", '"y"')], "FIRST", ("summe",)), ("u",))
    return Given(Procedure("p", "p", "t.dmn", None, (model(above, below),)))


@pytest.mark.parametrize("literal", [False, True])
def test_a_rule_that_no_calculated_result_can_meet_is_dead_through_the_tables_above(literal: bool) -> None:
    (finding,) = found(chained("<= 0", literal), "RC09")
    assert finding.rules == (1,)
    assert finding.evidence["chain"] == ["d", "u"]
    assert not found(chained("> 3", literal), "RC09")
    assert not found(chained("null", literal), "RC09"), "a missing input is a case"


def test_a_requirement_graph_is_not_questioned_without_the_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "z3", None)
    assert not found(chained("<= 0"), "RC09")


SEED, CHAINS = 20_261_124, 40


def drawn(pick: random.Random) -> tuple[Given, int]:
    """Two tables, of which the first calculates what the second asks for; and how many rules the second has."""
    formulas = ("a + b", "a * 2", "b - a", "a * a", "0", "null", "if a > b then a else b", "abs(a - b)")
    left, right = ("-", "> b", "<= b", "< 1", "? * 2 > 3", "null", "not(null)"), ("-", "> 0", "[0..2]")
    above = [(pick.choice(left), pick.choice(right), pick.choice(formulas)) for _ in range(pick.randint(1, 3))]
    cells = ("< 0", "[0..1]", "> 3", "null", "? * ? < 1", "-1", "not(0)", "-", "? + 1 = 2.5")
    below = [(pick.choice(cells), '"x"') for _ in range(pick.randint(1, 4))]
    both = ("in_a", "in_b")
    upper = table(above, pick.choice(("FIRST", "UNIQUE")), output="summe")
    first = Decision("u", "U", "summe", pick.choice((None, "number")), upper, both, both)
    second = Decision("d", "D", "D", None, table(below, "RULE ORDER", ("summe",)), ("u",))
    return Given(Procedure("p", "p", "t.dmn", None, (model(first, second),))), len(below)


def test_what_is_dead_through_calculating_tables_is_met_by_no_case_and_all_else_by_the_case_shown() -> None:
    print(f"seeds {SEED} to {SEED + CHAINS - 1}")
    dead = told = 0
    values = [None, *(Decimal(n) / 2 for n in range(-4, 7))]
    for seed in range(SEED, SEED + CHAINS):
        given, rules = drawn(random.Random(seed))
        prepared = PreparedModel(given.procedure.decisions[0], {})
        at = given.table_of("d")
        assert at is not None
        try:
            chain = Chain(at)
        except NotTranslatable:
            continue
        met: set[int] = set()
        for a, b in itertools.product(values, values):
            with contextlib.suppress(DecisionError):  # rules above contradict each other: nothing below is decided
                met |= set(decide(prepared, "d", {"a": a, "b": b}).matched)
        for rule in range(rules):
            told += 1
            answer = chain.terms.ask(chain.proofs.met[rule])
            assert answer.exists is not None
            if not answer.exists:
                dead += 1
                assert rule + 1 not in met, f"seed {seed}, rule {rule + 1}"
            elif rule + 1 not in met and answer.case is not None:
                case = {name: value for name, value in answer.case.items() if name in ("a", "b")}
                with contextlib.suppress(DecisionError):
                    assert rule + 1 in decide(prepared, "d", case).matched, f"seed {seed}, rule {rule + 1}: {case}"
    assert dead > 5, "some are dead"
    assert told > 2 * dead, "and more are not"


def test_tables_that_do_not_calculate_are_questioned_without_loading_the_solver() -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from bpm.analyser.run import analyse\nfrom bpm.model.reader import read\n"
        "found = read(Path('processes/muenchen/gewerbeanmeldung'))\n"
        "for one in found: analyse(one, select=('RC01', 'RC02', 'RC05', 'RC09', 'AB01', 'FL06'))\n"
        "print(len(found), 'z3' in sys.modules)\n"
    )
    root = Path(__file__).parents[3]
    answer = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "1 False"
