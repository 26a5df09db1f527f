"""`POST /procedures/{key}/redesign`: the to-be procedure as an answer and as a package; nothing is stored."""

from __future__ import annotations

from pathlib import Path

from bpm.service.reading import files_of
from tests.api.conftest import Client

CITY = Path(__file__).resolve().parents[2] / "processes" / "muenchen"


def deploy(api: Client) -> list[dict[str, object]]:
    answer = api.deploy(*files_of(CITY / "dienstreise").items())
    assert answer.status_code == 201
    return list(answer.json()["findings"])


def test_the_answer_says_what_was_applied_and_stores_nothing(api: Client) -> None:
    deploy(api)
    answer = api("POST", "/procedures/dienstreise/redesign", {"apply": ["all-mechanical"]}, as_="analyst")
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert said["applied"]
    assert (said["excluded"], said["written"], said["version"]) == ([], ["decisions.dmn"], 1)
    assert all(table["equivalent"] for table in said["tables"])
    assert api("GET", "/procedures/dienstreise").json()["versions"] == [1]


def test_the_package_becomes_a_version_when_somebody_deploys_it(api: Client) -> None:
    found = deploy(api)
    (merge,) = [one for one in found if one["code"] == "RC07" and one["remedy"]["applicability"] == "mechanical"]  # type: ignore[index]
    body = {"apply": [merge["fingerprint"]]}
    package = api("POST", "/procedures/dienstreise/redesign", body, accept="application/zip")
    assert package.headers["content-type"] == "application/zip"
    answer = api.deploy(("to-be.zip", package.content))
    assert (answer.status_code, answer.json()["version"]) == (201, 2)
    assert merge["fingerprint"] not in {one["fingerprint"] for one in answer.json()["findings"]}


def test_an_unknown_fingerprint_or_none_at_all_is_refused(api: Client) -> None:
    deploy(api)
    answer = api("POST", "/procedures/dienstreise/redesign", {"apply": ["0123456789abcdef"]})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-fingerprint")
    assert api("POST", "/procedures/dienstreise/redesign", {"apply": []}).status_code == 422
    assert api("POST", "/procedures/nobody/redesign", {"apply": ["all-mechanical"]}).status_code == 404
