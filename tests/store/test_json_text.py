"""Stored JSON keeps every digit and has one text."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bpm.store.json_text import dump, load


def test_numbers_come_back_with_every_digit() -> None:
    third = Decimal(1) / Decimal(3)
    value = {"a": Decimal("30.70"), "b": third, "c": [Decimal("1E+30"), 12], "d": Decimal("4.00")}
    assert dump(value) == f'{{"a":30.7,"b":{third},"c":[1{"0" * 30},12],"d":4}}'
    assert load(dump(value)) == value


def test_the_same_value_has_the_same_text() -> None:
    assert dump({"b": 1, "a": "ä"}) == dump({"a": "ä", "b": 1}) == '{"a":"ä","b":1}'


@pytest.mark.parametrize("value", [object(), float("nan"), Decimal("Infinity")])
def test_what_json_cannot_say_is_refused(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        dump({"x": value})
