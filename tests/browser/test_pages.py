"""Every page can be read, by everybody, with and without a mouse."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import sign_in, violations

KEY = "bewohnerparkausweis"
PUBLIC = [
    "/verfahren",
    f"/verfahren/{KEY}",
    f"/verfahren/{KEY}?lang=en",
    f"/verfahren/{KEY}/regeln/gebuehr",
    "/verfahren/dienstreise/regeln/genehmigende",
    f"/verfahren/{KEY}/was-waere-ohne",
    f"/verfahren/{KEY}/formulare/forms/antrag.json",
    f"/verfahren/{KEY}/simulation",
    f"/verfahren/{KEY}/bericht",
    f"/verfahren/{KEY}/quellen",
    "/katalog",
    "/grundsaetze",
    "/anmelden",
]
STAFF = ["/aufgaben", "/faelle", f"/verfahren/{KEY}/beginnen"]


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_open_without_an_account_and_without_barriers(page: Page, address: str, path: str) -> None:
    answer = page.goto(address + path)
    assert answer is not None
    assert answer.status == 200
    page.wait_for_load_state("networkidle")
    assert violations(page) == []


@pytest.mark.parametrize("path", STAFF)
def test_pages_of_staff_ask_strangers_to_sign_in(page: Page, address: str, path: str) -> None:
    page.goto(address + path)
    assert "/anmelden" in page.url
    sign_in(page, address, "clerk")
    page.goto(address + path)
    assert path in page.url
    assert violations(page) == []


@pytest.mark.parametrize("key", ["bewohnerparkausweis", "wohnsitzanmeldung", "hundesteuer", "dienstreise"])
def test_the_diagram_is_drawn_and_credits_its_makers(page: Page, address: str, key: str) -> None:
    page.goto(f"{address}/verfahren/{key}")
    page.locator('[data-diagram][data-state="ready"]').wait_for()
    shapes = page.locator(".djs-shape").count()
    rows = page.locator("#schritte tbody tr").count()
    assert shapes >= rows
    assert page.locator(".bjs-powered-by").is_visible()
    assert page.locator(".diagram svg").first.get_attribute("role") == "img"


def test_a_row_of_the_table_marks_its_shape_by_keyboard(page: Page, address: str) -> None:
    page.goto(f"{address}/verfahren/{KEY}")
    page.locator('[data-diagram][data-state="ready"]').wait_for()
    link = page.locator('[data-mark="berechtigung_pruefen"]').first
    link.focus()
    page.keyboard.press("Enter")
    assert page.locator('.djs-element.marked[data-element-id="berechtigung_pruefen"]').count() == 1
    assert page.locator('tr.selected[data-element="berechtigung_pruefen"]').count() == 1


def test_the_first_tab_leads_past_the_navigation(page: Page, address: str) -> None:
    page.goto(f"{address}/verfahren")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "inhalt"


def test_the_language_is_switched_and_remembered(page: Page, address: str) -> None:
    page.goto(f"{address}/verfahren")
    with page.expect_navigation():
        page.get_by_role("link", name="English").click()
    assert page.locator("html").get_attribute("lang") == "en"
    page.goto(f"{address}/katalog")
    assert page.get_by_role("heading", level=1).inner_text() == "Catalogue of questions"


def test_a_page_fits_a_phone(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{address}/verfahren/{KEY}")
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 320


def test_the_page_of_a_rule_shows_the_table_and_the_file(page: Page, address: str) -> None:
    page.goto(f"{address}/verfahren/{KEY}/regeln/gebuehr")
    page.locator('[data-dmn][data-state="ready"]').wait_for()
    assert page.locator(".bjs-powered-by").first.is_visible()


def test_the_page_of_a_form_shows_it_as_drawn(page: Page, address: str) -> None:
    page.goto(f"{address}/verfahren/{KEY}/formulare/forms/antrag.json")
    page.locator('[data-form][data-state="ready"]').wait_for()
    assert page.locator(".fjs-powered-by").is_visible()


def test_axe_would_find_a_barrier(page: Page, address: str) -> None:
    page.goto(f"{address}/verfahren")
    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=\"/static/lichtung.svg\">')"
    )
    assert any(one.startswith("image-alt") for one in violations(page))
