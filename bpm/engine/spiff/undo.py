"""Compensation: what was done is remembered per scope, and undone in reverse order when an event asks for it.

A scope's list holds `[activity, handler]` for each finished activity with a compensation handler, and
`[sub-process, null, its list]` for a finished sub-process without one (BPMN 2.0.2, section 13.5.5). A throw event takes
its entries from the list and runs them one after another; each runs once. A cancel end event undoes its transaction
and leaves by the cancel boundary. What a called process did is undone only by a handler on the call.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from bpm.engine.spiff.events import Ending, Throwing, Trigger
from bpm.engine.spiff.node import Node
from bpm.engine.spiff.task import Token
from bpm.model.process import FlowNode

Entry: TypeAlias = list[Any]
"""[activity, handler] or [sub-process, None, entries]."""


class Undoing(Node):
    """A compensation throw or end event: started while handlers run. `activity` limits it to one activity."""

    def __init__(self, wf_spec: Any, name: str, element: FlowNode, activity: str | None) -> None:
        super().__init__(wf_spec, name, element)
        self.activity = activity

    def _run_hook(self, my_task: Token) -> bool | None:
        workflow = my_task.workflow
        if workflow is workflow.top_workflow and self.element.type == "endEvent":
            workflow.ends.append(self.element.id)
        scope = workflow.host.workflow if workflow.host is not None and workflow.host.task_spec.is_handler else workflow
        chosen = [entry for entry in scope.undo if self.activity in (None, entry[0])]
        if not chosen:
            return self.finished(my_task)
        scope.undo = [entry for entry in scope.undo if entry not in chosen]
        workflow.top_workflow.record("thrown", self.element.id, {"kind": "compensation", "name": self.activity})
        my_task.internal_data["todo"] = chosen
        scope.undo_next(my_task)
        return None

    def undone(self, token: Token, scope: Any) -> None:
        """One handler is through."""
        if token.internal_data["todo"]:
            scope.undo_next(token)
        elif self.finished(token):
            token.complete()

    def finished(self, token: Token) -> bool:
        """Everything is undone; whether the event then simply completes."""
        return True


class Cancelling(Undoing):
    """The cancel end event of a transaction."""

    def __init__(self, wf_spec: Any, name: str, element: FlowNode) -> None:
        super().__init__(wf_spec, name, element, None)

    def _run_hook(self, my_task: Token) -> bool | None:
        for token in my_task.workflow.others(my_task):
            token.cancel()
        return super()._run_hook(my_task)

    def finished(self, token: Token) -> bool:
        host = token.workflow.host
        around = host.workflow.tasks.get(host.internal_data.get("of")) or host
        boundary = next(found for found in around.task_spec.boundaries if found.trigger.kind == "cancel")
        token.workflow.top_workflow.record("left", self.element.id)
        token.internal_data["gone"] = True
        boundary.strike(around)
        return False


def end_or_throw(wf_spec: Any, node: FlowNode, trigger: Trigger | None, activity: str | None) -> Node:
    """The spec of an end or intermediate throw event."""
    if trigger is not None and trigger.kind == "compensate":
        return Undoing(wf_spec, node.id, node, activity)
    if trigger is not None and trigger.kind == "cancel":
        return Cancelling(wf_spec, node.id, node)
    return (Ending if node.type == "endEvent" else Throwing)(wf_spec, node.id, node, trigger)
