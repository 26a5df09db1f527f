"""Walks one case of a procedure, as people, register and cash office would, in any world that runs cases.

A case file says what everybody answers: `start` variables, `tasks` by element id (a list: one entry per visit),
`jobs` by element id (`{"error": code}` ends the job with a BPMN error), `messages` in order, `timers` that come due in
order. In each round waiting jobs go first, then the next timer if it is armed, then the tasks, then the next message:
so a timer beats the task it watches, and a message comes last.

A world is the bare engine here, the service over plain HTTP or its pages elsewhere: the walk is the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from bpm import engine
from bpm.engine import Executable, Outcome

NOW = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Waiting:
    """Something that waits: its id in this world and its element (or the message's name)."""

    id: Any
    element: str


@dataclass(frozen=True)
class Sight:
    """What a case looks like from outside, each list in the order of appearance."""

    active: bool
    jobs: Sequence[Waiting]
    timers: Sequence[Waiting]
    tasks: Sequence[Waiting]
    messages: Sequence[Waiting]


def sight_of(case: Mapping[str, Any]) -> Sight:
    """A case as the service answers it."""
    return Sight(
        active=case["state"] == "active",
        jobs=[Waiting(one["id"], one["element"]) for one in case["jobs"]],
        timers=[Waiting(one["id"], one["element"]) for one in case["timers"]],
        tasks=[Waiting(one["id"], one["element"]) for one in case["tasks"]],
        messages=[Waiting(one["id"], one["name"]) for one in case["subscriptions"]],
    )


class World(Protocol):
    """Where a case lives."""

    def start(self, variables: Mapping[str, Any]) -> Sight: ...
    def finish(self, job: Waiting, variables: Mapping[str, Any]) -> Sight: ...
    def fail(self, job: Waiting, code: str, variables: Mapping[str, Any]) -> Sight: ...
    def fire(self, timer: Waiting) -> Sight: ...
    def complete(self, task: Waiting, variables: Mapping[str, Any]) -> Sight: ...
    def send(self, message: Waiting, variables: Mapping[str, Any]) -> Sight: ...


@dataclass
class _Answers:
    tasks: dict[str, list[Mapping[str, Any]]]
    jobs: Mapping[str, Mapping[str, Any]]
    messages: list[Mapping[str, Any]]
    timers: list[str]
    given: set[str] = field(default_factory=set)


def walk_in(world: World, case: Mapping[str, Any]) -> None:
    """Run one case to its end. Raises AssertionError where the case file has no answer to what is waiting."""
    answers = _Answers(
        {key: list(value) if isinstance(value, list) else [value] for key, value in case["tasks"].items()},
        case.get("jobs", {}),
        list(case.get("messages", ())),
        list(case.get("timers", ())),
    )
    sight = world.start(case.get("start", {}))
    for _ in range(200):
        if not sight.active:
            unused = sorted({*answers.tasks, *answers.jobs} - answers.given)
            assert not answers.messages, f"messages nobody waited for: {answers.messages}"
            assert not answers.timers, f"timers that were never armed: {answers.timers}"
            assert not unused, f"answers nobody asked for: {unused}"
            return
        sight = _step(world, sight, answers)
    raise AssertionError("no end after 200 steps")


def _step(world: World, sight: Sight, answers: _Answers) -> Sight:
    for job in sight.jobs:
        answers.given.add(job.element)
        assert job.element in answers.jobs, f"no answer for the job {job.element}"
        answer = dict(answers.jobs[job.element])
        code = answer.pop("error", None)
        return world.fail(job, code, answer) if code is not None else world.finish(job, answer)
    for timer in sight.timers:
        if answers.timers and timer.element == answers.timers[0]:
            answers.timers.pop(0)
            return world.fire(timer)
    for task in sight.tasks:
        answers.given.add(task.element)
        left = answers.tasks.get(task.element)
        assert left, f"no answer for the task {task.element}"
        return world.complete(task, left.pop(0) if len(left) > 1 else left[0])
    for message in sight.messages:
        if answers.messages and message.element == answers.messages[0]["name"]:
            return world.send(message, answers.messages.pop(0).get("variables", {}))
    raise AssertionError(f"stuck: {sight}")


@dataclass
class Walked:
    """What was reached on the engine: the last outcome, all end events, what was answered and by which groups."""

    outcome: Outcome
    ends: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)


def walk(executable: Executable, case: Mapping[str, Any]) -> Walked:
    """Run one case on the bare engine."""
    world = _Engine(executable)
    walk_in(world, case)
    assert world.outcome is not None
    return Walked(world.outcome, world.ends, world.answered, world.groups)


class _Engine:
    """The engine as a world: every command from the snapshot of the one before."""

    def __init__(self, executable: Executable) -> None:
        self.executable = executable
        self.outcome: Outcome | None = None
        self.ends: list[str] = []
        self.answered: list[str] = []
        self.groups: dict[str, tuple[str, ...]] = {}

    def start(self, variables: Mapping[str, Any]) -> Sight:
        return self._look(engine.start(self.executable, variables, NOW))

    def finish(self, job: Waiting, variables: Mapping[str, Any]) -> Sight:
        return self.complete(job, variables)

    def fail(self, job: Waiting, code: str, variables: Mapping[str, Any]) -> Sight:
        self.answered.append(job.element)
        return self._look(engine.fail_with(self.executable, self._snapshot, job.id, code, variables, NOW))

    def fire(self, timer: Waiting) -> Sight:
        return self._look(engine.fire(self.executable, self._snapshot, timer.id, NOW))

    def complete(self, task: Waiting, variables: Mapping[str, Any]) -> Sight:
        self.answered.append(task.element)
        return self._look(engine.complete(self.executable, self._snapshot, task.id, variables, NOW))

    def send(self, message: Waiting, variables: Mapping[str, Any]) -> Sight:
        return self._look(engine.correlate(self.executable, self._snapshot, message.id, variables, NOW))

    @property
    def _snapshot(self) -> engine.Snapshot:
        assert self.outcome is not None
        return self.outcome.snapshot

    def _look(self, outcome: Outcome) -> Sight:
        self.outcome = outcome
        self.ends += outcome.ends
        self.groups |= {item.element: item.candidate_groups for item in outcome.work_items}
        return Sight(
            active=outcome.state == "active",
            jobs=[Waiting(job.id, job.element) for job in sorted(outcome.jobs, key=lambda job: job.id)],
            timers=[Waiting(timer.id, timer.element) for timer in outcome.timers],
            tasks=[Waiting(item.id, item.element) for item in sorted(outcome.work_items, key=lambda item: item.id)],
            messages=[Waiting(one.id, one.name) for one in outcome.subscriptions],
        )
