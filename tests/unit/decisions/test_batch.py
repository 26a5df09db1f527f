"""A table decided for whole columns gives, row by row, what `decide` gives, or refuses by name."""

from __future__ import annotations

import math
import random
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from bpm.decisions import decide, prepare
from bpm.decisions.batch import CONFLICT, NONE, Coded, CompiledTable, NotCompilable
from bpm.errors import DecisionError
from bpm.model.decision import InputClause, OutputClause
from tests.unit.decisions.models import decision, model, number_input, table
from tests.unit.decisions.test_index import random_cell

TABLES = 150
ROWS = 16
VALUES = {
    "number": (None, -5, -1, 0, 0.1, 0.5, 1, 1.5, 2.5, 3, 10, 11, 1000, Decimal("0.10"), math.nan),
    "string": (None, "", "a", "aa", "ab", "b", "ä", "z", "1"),
    "boolean": (None, True, False),
    "date": (None, date(2023, 12, 31), date(2024, 1, 1), date(2024, 1, 15), date(2024, 2, 29), date(2025, 1, 1)),
}


def compiled(policy, rules, **more):
    return CompiledTable(prepare(model(decision("d", table(policy, rules, **more)))), "d")


def expected(prepared, names):
    """The rule that decides, as a batch writes it, and the result."""
    try:
        found = decide(prepared, "d", names)
    except DecisionError as error:
        return (CONFLICT if error.code in ("unique-violated", "any-violated") else error.code), None
    return (found.matched[0] if found.matched else NONE), found.result


def test_a_batch_decides_each_row_as_decide_does():
    seed = 20_240_301
    rng = random.Random(seed)
    done = 0
    for number in range(TABLES):
        kinds = [rng.choice(("number", "number", "string", "boolean", "date")) for _ in range(rng.randint(1, 3))]
        count = 70 if number % 25 == 0 else rng.randint(0, 7)
        rules = [
            ([random_cell(rng, kind) for kind in kinds], [rng.choice(("1", "1.0", '"a"', "null", "true"))])
            for _ in range(count)
        ]
        outputs = (OutputClause("o", "o", default=rng.choice((None, '"d"'))),)
        logic = table(
            rng.choice(("FIRST", "UNIQUE", "ANY")),
            rules,
            inputs=[f"v{at}" for at in range(len(kinds))],
            outputs=outputs,
        )
        prepared = prepare(model(decision("d", logic)))
        columns = {f"v{at}": [rng.choice(VALUES[kind]) for _ in range(ROWS)] for at, kind in enumerate(kinds)}
        arrays = {
            name: np.array([math.nan if value is None else value for value in column], np.float64)
            if kind == "number" and number % 2
            else column
            for kind, (name, column) in zip(kinds, columns.items(), strict=True)
        }
        try:
            found = CompiledTable(prepared, "d").run(arrays)
        except NotCompilable:
            continue
        done += 1
        for row in range(ROWS):
            names = {name: column[row] for name, column in columns.items()}
            rule, result = expected(prepared, names)
            told = f"seed {seed}, table {number}: {logic.hit_policy} {rules} of {names}"
            assert found.rules[row] == rule, told
            assert rule == CONFLICT or found.results[rule] == result, told
    assert done > TABLES * 0.4, "most random tables should compile"


def test_a_floating_point_number_means_its_text_next_to_every_constant():
    rng = random.Random(3)
    texts = ["0.1", "0.1000000000000000055511151231257827", "0.3", "-0.1", "1e400", "-1e400", "5e-324", "2e-324", "0",
             "1.7976931348623158e308", "9007199254740993", "1e23", "99999999999999991611392"]  # fmt: skip
    texts += [str(Decimal(rng.randrange(10**9)) / 1000) for _ in range(20)]
    rules = [([form + text], [str(at)]) for at, text in enumerate(texts) for form in ("<", "<=", "")]
    values = []
    for text in texts:
        near = float(text)
        values += [near, math.nextafter(near, math.inf), math.nextafter(near, -math.inf)]
    for rule in rules:  # alone, so that its own edge is seen; and then all together
        found = compiled("FIRST", [rule], inputs=["x"]).run({"x": np.array(values)})
        prepared = prepare(model(decision("d", table("FIRST", [rule], inputs=["x"]))))
        assert [expected(prepared, {"x": value})[0] for value in values] == found.rules.tolist(), rule
    prepared = prepare(model(decision("d", table("FIRST", rules, inputs=["x"]))))
    found = CompiledTable(prepared, "d").run({"x": np.array(values)})
    assert [expected(prepared, {"x": value})[0] for value in values] == found.rules.tolist()


def test_rules_that_disagree_are_a_conflict_in_their_row_alone():
    found = compiled("UNIQUE", [(["> 0"], ["1"]), (["> 10"], ["1.0"]), (["> 100"], ["2"])]).run({"x": [0, 5, 50, 500]})
    assert found.rules.tolist() == [NONE, 1, 1, CONFLICT]


def test_a_column_may_come_coded_and_rows_go_beyond_one_block():
    codes = np.arange(40_000) % 3
    found = compiled("FIRST", [(['"b"'], ["1"]), (["null"], ["2"])]).run({"x": Coded(codes, ["a", "b", None])})
    assert found.rules[:3].tolist() == [0, 1, 2]
    assert np.array_equal(found.rules, np.array([0, 1, 2])[codes])
    assert found.results == (None, 1, 2)


def test_texts_and_truth_values_may_come_as_arrays():
    assert compiled("FIRST", [(['"b"'], ["1"])]).run({"x": np.array(["a", "b"])}).rules.tolist() == [0, 1]
    assert compiled("FIRST", [(["true"], ["1"])]).run({"x": np.array([False, True])}).rules.tolist() == [0, 1]


def test_a_table_of_dashes_decides_every_row():
    assert compiled("FIRST", [(["-"], ["7"])]).run({"x": [1, None]}).rules.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("policy", "rule", "what"),
    [
        ("COLLECT", (["1"], ["1"]), "hit policy"),
        ("FIRST", (["> y"], ["1"]), "reads other data"),
        ("FIRST", (["1"], ["x + 1"]), "computed result"),
        ("FIRST", (["1"], ["[1, 2]"]), "no plain value"),
    ],
)
def test_what_a_batch_cannot_hold_is_refused_by_name(policy, rule, what):
    with pytest.raises(NotCompilable, match=what):
        compiled(policy, [rule])


def test_values_that_a_cell_cannot_be_compared_with_are_refused():
    with pytest.raises(NotCompilable, match="compared"):
        compiled("FIRST", [(["< 5"], ["1"])]).run({"x": ["text"]})
    with pytest.raises(NotCompilable, match="list"):
        compiled("FIRST", [(["< 5"], ["1"])]).run({"x": [[1, 2]]})
    with pytest.raises(NotCompilable, match="comparable"):
        compiled("FIRST", [(['< "a"'], ["1"])]).run({"x": np.array([1.0])})
    with pytest.raises(NotCompilable, match="beyond"):
        compiled("FIRST", [(["< 5"], ["1"])]).run({"x": np.array([2**53 + 1])})


def test_numbers_for_a_column_of_texts_are_refused():
    logic = table("FIRST", [(['"a"'], ["1"])])
    typed = type(logic)("t", "FIRST", None, (InputClause("i", "", "x", "string"),), logic.outputs, logic.rules)
    with pytest.raises(NotCompilable, match="a number for a string"):
        CompiledTable(prepare(model(decision("d", typed))), "d").run({"x": np.array([1.0])})


def test_columns_must_be_there_and_of_one_length():
    found = compiled("FIRST", [(["1", "2"], ["1"])], inputs=["x", "y"])
    with pytest.raises(DecisionError, match="no column is named 'y'"):
        found.run({"x": [1]})
    with pytest.raises(DecisionError, match="different lengths"):
        found.run({"x": [1], "y": [1, 2]})


def test_a_declared_input_is_read_as_its_type():
    logic = table("FIRST", [(["> 5"], ["1"])])
    prepared = prepare(model(decision("d", logic, "x"), inputs=[number_input("x")]))
    assert CompiledTable(prepared, "d").run({"x": ["7", 3, "kein"]}).rules.tolist() == [1, 0, 0]
