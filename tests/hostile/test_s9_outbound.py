"""S9: the service calls nobody. There are no connectors; what opens connections in the sources is listed by hand here,
and a case of every kind runs without one being opened."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests import models
from tests.proof import Proof

ROOT = Path(__file__).resolve().parents[2]
CALLERS = {"urllib.request", "http.client", "socket", "requests", "httpx", "aiohttp", "ftplib", "smtplib", "telnetlib"}
KNOWN = {
    "api/issuer.py": "asks the one issuer that the operator named, without following anybody",
    "bpm/client.py": "the client of workers, outside the service",
}
CLAIMED = "no connector: no outbound connection but to the operator's own issuer"


def callers(source: str) -> set[str]:
    """Modules that open connections and are imported here."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return {name for name in names if name in CALLERS or name.partition(".")[0] in CALLERS}


def test_only_what_is_listed_can_open_a_connection(proof: Proof) -> None:
    sources = [one for room in ("bpm", "api") for one in (ROOT / room).rglob("*.py") if "node_modules" not in one.parts]
    found = {str(one.relative_to(ROOT)) for one in sources if callers(one.read_text(encoding="utf-8"))}
    proof(
        "S9", CLAIMED, f"{len(sources)} source files, {len(found)} import a way out, {len(found - set(KNOWN))} unlisted"
    )
    assert found <= set(KNOWN)


def test_control_an_import_is_found_wherever_it_stands() -> None:
    assert callers("def f():\n    from urllib.request import urlopen")
    assert callers("import http.client as c")
    assert callers("from urllib import request")
    assert not callers("from urllib.parse import quote")


@pytest.mark.parametrize("key", ["connector", "url", "http-json"])
def test_a_model_that_names_a_connector_is_never_run(key: str) -> None:
    from zoneinfo import ZoneInfo

    from bpm.model.reader import read_files
    from bpm.service.context import build_model

    inside = f"<camunda:connector><camunda:connectorId>{key}</camunda:connectorId></camunda:connector>"
    body = (
        '<startEvent id="start"/><endEvent id="ende"/><serviceTask id="ruf"><extensionElements>'
        f"{inside}</extensionElements></serviceTask>" + models.flows(("start", "ruf"), ("ruf", "ende"))
    )
    model = build_model(read_files({"m.bpmn": models.document("prozess", body)}), ZoneInfo("Europe/Berlin"))
    assert model.executable is None
    assert [one.element for one in model.blockers] == ["ruf"]
