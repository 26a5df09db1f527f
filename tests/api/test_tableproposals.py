"""The page "So sähe es aus" of a decision table: today and the proposal, marked in words, with what is proven."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

from bpm.service.reading import files_of
from tests.api.conftest import Client

CITY = Path(__file__).resolve().parents[2] / "processes" / "muenchen"


def deploy(api: Client) -> list[dict[str, Any]]:
    return list(api.deploy(*files_of(CITY / "dienstreise").items()).json()["findings"])


def one_of(findings: list[dict[str, Any]], code: str, decision: str) -> str:
    return next(str(one["fingerprint"]) for one in findings if (one["code"], one["decision"]) == (code, decision))


def page_of(api: Client, fingerprint: str, more: str = "") -> str:
    answer = api.raw.get(f"/verfahren/dienstreise/1/regelvorschlag/{fingerprint}{more}")
    assert answer.status_code == 200, answer.text
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def test_a_merge_shows_which_row_takes_in_the_other_and_that_nothing_is_decided_otherwise(api: Client) -> None:
    page = page_of(api, one_of(deploy(api), "RC07", "leitweg"))
    assert "Jeder Fall wird entschieden wie bisher" in page
    assert "Zeile 2: geht auf in Zeile 1" in page
    assert "Zeile 1: geändert; Referat:" in page
    assert "bisher Zeile 3" in page


def test_a_proposal_for_the_board_says_so_and_shows_a_case_that_is_decided_otherwise(api: Client) -> None:
    page = page_of(api, one_of(deploy(api), "RC05", "genehmigende"))
    assert "Das ist ein Vorschlag" in page
    assert "Zeile 5: entfällt" in page


def test_a_gap_gets_a_row_whose_result_is_still_to_be_decided(api: Client) -> None:
    page = page_of(api, one_of(deploy(api), "RC01", "leitweg"))
    assert "Zeile 5: neu" in page
    assert "→ zu entscheiden" in page


def test_several_proposals_are_shown_together(api: Client) -> None:
    found = deploy(api)
    page = page_of(api, one_of(found, "RC07", "leitweg"), f"?auch={one_of(found, 'RC01', 'leitweg')}")
    assert "Zeile 2: geht auf in Zeile 1" in page
    assert "Zeile 4: neu" in page


def test_the_questions_of_a_table_lead_to_it_and_the_package_can_be_taken(api: Client) -> None:
    fingerprint = one_of(deploy(api), "RC07", "leitweg")
    place = f"/verfahren/dienstreise/1/regelvorschlag/{fingerprint}"
    assert place in api.raw.get("/verfahren/dienstreise/regeln/leitweg").text
    assert place in api.raw.get("/verfahren/dienstreise").text
    package = api.raw.get(f"{place}/paket").content
    assert "decisions.dmn" in zipfile.ZipFile(io.BytesIO(package)).namelist()


def test_what_changes_no_table_has_no_such_page(api: Client) -> None:
    found = deploy(api)
    step = next(str(one["fingerprint"]) for one in found if one["code"] == "RS01")
    assert api.raw.get(f"/verfahren/dienstreise/1/regelvorschlag/{step}").status_code == 422
    assert api.raw.get("/verfahren/dienstreise/1/regelvorschlag/0123456789abcdef").status_code == 404
