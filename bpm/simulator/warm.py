"""`python -m bpm.simulator.warm`: compile the kernel once, so that nobody waits for it inside a request.

It plays one case of a tiny procedure with every array type in use; Numba writes the machine code to its cache.
"""

from __future__ import annotations

from bpm.model.procedure import Procedure
from bpm.model.process import Event, Process, ProcessModel, SequenceFlow, UserTask
from bpm.model.scenario import ArrivalProcess, Calendar, Distribution, Resource, Scenario, Work


def warm() -> None:
    """Compile everything that a simulation needs."""
    from bpm.simulator import simulate

    nodes = (
        Event(id="s", type="startEvent", parent="p"),
        UserTask(id="t", type="userTask", parent="p"),
        Event(id="e", type="endEvent", parent="p"),
    )
    process = Process("p", "p", True, nodes, (SequenceFlow("f", "s", "t", "p"), SequenceFlow("g", "t", "e", "p")))
    one = Distribution("fix", (1.0,))
    scenario = Scenario(
        arrivals=ArrivalProcess(one),
        calendars={"c": Calendar("c", ((0.0, 3600.0),))},
        resources={"r": Resource("r", "r", "p", 1, 0.0, "c")},
        activities={"t": (Work("r", one),)},
    )
    simulate(Procedure("p", "p", "p.bpmn", ProcessModel("p.bpmn", "", (process,))), scenario, cases=1, replications=1)


if __name__ == "__main__":
    warm()
