"""A form says what it asks; answers are judged by the same rules from a page and from REST."""

from __future__ import annotations

from typing import Any

import pytest

from bpm.errors import ModelError
from bpm.model.form import WORDS, Form, Unknown


def form(*components: dict[str, Any]) -> Form:
    return Form.parse({"id": "f", "type": "default", "components": list(components)}, "forms/f.json")


def field(type: str, **more: Any) -> dict[str, Any]:
    return {"type": type, "id": f"id_{type}", "key": "wert", "label": "Wert", **more}


CHOICE = [{"label": "Ja", "value": True}, {"label": "Nein", "value": False}]


@pytest.mark.parametrize(
    ("component", "good", "bad", "problem"),
    [
        (field("textfield", validate={"required": True}), "a", "", "required"),
        (field("textfield", validate={"pattern": "^[A-Z]+$"}), "AB", "Ab", "pattern"),
        (field("textfield", validate={"minLength": 2}), "ab", "a", "short"),
        (field("textarea", validate={"maxLength": 2}), "ab", "abc", "long"),
        (field("textfield"), "a", 3, "text"),
        (field("textfield", validate={"validationType": "email"}), "a@b.de", "a@b", "pattern"),
        (field("number"), 4.2, "4.2", "number"),
        (field("number"), 4, True, "number"),
        (field("number", validate={"min": 1}), 1, 0, "least"),
        (field("number", validate={"max": 24}), 24, 25, "most"),
        (field("number", decimalDigits=1), 1.5, 1.55, "digits"),
        (field("checkbox"), False, "true", "truth"),
        (field("checkbox", validate={"required": True}), True, False, "agree"),
        (field("radio", values=CHOICE), False, "false", "option"),
        (field("radio", values=CHOICE), True, 1, "option"),
        (field("checklist", values=CHOICE), [True, False], [None], "option"),
        (field("datetime", subtype="date"), "2026-01-31", "2026-02-31", "date"),
        (field("datetime", subtype="time"), "08:30", "25:00", "time"),
        (field("datetime", subtype="datetime"), "2026-01-31T08:30", "gestern", "datetime"),
    ],
)
def test_a_value_that_breaks_a_rule_is_named_at_its_field(
    component: dict[str, Any], good: Any, bad: Any, problem: str
) -> None:
    parsed = form(component)
    assert parsed.check({"wert": good}) == {}
    found = parsed.check({"wert": bad})
    assert set(found) == {"wert"}
    assert found["wert"].startswith(WORDS[problem]["de"].split("{")[0])
    assert parsed.check({"wert": bad}, "en")["wert"] != found["wert"]


def test_texts_of_a_page_become_the_values_the_form_means() -> None:
    parsed = form(
        {"type": "number", "key": "laenge", "id": "a"},
        {"type": "radio", "key": "ja", "id": "b", "values": CHOICE},
        {"type": "checkbox", "key": "an", "id": "c"},
        {"type": "checkbox", "key": "aus", "id": "d"},
        {"type": "textfield", "key": "leer", "id": "e"},
        {"type": "checklist", "key": "liste", "id": "f", "values": [{"value": "x"}, {"value": "y"}]},
    )
    given = {"laenge": "4,2", "ja": "True", "an": "true", "leer": " ", "liste": "x"}
    values, problems = parsed.read(given)
    assert values == {"laenge": 4.2, "ja": True, "an": True, "aus": False, "liste": ["x"]}
    assert problems == {}


def test_a_wrong_text_of_a_page_stays_and_is_refused() -> None:
    values, problems = form(field("number")).read({"wert": "viel"})
    assert values == {"wert": "viel"}
    assert problems == {"wert": "Bitte eine Zahl angeben."}


def test_a_hidden_field_is_neither_required_nor_kept() -> None:
    parsed = form(
        {"type": "checkbox", "key": "an", "id": "a"},
        field("textfield", validate={"required": True}, conditional={"hide": "=an = false"}),
    )
    assert parsed.read({"wert": "weg"}) == ({"an": False}, {})
    assert parsed.check({"an": True}) == {"wert": "Bitte ausfüllen."}


def test_an_unknown_component_is_named_never_dropped_silently() -> None:
    parsed = form({"type": "hologram", "id": "h1"}, {"type": "text", "text": "# Titel\n\nEin Satz."}, field("number"))
    assert parsed.unknown == (Unknown("hologram", "h1"),)
    assert parsed.texts == ("Titel", "Ein Satz.")
    assert [one.key for one in parsed.fields] == ["wert"]


def test_json_of_another_kind_is_named_and_asks_nothing() -> None:
    other = Form.parse({"type": "object", "properties": {"name": {"type": "string"}}}, "forms/schema.json")
    assert other.fields == ()
    assert other.unknown == (Unknown("not form-js", "forms/schema.json"),)
    with pytest.raises(ModelError, match="list of components"):
        Form.parse({"components": "x"}, "forms/f.json")


def test_a_group_is_read_through() -> None:
    assert [one.key for one in form({"type": "group", "id": "g", "components": [field("number")]}).fields] == ["wert"]


@pytest.mark.parametrize(
    ("component", "code"),
    [
        ({"id": "x"}, "form-malformed"),
        ({"type": "number", "id": "x"}, "form-key"),
        (field("select", values=["a"]), "form-option"),
        (field("number", validate={"min": "viel"}), "form-limit"),
        (field("textfield", validate={"pattern": "(a"}), "form-pattern"),
        (field("textfield", conditional={"hide": "=1 +"}), "form-condition"),
    ],
)
def test_a_form_that_means_nothing_is_refused_with_path_and_component(component: dict[str, Any], code: str) -> None:
    with pytest.raises(ModelError) as caught:
        form(component)
    assert caught.value.code == code
    assert caught.value.path == "forms/f.json"


def test_two_fields_for_one_variable_are_refused() -> None:
    with pytest.raises(ModelError, match="two fields write 'wert'"):
        form(field("number"), field("textfield"))


def test_a_pattern_that_would_backtrack_for_ever_is_answered_at_once() -> None:
    parsed = form(field("textfield", validate={"pattern": "^(a+)+$"}))
    assert set(parsed.check({"wert": "a" * 200 + "!"})) == {"wert"}
