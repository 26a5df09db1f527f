"""Proposals beside today: looking stores nothing; adopting is a deployment of the newest by who may deploy."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpm.errors import Forbidden, InvalidRequest, NotFound
from bpm.service import procedures, proposals, workbench
from bpm.service.access import Actor
from bpm.service.context import Services
from bpm.service.workbench import PUBLIC
from tests.api.conftest import PEOPLE, Client

TRIP = Path(__file__).parents[2] / "processes" / "muenchen" / "dienstreise"
OWNER = PEOPLE["owner"]


@pytest.fixture
def services(api: Client) -> Services:
    found: Services = api.raw.app.state.services  # type: ignore[attr-defined]
    procedures.deploy(found, OWNER, {name: (TRIP / name).read_bytes() for name in ("procedure.bpmn", "decisions.dmn")})
    return found


def asked(services: Services, code: str, actor: Actor = PUBLIC) -> str:
    findings = workbench.page(services, actor, "dienstreise").overview.analysis.findings
    return next(one.fingerprint for one in findings if one.finding.code == code)


def test_looking_at_a_proposal_stores_no_version(services: Services) -> None:
    found = proposals.propose(services, PUBLIC, "dienstreise", [asked(services, "RS05")])
    assert [row.kind for row in found.rows("de")] == ["removed", "rewired"]
    assert found.marks()["old"]["kostengrenze_bestaetigen"] == "removed"
    assert not found.mechanical
    assert workbench.page(services, PUBLIC, "dienstreise").version == 1


def test_adopting_stores_the_next_version_once_and_never_on_top_of_another_one(services: Services) -> None:
    wanted = [asked(services, "RS05")]
    assert proposals.adopt(services, OWNER, "dienstreise", wanted, 1).status == 201
    newest = workbench.page(services, PUBLIC, "dienstreise")
    assert newest.version == 2
    assert all(one.finding.code != "RS05" for one in newest.overview.analysis.findings)
    with pytest.raises(InvalidRequest) as caught:
        proposals.adopt(services, OWNER, "dienstreise", wanted, 1)
    assert caught.value.code == "not-newest"


def test_only_who_may_deploy_adopts_and_unknown_findings_are_not_found(services: Services) -> None:
    with pytest.raises(Forbidden):
        proposals.adopt(services, PEOPLE["clerk"], "dienstreise", [asked(services, "RS05")], 1)
    with pytest.raises(NotFound):
        proposals.propose(services, PUBLIC, "dienstreise", ["0" * 16])
    with pytest.raises(InvalidRequest) as caught:
        proposals.propose(services, PUBLIC, "dienstreise", [asked(services, "RC05")])
    assert caught.value.code == "nothing-to-show"
