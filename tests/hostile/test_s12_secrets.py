"""S12: secrets and personal data of a whole journey, searched for in what the server writes to its log and in what it
tells whoever is mistaken, audits or measures."""

from __future__ import annotations

import json
from pathlib import Path

from tests import models
from tests.proof import Proof
from tests.reliability.deploying import deploy
from tests.reliability.servers import Connection, Server

CANARIES = ("Geheimnis-7431", "Kim-Canary-Beispiel", "AZ-CANARY-99", "canary-token-5512", "Grund-Canary-3")
CLAIMED = "canaries of variables, business keys, remarks and credentials: 0 in logs, problems, audit and metrics"


def journey(server: Server) -> list[bytes]:
    """A case with canaries in every place; returns what others and the mistaken were told."""
    deploy(server.port, models.sequence())
    deploy(server.port, models.with_script())
    clerk, told = Connection(server.port), []
    body = {"procedure": "antrag", "business_key": "AZ-CANARY-99", "variables": {"name": "Kim-Canary-Beispiel"}}
    case = json.loads(clerk.call("POST", "/api/v1/instances", body)[1])
    task = case["tasks"][0]["id"]
    clerk.call("POST", f"/api/v1/tasks/{task}/comments", {"text": "Grund-Canary-3"})
    clerk.call("POST", f"/api/v1/tasks/{task}/draft", {"variables": {"pin": "Geheimnis-7431"}})
    clerk.call("POST", f"/api/v1/tasks/{task}/complete", {"variables": {"pin": "Geheimnis-7431"}})
    # mistakes of many kinds: their problems and log lines must not repeat what was sent
    mistaken = Connection(server.port)
    for path, sent in (
        ("/instances", {"procedure": "skript", "variables": {"pin": "Geheimnis-7431"}}),
        ("/instances", {"procedure": 7, "variables": {"pin": "Geheimnis-7431"}}),
        ("/instances", {"procedure": "fehlt", "business_key": "AZ-CANARY-99"}),
        (f"/tasks/{task}/complete", {"variables": {"pin": "Geheimnis-7431"}}),
        ("/jobs/lock", {"topic": "t", "worker": "canary-token-5512"}),
        ("/messages", {"name": "Niemand", "variables": {"pin": "Geheimnis-7431"}}),
    ):
        told.append(mistaken.call("POST", f"/api/v1{path}", sent)[1])
    for header in ("Basic canary-token-5512", "Bearer canary-token-5512", "Basic Y2FuYXJ5LXRva2VuLTU1MTI6eA=="):
        mistaken.headers["Authorization"] = header
        told.append(mistaken.call("GET", "/api/v1/tasks")[1])
    auditor = Connection(server.port, "auditor")
    told.append(auditor.call("GET", "/api/v1/audit/verify")[1])
    told.append(Connection(server.port, "admin").call("GET", "/metrics")[1])
    return told


def found_in(told: list[bytes], log: bytes) -> list[str]:
    """Canaries in answers or the log."""
    return [one for one in CANARIES if any(one.encode() in text for text in (*told, log))]


def test_no_canary_is_written_or_told(sqlite_url: str, tmp_path: Path, proof: Proof) -> None:
    server = Server(sqlite_url, tmp_path)
    try:
        server.start()
        told = journey(server)
    finally:
        server.kill()
    log = (tmp_path / "server.log").read_bytes()
    found = found_in(told, log)
    proof("S12", CLAIMED, f"{len(CANARIES)} canaries, {len(told)} answers, {len(log)} bytes of log: {len(found)} found")
    assert found == []


def test_control_a_build_that_logs_what_it_is_sent_is_found_out(sqlite_url: str, tmp_path: Path) -> None:
    server = Server(sqlite_url, tmp_path, "tests.reliability.broken:talkative")
    try:
        server.start()
        told = journey(server)
    finally:
        server.kill()
    assert found_in(told, (tmp_path / "server.log").read_bytes())
