"""Every procedure of the city runs: each case from start to its expected end, on the engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bpm import engine
from tests.procedures.city import CITY, KEYS, case, executable, model, procedure
from tests.procedures.walk import walk


def cases() -> Iterator[tuple[str, str]]:
    for key in KEYS:
        for path in sorted((CITY / key / "cases").glob("*.json")):
            yield key, path.stem


@pytest.mark.parametrize("key", KEYS)
def test_all_files_of_a_procedure_are_read_without_an_error(key: str) -> None:
    loaded = procedure(key)
    assert loaded.errors == ()
    assert loaded.key == key
    assert model(key).extras["problems"] == ()
    assert len(loaded.decisions) == 1
    assert loaded.scenario is not None
    assert len(loaded.cases) >= 4


@pytest.mark.parametrize("key", KEYS)
def test_a_procedure_is_ready_to_be_executed(key: str) -> None:
    readiness = engine.assess(model(key), procedure(key).decisions)
    assert readiness.blockers == ()
    assert readiness.ready


@pytest.mark.parametrize(("key", "name"), list(cases()))
def test_a_case_runs_from_start_to_its_expected_end(key: str, name: str) -> None:
    wanted = case(key, name)
    walked = walk(executable(key), wanted)
    assert walked.outcome.state == "completed"
    assert wanted["expected_end"] in walked.ends
    found = {name: walked.outcome.variables.get(name) for name in wanted["expected_variables"]}
    assert json.loads(json.dumps(found, default=float)) == wanted["expected_variables"]


@pytest.mark.parametrize("key", KEYS)
def test_the_cases_together_reach_every_end_and_every_live_task(key: str) -> None:
    ends: set[str] = set()
    answered: set[str] = set()
    for name in sorted(procedure(key).cases):
        walked = walk(executable(key), case(key, Path(name).stem))
        ends |= set(walked.ends)
        answered |= set(walked.answered)
    nodes = model(key).main.nodes
    assert ends == {node.id for node in nodes if node.type == "endEvent" and node.parent == key}
    waiting = {node.id for node in nodes if node.type in ("userTask", "serviceTask", "sendTask")}
    dead = {"haushalterisch_freigeben"}  # planted: the branch that waits for a result nobody gives
    assert waiting - answered == (dead if key == "dienstreise" else set())


def test_a_case_without_the_answer_it_needs_fails_aloud() -> None:
    broken = case("bewohnerparkausweis", "ausgestellt")
    del broken["tasks"]["ausweis_drucken"]
    with pytest.raises(AssertionError, match="no answer for the task ausweis_drucken"):
        walk(executable("bewohnerparkausweis"), broken)


def test_a_task_is_offered_to_the_people_of_its_lane() -> None:
    walked = walk(executable("wohnsitzanmeldung"), case("wohnsitzanmeldung", "online"))
    assert walked.groups["bestaetigung_pruefen"] == ("Bürgerbüro",)
    assert walked.groups["bestaetigung_ausstellen"] == ("Wohnungsgeber*in",)
