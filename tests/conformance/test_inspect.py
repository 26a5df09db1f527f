"""`bpm inspect` on models that other people drew: nothing is missed, nothing takes long, what is broken is located."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bpm.model.procedure import FileError
from bpm.service.inspect import Inspection, inspect
from tests.conformance.data import folder

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
TASKS = "task userTask manualTask scriptTask serviceTask sendTask receiveTask businessRuleTask".split()  # noqa: SIM905
GATEWAYS = "exclusive inclusive parallel complex eventBased".split()  # noqa: SIM905
FLOW_NODES = frozenset(
    [
        *TASKS,
        *(f"{kind}Gateway" for kind in GATEWAYS),
        *("startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"),
        *("implicitThrowEvent", "subProcess", "transaction", "adHocSubProcess", "callActivity"),
    ]
)
SECONDS = 5.0


def counted(data: bytes) -> tuple[Counter[str], int]:
    """Flow nodes by type and sequence flows, by the plainest of counts with another parser."""
    found: Counter[str] = Counter()
    for element in ElementTree.fromstring(data).iter():
        found[element.tag.removeprefix(BPMN)] += element.tag.startswith(BPMN)
    return Counter({name: number for name, number in found.items() if name in FLOW_NODES and number}), found[
        "sequenceFlow"
    ]


def listed(inspection: Inspection) -> tuple[Counter[str], int]:
    nodes = Counter(node["type"] for process in inspection.processes for node in process["nodes"])
    return nodes, sum(process["flows"] for process in inspection.processes)


def models(root: Path) -> list[Path]:
    return sorted(path for path in root.iterdir() if path.suffix in (".bpmn", ".xml"))


def test_every_flow_node_of_the_twelve_reference_models_is_listed() -> None:
    root = folder("bpmn-miwg")
    found = inspect(root)
    assert len(found) == 12
    for inspection in found:
        assert listed(inspection) == counted(Path(inspection.path).read_bytes()), inspection.path
        assert inspection.errors == ()
        assert inspection.execution.keys() == {"ready", "rewrites", "blockers"}


def test_lines_of_nodes_are_those_where_their_ids_stand() -> None:
    path = folder("bpmn-miwg") / "A.4.1.bpmn"
    lines = path.read_text("utf-8").splitlines()
    (inspection,) = inspect(path)
    nodes = [node for process in inspection.processes for node in process["nodes"]]
    assert all(node["id"] in lines[node["line"] - 1] for node in nodes)


def test_the_engine_test_files_are_all_listed_but_three_which_are_located() -> None:
    root = folder("bpmn-operaton")
    started = time.process_time()
    found = {Path(inspection.path).name: inspection for inspection in inspect(root)}
    assert time.process_time() - started < len(found) * SECONDS / 50
    paths = models(root)
    assert found.keys() == {path.name for path in paths}
    unreadable = {name: inspection.errors for name, inspection in found.items() if inspection.digest is None}
    assert sorted(error.code for errors in unreadable.values() for error in errors) == [
        "xml-doctype",
        "xml-doctype",
        "xml-malformed",
    ]
    assert all(error.line for errors in unreadable.values() for error in errors)
    readable = [path for path in paths if path.name not in unreadable]
    assert len(readable) == 1_439
    for path in readable:
        assert listed(found[path.name]) == counted(path.read_bytes()), path.name


def test_no_single_file_takes_long() -> None:
    for path in sorted(models(folder("bpmn-operaton")), key=lambda path: -path.stat().st_size)[:10]:
        started = time.process_time()
        inspect(path)
        assert time.process_time() - started < SECONDS, path.name


def test_an_xprozess_export_gives_its_twelve_activity_groups() -> None:
    (inspection,) = inspect(folder("xprozess"))
    nodes = [node for process in inspection.processes for node in process["nodes"]]
    assert inspection.path.endswith("mutterschutz-anzeige.xprozess.xml!BPMN DI-Export.xml")
    assert sum(node["type"] == "subProcess" for node in nodes) == 12
    assert inspection.errors == ()


def test_legal_bases_and_reference_types_of_an_export_stay_with_the_model() -> None:
    from bpm.service.reading import procedures_at

    (procedure,) = procedures_at(folder("xprozess"))
    assert procedure.process is not None
    fim = procedure.process.extras["fim"]
    assert (fim["key"], fim["version"]) == ("99006028261000", "01.00.00")
    assert Counter(group.rag for group in fim["groups"]) == {"1": 1, "2": 4, "3": 2, "4": 2, "5": 1, "7": 2}
    assert fim["left_out"] == ("Modellgrafik.pdf", "Standard Report.pdf")
    sub_processes = [node for node in procedure.process.main.nodes if node.type == "subProcess"]
    assert sum(bool(node.facts.legal_bases) for node in sub_processes) == 12


@pytest.mark.parametrize("name", ["dmn-tck"])
def test_a_suite_of_decisions_gives_located_errors_or_decisions(name: str) -> None:
    found = inspect(folder(name) / "compliance-level-2")
    assert any(inspection.decisions for inspection in found)
    errors: list[FileError] = [error for inspection in found for error in inspection.errors]
    assert [str(error) for error in errors] == []
