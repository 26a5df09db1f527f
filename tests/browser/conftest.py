"""A served workbench with the sample procedures, and a real browser that looks at it.

The browser is the system's Chromium. Where it is missing these tests fail with the command to type: a page that was
never opened has not been tested.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "api" / "web" / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
KNOWN_NOISE = "development build of Inferno"
"""dmn-js ships one library in a build that says so itself; everything else on the console fails a test."""


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server on this machine; it ends with the session."""
    folder = tmp_path_factory.mktemp("workbench")
    port = free_port()
    environment = {**os.environ, "BPM_DATABASE_URL": f"sqlite:///{folder}/test.db", "BPM_DATA_DIR": str(folder)}
    command = [
        sys.executable,
        "-c",
        "from bpm.cli import main; main()",
        "serve",
        "--port",
        str(port),
        "--samples",
        "processes",
    ]
    log = (folder / "server.log").open("wb")
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(address, server, folder / "server.log")
        yield address
    finally:
        server.terminate()
        server.wait(timeout=20)
        log.close()


def wait_until_ready(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if server.poll() is not None:
            raise AssertionError(f"the server ended: {log.read_text()[-2000:]}")
        try:
            with urllib.request.urlopen(f"{address}/health/ready", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise AssertionError(f"the server did not get ready: {log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.fail("no Chromium; type: sudo apt-get install --no-install-recommends chromium", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page of its own session; a message on the console or an uncaught error fails the test. The browser reports an
    answer of 4xx there as well; a test that expects one says so with the mark `refusal`."""
    expected = request.node.get_closest_marker("refusal")
    refusal = f"status of {expected.args[0]}" if expected else KNOWN_NOISE
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    noise: list[str] = []

    def keep(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(one in message.text for one in (KNOWN_NOISE, refusal)):
            noise.append(message.text)

    page.on("console", keep)
    page.on("pageerror", lambda error: noise.append(str(error)))
    yield page
    context.close()
    assert noise == []


def sign_in(page: Page, address: str, name: str) -> None:
    page.goto(f"{address}/anmelden")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Kennwort").fill(name)
    page.locator("main").get_by_role("button", name="Anmelden").click()
    page.get_by_role("button", name=f"Abmelden ({name})").wait_for()


def violations(page: Page) -> list[str]:
    """What axe-core finds on the page, without the insides of the viewers' own pictures."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "() => axe.run({exclude: [['.djs-container'], ['.dmn-js-parent'], ['.fjs-container']]})"
        ".then(result => result.violations.map(one => one.id + ': ' + one.nodes.map(node => node.target).join(', ')))"
    )
    return list(found)
