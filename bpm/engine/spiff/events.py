"""Events: what waits (timers, messages, signals, conditions), what throws, and how errors and escalations climb.

A waiting token is a row of the caller: it lists what it waits for, and goes on when the caller says it has come.
Due times are computed when a token is armed; nothing here reads a clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from SpiffWorkflow.util.task import TaskState

from bpm.engine.spiff.activities import Container
from bpm.engine.spiff.node import Flow, Node, Row
from bpm.engine.spiff.task import Token
from bpm.engine.timers import Due, first_due, next_due
from bpm.errors import EngineError
from bpm.model.process import FlowNode


@dataclass(frozen=True, slots=True)
class Trigger:
    """What an event waits for or throws. `key` is the timer's or condition's expression, `text` a timer literal."""

    kind: str
    name: str | None = None
    ref: str | None = None
    timer: str = "duration"
    key: str | None = None
    text: str | None = None

    def answers(self, kind: str, name: str | None, ref: str | None) -> int:
        """How well this catches what is thrown: 2 exactly, 1 because it catches all, 0 not at all."""
        if self.kind != kind:
            return 0
        if self.name is None and self.ref is None:
            return 1
        same = (name is not None and self.name == name) or (ref is not None and self.ref == ref)
        return 2 if same else 0


class Waiting(Node):
    """A node with a trigger; `arming` keeps what was fixed when a token came to wait."""

    trigger: Trigger

    def armed(self, token: Token, trigger: Trigger, due: Due | None = None) -> dict[str, Any]:
        """The state a token keeps for one trigger. Raises FeelError, EngineError for a timer that means nothing."""
        if trigger.kind == "timer":
            if due is None:
                value = trigger.text if trigger.key is None else self.value(token, trigger.key)
                due = self.first_due(value, trigger.timer, token.workflow.top_workflow.now)
            state: dict[str, Any] = {"due": due.at.isoformat()}
            if due.cycle is not None:
                state |= {"cycle": due.cycle, "left": due.remaining}
            return state
        if trigger.kind == "conditional":
            return {"was": self.value(token, trigger.key or "") is True}
        return {}

    def first_due(self, value: Any, kind: str, now: datetime) -> Due:
        try:
            return first_due(value, kind, now)
        except EngineError as error:
            error.element = self.element.id
            raise

    def watch(self, token: Token) -> None:
        """Conditions are looked at whenever nothing else can run."""
        if self.trigger.kind == "conditional":
            token.workflow.top_workflow.pending[token.id] = token

    def restore(self, token: Token) -> None:
        if token.state == TaskState.WAITING:
            self.watch(token)

    def rows(self, token: Token) -> tuple[Row, ...]:
        return ((str(token.id), self.element.id, self.trigger, token.internal_data),)

    def recheck(self, token: Token) -> bool:
        was = token.internal_data.get("was", False)
        now = self.value(token, self.trigger.key or "") is True
        token.internal_data["was"] = now
        if now and not was:
            self.fire(token, 0)
            return True
        return False

    def fire(self, token: Token, index: int) -> None:
        """What `token` waited for has come; `index` says which of several."""
        raise NotImplementedError

    def fresh(self, token: Token) -> Due | bool:
        """Whether a non-interrupting event waits again after firing; for a cycle until when."""
        state = token.internal_data
        if self.trigger.kind == "timer":
            if "cycle" not in state:
                return False
            zone = token.workflow.top_workflow.now.tzinfo
            return next_due(datetime.fromisoformat(state["due"]), state["cycle"], state["left"], zone) or False
        return True


class Catching(Waiting):
    """An intermediate catch event or a receive task."""

    def __init__(self, wf_spec: Any, name: str, element: FlowNode, trigger: Trigger) -> None:
        super().__init__(wf_spec, name, element)
        self.trigger = trigger

    def may_go(self, token: Token) -> bool:
        if token.internal_data.pop("fired", False):
            return True
        token.internal_data.update(self.armed(token, self.trigger))
        if token.internal_data.pop("was", False):
            return True
        self.watch(token)
        return False

    def fire(self, token: Token, index: int) -> None:
        token.workflow.top_workflow.pending.pop(token.id, None)
        token._ready()


class Boundary(Waiting):
    """A boundary event: its waiting token names its host; errors and escalations need none."""

    def __init__(self, wf_spec: Any, name: str, element: FlowNode, trigger: Trigger, interrupting: bool) -> None:
        super().__init__(wf_spec, name, element)
        self.trigger = trigger
        self.interrupting = interrupting

    def arm(self, host: Token, due: Due | None = None) -> None:
        """Waits beside `host`, if this kind of event waits."""
        if self.trigger.kind not in ("timer", "message", "signal", "conditional"):
            return
        token = host.workflow.task_tree._add_child(self, TaskState.WAITING)
        token.triggered = True
        token.internal_data["host"] = host.id
        token.internal_data.update(self.armed(host, self.trigger, due))
        if token.internal_data.get("was"):
            # a condition that already holds counts as becoming true
            token.internal_data["was"] = False
        self.watch(token)

    def enter(self, token: Token) -> None:
        token.internal_data.clear()
        self.note_entry(token)

    def _on_cancel(self, my_task: Token) -> None:
        # a boundary event that only waited was never entered
        pass

    def fire(self, token: Token, index: int) -> None:
        workflow = token.workflow
        workflow.top_workflow.pending.pop(token.id, None)
        host = workflow.tasks[token.internal_data["host"]]
        again = False if self.interrupting else self.fresh(token)
        still_true = token.internal_data.get("was")
        self.enter(token)
        token._ready()
        if self.interrupting:
            host.cancel()
        elif again:
            self.arm(host, again if isinstance(again, Due) else None)
            if still_true:
                _remember(workflow, self, host)

    def strike(self, host: Token) -> None:
        """Catches an error or escalation that came up at `host`."""
        host.workflow.place(self)
        if self.interrupting:
            host.cancel()


def _remember(workflow: Any, spec: Any, host: Token | None) -> None:
    """A condition fires again only after it has been false."""
    for token in workflow.others():
        mine = token.task_spec is spec and token.state == TaskState.WAITING
        if mine and (host is None or token.internal_data.get("host") == host.id):
            token.internal_data["was"] = True


class Handler(Container):
    """An event sub-process."""

    is_handler = True
    trigger: Trigger
    start: FlowNode
    interrupting = True

    def strike(self, workflow: Any) -> None:
        """Runs in `workflow`; an interrupting one ends all else there first."""
        if self.interrupting:
            for token in workflow.others():
                token.cancel()
        workflow.place(self)


class Listener(Waiting):
    """Waits in a scope for the start event of one of its event sub-processes."""

    def __init__(self, wf_spec: Any, name: str, element: FlowNode, handler: Handler) -> None:
        super().__init__(wf_spec, name, element)
        self.handler = handler
        self.trigger = handler.trigger

    def arm(self, workflow: Any, due: Due | None = None) -> None:
        if self.trigger.kind not in ("timer", "message", "signal", "conditional"):
            return
        token = workflow.task_tree._add_child(self, TaskState.WAITING)
        token.triggered = True
        token.internal_data["listens"] = 1
        workflow.listening += 1
        token.internal_data.update(self.armed(token, self.trigger, due))
        if token.internal_data.get("was"):
            token.internal_data["was"] = False
        self.watch(token)

    def restore(self, token: Token) -> None:
        token.workflow.listening += 1
        super().restore(token)

    def _on_cancel(self, my_task: Token) -> None:
        pass

    def fire(self, token: Token, index: int) -> None:
        workflow = token.workflow
        again = False if self.handler.interrupting else self.fresh(token)
        still_true = token.internal_data.get("was")
        token.cancel()
        self.handler.strike(workflow)
        if again:
            self.arm(workflow, again if isinstance(again, Due) else None)
            if still_true:
                _remember(workflow, self, None)


class Choosing(Waiting):
    """An event-based gateway: one token that waits for several things; the first to come decides."""

    trigger = Trigger("choice")

    def __init__(self, wf_spec: Any, name: str, element: FlowNode) -> None:
        super().__init__(wf_spec, name, element)
        self.triggers: tuple[tuple[Flow, FlowNode, Trigger], ...] = ()

    def may_go(self, token: Token) -> bool:
        rows = [self.armed(token, trigger) for _, _, trigger in self.triggers]
        token.internal_data["rows"] = rows
        for index, row in enumerate(rows):
            if row.get("was"):
                token.internal_data["chosen"] = index
                return True
        self.watch(token)
        return False

    def watch(self, token: Token) -> None:
        if any(trigger.kind == "conditional" for _, _, trigger in self.triggers):
            token.workflow.top_workflow.pending[token.id] = token

    def recheck(self, token: Token) -> bool:
        for index, (_, _, trigger) in enumerate(self.triggers):
            if trigger.kind == "conditional" and self.value(token, trigger.key or "") is True:
                self.fire(token, index)
                return True
        return False

    def rows(self, token: Token) -> tuple[Row, ...]:
        states = token.internal_data["rows"]
        return tuple(
            (f"{token.id}.{index}", target.id, trigger, states[index])
            for index, (_, target, trigger) in enumerate(self.triggers)
        )

    def fire(self, token: Token, index: int) -> None:
        token.workflow.top_workflow.pending.pop(token.id, None)
        token.internal_data["chosen"] = index
        token._ready()

    def _predict_hook(self, my_task: Token) -> None:
        self.go_on(my_task, (self.triggers[my_task.internal_data["chosen"]][0],), fired=True)


class Throwing(Node):
    """An intermediate throw event or a send task; without a trigger it does nothing."""

    def __init__(self, wf_spec: Any, name: str, element: FlowNode, trigger: Trigger | None) -> None:
        super().__init__(wf_spec, name, element)
        self.trigger = trigger

    def _run_hook(self, my_task: Token) -> bool:
        if self.trigger is not None:
            throw(my_task, self.trigger)
        return True


class Ending(Throwing):
    """An end event."""

    def _run_hook(self, my_task: Token) -> bool:
        workflow, top = my_task.workflow, my_task.workflow.top_workflow
        if workflow is top:
            top.ends.append(self.element.id)
        kind = self.trigger.kind if self.trigger is not None else None
        if kind == "terminate":
            for token in workflow.others(my_task):
                token.cancel()
        elif kind == "error" and self.trigger is not None:
            top.record("thrown", self.element.id, {"kind": "error", "name": self.trigger.name})
            top.record("left", self.element.id)
            my_task.internal_data["gone"] = True
            if not climb(my_task, "error", self.trigger.name, self.trigger.ref):
                if workflow is not top:
                    top.ends.append(self.element.id)
                top.close("terminated")
        else:
            super()._run_hook(my_task)
        return True


def throw(token: Token, trigger: Trigger) -> None:
    """A message or signal goes out; an escalation climbs, and one nobody catches is forgotten (BPMN 2.0.2, 10.5.6)."""
    top = token.workflow.top_workflow
    if trigger.kind == "escalation":
        top.record("thrown", token.task_spec.element.id, {"kind": "escalation", "name": trigger.name})
        climb(token, "escalation", trigger.name, trigger.ref)
    elif trigger.kind in ("message", "signal"):
        top.throw(token, trigger.kind, trigger.name or token.task_spec.element.id)


def climb(token: Token, kind: str, name: str | None, ref: str | None = None) -> bool:
    """Looks for a catcher from `token` upwards: its boundary, its scope's event sub-processes, the scope's boundary,
    and on; on each level an exact code before one that catches all. Returns whether somebody caught it."""
    while True:
        workflow = token.workflow
        host = workflow.tasks.get(token.internal_data.get("of"))
        for candidate in (token, host):
            boundary = _best(candidate.task_spec.boundaries, kind, name, ref) if candidate is not None else None
            if boundary is not None:
                boundary.strike(candidate)
                return True
        if not token.task_spec.is_handler:
            handler = _best(workflow.spec.handlers, kind, name, ref)
            if handler is not None:
                handler.strike(workflow)
                return True
        if workflow.host is None:
            return False
        token = workflow.host


def _best(catchers: Iterable[Any], kind: str, name: str | None, ref: str | None) -> Any:
    ranked = [(catcher.trigger.answers(kind, name, ref), catcher) for catcher in catchers]
    best: Mapping[int, Any] = dict(reversed(ranked))
    return best.get(2) or best.get(1)
