"""Running instances: pure functions from (model, snapshot, command, now) to an `Outcome`.

Nothing here touches a database or a clock: the service opens a unit of work, hands in the stored snapshot and
`now`, and writes what comes back as rows. A snapshot names nodes of one model version and holds live state only,
so its size follows the tokens that are alive, never the history.

SpiffWorkflow is loaded by the first command that needs it, not by importing this package.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo

from bpm.engine.executable import Executable, StartPoint
from bpm.engine.instance import (
    HistoryEvent,
    Job,
    Outcome,
    Snapshot,
    Subscription,
    Thrown,
    Timer,
    Variables,
    WorkItem,
)
from bpm.engine.readiness import Readiness, assess
from bpm.engine.reasons import REASONS, explain
from bpm.engine.upgrade import REFUSALS, Move, Upgrade, modify, refusal
from bpm.model.decision import DecisionModel
from bpm.model.process import ProcessModel

__all__ = [
    "REASONS",
    "REFUSALS",
    "Executable",
    "HistoryEvent",
    "Job",
    "Move",
    "Outcome",
    "Readiness",
    "Snapshot",
    "StartPoint",
    "Subscription",
    "Thrown",
    "Timer",
    "Upgrade",
    "Variables",
    "WorkItem",
    "assess",
    "assign",
    "build",
    "cancel",
    "complete",
    "correlate",
    "explain",
    "fail_with",
    "fire",
    "modify",
    "refusal",
    "start",
]


def build(model: ProcessModel, decisions: Iterable[DecisionModel] = (), zone: tzinfo | None = None) -> Executable:
    """A model made ready to run; keep it per version, threads may share it. Local times and `today()` are those of
    `zone`, else of the `now` a command brings. Raises NotExecutable."""
    from bpm.engine.spiff.builder import build as do

    return do(model, decisions, zone)


def start(executable: Executable, variables: Variables, now: datetime, *, start: str | None = None) -> Outcome:
    """A new instance at the start event `start`, else at the only plain one. Raises InvalidRequest, Incident."""
    from bpm.engine.spiff.commands import start as do

    return do(executable, variables, now, start=start)


def complete(executable: Executable, snapshot: Snapshot, item: int, variables: Variables, now: datetime) -> Outcome:
    """A work item or job is done. Raises Conflict `item-not-open` when it is not there any more, Incident."""
    from bpm.engine.spiff.commands import complete as do

    return do(executable, snapshot, item, variables, now)


def fail_with(
    executable: Executable, snapshot: Snapshot, item: int, code: str, variables: Variables, now: datetime
) -> Outcome:
    """A work item or job ends with a BPMN error. Raises Incident `error-uncaught` when nothing catches the code."""
    from bpm.engine.spiff.commands import fail_with as do

    return do(executable, snapshot, item, code, variables, now)


def correlate(
    executable: Executable, snapshot: Snapshot, subscription: str, variables: Variables, now: datetime
) -> Outcome:
    """A message or signal has come for a subscription. Raises Conflict `not-waiting`, Incident."""
    from bpm.engine.spiff.commands import correlate as do

    return do(executable, snapshot, subscription, variables, now)


def fire(executable: Executable, snapshot: Snapshot, timer: str, now: datetime) -> Outcome:
    """A timer is due; the caller has checked that. Raises Conflict `not-waiting`, Incident."""
    from bpm.engine.spiff.commands import fire as do

    return do(executable, snapshot, timer, now)


def assign(executable: Executable, snapshot: Snapshot, variables: Variables, now: datetime) -> Outcome:
    """Variables of the case change from outside; conditions that wait are looked at again. Raises Conflict,
    Incident."""
    from bpm.engine.spiff.commands import assign as do

    return do(executable, snapshot, variables, now)


def cancel(executable: Executable, snapshot: Snapshot, now: datetime) -> Outcome:
    """Ends the instance where it stands (`terminated`). Raises Conflict when it has ended already."""
    from bpm.engine.spiff.commands import cancel as do

    return do(executable, snapshot, now)
