"""Steps and rules on trial, asked for and read in a real browser."""

from __future__ import annotations

import os

from playwright.sync_api import Page

from tests.browser.conftest import sign_in, violations


def test_an_analyst_sees_what_each_step_costs_and_decides_without_a_barrier(page: Page, address: str) -> None:
    sign_in(page, address, "analyst")
    page.goto(f"{address}/verfahren/bewohnerparkausweis/was-waere-ohne")
    page.get_by_label("Fälle je Durchgang").fill("200")
    page.get_by_label("Durchgänge").fill("3")
    page.get_by_role("button", name="Auf die Probe stellen").click()
    table = page.locator("#schritte-probe")
    table.wait_for(timeout=120_000)
    first = table.locator("tbody tr").first
    assert "entscheidet wenig, kostet viel" in first.inner_text()
    assert "geschützt" in table.inner_text()
    assert "±" in first.inner_text()
    assert page.locator("#zusammen-probe").is_visible()
    assert "nicht kalibriert" in page.locator("main").inner_text()
    if os.environ.get("BPM_PICTURES"):
        page.screenshot(path=f"{os.environ['BPM_PICTURES']}/without.png", full_page=True)
    assert violations(page) == []
