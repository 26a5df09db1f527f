"""Code of other languages in every place that takes FEEL: refused, or a harmless value; nothing of it ever runs."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from bpm.decisions import decide
from bpm.errors import DecisionError, FeelError
from bpm.feel import evaluate, matches, parse_expression, parse_unary_tests, to_json
from bpm.feel.juel import parse_juel
from bpm.model.decision import Decision, DecisionModel, DecisionTable, InputClause, OutputClause, Rule
from tests.hostile.canary import listening
from tests.hostile.payloads import payloads

HARMLESS = (Decimal, int, float, str, bool, type(None), list, dict, datetime.date, datetime.time)
SCOPE = {"x": {"y": Decimal(1)}, "y": Decimal(2)}


def _evaluated(text: str):
    return evaluate(parse_expression(text, SCOPE), SCOPE)


def _tested(text: str):
    return matches(parse_unary_tests(text, SCOPE), "v", SCOPE)


def _translated(text: str):
    return evaluate(parse_juel(text), SCOPE)


def _as_input(text: str):
    return _decided(InputClause("i", "", text), Rule("r", ("-",), ("1",)))


def _as_entry(text: str):
    return _decided(InputClause("i", "", "y"), Rule("r", (text,), ("1",)))


def _as_output(text: str):
    return _decided(InputClause("i", "", "y"), Rule("r", ("-",), (text,)))


def _decided(column: InputClause, rule: Rule):
    table = DecisionTable("t", "UNIQUE", None, (column,), (OutputClause("o", "o"),), (rule,))
    model = DecisionModel("m.dmn", "", "m", "urn:m", (Decision("d", "d", "d", None, table),))
    return to_json(decide(model, "d", SCOPE).result)


PLACES = (_evaluated, _tested, _translated, _as_input, _as_entry, _as_output)


def test_there_are_more_than_a_hundred_payloads():
    assert len(set(payloads())) >= 100


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__.strip("_"))
def test_no_payload_runs_in_any_place(place):
    place("y") if place is not _translated else place("${y}")  # imports happen before listening
    with listening() as heard:
        for text in payloads():
            try:
                value = place(text)
            except (FeelError, DecisionError):
                continue
            assert isinstance(value, HARMLESS) or "java" in text, f"{text!r} gave {value!r}"
    assert heard == []


def test_attributes_of_python_are_never_reached():
    for value in (Decimal(1), "a", [], {}, datetime.date(2020, 1, 1), len):
        for name in ("__class__", "__dict__", "real", "append", "replace", "keys"):
            assert evaluate(parse_expression(f"v.{name}"), {"v": value}) in (None, [])


def test_control_python_itself_would_have_been_heard():
    text = next(text for text in payloads() if text.startswith("print('"))
    with listening() as heard:
        eval(compile(text, "<control>", "eval"))
    assert "compile" in heard
