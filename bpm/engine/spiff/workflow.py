"""Running scopes: the instance and its sub-processes, their variables, and the loop that runs what is ready."""

from __future__ import annotations

from collections import ChainMap, deque
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from SpiffWorkflow.bpmn.util.subworkflow import BpmnBaseWorkflow, BpmnSubWorkflow
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from bpm.engine.executable import Executable
from bpm.engine.instance import HistoryEvent, Thrown
from bpm.engine.spiff.script import KeyedExpressions
from bpm.engine.spiff.task import ROOT, Token
from bpm.errors import DecisionError, EngineError, FeelError, Incident

STEPS = 100_000
"""Automatic steps one command may take; more is an endless loop and becomes an Incident."""

TOKENS = 10_000
"""Tokens one instance may have at a time, so that gateways which double them end in an Incident."""

DEEPEST = 50
"""Scopes inside each other, so that a process calling itself ends in an Incident."""


class RunningScope:
    """What the instance and its sub-processes share. Mixed into SpiffWorkflow's workflow classes."""

    spec: Any
    tasks: dict[int, Token]
    data: dict[str, Any]
    top_workflow: Any
    host: Token | None

    def open(self) -> None:
        """Sets up the root and the books of this scope; no token yet."""
        self.joins: dict[str, Token] = {}
        self.undo: list[list[Any]] = []
        self.listening = 0
        self.task_tree = Token(self, self.spec.start, None, TaskState.COMPLETED, ROOT)

    def begin(self, starts: tuple[Any, ...]) -> None:
        """Arms the event sub-processes and puts a token on each of `starts`."""
        for listener in self.spec.listeners:
            listener.arm(self)
        for token in [self.task_tree._add_child(spec, TaskState.FUTURE) for spec in starts]:
            token.triggered = True
            token.task_spec._update(token)

    def place(self, spec: Any, **internal: Any) -> Token:
        """A new token on `spec`, entered at once."""
        token: Token = self.task_tree._add_child(spec, TaskState.FUTURE)
        token.triggered = True
        token.internal_data.update(internal)
        spec._update(token)
        return token

    def undo_next(self, thrower: Token) -> None:
        """Starts the handler of the last thing done among those `thrower` has still to undo."""
        activity, handler, *inner = thrower.internal_data["todo"].pop()
        if handler is not None:
            self.place(self.spec.task_specs[handler], undoes=thrower.id)
        else:
            self.place(self.spec.containers[activity], undoes=thrower.id, todo=inner[0], undoing=1)

    def others(self, *apart: Token) -> list[Token]:
        """All tokens of this scope but `apart`, oldest first."""
        return [token for token in self.tasks.values() if token.id != ROOT and token not in apart]

    # --- variables

    def layers(self, token: Token | None) -> Iterator[dict[str, Any]]:
        """Variables from the innermost outwards; the scope of a process (called or main) is the last."""
        scope: Any = self
        while True:
            if token is not None:
                yield token.data
            yield scope.data
            token = scope.host
            if token is None or token.task_spec.is_call:
                return
            scope = token.workflow

    def visible(self, token: Token | None) -> ChainMap[str, Any]:
        """Every variable seen from `token`. Read only."""
        return ChainMap(*self.layers(token))

    def write(self, token: Token | None, variables: Mapping[str, Any]) -> None:
        """Each variable goes where its name is known, else to the scope of the process."""
        layers = list(self.layers(token))
        for name, value in variables.items():
            next((layer for layer in layers if name in layer), layers[-1])[name] = value

    # --- SpiffWorkflow's notifications

    def _task_completed_notify(self, task: Token) -> None:
        root = self.task_tree
        for child in task.children:
            child._parent = ROOT
            root._children.append(child.id)
        task._children = []
        self._remove_task(task.id)  # type: ignore[attr-defined]
        many = task.internal_data.get("of")
        if many is not None:
            if many in self.tasks:
                self.tasks[many].task_spec.merge(self.tasks[many], task)
            return
        thrower = self.top_workflow.tokens.get(task.internal_data.get("undoes"))
        if thrower is not None:
            thrower.task_spec.undone(thrower, self)
        if len(self.tasks) - 1 == self.listening:
            self.finish()

    def _task_removed_notify(self, task: Token) -> None:
        self.top_workflow.tokens.pop(task.id, None)
        self.top_workflow.pending.pop(task.id, None)
        if self.joins.get(task.task_spec.name) is task:
            del self.joins[task.task_spec.name]
        if task.internal_data.get("listens"):
            self.listening -= 1

    def finish(self) -> None:
        raise NotImplementedError


class Instance(RunningScope, BpmnWorkflow):  # type: ignore[misc]
    """The top scope: counts tokens, keeps the queue of ready steps and what this command brought about."""

    def __init__(self, executable: Executable, now: datetime, number: int = 1) -> None:
        self.executable = executable
        self.now = now if executable.zone is None else now.astimezone(executable.zone)
        self.number = number
        self.host = None
        self.tokens: dict[int, Token] = {}
        self.pending: dict[int, Token] = {}
        self.queue: deque[Token] = deque()
        self.history: list[HistoryEvent] = []
        self.thrown: list[Thrown] = []
        self.ends: list[str] = []
        self.steps = 0
        self.state = "active"
        super().__init__(
            executable.specs[executable.main],
            script_engine=KeyedExpressions(executable.expressions),
            deserializing=True,
        )
        self.open()

    def take_number(self) -> int:
        if len(self.tokens) >= TOKENS:
            raise EngineError("token-budget", f"more than {TOKENS} tokens at a time")
        self.number += 1
        return self.number - 1

    def record(self, kind: str, element: str, detail: Mapping[str, Any] | None = None) -> None:
        self.history.append(HistoryEvent(kind, element, detail or None))

    def throw(self, token: Token, kind: str, name: str) -> None:
        """Hands a message or signal to the service, with the variables seen at the throwing node."""
        element = token.task_spec.element.id
        self.thrown.append(Thrown(kind, name, element, dict(token.workflow.visible(token))))
        self.record("thrown", element, {"kind": kind, "name": name})

    def settle(self) -> None:
        """Runs all that needs nobody. Raises Incident at the node that cannot be passed."""
        while True:
            while self.queue:
                token = self.queue.popleft()
                if token.state == TaskState.READY and not token.task_spec.manual:
                    self.step(token)
            if not self._recheck():
                return

    def step(self, token: Token) -> None:
        self.steps += 1
        element = token.task_spec.element.id
        if self.steps > STEPS:
            raise Incident("step-budget", f"more than {STEPS} automatic steps: an endless loop?", element=element)
        try:
            token.run()
        except (FeelError, DecisionError, EngineError) as error:
            if isinstance(error, Incident):
                raise
            raise Incident(error.code, error.message, element=error.element or element) from error

    def _recheck(self) -> bool:
        """Lets the first waiting inclusive join or condition go that now may."""
        for number in sorted(self.pending):
            token = self.pending.get(number)
            if token is not None and token.task_spec.recheck(token):
                return True
        return False

    def finish(self) -> None:
        self.close("completed")

    def close(self, state: str) -> None:
        """Ends the instance; what is left of it is cancelled."""
        if self.state == "active":
            self.state = state
            for token in self.others():
                token.cancel()
            self.completed = True
            self.record("ended", self.spec.name, {"state": state})


class RunningSubProcess(RunningScope, BpmnSubWorkflow):  # type: ignore[misc]
    """The scope inside a sub-process or call activity; `host` is the token that stands on it."""

    def __init__(self, spec: Any, host: Token) -> None:
        self.host = host
        self.parent_task_id = host.id
        self.top_workflow = host.workflow.top_workflow
        self.correlations: dict[str, Any] = {}
        self.depth = host.workflow.depth + 1
        if self.depth > DEEPEST:
            raise EngineError("too-deep", f"more than {DEEPEST} scopes inside each other")
        BpmnBaseWorkflow.__init__(self, spec, deserializing=True)
        self.top_workflow.subprocesses[host.id] = self
        self.open()

    def finish(self) -> None:
        if self.completed or self.host is None:
            return
        self.close()
        self.host.task_spec.collect(self.host, self)
        self.host.complete()

    def close(self) -> None:
        """Cancels what is left inside and forgets the scope."""
        self.completed = True
        for token in self.others():
            token.cancel()
        if self.host is not None:
            self.top_workflow.subprocesses.pop(self.host.id, None)
