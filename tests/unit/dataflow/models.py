"""Processes with data for the tests of the data flow: the drawing of the token tests, and who reads and writes what."""

from __future__ import annotations

from dataclasses import replace

from bpm.analyser.dataflow import DataFlow
from bpm.model.graph import Graph
from bpm.model.procedure import Procedure
from bpm.model.process import DataUse, Facts, Process
from tests.unit.tokens.drawing import draw


def annotate(process: Process, **data: str) -> Process:
    """The same process; `node="reads > writes > deletes"`, items separated by blanks."""
    nodes = []
    for node in process.nodes:
        if node.id in data:
            parts = [tuple(DataUse(item) for item in part.split()) for part in (data[node.id] + ">>").split(">")]
            node = replace(node, facts=Facts(reads=parts[0], writes=parts[1], deletes=parts[2]))
        nodes.append(node)
    return replace(process, nodes=tuple(nodes))


def flow(text: str, **data: str) -> DataFlow:
    """The data flow of a drawn process."""
    process = annotate(draw(text), **data)
    return DataFlow(Procedure("p", "p", "p.bpmn", None), Graph(process))
