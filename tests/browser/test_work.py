"""A clerk runs a case through the pages, an analyst simulates, an auditor takes a report home."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from bpm.service import cases, jobs, messages
from bpm.service.access import DEMO
from bpm.service.background import run_round
from bpm.service.report import verify
from tests.browser.conftest import sign_in, violations
from tests.journeys.serving import ROOT, Served, serving
from tests.procedures.walk import Sight, Waiting, sight_of, walk_in

ONE_OF_EACH = {
    "bewohnerparkausweis": "ausgestellt",
    "wohnsitzanmeldung": "familie-am-schalter",
    "hundesteuer": "hund",
    "dienstreise": "kleine-reise",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("pages")) as served:
        yield served


class Pages:
    """A case worked on in a browser. What no person does (registers, the post, passing days) happens behind it."""

    def __init__(self, page: Page, served: Served, procedure: str, reference: str) -> None:
        self.page = page
        self.served = served
        self.procedure = procedure
        self.reference = reference
        self.instance = ""

    def start(self, variables: Mapping[str, Any]) -> Sight:
        self.page.goto(f"{self.served.address}/verfahren/{self.procedure}")
        self.page.get_by_role("link", name="Fall beginnen").click()
        self.page.get_by_label("Aktenzeichen").fill(self.reference)
        self.fill(variables)
        self.page.get_by_role("button", name="Beginnen").click()
        self.page.wait_for_url("**/faelle/*")
        self.instance = self.page.url.rpartition("/")[2]
        return self.look()

    def complete(self, task: Waiting, variables: Mapping[str, Any]) -> Sight:
        self.page.goto(f"{self.served.address}/aufgaben/{task.id}")
        self.page.get_by_role("button", name="Übernehmen").click()
        self.page.get_by_role("button", name="Erledigen").wait_for()
        assert violations(self.page) == []
        self.fill(variables)
        self.page.get_by_role("button", name="Erledigen").click()
        self.page.wait_for_url(f"**/faelle/{self.instance}")
        return self.look()

    def fill(self, variables: Mapping[str, Any]) -> None:
        """Answer every field that the form shows; what it does not ask for cannot be given by a person."""
        for name, value in variables.items():
            field = self.page.locator(f'[name="{name}"]')
            assert field.count() > 0, f"the form does not ask for {name}"
            kind = field.first.evaluate("node => node.tagName === 'INPUT' ? node.type : node.tagName.toLowerCase()")
            if kind == "checkbox" and isinstance(value, bool):
                field.first.set_checked(value)
            elif kind in ("radio", "checkbox"):
                for one in value if isinstance(value, list) else [value]:
                    self.page.locator(f'[name="{name}"][value="{one}"]').check()
            elif kind == "select":
                field.select_option(str(value))
            else:
                field.fill(str(value))

    def finish(self, job: Waiting, variables: Mapping[str, Any]) -> Sight:
        worker = DEMO["worker"]
        jobs.complete(self.served.services, worker, job.id, self.lock(job), variables)
        return self.look()

    def fail(self, job: Waiting, code: str, variables: Mapping[str, Any]) -> Sight:
        jobs.raise_error(self.served.services, DEMO["worker"], job.id, self.lock(job), code, variables)
        return self.look()

    def lock(self, job: Waiting) -> int:
        topic = next(one["topic"] for one in self.now()["jobs"] if one["id"] == job.id)
        locked = jobs.lock(self.served.services, DEMO["worker"], topic, "w1", maximum=100, lock_s=60).body["items"]
        return int(next(one["token"] for one in locked if one["id"] == job.id))

    def fire(self, timer: Waiting) -> Sight:
        due = next(one["due"] for one in self.now()["timers"] if one["id"] == timer.id)
        self.served.clock.advance(datetime.fromisoformat(due) - self.served.clock.now())
        run_round(self.served.services)
        return self.look()

    def send(self, message: Waiting, variables: Mapping[str, Any]) -> Sight:
        messages.correlate(
            self.served.services, DEMO["worker"], message.element, variables, business_key=self.reference
        )
        return self.look()

    def now(self) -> dict[str, Any]:
        return cases.get(self.served.services, DEMO["clerk"], self.instance)

    def look(self) -> Sight:
        return sight_of(self.now())


@pytest.mark.parametrize("key", ONE_OF_EACH)
def test_a_clerk_runs_a_case_through_the_pages(page: Page, served: Served, key: str) -> None:
    path = ROOT / "processes" / "muenchen" / key / "cases" / f"{ONE_OF_EACH[key]}.json"
    case = json.loads(path.read_text(encoding="utf-8"))
    sign_in(page, served.address, "clerk")
    world = Pages(page, served, key, f"AZ-{key}")
    walk_in(world, case)
    end = world.now()
    assert case["expected_end"] in end["ends"]
    page.goto(f"{served.address}/faelle/{world.instance}")
    assert "abgeschlossen" in page.locator(".lead").inner_text()
    assert page.locator("#verlauf tbody tr").count() > 5
    assert violations(page) == []


@pytest.mark.refusal(422)
def test_a_form_comes_back_filled_in_with_the_reason_at_the_field(page: Page, served: Served) -> None:
    sign_in(page, served.address, "clerk")
    world = Pages(page, served, "bewohnerparkausweis", "AZ-form")
    sight = world.start({})
    page.goto(f"{served.address}/aufgaben/{sight.tasks[0].id}")
    page.get_by_role("button", name="Übernehmen").click()
    page.get_by_role("button", name="Erledigen").wait_for()
    page.locator('[name="name"]').fill("Kim Beispiel")
    page.get_by_role("button", name="Erledigen").click()
    page.locator(".error[role=alert]").first.wait_for()
    assert page.locator('[name="name"]').input_value() == "Kim Beispiel"
    assert world.look().tasks == sight.tasks


def test_another_person_cannot_take_a_task_that_is_held(page: Page, served: Served) -> None:
    sign_in(page, served.address, "clerk")
    world = Pages(page, served, "bewohnerparkausweis", "AZ-held")
    task = world.start({}).tasks[0]
    page.goto(f"{served.address}/aufgaben/{task.id}")
    page.get_by_role("button", name="Übernehmen").click()
    page.get_by_role("button", name="Erledigen").wait_for()
    with page.expect_navigation():
        page.get_by_role("button", name="Abmelden").click()
    sign_in(page, served.address, "clerk2")
    page.goto(f"{served.address}/aufgaben/{task.id}")
    assert "clerk" in page.locator(".notice").inner_text()
    assert page.get_by_role("button", name="Erledigen").count() == 0


def test_the_inbox_lists_what_is_mine_and_what_is_open(page: Page, served: Served) -> None:
    sign_in(page, served.address, "clerk")
    task = Pages(page, served, "bewohnerparkausweis", "AZ-inbox").start({}).tasks[0]
    page.goto(f"{served.address}/aufgaben")
    with page.expect_navigation():
        page.locator(f'form[action="/aufgaben/{task.id}/uebernehmen"] button').click()
    page.goto(f"{served.address}/aufgaben")
    assert page.locator("table").first.locator(f'a[href="/aufgaben/{task.id}"]').count() == 1
    assert violations(page) == []


def test_an_analyst_simulates_and_sees_where_cases_wait(page: Page, address: str) -> None:
    sign_in(page, address, "analyst")
    page.goto(f"{address}/verfahren/bewohnerparkausweis/simulation")
    page.get_by_label("Fälle je Durchgang").fill("200")
    page.get_by_label("Durchgänge", exact=True).fill("5")
    page.get_by_role("button", name="Simulieren").click()
    page.locator("#kennzahlen").wait_for(timeout=240_000)
    page.locator('[data-diagram][data-state="ready"]').wait_for()
    assert page.locator(".djs-element[class*=heat-]").count() > 0
    assert violations(page) == []
    page.goto(f"{address}/verfahren/bewohnerparkausweis")
    assert "nicht kalibriert" in page.locator("[data-sentence]").inner_text()
    page.locator('[data-diagram][data-state="ready"]').wait_for()
    assert page.locator(".djs-element[class*=heat-]").count() > 0


def test_an_auditor_draws_up_a_report_and_verifies_it(page: Page, address: str, tmp_path: Path) -> None:
    sign_in(page, address, "auditor")
    page.goto(f"{address}/verfahren/hundesteuer/bericht")
    page.get_by_role("button", name="Bericht erstellen").click()
    with page.expect_download() as taken:
        page.get_by_role("link", name="PDF").first.click()
    taken.value.save_as(tmp_path / "bericht.pdf")
    assert verify(tmp_path / "bericht.pdf").differences == ()


@pytest.mark.refusal(403)
def test_a_form_from_elsewhere_is_refused(page: Page, address: str) -> None:
    sign_in(page, address, "analyst")
    page.goto(f"{address}/verfahren/bewohnerparkausweis/simulation")
    page.evaluate("document.querySelectorAll('[name=csrf]').forEach(one => one.value = 'forged')")
    with page.expect_response("**/simulation") as answered:
        page.get_by_role("button", name="Simulieren").click()
    assert answered.value.status == 403
    page.wait_for_load_state()
