"""Joins that count: one waiting token per gateway, holding the number of arrivals on each incoming flow.

Parallel: fires when every flow has an arrival, takes one of each and keeps the rest (BPMN 2.0.2, table 13.1).
Inclusive: fires when some flow has an arrival and no token elsewhere in the scope can still reach an empty incoming
flow, unless it can reach a filled one too (table 13.2).
"""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.util.task import TaskState

from bpm.engine.spiff.node import Node
from bpm.engine.spiff.task import Token
from bpm.model.process import FlowNode


class CountingJoin(Node):
    """A gateway with several incoming flows; `arrivals` are their ids."""

    def __init__(self, wf_spec: Any, name: str, element: FlowNode, arrivals: tuple[str, ...]) -> None:
        super().__init__(wf_spec, name, element)
        self.arrivals = arrivals

    def _update_hook(self, my_task: Token) -> bool:
        flow = my_task.internal_data.pop("via", None)
        if flow is None:
            return self._settle(my_task)
        waiting = my_task.workflow.joins.get(self.name)
        if waiting is None:
            my_task.internal_data["arrived"] = {flow: 1}
            my_task.workflow.joins[self.name] = my_task
            return self._settle(my_task)
        arrived = waiting.internal_data["arrived"]
        waiting.internal_data["arrived"] = {**arrived, flow: arrived.get(flow, 0) + 1}
        my_task.workflow._remove_task(my_task.id)
        if self._settle(waiting):
            waiting._ready()
        return False

    def _settle(self, token: Token) -> bool:
        if self.fires(token):
            # from now on the next arrival starts a new count
            token.workflow.joins.pop(self.name, None)
            self.note_entry(token)
            return True
        token._set_state(TaskState.WAITING)
        self.restore(token)
        return False

    def fires(self, token: Token) -> bool:
        raise NotImplementedError

    def leave(self, token: Token) -> None:
        rest = {flow: count - 1 for flow, count in token.internal_data["arrived"].items() if count > 1}
        if rest:
            self._keep(token, rest)
        super().leave(token)

    def _keep(self, token: Token, rest: dict[str, int]) -> None:
        """What came more than once goes on waiting."""
        workflow = token.workflow
        waiting = workflow.joins.get(self.name)
        if waiting is None:
            waiting = workflow.task_tree._add_child(self, TaskState.WAITING)
            waiting.triggered = True
            waiting.internal_data["arrived"] = rest
            self.restore(waiting)
        else:
            arrived = waiting.internal_data["arrived"]
            for flow, count in rest.items():
                arrived[flow] = arrived.get(flow, 0) + count
        if self.fires(waiting):
            workflow.joins.pop(self.name, None)
            self.note_entry(waiting)
            waiting._ready()

    def restore(self, token: Token) -> None:
        token.workflow.joins[self.name] = token


class ParallelJoin(CountingJoin):
    """An AND gateway."""

    def fires(self, token: Token) -> bool:
        return len(token.internal_data["arrived"]) == len(self.arrivals)


class InclusiveJoin(CountingJoin):
    """An OR gateway. `reaching` gives per incoming flow the nodes from which it can be reached without the gateway."""

    mode = "some"

    def __init__(self, wf_spec: Any, name: str, element: FlowNode, arrivals: tuple[str, ...]) -> None:
        super().__init__(wf_spec, name, element, arrivals)
        self.reaching: dict[str, frozenset[str]] = {}

    def fires(self, token: Token) -> bool:
        # whether more can come is known only when nothing else can run
        return False

    def restore(self, token: Token) -> None:
        super().restore(token)
        token.workflow.top_workflow.pending[token.id] = token

    def recheck(self, token: Token) -> bool:
        arrived = token.internal_data["arrived"]
        for other in token.workflow.others(token):
            name = other.task_spec.name
            if name == self.name or other.internal_data.keys() & {"host", "listens", "of"}:
                continue
            comes = {flow for flow in self.arrivals if name in self.reaching[flow]}
            if comes and not any(flow in arrived for flow in comes):
                return False
        token.workflow.joins.pop(self.name, None)
        token.workflow.top_workflow.pending.pop(token.id, None)
        self.note_entry(token)
        token._ready()
        return True
