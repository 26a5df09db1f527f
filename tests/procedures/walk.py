"""Walks one case of a procedure through the engine, as people, register and cash office would.

A case file says what everybody answers: `start` variables, `tasks` by element id (a list: one entry per visit),
`jobs` by element id (`{"error": code}` ends the job with a BPMN error), `messages` in order, `timers` that come due in
order. In each round waiting jobs go first, then the next timer if it is armed, then the tasks, then the next message:
so a timer beats the task it watches, and a message comes last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bpm import engine
from bpm.engine import Executable, Outcome

NOW = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


@dataclass
class Walked:
    """What was reached: the last outcome, all end events, the elements whose tasks and jobs were answered."""

    outcome: Outcome
    ends: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass
class _Answers:
    tasks: dict[str, list[Mapping[str, Any]]]
    jobs: Mapping[str, Mapping[str, Any]]
    messages: list[Mapping[str, Any]]
    timers: list[str]


def walk(executable: Executable, case: Mapping[str, Any]) -> Walked:
    """Run one case to its end. Raises AssertionError where the case file has no answer to what is waiting."""
    answers = _Answers(
        {key: list(value) if isinstance(value, list) else [value] for key, value in case["tasks"].items()},
        case.get("jobs", {}),
        list(case.get("messages", ())),
        list(case.get("timers", ())),
    )
    outcome = engine.start(executable, case.get("start", {}), NOW)
    walked = Walked(outcome, list(outcome.ends))
    for _ in range(200):
        if walked.outcome.state != "active":
            unused = sorted({*answers.tasks, *answers.jobs} - set(walked.answered))
            assert not answers.messages, f"messages nobody waited for: {answers.messages}"
            assert not answers.timers, f"timers that were never armed: {answers.timers}"
            assert not unused, f"answers nobody asked for: {unused}"
            return walked
        walked.outcome = _step(executable, walked, answers)
        walked.ends += walked.outcome.ends
    raise AssertionError("no end after 200 steps")


def _step(executable: Executable, walked: Walked, answers: _Answers) -> Outcome:
    at = walked.outcome
    for job in sorted(at.jobs, key=lambda job: job.id):
        walked.answered.append(job.element)
        assert job.element in answers.jobs, f"no answer for the job {job.element}"
        answer = dict(answers.jobs[job.element])
        code = answer.pop("error", None)
        if code is not None:
            return engine.fail_with(executable, at.snapshot, job.id, code, answer, NOW)
        return engine.complete(executable, at.snapshot, job.id, answer, NOW)
    for timer in at.timers:
        if answers.timers and timer.element == answers.timers[0]:
            answers.timers.pop(0)
            return engine.fire(executable, at.snapshot, timer.id, NOW)
    for item in sorted(at.work_items, key=lambda item: item.id):
        walked.answered.append(item.element)
        walked.groups[item.element] = item.candidate_groups
        assert answers.tasks.get(item.element), f"no answer for the task {item.element}"
        left = answers.tasks[item.element]
        return engine.complete(executable, at.snapshot, item.id, left.pop(0) if len(left) > 1 else left[0], NOW)
    for subscription in at.subscriptions:
        if answers.messages and subscription.name == answers.messages[0]["name"]:
            message = answers.messages.pop(0)
            return engine.correlate(executable, at.snapshot, subscription.id, message.get("variables", {}), NOW)
    raise AssertionError(f"stuck: {at.subscriptions} {at.timers}")
