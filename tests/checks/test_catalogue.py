"""Every check keeps the promises of the catalogue: documentation in two languages, fixtures, exact findings."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

from bpm.analyser import checks
from bpm.analyser.catalogue import ELSEWHERE, FILES, all_checks, choose, load
from bpm.analyser.check import KEYS, check, read_sections
from bpm.errors import NotFound
from tests.checks.fixtures import HERE, analyses, expected_file, findings, fixtures

CODES = list(FILES)
CHECKED = [code for code in CODES if code not in ELSEWHERE]
INVALID = [(code, fixture) for code in CODES for fixture in fixtures(code, "invalid")]
VALID = [(code, fixture) for code in CODES for fixture in fixtures(code, "valid")]


def ids(pairs: list[tuple[str, Path]]) -> list[str]:
    return [f"{code}-{fixture.name}" for code, fixture in pairs]


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("lang", ["de", "en"])
def test_a_check_is_documented_in_both_languages(code: str, lang: str) -> None:
    documentation = load(code).documentation(lang)
    assert [key for key in ("summary", *KEYS) if not documentation.get(key)] == []
    assert load(code).title[lang]


@pytest.mark.parametrize("code", ["RC03", "RC04", "RC05", "RC07", "RC08", "RC09", "AB01", "AB03"])
def test_a_proof_that_something_is_needless_speaks_of_this_table_and_of_what_it_may_serve(code: str) -> None:
    keep = {lang: " ".join(load(code).documentation(lang)["keep"].split()) for lang in ("de", "en")}
    assert "changes no decision in this table" in keep["en"]
    assert "in dieser Tabelle keine Entscheidung" in keep["de"]
    assert any(word in keep["en"] for word in ("reason", "fee", "statistics", "evidence", "norm"))
    assert any(word in keep["de"] for word in ("Begründung", "Grund", "Gebühr", "Statistik", "Nachweis", "Norm"))


def test_a_missing_section_is_noticed() -> None:
    assert "keep" not in read_sections(
        "RC99: x\n\nWhat it finds\nx\n\nWhy it costs\nx\n\nExample\nx\n\nSource\nx\n", "en"
    )


def test_every_file_of_the_package_is_in_the_catalogue() -> None:
    names = {path.stem for path in Path(checks.__path__[0]).glob("*.py")} - {"__init__"}
    assert names == set(FILES.values())


@pytest.mark.parametrize("code", CODES)
def test_a_check_is_one_small_file_that_knows_no_other(code: str) -> None:
    text = Path(importlib.import_module(f"bpm.analyser.checks.{FILES[code]}").__file__ or "").read_text("utf-8")
    assert "bpm.analyser.checks" not in text
    assert FILES[code].startswith(code.lower() + "_")


@pytest.mark.parametrize("code", CHECKED)
def test_a_check_has_an_invalid_fixture_and_two_near_misses(code: str) -> None:
    assert len(list(fixtures(code, "invalid"))) >= 1, f"tests/checks/{code.lower()} needs invalid-*"
    assert len(list(fixtures(code, "valid"))) >= 2, f"tests/checks/{code.lower()} needs two valid-*"


@pytest.mark.parametrize(("code", "fixture"), INVALID, ids=ids(INVALID))
def test_an_invalid_fixture_gives_exactly_the_expected_findings(code: str, fixture: Path) -> None:
    found = findings(fixture, code)
    assert found, "an invalid fixture without a finding"
    assert found == json.loads(expected_file(fixture).read_text("utf-8"))


@pytest.mark.parametrize(("code", "fixture"), VALID, ids=ids(VALID))
def test_a_near_miss_gives_no_finding(code: str, fixture: Path) -> None:
    assert findings(fixture, code) == []


@pytest.mark.parametrize(("code", "fixture"), INVALID + VALID, ids=ids(INVALID + VALID))
def test_findings_speak_both_languages(code: str, fixture: Path) -> None:
    for analysis in analyses(fixture, code):
        for found in analysis.findings:
            assert found.finding.code == code
            assert found.finding.basis in {"proof", "measurement", "heuristic"}
            for lang in ("de", "en"):
                entry = found.as_json(lang)
                assert entry["message"]
                assert entry["question"]
                assert entry["keep_when"]
                assert entry["question"].endswith("?"), "a finding asks"
        for skipped in analysis.skipped:
            assert set(skipped.skipped.reason) == {"de", "en"}


def test_no_fixture_folder_is_orphaned() -> None:
    folders = {path.name for path in HERE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == {code.lower() for code in CHECKED}


def test_a_prefix_chooses_a_family_and_a_misspelt_code_is_refused() -> None:
    for entry in ("XX99", "", " "):
        with pytest.raises(NotFound):
            choose((entry,))
        with pytest.raises(NotFound):
            choose(None, (entry,))
    assert choose() == tuple(one for one in all_checks() if one.code not in ELSEWHERE)
    if CODES:
        family = CODES[0][:2].lower()
        assert [one.code for one in choose((family,))] == [code for code in CODES if code.startswith(family.upper())]
        assert CODES[0] not in [one.code for one in choose(None, (CODES[0],))]


def test_what_another_command_measures_is_documented_and_says_which_when_it_is_selected() -> None:
    with pytest.raises(NotFound, match="AB02 is measured by `bpm question`"):
        choose(("AB02",))
    assert "AB02" not in [one.code for one in choose(("AB",))]
    assert list(load("AB02").find(None)) == []  # type: ignore[arg-type]


def test_metadata_outside_the_contract_are_refused() -> None:
    with pytest.raises(ValueError):
        check(code="XX01", family="rule", severity="fatal", basis="proof", title={"de": "x", "en": "x"})
    with pytest.raises(ValueError):
        check(code="XX01", family="rule", severity="info", basis="proof", title={"de": "x"})
