"""A token: SpiffWorkflow's task with a number that is never used twice, and without prediction or logging."""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

ROOT = -1
"""The number of every scope's root task, which is no token."""


class Token(Task):  # type: ignore[misc]
    """A task whose `id` is an integer counted by the instance, so the same input gives the same bytes.

    `data` holds variables local to it (an item of a multi-instance, mapped inputs), `internal_data` its own state.
    """

    def __init__(
        self,
        workflow: Any,
        task_spec: Any,
        parent: Any = None,
        state: int = TaskState.MAYBE,
        id: int | None = None,
    ) -> None:
        number = workflow.top_workflow.take_number() if id is None else id
        super().__init__(workflow, task_spec, parent, state, number)
        if number != ROOT:
            workflow.top_workflow.tokens[number] = self

    def _add_child(self, task_spec: Any, state: int = TaskState.MAYBE) -> Token:
        return Token(self.workflow, task_spec, self, state)

    def _set_state(self, value: int) -> None:
        self._state = value
        if value == TaskState.READY:
            self.workflow.top_workflow.queue.append(self)

    def run(self) -> bool | None:
        """Runs the step; a step that cancelled its own scope does not complete any more."""
        done = self.task_spec._run(self)
        if self.state == TaskState.CANCELLED:
            return None
        if done is None:
            self._set_state(TaskState.STARTED)
        else:
            self.complete()
        return bool(done)

    def complete(self) -> None:
        """Leaves the node, makes the successors' tokens and lets SpiffWorkflow update them."""
        self.task_spec.leave(self)
        self.task_spec._predict_hook(self)
        self._set_state(TaskState.COMPLETED)
        self.task_spec._on_complete(self)

    def cancel(self) -> None:
        """Takes the token and all that hangs on it out of the game; a second time does nothing."""
        if self.has_state(TaskState.FINISHED_MASK):
            return
        self._set_state(TaskState.CANCELLED)
        self.task_spec._on_cancel(self)
        if self.id in self.workflow.tasks:
            self.workflow._remove_task(self.id)

    def __iter__(self) -> Any:
        raise TypeError("tokens are never walked as a tree")
