"""What the checks claim about a table is what deciding with it shows."""

from __future__ import annotations

from typing import Any

import pytest

from bpm.analyser.boxes import Boxes, column, common, gaps, merge_groups, overlaps
from bpm.analyser.given import TableAt
from bpm.analyser.tables import Geometry, NotBoxes, geometry, in_force_together
from bpm.decisions import decide
from bpm.errors import DecisionError
from bpm.feel import parse_unary_tests
from bpm.feel.ranges import region, to_text
from bpm.model.decision import (
    Decision,
    DecisionModel,
    DecisionTable,
    InputClause,
    InputData,
    ItemDefinition,
    OutputClause,
    Rule,
)
from bpm.model.process import LegalBasis


def table(inputs: list[InputClause], rows: list[tuple[str, ...]], policy: str = "FIRST", **model: Any) -> TableAt:
    """A table whose rows are input cells followed by one output cell."""
    rules = tuple(Rule(f"r{n}", row[:-1], row[-1:]) for n, row in enumerate(rows))
    logic = DecisionTable("t", policy, None, tuple(inputs), (OutputClause("o", "aus"),), rules)
    names = sorted({clause.expression for clause in inputs if clause.expression.isidentifier()})
    decision = Decision("d", "D", "D", None, logic, requires=tuple(f"i_{name}" for name in names))
    types = {clause.expression: clause.type for clause in inputs}
    data = tuple(InputData(f"i_{name}", name, types[name]) for name in names)
    whole = DecisionModel("t.dmn", "", "t", "urn:t", (decision, *model.pop("more", ())), data, **model)
    return TableAt(whole, "d", "D", logic, decision)


def clause(expression: str, type: str | None = None, values: str | None = None) -> InputClause:
    return InputClause(expression, expression, expression, type, values)


def shape(at: TableAt) -> Geometry:
    found = geometry(at)
    assert isinstance(found, Geometry), found
    return found


def gap_texts(at: TableAt) -> list[dict[str, str]]:
    found = shape(at)
    return [found.texts(box) for box in gaps(found.boxes).boxes]


KINDS = [
    (clause("tag", "date"), ['<= date("2025-01-01")', '> date("2025-06-30")']),
    (clause("uhr", "time"), ['<= time("08:00:00")', '> time("08:00:01")']),
    (clause("wann", "dateTime"), ['< date and time("2025-01-01T00:00:00")', '> date and time("2025-01-01T00:00:00")']),
    (clause("dauer", "dayTimeDuration"), ['<= duration("PT1H")', '> duration("PT3H")']),
    (clause("lang", "yearMonthDuration"), ['<= duration("P3M")', '> duration("P5M")']),
    (clause("zahl", "number"), ["<= 1", ">= 1.5"]),
    (clause("zahl", "number"), ["[0..1]"]),
    (clause("text", "string"), ['"a"', '"andere Angabe"']),
    (clause("ja", "boolean"), ["true"]),
]


@pytest.mark.parametrize(("column_", "cells"), KINDS, ids=[f"{c.type} {cells[0]}" for c, cells in KINDS])
def test_the_example_of_a_gap_meets_no_rule_when_decided(column_: InputClause, cells: list[str]) -> None:
    at = table([column_], [(cell, "1") for cell in cells])
    found = shape(at)
    for box in gaps(found.boxes).boxes:
        decided = decide(at.model, "d", _typed(at, found.example(box)))
        assert decided.matched == ()
    for rule in range(len(cells)):
        decided = decide(at.model, "d", _typed(at, found.example(found.boxes.box(rule))))
        assert rule + 1 in decided.matched, "negative control: inside a rule's box the rule matches"


def _typed(at: TableAt, values: dict[str, Any]) -> dict[str, Any]:
    """Inputs as `bpm decide` reads them from JSON."""
    from bpm.feel import from_json
    from bpm.feel.types import simple

    types = {entry.name: entry.type for entry in at.model.inputs}
    return {name: from_json(value, simple(types[name] or "Any")) for name, value in values.items()}


def test_an_overlap_under_unique_is_the_error_that_deciding_raises() -> None:
    at = table([clause("x", "number")], [("< 80", '"frei"'), (">= 60", '"Antrag"')], "UNIQUE")
    found = shape(at)
    ((first, second),) = overlaps(found.boxes)
    box = common(found.boxes.box(first), found.boxes.box(second))
    with pytest.raises(DecisionError) as raised:
        decide(at.model, "d", _typed(at, found.example(box)))
    assert raised.value.rules == (first + 1, second + 1)


def test_allowed_values_types_and_upstream_results_close_the_domain() -> None:
    rows = [('"a"', "1")]
    assert gap_texts(table([clause("x", "string")], rows)) == [{"x": 'not("a")'}]
    assert gap_texts(table([clause("x", "string", '"a","b"')], rows)) == [{"x": '"b"'}]
    item = ItemDefinition("i", "tX", "string", allowed='"a"')
    assert gap_texts(table([clause("x", "tX")], rows, items=(item,))) == []
    narrowed = ItemDefinition("j", "tY", "tX", constraint='"a"')
    assert gap_texts(table([clause("x", "tY")], rows, items=(item, narrowed))) == []
    above = DecisionTable("u", "FIRST", None, (clause("y"),), (OutputClause("o", "x"),), (Rule("r", ("-",), ('"a"',)),))
    assert gap_texts(table([clause("x")], rows, more=(Decision("u", "x", "x", None, above),))) == []
    assert gap_texts(table([clause("x", "boolean")], [("true", "1")])) == [{"x": "false"}]


def test_a_component_of_a_structured_input_has_its_own_allowed_values() -> None:
    zone = ItemDefinition("z", "zone", "string", allowed='"A","B"')
    item = ItemDefinition("i", "tAntrag", components=(zone,))
    at = table([clause("antrag.zone")], [('"A"', "1")], items=(item,))
    model = DecisionModel(
        at.model.path, "", "t", "urn:t", at.model.decisions, (InputData("i", "antrag", "tAntrag"),), (item,)
    )
    assert gap_texts(TableAt(model, "d", "D", at.table, at.decision)) == [{"antrag.zone": '"B"'}]


def test_between_neighbours_of_whole_numbers_and_days_there_is_nothing() -> None:
    assert gap_texts(table([clause("x", "integer")], [("<= 5", "1"), (">= 6", "2")])) == []
    assert gap_texts(table([clause("x", "number")], [("<= 5", "1"), (">= 6", "2")])) == [{"x": "(5..6)"}]
    days = [('<= date("2025-12-31")', "1"), ('>= date("2026-01-01")', "2")]
    assert gap_texts(table([clause("x", "date")], days)) == []


def test_neighbouring_whole_numbers_and_days_are_joined_and_others_not() -> None:
    def joined(kind: str, first: str, second: str) -> list[Any]:
        cells = [found for found in (region(parse_unary_tests(text)) for text in (first, second)) if found]
        boxes = Boxes((column("x", kind, cells),), 2)
        return [boxes.columns[0].region(box[0]) for _, box in merge_groups(boxes, [0, 0])[0]]

    assert [to_text(found) for found in joined("integer", "[1..5]", "[6..9]")] == ["[1..9]"]
    assert joined("number", "[1..5]", "[6..9]") == []
    days = joined("date", '<= date("2025-12-31")', '>= date("2026-01-01")')
    assert len(days) == 1


def test_one_expression_in_two_columns_is_one_column() -> None:
    at = table([clause("x", "number"), clause("x", "number")], [("> 5", "< 3", "1"), ("-", "-", "2")])
    found = shape(at)
    assert len(found.boxes.columns) == 1
    assert found.boxes.is_empty(0)


@pytest.mark.parametrize(
    ("inputs", "row", "word"),
    [
        ([clause("x", "number")], ("> grenze", "1"), "> grenze"),
        ([clause("x", "number")], ('"a"', "1"), "number, string"),
        ([clause("x"), clause("x + 1")], ("1", "2", "1"), "depend"),
        ([clause("antrag"), clause("antrag.zone")], ("1", "2", "1"), "depend"),
        ([clause("x")], ("1 2 3", "1"), "no FEEL"),
        ([], ("1",), "no input"),
    ],
)
def test_what_is_no_set_of_boxes_says_why(inputs: list[InputClause], row: tuple[str, ...], word: str) -> None:
    found = geometry(table(inputs, [row]))
    assert isinstance(found, NotBoxes)
    assert word in found.skipped.reason["en"]
    assert found.skipped.reason["de"]


def test_functions_and_siblings_do_not_make_columns_dependent() -> None:
    at = table(
        [clause("upper case(a)"), clause("upper case(b)"), clause("antrag.x"), clause("antrag.y")],
        [('"A"', '"B"', "1", "2", "1")],
    )
    assert len(shape(at).boxes.columns) == 4


def test_versions_of_a_rule_are_in_force_one_after_the_other() -> None:
    old = Rule("a", (), (), legal_bases=(LegalBasis("x", valid_to="2025-12-30"),))
    new = Rule("b", (), (), legal_bases=(LegalBasis("x", valid_from="2025-12-31"),))
    undated = Rule("c", (), (), legal_bases=(LegalBasis("x"),))
    assert not in_force_together(old, new)
    assert in_force_together(old, undated)
    assert in_force_together(new, undated)
