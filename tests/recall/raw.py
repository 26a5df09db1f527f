"""Findings on models that nobody annotated, each judged by hand in `raw.json`.

The models: all of MIWG and XProzess, and those Operaton examples that have at least `LABELLED` task with a name of two
words or more, which people wrote. A finding is known by model, code, elements and decision; one that is not judged yet
is told as such and counts as false.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bpm.analyser.catalogue import load
from bpm.analyser.run import analyse
from bpm.model.procedure import Procedure
from bpm.service.reading import procedures_at

HERE = Path(__file__).parent
DATA = Path(os.environ.get("BPM_CONFORMANCE_DATA", HERE.parents[2] / "shared" / "data"))
LABELLED = 1
GOAL = 0.8


FOLDERS = ("bpmn-miwg", "xprozess", "bpmn-operaton")


def models(data: Path = DATA, folders: tuple[str, ...] = FOLDERS) -> Iterator[tuple[str, Procedure]]:
    """The raw models by name, in order."""
    for folder in folders:
        for path in sorted((data / folder).glob("*")):
            if path.suffix not in (".bpmn", ".xml"):
                continue
            for procedure in procedures_at(path):
                if folder != "bpmn-operaton" or labelled(procedure) >= LABELLED:
                    yield f"{folder}/{path.name}", procedure


def labelled(procedure: Procedure) -> int:
    """Tasks whose name has two words or more."""
    if procedure.process is None:
        return 0
    nodes = [node for process in procedure.process.processes for node in process.nodes]
    return sum(node.type.lower().endswith("task") and len(node.name.split()) > 1 for node in nodes)


def findings(data: Path = DATA, folders: tuple[str, ...] = FOLDERS) -> Iterator[dict[str, Any]]:
    """Every finding of the checks that run by default, with what it is known by."""
    for name, procedure in models(data, folders):
        for one in analyse(procedure).findings:
            it = one.finding
            yield {"model": name, "code": it.code, "elements": list(it.element_ids), "decision": it.decision,
                   "identity": list(it.identity),
                   "message": it.message["de"]}  # fmt: skip


def judged() -> list[dict[str, Any]]:
    """What people say of the findings: `true` or not, and why."""
    entries: list[dict[str, Any]] = json.loads((HERE / "raw.json").read_text("utf-8"))
    return entries


def lines(data: Path = DATA, folders: tuple[str, ...] = FOLDERS) -> Iterator[dict[str, Any]]:
    """Precision per code on the raw models; skipped aloud where the data are absent."""
    if not (data / "bpmn-miwg").is_dir():
        yield {"raw": "skipped", "reason": f"no bpmn-miwg in {data.name}; set BPM_CONFORMANCE_DATA"}
        return
    said = {_key(entry): bool(entry["true"]) for entry in judged()}
    found = list(findings(data, folders))
    yield {"raw": "models", "n": len({name for name, _ in models(data, folders)}), "findings": len(found)}
    for code in sorted({one["code"] for one in found}):
        mine = [one for one in found if one["code"] == code]
        true = sum(said.get(_key(one), False) for one in mine)
        unjudged = [f"{one['model']} {one['elements']}" for one in mine if _key(one) not in said]
        precision = true / len(mine)
        line = {"raw": code, "n": len(mine), "true": true, "precision": round(precision, 4), "basis": load(code).basis}
        yield line | ({"unjudged": unjudged[:3]} if unjudged else {}) | {"reached": precision >= GOAL}


def _key(entry: dict[str, Any]) -> tuple[Any, ...]:
    return entry["model"], entry["code"], tuple(entry["elements"]), entry["decision"], tuple(entry["identity"])
