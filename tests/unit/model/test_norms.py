"""Norms are read whole or refused with the place of the mistake."""

from __future__ import annotations

import pytest

from bpm.errors import ModelError
from bpm.model.norms import TEMPLATES, read_norms

HEAD = 'title = "x"\nas_of = 2026-11-24\n\n'


def one(lines: str, known: set[str] | None = None):  # type: ignore[no-untyped-def]
    return read_norms(f"{HEAD}[[norm]]\n{lines}", "norms.toml", known)


def test_a_norm_keeps_everything_it_says() -> None:
    (norm,) = one(
        'id = "a"\ntemplate = "precedence"\nfirst = "x"\nsecond = ["y", "z"]\ncitation = "BayVwVfG  Art. 28"\n'
        'organ = "land"\nforce = "must"\nvalid_from = 2020-01-01\nvalid_to = "2027-12-31"\nknown = "assumed"\n'
        'on = 2026-11-24\nsource = "zu prüfen"\ntext = "Erst hören."\n',
        {"x", "y", "z"},
    )
    assert (norm.first, norm.second, norm.citation) == (("x",), ("y", "z"), "BayVwVfG Art. 28")
    assert (norm.organ, norm.force, norm.valid_from, norm.valid_to) == ("land", "must", "2020-01-01", "2027-12-31")
    assert norm.known is not None
    assert (norm.known.how, norm.known.on, norm.known.source) == ("assumed", "2026-11-24", "zu prüfen")
    assert norm.line == 4
    assert norm.steps == ("x", "y", "z")
    assert [norm.holds_on(day) for day in ("2019-12-31", "2020-01-01", "2027-12-31", "2028-01-01", None)] == [
        False, True, True, False, True,
    ]  # fmt: skip


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_has_the_keys_it_needs(template: str) -> None:
    unary = template in ("existence", "absence", "init")
    steps = 'step = "x"\n' if unary else 'first = "x"\nsecond = "y"\n'
    more = 'within = "P3M"\n' if template == "deadline" else ""
    (norm,) = one(f'id = "a"\ntemplate = "{template}"\n{steps}{more}citation = "c"\n')
    assert norm.template == template
    assert norm.times == (0 if template == "absence" else 1)
    with pytest.raises(ModelError) as caught:
        one(f'id = "a"\ntemplate = "{template}"\ncitation = "c"\n{more}')
    assert (caught.value.code, caught.value.element) == ("norm-missing", "a")


GOOD = 'id = "a"\ntemplate = "response"\nfirst = "x"\nsecond = "y"\ncitation = "c"\n'


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("[[norm]\n", "toml-malformed", 4),
        ("[[norm]]\nid = 1 2\n", "toml-malformed", 5),
        ("[regel]\n", "norm-key", 1),
        ('[[norm]]\nid = "a"\n', "norm-missing", 4),
        (f"[[norm]]\n{GOOD.replace('response', 'respond')}", "norm-template", 6),
        (f"[[norm]]\n{GOOD}farbe = 1\n", "norm-key", 10),
        (f"[[norm]]\n{GOOD}times = 2\n", "norm-key", 10),
        (f'[[norm]]\n{GOOD}force = "will"\n', "norm-value", 10),
        (f'[[norm]]\n{GOOD}valid_to = "morgen"\n', "norm-value", 10),
        ("[[norm]]\n" + GOOD.replace('"y"', "3"), "norm-value", 8),
        ("[[norm]]\n" + GOOD.replace('"y"', '"x"'), "norm-value", 8),
        ("[[norm]]\n" + GOOD.replace('"y"', '"unbekannt"'), "norm-step", 8),
        (f"[[norm]]\n{GOOD}[[norm]]\n{GOOD}", "norm-twice", 11),
        ('[[norm]]\nid = "a"\ntemplate = "deadline"\nfirst = "x"\nsecond = "y"\ncitation = "c"\n', "norm-missing", 4),
        (f'[[norm]]\n{GOOD.replace("response", "deadline")}within = "3 Monate"\n', "norm-value", 10),
        ('[[norm]]\nid = "a"\ntemplate = "existence"\nstep = "x"\ntimes = 99\ncitation = "c"\n', "norm-value", 8),
    ],
)
def test_a_mistake_is_refused_with_its_line(text: str, code: str, line: int) -> None:
    with pytest.raises(ModelError) as caught:
        read_norms(HEAD + text, "norms.toml", {"x", "y"})
    assert (caught.value.code, caught.value.line, caught.value.path) == (code, line, "norms.toml")


def test_a_file_without_norms_has_none() -> None:
    assert read_norms(HEAD, "norms.toml") == ()
