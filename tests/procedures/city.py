"""The procedures of the city that the tests of this folder look at."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from bpm import engine
from bpm.model.procedure import Procedure
from bpm.model.process import Process, ProcessModel
from bpm.model.reader import read

CITY = Path(__file__).parents[2] / "processes" / "muenchen"
KEYS = tuple(sorted(path.parent.name for path in CITY.glob("*/procedure.bpmn")))


@cache
def procedure(key: str) -> Procedure:
    return read(CITY / key)[0]


def model(key: str) -> ProcessModel:
    found = procedure(key).process
    assert found is not None
    return found


def process(key: str) -> Process:
    return model(key).main


@cache
def executable(key: str) -> engine.Executable:
    return engine.build(model(key), procedure(key).decisions)


def case(key: str, name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((CITY / key / "cases" / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


def expected(key: str) -> dict[str, list[dict[str, Any]]]:
    loaded: dict[str, list[dict[str, Any]]] = json.loads(
        (CITY / key / "expected-findings.json").read_text(encoding="utf-8")
    )
    return loaded
