"""Principles are a dated list, a city's own entries and whatever steps name besides."""

from __future__ import annotations

import pytest

from bpm.errors import ModelError
from bpm.model.principles import AS_OF, LIST, read_principles, together

OWN = '[[principle]]\nid = "schrift"\nname = "Schriftliches"\nsource = "AGO § 24"\norgan = "mayor"\n'


def test_the_list_holds_the_customs_a_city_must_be_able_to_question() -> None:
    names = {principle.id for principle in LIST}
    assert names >= {"vier-augen", "mitzeichnung", "schrift", "papieroriginal", "persoenlich", "gewohnheit"}
    assert AS_OF >= "2026-11-24"
    for principle in LIST:
        assert set(principle.name) == set(principle.description) == {"de", "en"}


def test_a_citys_own_entry_goes_before_the_list_and_unknown_ids_are_kept() -> None:
    found = {principle.id: principle for principle in together(read_principles(OWN, "p.toml"), ["stempel"])}
    assert (found["schrift"].name["de"], found["schrift"].organ) == ("Schriftliches", "mayor")
    assert found["schrift"].description["de"].startswith("Etwas gilt nur mit Unterschrift")
    assert found["schrift"].demands, "what norms demand still makes steps rest on it"
    assert found["stempel"].name == {"de": "stempel", "en": "stempel"}
    assert found["schrift"].called("schriftliches")
    assert not found["schrift"].called("Schriftform")


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("[[principle]\n", "toml-malformed", 1),
        ('title = "x"\n', "principle-malformed", 1),
        ('\n[[principle]]\nid = "a"\n', "principle-malformed", 2),
        ('[[principle]]\nid = "a b"\nname = "x"\n', "principle-malformed", 1),
        ('[[principle]]\nid = "a"\nname = "x"\nfarbe = "rot"\n', "principle-malformed", 1),
        ('[[principle]]\nid = "a"\nname = "x"\norgan = "king"\n', "principle-malformed", 1),
    ],
)
def test_a_mistake_is_refused_with_its_line(text: str, code: str, line: int) -> None:
    with pytest.raises(ModelError) as caught:
        read_principles(text, "p.toml")
    assert (caught.value.code, caught.value.line) == (code, line)
