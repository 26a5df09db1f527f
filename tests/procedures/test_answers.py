"""A form's rules hold at the server: whoever sends the answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.api.conftest import Client, make_client
from tests.procedures.city import CITY, case

__all__ = ["make_client"]


@pytest.fixture
def service(make_client: Callable[[str], Client], tmp_path: Path) -> Client:
    """The service on a fresh SQLite file, with the parking permit uploaded."""
    api = make_client(f"sqlite:///{tmp_path / 'answers.db'}")
    folder = CITY / "bewohnerparkausweis"
    paths = [
        path for path in sorted(folder.rglob("*")) if path.suffix in (".bpmn", ".dmn") or path.parent.name == "forms"
    ]
    answer = api.deploy(*((path.relative_to(folder).as_posix(), path.read_bytes()) for path in paths))
    assert answer.status_code == 201, answer.text
    return api


def test_answers_that_break_the_form_are_refused_and_the_task_stays_open(service: Client) -> None:
    [task] = service.start("bewohnerparkausweis")["tasks"]
    good = case("bewohnerparkausweis", "ausgestellt")["tasks"]["antrag_ausfuellen"]
    for broken in ({**good, "laufzeit_monate": 25}, {**good, "halterschaft_angabe": "geklaut"}, {"name": "Kim"}, {}):
        answer = service("POST", f"/tasks/{task['id']}/complete", {"variables": broken})
        assert (answer.status_code, answer.json()["code"]) == (422, "form-answers")
    assert service("GET", f"/tasks/{task['id']}").json()["state"] == "open"
    assert service("POST", f"/tasks/{task['id']}/complete", {"variables": good}).status_code == 200


def test_what_the_case_already_knows_counts_as_answered(service: Client) -> None:
    good = case("bewohnerparkausweis", "ausgestellt")["tasks"]["antrag_ausfuellen"]
    [task] = service.start("bewohnerparkausweis", variables=good)["tasks"]
    assert service("POST", f"/tasks/{task['id']}/complete", {"variables": {}}).status_code == 200
