"""Today and a proposal side by side: two drawings, marks in both, the same in words, by keyboard and on a phone."""

from __future__ import annotations

import re

from playwright.sync_api import Page

from tests.browser.conftest import sign_in, violations

TRIP = "/verfahren/dienstreise"


def open_proposal(page: Page, address: str, title: str = "Wiederholte Prüfung") -> None:
    page.goto(address + TRIP)
    found = page.locator(f'a[aria-label^="So sähe es aus: {title}"]').first.get_attribute("href")
    assert found is not None
    page.goto(address + found)
    page.locator('[data-compare="old"][data-state="ready"]').wait_for()
    page.locator('[data-compare="new"][data-state="ready"]').wait_for()


def test_both_diagrams_open_without_warnings_and_mark_what_changes(page: Page, address: str) -> None:
    open_proposal(page, address)
    holders = page.locator("[data-compare]")
    assert holders.evaluate_all("found => found.map(one => one.dataset.warnings)") == ["0", "0"]
    gone = '[data-element-id="kostengrenze_bestaetigen"]'
    assert page.locator(f'[data-compare="old"] .change-removed{gone}').count() == 1
    assert page.locator(f'[data-compare="new"] {gone}').count() == 0
    assert page.locator('[data-compare="new"] .djs-connection.change-rewired').count() == 1
    assert "entfällt" in page.locator('[data-compare="old"] .change-word').inner_text()
    words = page.locator("#unterschiede tbody").inner_text()
    assert "Kostenrahmen bestätigen" in words
    assert "führt anders" in words
    assert violations(page) == []


def test_a_row_of_the_table_shows_the_place_in_both_by_keyboard(page: Page, address: str) -> None:
    open_proposal(page, address)
    link = page.locator('#unterschiede [data-mark="f31_weiter_genehmigt"]')
    link.focus()
    page.keyboard.press("Enter")
    assert page.locator('.djs-connection.marked[data-element-id="f31_weiter_genehmigt"]').count() == 2


def test_on_a_phone_the_proposal_stands_below_today(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    open_proposal(page, address)
    old, new = (page.locator(f'[data-compare="{side}"]').bounding_box() for side in ("old", "new"))
    assert old is not None
    assert new is not None
    assert new["y"] >= old["y"] + old["height"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert violations(page) == []


def test_looking_writes_nothing_and_the_proposal_is_there_to_download(page: Page, address: str) -> None:
    open_proposal(page, address)
    with page.expect_download() as loading:
        page.get_by_role("link", name="BPMN herunterladen").click()
    content = loading.value.path().read_bytes()
    assert b"bpmnElement=" in content
    assert b"kostengrenze_bestaetigen" not in content
    with page.expect_download() as loading:
        page.get_by_role("link", name=re.compile("Zip")).click()
    assert loading.value.path().read_bytes().startswith(b"PK")
    assert page.get_by_role("button", name="Als neue Fassung hochladen").count() == 0
    page.goto(address + TRIP)
    assert page.get_by_text("Kostenrahmen bestätigen").count() > 0


def test_several_proposals_are_looked_at_together(page: Page, address: str) -> None:
    open_proposal(page, address)
    page.locator('input[name="auch"]').first.check()
    page.get_by_role("button", name="Zusammen ansehen").click()
    page.locator('[data-compare="new"][data-state="ready"]').wait_for()
    assert page.locator("#unterschiede tbody tr").count() > 2
    assert page.locator('input[name="auch"]').first.is_checked()


def test_who_may_deploy_is_offered_to_store_it(page: Page, address: str) -> None:
    sign_in(page, address, "analyst")
    open_proposal(page, address)
    assert page.get_by_role("button", name="Als neue Fassung hochladen").is_visible()
