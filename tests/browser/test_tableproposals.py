"""A decision table before and after: reached by keyboard, read in words, without barriers."""

from __future__ import annotations

import os

from playwright.sync_api import Page

from tests.browser.conftest import violations


def test_the_proposal_for_a_table_opens_by_keyboard_and_has_no_barriers(page: Page, address: str) -> None:
    page.goto(f"{address}/verfahren/dienstreise/regeln/leitweg")
    button = page.get_by_role("link", name="So sähe es aus: Zusammenfassbare Regeln")
    button.focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Vorschlag", exact=True).wait_for()
    assert "/regelvorschlag/" in page.url
    assert page.locator("tr.change-merged").count() == 1
    assert page.locator("tr.change-changed").last.get_by_text("geändert").is_visible()
    assert page.get_by_text("Zeile 2: geht auf in Zeile 1").is_visible()
    assert violations(page) == []
    if picture := os.environ.get("BPM_PICTURE"):
        page.screenshot(path=picture, full_page=True)


def test_proposals_are_shown_together(page: Page, address: str) -> None:
    page.goto(f"{address}/verfahren/dienstreise/regeln/genehmigende")
    page.get_by_role("link", name="So sähe es aus: Regel ohne Wirkung").click()
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Zusammen ansehen").click()
    page.get_by_role("heading", name="Vorschlag", exact=True).wait_for()
    assert "auch=" in page.url
    assert violations(page) == []
    if picture := os.environ.get("BPM_PICTURE"):
        page.screenshot(path=f"{picture}.2.png", full_page=True)
