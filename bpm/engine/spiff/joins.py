"""Joins that count: one waiting token per gateway, holding the number of arrivals on each incoming flow.

Parallel: fires when every flow has an arrival, takes one of each and keeps the rest (BPMN 2.0.2, table 13.1).
Complex: fires when its activation condition holds (`activationCount` is the number of flows with an arrival), takes one
of each, and then swallows what still comes over the other flows; once nothing more can come there it counts anew
(table 13.4; the second firing that the standard allows at that moment does not take place).
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
            if name == self.name or other.internal_data.keys() & {"host", "listens", "of"} or _swallows(other):
                continue
            comes = {flow for flow in self.arrivals if name in self.reaching[flow]}
            if comes and not any(flow in arrived for flow in comes):
                return False
        token.workflow.joins.pop(self.name, None)
        token.workflow.top_workflow.pending.pop(token.id, None)
        self.note_entry(token)
        token._ready()
        return True


class ComplexJoin(CountingJoin):
    """A complex gateway. `spent` of a token that swallows are the flows that have made it fire."""

    mode = "some"

    def __init__(
        self, wf_spec: Any, name: str, element: FlowNode, arrivals: tuple[str, ...], activation: str | None
    ) -> None:
        super().__init__(wf_spec, name, element, arrivals)
        self.activation = activation
        self.reaching: dict[str, frozenset[str]] = {}

    def fires(self, token: Token) -> bool:
        if "spent" in token.internal_data or not token.internal_data["arrived"]:
            return False
        token.data["activationCount"] = len(token.internal_data["arrived"])
        try:
            return self.value(token, self.activation or "") is True
        finally:
            del token.data["activationCount"]

    def leave(self, token: Token) -> None:
        arrived = token.internal_data["arrived"]
        if len(arrived) == len(self.arrivals):
            # nothing is late, so the next count begins at once
            super().leave(token)
            return
        workflow = token.workflow
        waiting = workflow.task_tree._add_child(self, TaskState.WAITING)
        waiting.triggered = True
        waiting.internal_data["arrived"] = {flow: count - 1 for flow, count in arrived.items() if count > 1}
        waiting.internal_data["spent"] = sorted(arrived)
        # what came since the gateway fired belongs to the same count
        later = workflow.joins.get(self.name)
        if later is not None:
            self._add(waiting, later.internal_data["arrived"])
            workflow._remove_task(later.id)
        self.restore(waiting)
        Node.leave(self, token)

    def _add(self, token: Token, arrived: dict[str, int]) -> None:
        mine = token.internal_data["arrived"]
        for flow, count in arrived.items():
            mine[flow] = mine.get(flow, 0) + count

    def restore(self, token: Token) -> None:
        super().restore(token)
        token.workflow.top_workflow.pending[token.id] = token

    def _on_cancel(self, my_task: Token) -> None:
        if my_task.internal_data["arrived"]:
            super()._on_cancel(my_task)

    def recheck(self, token: Token) -> bool:
        """Swallows what came late and counts anew, once nothing more can come over the flows that are not spent."""
        if "spent" not in token.internal_data:
            return False
        workflow = token.workflow
        arrived, spent = token.internal_data["arrived"], token.internal_data["spent"]
        late = [flow for flow in self.arrivals if flow not in spent]
        elsewhere = {
            other.task_spec.name
            for other in workflow.others(token)
            if not other.internal_data.keys() & {"host", "listens", "of"} and not _swallows(other)
        }
        if any(flow not in arrived and elsewhere & self.reaching[flow] for flow in late):
            return False
        del token.internal_data["spent"]
        for flow in late:
            if flow in arrived:
                arrived[flow] -= 1
        token.internal_data["arrived"] = rest = {flow: count for flow, count in arrived.items() if count}
        if not rest:
            workflow._remove_task(token.id)
            # a gateway that only swallows holds nothing up: the last one out ends the scope
            if len(workflow.tasks) - 1 == workflow.listening:
                workflow.finish()
        elif self.fires(token):
            workflow.joins.pop(self.name, None)
            workflow.top_workflow.pending.pop(token.id, None)
            self.note_entry(token)
            token._ready()
        return True


def _swallows(token: Token) -> bool:
    """Whether a token only remembers that its complex gateway has fired."""
    return "spent" in token.internal_data and not token.internal_data["arrived"]
