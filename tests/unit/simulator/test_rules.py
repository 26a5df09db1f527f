"""Guards and decision tables on case data mean in the simulator what they mean everywhere in the house."""

from __future__ import annotations

import itertools
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bpm.errors import DecisionError, FeelError, ScenarioError
from bpm.feel import evaluate, free_names, parse_expression
from bpm.feel import machine as M
from bpm.feel.columns import Assembly, NotCompilable, UnknownName
from bpm.model.decision import (
    Decision,
    DecisionModel,
    DecisionTable,
    InputClause,
    LiteralExpression,
    OutputClause,
    Rule,
)
from bpm.simulator import simulate
from bpm.simulator.data import Data
from tests.unit.simulator.drawn import draw, fix, rule_task, scenario

NAMES = ("a", "b", "zone", "ja", "leer")
DOMAIN: dict[str, tuple[Any, ...]] = {
    "a": (0, 1, 2.5, -3),
    "b": (0, 7),
    "zone": ("innen", "außen"),
    "ja": (True, False),
    "leer": (None,),
}
EXPRESSIONS = (
    "a > 1", "a + b * 2 >= 7", "a / b", "a / b = 0", "-a < b - 1", "a ** 2 > 4", "a != b", "a between 0 and 2",
    "a in [0..2.5)", "a in (1, 2.5)", "a in (< 0, > 2)", 'zone = "innen"', 'zone < "b"',
    'zone in ("innen", "nirgends")',
    "ja", "not(ja)", "ja and a > 0", "ja or leer", "leer and ja", "leer = null", "leer > 3", "a = null", "zone = a",
    'if ja then a else b', 'if leer then "x" else zone', "abs(a)", "floor(a)", "ceiling(a) = 3", "not(leer)",
    "a + zone",
    '(if a > 1 then "hoch" else "tief") = "hoch"', "(a > 1) = ja",
)  # fmt: skip


def compiled_value(text: str, row: dict[str, Any]) -> Any:
    data = Data()
    for name in NAMES:
        data.column(name)
    start = data.assembly.condition(parse_expression(text, NAMES), data.resolve)
    texts = sorted({*("innen", "außen"), *data.assembly._texts})
    for name in texts:
        data.assembly.text(name)
    code, constants = data.assembly.finished()
    types = np.array(
        [M.NULL if v is None else M.BOOLEAN if isinstance(v, bool) else M.STRING if isinstance(v, str) else M.NUMBER
         for v in row.values()], np.int8,
    )  # fmt: skip
    order = sorted(data.assembly._texts)
    values = np.array(
        [0.0 if v is None else float(order.index(v)) if isinstance(v, str) else float(v) for v in row.values()]
    )
    stack = np.zeros(64, np.int8), np.zeros(64)
    kind = M.run(code, constants, start, values, types, *stack)
    number = stack[1][0]
    return {M.NULL: None, M.BOOLEAN: bool(number), M.NUMBER: number}.get(
        kind, order[int(number)] if kind == M.STRING else None
    )


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_a_compiled_expression_has_the_value_that_the_evaluator_gives(text: str) -> None:
    node = parse_expression(text, NAMES)
    for values in itertools.product(*DOMAIN.values()):
        row = dict(zip(DOMAIN, values, strict=True))
        scope = {
            k: Decimal(str(v)) if isinstance(v, int | float) and not isinstance(v, bool) else v for k, v in row.items()
        }
        expected, found = evaluate(node, scope), compiled_value(text, row)
        if isinstance(expected, Decimal):
            assert found == pytest.approx(float(expected)), row
        else:
            assert found is expected or found == expected, row


@pytest.mark.parametrize(
    "text", ["unbekannt > 1", "[1, 2]", "sum(a)", "some x in [1] satisfies x > a", 'date("2025-01-01")']
)
def test_what_columns_cannot_hold_is_refused_by_name(text: str) -> None:
    assembly = Assembly()
    with pytest.raises((NotCompilable, UnknownName)):
        assembly.condition(parse_expression(text, (*NAMES, "unbekannt")), {"a": 0}.get)
    assert not assembly.code


def test_an_expression_too_deep_for_the_machine_is_refused() -> None:
    text = "a + (" * 70 + "a" + ")" * 70
    with pytest.raises(FeelError):
        Assembly().condition(parse_expression(text, ("a",), depth=500), {"a": 0}.get)


def table(hit: str, rules: list[tuple[tuple[str, ...], tuple[str, ...]]], default: str | None = None) -> DecisionTable:
    return DecisionTable(
        "dt", hit, None,
        (InputClause("i1", "a", "a"), InputClause("i2", "zone", "zone")),
        (OutputClause("o1", "gebuehr", default=default), OutputClause("o2", "weg")),
        tuple(Rule(f"r{k}", inputs, outputs) for k, (inputs, outputs) in enumerate(rules)),
    )  # fmt: skip


def model(logic: Any, *others: Decision, requires: tuple[str, ...] = ()) -> DecisionModel:
    decision = Decision("d", "D", "D", None, logic, requires)
    return DecisionModel("d.dmn", "sha256:1", "d", "urn:d", (decision, *others))


RULES: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
    (("< 1", "-"), ("10", '"kurz"')),
    (("[1..3]", 'not("innen")'), ("a * 20", '"lang"')),
    (("-", '"innen"'), ("30", '"kurz"')),
]
DRAWN = 'f1: s -> m1\nf2: m1 -> x1\nf3: x1 -> e1 [ergebnis.weg = "kurz"]\n*f4: x1 -> e2'


def play(procedure: Any, **given: Any) -> Any:
    attributes = [
        {"name": "a", "type": "discrete", "values": [{"key": 0, "value": 0.25}, {"key": 2, "value": 0.75}]},
        {
            "name": "zone",
            "type": "discrete",
            "values": [{"key": "innen", "value": 0.4}, {"key": "außen", "value": 0.6}],
        },
    ]
    figures = scenario({}, arrivals=fix(1), case_attributes=attributes, **given)
    return simulate(procedure, figures, cases=8000, replications=1)


@pytest.mark.parametrize("hit", ["FIRST", "UNIQUE"])
def test_a_decision_table_steers_the_following_guard(hit: str) -> None:
    rules = RULES if hit == "FIRST" else [RULES[0], RULES[1], (("[1..9]", '"innen"'), ("30", '"kurz"'))]
    result = play(draw(DRAWN, decisions=(model(table(hit, rules)),), m1=rule_task("m1", "d", "ergebnis")))
    assert result.outcomes["e2"] == pytest.approx(0.75 * 0.6, abs=0.02)


def test_rules_that_contradict_each_other_under_unique_stop_the_run_by_name() -> None:
    procedure = draw(DRAWN, decisions=(model(table("UNIQUE", RULES)),), m1=rule_task("m1", "d", "ergebnis"))
    with pytest.raises(ScenarioError, match="m1: two rules match") as caught:
        play(procedure)
    assert (caught.value.code, caught.value.element) == ("simulation-rule-conflict", "m1")


def test_a_required_decision_is_computed_first() -> None:
    other = Decision("k", "Klasse", "Klasse", None, LiteralExpression('if a > 1 then "lang" else "kurz"'))
    logic = LiteralExpression('Klasse = "lang" and zone = "innen"')
    text = "f1: s -> m1\nf2: m1 -> x1\nf3: x1 -> e1 [ergebnis]\n*f4: x1 -> e2"
    decisions = (model(logic, other, requires=("k",)),)
    result = play(draw(text, decisions=decisions, m1=rule_task("m1", "d", "ergebnis")))
    assert result.outcomes["e1"] == pytest.approx(0.75 * 0.4, abs=0.02)


def test_a_guard_on_unknown_data_says_what_the_scenario_lacks() -> None:
    with pytest.raises(ScenarioError, match=r"condition of f3 cannot be evaluated.*case_attributes") as caught:
        play(draw("f1: s -> x1\nf3: x1 -> e1 [gibtesnicht > 3]\n*f4: x1 -> e2"))
    assert (caught.value.code, caught.value.element) == ("scenario-incomplete", "x1")


def test_a_decision_that_cannot_be_compiled_is_noted_and_may_be_drawn_instead() -> None:
    decisions = (model(table("RULE ORDER", RULES)),)
    task = rule_task("m1", "d", "ergebnis")
    text = "f1: s -> m1\nf2: m1 -> e"
    notes = play(draw(text, decisions=decisions, m1=task)).notes
    assert [(note.element, note.field) for note in notes if note.field == "decision"] == [("m1", "decision")]
    drawn = [{"name": "ergebnis", "type": "discrete", "values": [{"key": "x", "value": 1.0}]}]
    guarded = draw(
        'f1: s -> m1\nf2: m1 -> x1\nf3: x1 -> e1 [ergebnis = "x"]\n*f4: x1 -> e2', decisions=decisions, m1=task
    )
    result = play(guarded, event_attributes=[{"event_id": "m1", "attributes": drawn}])
    assert result.outcomes == {"e1": 1.0, "e2": 0.0}


def test_prosimos_rules_choose_among_the_true_ones_and_fall_back_to_the_default() -> None:
    rules = [{"id": "groß", "rules": [[{"attribute": "a", "comparison": "in", "value": [1, "inf"]}]]}]
    ways = [
        {
            "gateway_id": "x1",
            "probabilities": [{"path_id": "f3", "condition_id": "groß"}, {"path_id": "f4", "value": 0}],
        }
    ]
    result = play(
        draw("f1: s -> x1\nf3: x1 -> e1\n*f4: x1 -> e2"), branch_rules=rules, gateway_branching_probabilities=ways
    )
    assert result.outcomes["e1"] == pytest.approx(0.75, abs=0.02)


def test_the_citys_own_decisions_compile_and_agree_with_the_evaluator() -> None:
    """Random inputs of every compiled decision table of the sample procedures, against `bpm.decisions.decide`."""
    from bpm.decisions import decide
    from bpm.model.reader import read

    rng = random.Random(7)
    compared = 0
    for procedure in read(Path(__file__).parents[3] / "processes" / "muenchen"):
        for dmn in procedure.decisions:
            names = {decision.id for decision in dmn.decisions}
            for decision in dmn.decisions:
                alone = not names & {one.rpartition("#")[2] for one in decision.requires}
                if isinstance(decision.logic, DecisionTable) and alone:
                    compared += _compare(dmn, decision, rng, decide)
    assert compared > 50


def _compare(dmn: DecisionModel, decision: Decision, rng: random.Random, decide: Any) -> int:
    logic = decision.logic
    assert isinstance(logic, DecisionTable)
    declared = {one.name for one in dmn.inputs}
    pools: dict[str, list[Any]] = {}
    for k, clause in enumerate(logic.inputs):
        cells = {rule.inputs[k] for rule in logic.rules} - {"-", ""}
        texts = {part.strip('" ') for cell in cells for part in cell.split(",") if '"' in part}
        truths = [True, False] if cells & {"true", "false"} else []
        pool = [*truths, *sorted(texts), "sonst"] if texts else truths or [0, 1, 12, 40, 500]
        for name in free_names(parse_expression(clause.expression, declared)):
            pools[name] = pool
    data = Data()
    for name in pools:
        data.column(name)
    try:
        start = data.decision((dmn,), decision, "out")
    except FeelError:
        return 0
    for text in {value for pool in pools.values() for value in pool if isinstance(value, str)}:
        data.assembly.text(text)
    code, constants = data.assembly.finished()
    order = sorted(data.assembly._texts)
    compared = 0
    for _ in range(40):
        row = [rng.choice(pool) for pool in pools.values()]
        width = len(data.columns)
        values, types = np.zeros(width), np.zeros(width, np.int8)
        for k, value in enumerate(row):
            types[k] = M.BOOLEAN if isinstance(value, bool) else M.STRING if isinstance(value, str) else M.NUMBER
            values[k] = order.index(value) if isinstance(value, str) else float(value)
        kind = M.run(code, constants, start, values, types, np.zeros(64, np.int8), np.zeros(64))
        try:
            expected = decide(dmn, decision.id, dict(zip(pools, row, strict=True))).result
        except DecisionError:
            assert kind == M.FAILED
            continue
        wanted = expected if isinstance(expected, dict) else {"": expected}
        for output, value in wanted.items():
            column = data.columns["out" + (f".{output}" if output else "")]
            found: Any = {M.NULL: None, M.BOOLEAN: bool(values[column]), M.NUMBER: values[column]}.get(types[column])
            if types[column] == M.STRING:
                found = order[int(values[column])]
            assert found == (float(value) if isinstance(value, Decimal) else value), (decision.id, row)
            compared += 1
    return compared
