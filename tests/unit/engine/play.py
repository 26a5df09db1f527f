"""Plays a process step by step, through JSON and back after every command, as the service does."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bpm import engine
from bpm.engine import Outcome
from bpm.engine.spiff.snapshot import dump, load
from bpm.model.process import ProcessModel
from bpm.model.reader import read_bpmn, read_dmn

NOW = datetime(2025, 3, 3, 8, 0, tzinfo=UTC)

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" targetNamespace="urn:test" id="defs">
<message id="mA" name="A"/><message id="mB" name="B"/><signal id="sA" name="S"/>
<error id="eA" name="fehler a" errorCode="A"/><error id="eB" errorCode="B"/>
<escalation id="xA" escalationCode="X"/><escalation id="xB" escalationCode="Y"/>
"""


def model_of(body: str, *, wrapped: bool = False) -> ProcessModel:
    """A model from the inside of a process (or, `wrapped`, of the definitions)."""
    text = body if wrapped else f'<process id="p" isExecutable="true">{body}</process>'
    return read_bpmn(f"{HEAD}{text}</definitions>".encode(), "test.bpmn")


def chain(*ids: str) -> str:
    """Sequence flows along the ids; no flow has an id of its own."""
    pairs = itertools.pairwise(ids)
    return "".join(f'<sequenceFlow sourceRef="{source}" targetRef="{target}"/>' for source, target in pairs)


def guard(source: str, target: str, condition: str, id: str = "") -> str:
    """A conditional flow."""
    name = f' id="{id}"' if id else ""
    return (
        f'<sequenceFlow{name} sourceRef="{source}" targetRef="{target}">'
        f'<conditionExpression xsi:type="tFormalExpression">{condition}</conditionExpression></sequenceFlow>'
    )


class Play:
    """A running instance: each command checks that the snapshot survives JSON and loading unchanged."""

    def __init__(self, body: str | ProcessModel, *, dmn: str | None = None, wrapped: bool = False) -> None:
        self.model = model_of(body, wrapped=wrapped) if isinstance(body, str) else body
        self.decisions = (read_dmn(dmn.encode(), "test.dmn"),) if dmn else ()
        self.executable = engine.build(self.model, self.decisions)
        self.now = NOW
        self.history: list[Any] = []
        self.thrown: list[Any] = []
        self.ends: list[str] = []
        self.at: Outcome | None = None

    def start(self, variables: Mapping[str, Any] | None = None, **options: Any) -> Play:
        return self._take(engine.start(self.executable, variables or {}, self.now, **options))

    def do(self, element: str, **variables: Any) -> Play:
        """Completes the oldest open work item or job of an element."""
        return self._take(engine.complete(self.executable, self.snapshot, self.item(element), variables, self.now))

    def fail(self, element: str, code: str, **variables: Any) -> Play:
        return self._take(
            engine.fail_with(self.executable, self.snapshot, self.item(element), code, variables, self.now)
        )

    def send(self, name: str, **variables: Any) -> Play:
        """Delivers a message or signal to the oldest subscription of that name."""
        id = next(row.id for row in self.out.subscriptions if row.name == name)
        return self._take(engine.correlate(self.executable, self.snapshot, id, variables, self.now))

    def tick(self, element: str) -> Play:
        """Moves the clock to the timer of an element and fires it."""
        timer = next(row for row in self.out.timers if row.element == element)
        self.now = max(self.now, timer.due)
        return self._take(engine.fire(self.executable, self.snapshot, timer.id, self.now))

    def wait(self, **span: float) -> Play:
        self.now += timedelta(**span)
        return self

    def item(self, element: str) -> int:
        return next(item.id for item in (*self.out.work_items, *self.out.jobs) if item.element == element)

    @property
    def out(self) -> Outcome:
        assert self.at is not None
        return self.at

    @property
    def snapshot(self) -> dict[str, Any]:
        return json.loads(json.dumps(self.out.snapshot))

    @property
    def open(self) -> list[str]:
        """Elements of open work items and jobs."""
        return sorted(item.element for item in (*self.out.work_items, *self.out.jobs))

    @property
    def state(self) -> str:
        return self.out.state

    @property
    def variables(self) -> dict[str, Any]:
        return self.out.variables

    @property
    def left(self) -> list[str]:
        return [event.element for event in self.history if event.kind == "left"]

    @property
    def waits(self) -> list[tuple[str, str]]:
        rows = [(row.element, row.name) for row in self.out.subscriptions]
        return sorted(rows + [(row.element, "timer") for row in self.out.timers])

    def _take(self, outcome: Outcome) -> Play:
        before = json.dumps(outcome.snapshot, sort_keys=True)
        if outcome.state == "active":
            again = dump(load(self.executable, json.loads(before), self.now))
            assert json.dumps(again, sort_keys=True) == before, "a snapshot changes when it is loaded"
        self.at = outcome
        self.history += outcome.history
        self.thrown += outcome.thrown
        self.ends += outcome.ends
        return self
