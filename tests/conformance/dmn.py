"""The DMN technology compatibility kit: `dmn-tck/compliance-level-*/<group>/*.dmn` with `*-test-*.xml`.

Each result node counts once. Numbers agree to 1e-8, everything else exactly and of equal type. An expected null needs
a null; an expected error needs a null with a warning, or a DecisionError; any other exception fails, whatever was
expected.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from bpm.clock import SystemClock
from bpm.decisions import PreparedModel, decide
from bpm.errors import DecisionError, FeelError, LichtungError
from bpm.feel import temporal
from bpm.feel.values import kind
from bpm.model.reader.dmn import read_dmn
from tests.conformance.outcome import Outcome

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
CALLS_JAVA = "0076-feel-external-java"
TOLERANCE = Decimal("1e-8")


def suites(data: Path) -> list[tuple[str, Path]]:
    """Folders `dmn-tck/compliance-level-*` at any depth."""
    found = sorted(data.rglob("compliance-level-*")) if data.name != "dmn-tck" else sorted(data.glob("compliance-*"))
    return [(f"{folder.parent.name}/{folder.name}", folder) for folder in found if folder.is_dir()]


def judge(name: str, folder: Path) -> Outcome:
    """All result nodes of all groups. `with_value` are those whose expected result is a value: a null may be hit by
    accident; `refused` are those that call Java, which this product never does."""
    outcome = Outcome(name)
    values = [0, 0]
    refused = []
    for group in sorted(part for part in folder.iterdir() if part.is_dir()):
        for id, problem, with_value in results(group):
            values[0] += with_value and problem is None
            values[1] += with_value
            if problem is None:
                outcome.passed += 1
            else:
                outcome.failed.append(id)
                if group.name == CALLS_JAVA:
                    refused.append(id)
    outcome.extra["with_value"] = {"passed": values[0], "total": values[1], "percent": _percent(*values)}
    outcome.extra["percent"] = _percent(outcome.passed, outcome.total)
    outcome.extra["refused"] = refused
    return outcome


def _percent(passed: int, total: int) -> float:
    return round(100 * passed / total, 1) if total else 0.0


def results(group: Path) -> Iterator[tuple[str, str | None, bool]]:
    """(id of the result node, why it fails or None, whether it expects a value) of every test of a group."""
    models: dict[str, Any] = {}
    problem = None
    for path in sorted(group.glob("*.dmn")):
        try:
            models[path.name] = read_dmn(path.read_bytes(), str(path))
        except LichtungError as error:
            problem = str(error)
    others = {model.namespace: model for model in models.values()}
    for path in sorted(group.glob("*-test-*.xml")):
        root = ElementTree.parse(path).getroot()
        main = next((part.text or "" for part in root if _local(part) == "modelName"), "").strip()
        prepared = PreparedModel(models[main], others) if main in models else None
        for case in (part for part in root if _local(part) == "testCase"):
            inputs = {part.get("name", ""): _value(part) for part in case if _local(part) == "inputNode"}
            for node in (part for part in case if _local(part) == "resultNode"):
                id = f"{group.name}/{path.stem}/{case.get('id')}/{node.get('name')}"
                failure = problem or ("no model" if prepared is None else _failure(prepared, case, node, inputs))
                yield id, failure, _expected(node) is not None


def _failure(prepared: PreparedModel, case: Any, node: Any, inputs: dict[str, Any]) -> str | None:
    service = case.get("type") == "decisionService"
    name = case.get("invocableName") if service else node.get("name", "")
    expected_error = node.get("errorResult") in ("true", "1")
    expected = _expected(node)
    try:
        decided = decide(prepared, name, inputs, now=SystemClock().now())
    except (DecisionError, FeelError) as error:
        return None if expected_error else f"{error.code}: {error.message}"
    except Exception as error:
        return f"exception {error!r}"
    result = decided.result
    if service and isinstance(result, dict) and node.get("name") in result:
        result = result[node.get("name")]
    if expected_error:
        return None if result is None and decided.warnings else f"an error expected, {result!r} found"
    return None if agree(expected, result) else f"{expected!r} expected, {result!r} found {decided.warnings}"


def _expected(node: Any) -> Any:
    return next((_value(part) for part in node if _local(part) == "expected"), None)


def agree(expected: Any, found: Any) -> bool:
    """Numbers to 1e-8, the rest exactly and of equal kind."""
    if kind(expected) != kind(found):
        return False
    if isinstance(expected, Decimal):
        return abs(expected - found) <= TOLERANCE
    if isinstance(expected, list):
        return len(expected) == len(found) and all(agree(a, b) for a, b in zip(expected, found, strict=True))
    if isinstance(expected, dict):
        return expected.keys() == found.keys() and all(agree(expected[key], found[key]) for key in expected)
    return bool(expected == found)


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _value(holder: Any) -> Any:
    """The value inside an inputNode, expected, component or item."""
    components: dict[str, Any] = {}
    for part in holder:
        name = _local(part)
        if part.get(_NIL) in ("true", "1"):
            if name != "component":
                return None
            components[part.get("name", "")] = None
        elif name == "value":
            return _scalar(part.text or "", (part.get(_TYPE) or "xsd:string").rpartition(":")[2])
        elif name == "list":
            return [_value(item) for item in part if _local(item) == "item"]
        elif name == "component":
            components[part.get("name", "")] = _value(part)
    return components or None


def _scalar(text: str, type: str) -> Any:
    readers = {
        "decimal": Decimal,
        "double": Decimal,
        "float": Decimal,
        "integer": Decimal,
        "int": Decimal,
        "long": Decimal,
        "boolean": lambda value: value.strip() in ("true", "1"),
        "date": temporal.parse_date,
        "time": temporal.parse_time,
        "dateTime": temporal.parse_datetime,
        "duration": temporal.parse_duration,
        "dayTimeDuration": temporal.parse_duration,
        "yearMonthDuration": temporal.parse_duration,
    }
    return readers[type](text.strip()) if type in readers else text
