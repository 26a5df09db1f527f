"""The commands: load, act, settle, and tell the caller everything that lives now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from SpiffWorkflow.util.task import TaskState

from bpm.engine.executable import Executable
from bpm.engine.expression import json_value
from bpm.engine.instance import Job, Outcome, Snapshot, Subscription, Timer, Variables, WorkItem
from bpm.engine.spiff.activities import Offered, Work
from bpm.engine.spiff.events import climb
from bpm.engine.spiff.node import Node, Row
from bpm.engine.spiff.snapshot import dump, load
from bpm.engine.spiff.task import Token
from bpm.engine.spiff.workflow import Instance
from bpm.engine.timers import first_due, looks_literal
from bpm.errors import Conflict, EngineError, FeelError, Incident, InvalidRequest


def start(executable: Executable, variables: Variables, now: datetime, *, start: str | None = None) -> Outcome:
    """A new instance at the start event `start`, else at the only plain one. Raises InvalidRequest, Incident."""
    instance = Instance(executable, now)
    instance.data.update(_checked(variables))
    instance.record("started", executable.main)
    with _located(executable.main):
        instance.begin(_starts(instance, start))
    instance.settle()
    if instance.state == "active" and not instance.tokens:
        instance.finish()
    return _outcome(instance)


def complete(executable: Executable, snapshot: Snapshot, item: int, variables: Variables, now: datetime) -> Outcome:
    """A work item or job is done. Raises Conflict `item-not-open` when it is not there any more, Incident."""
    instance = load(executable, snapshot, now)
    token = _open(instance, item)
    token.workflow.write(token, _checked(variables))
    with _located(token.task_spec.element.id):
        token.complete()
    instance.settle()
    return _outcome(instance)


def fail_with(
    executable: Executable, snapshot: Snapshot, item: int, code: str, variables: Variables, now: datetime
) -> Outcome:
    """A work item or job ends with a BPMN error. Raises Incident `error-uncaught` when nothing catches the code."""
    instance = load(executable, snapshot, now)
    token = _open(instance, item)
    token.workflow.write(token, _checked(variables))
    element = token.task_spec.element.id
    instance.record("thrown", element, {"kind": "error", "name": code})
    with _located(element):
        caught = climb(token, "error", code)
    if not caught:
        raise Incident("error-uncaught", f"nothing catches the error {code[:80]!r}", element=element)
    instance.settle()
    return _outcome(instance)


def correlate(
    executable: Executable, snapshot: Snapshot, subscription: str, variables: Variables, now: datetime
) -> Outcome:
    """A message or signal has come for a subscription. Raises Conflict `not-waiting`, Incident."""
    return _fire(executable, snapshot, subscription, ("message", "signal"), variables, now)


def fire(executable: Executable, snapshot: Snapshot, timer: str, now: datetime) -> Outcome:
    """A timer is due; the caller has checked that. Raises Conflict `not-waiting`, Incident."""
    return _fire(executable, snapshot, timer, ("timer",), {}, now)


def assign(executable: Executable, snapshot: Snapshot, variables: Variables, now: datetime) -> Outcome:
    """Variables of the case change from outside; conditions that wait are looked at again. Raises Conflict,
    Incident."""
    instance = load(executable, snapshot, now)
    instance.data.update(_checked(variables))
    instance.settle()
    return _outcome(instance)


def cancel(executable: Executable, snapshot: Snapshot, now: datetime) -> Outcome:
    """Ends the instance where it stands. Raises Conflict when it has ended already."""
    instance = load(executable, snapshot, now)
    instance.close("terminated")
    return _outcome(instance)


def _fire(
    executable: Executable,
    snapshot: Snapshot,
    row_id: str,
    kinds: tuple[str, ...],
    variables: Variables,
    now: datetime,
) -> Outcome:
    instance = load(executable, snapshot, now)
    number, _, index = row_id.partition(".")
    token = instance.tokens.get(int(number)) if number.isdecimal() and (not index or index.isdecimal()) else None
    row = None
    if token is not None and token.state == TaskState.WAITING:
        row = next((row for row in token.task_spec.rows(token) if row[0] == row_id), None)
    if token is None or row is None or row[2].kind not in kinds:
        raise Conflict("not-waiting", f"nothing waits under {row_id[:40]!r}")
    token.workflow.write(token, _checked(variables))
    if row[2].kind != "timer":
        instance.record("received", row[1], {"kind": row[2].kind, "name": row[2].name})
    with _located(row[1]):
        token.task_spec.fire(token, int(index or 0))
    instance.settle()
    return _outcome(instance)


class _located:
    """Turns what goes wrong at a node outside the loop of ready steps into an Incident there."""

    def __init__(self, element: str) -> None:
        self.element = element

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, FeelError | EngineError) and not isinstance(error, Incident):
            raise Incident(error.code, error.message, element=error.element or self.element) from error


def _starts(instance: Instance, wanted: str | None) -> tuple[Any, ...]:
    executable = instance.executable
    specs = executable.specs[executable.main]
    points = executable.starts
    if wanted is not None:
        if wanted not in {point.element for point in points}:
            raise InvalidRequest("no-such-start", f"no start event {wanted[:80]!r}", element=executable.main)
        _require_condition(instance, wanted)
        return (specs.task_specs[wanted],)
    if not points:
        return tuple(specs.starts)
    plain_starts = [point for point in points if point.kind == "none"] or list(points)
    if len(plain_starts) > 1:
        names = ", ".join(point.element for point in plain_starts)
        raise InvalidRequest("start-unclear", f"name one of the start events: {names}", element=executable.main)
    _require_condition(instance, plain_starts[0].element)
    return (specs.task_specs[plain_starts[0].element],)


def _require_condition(instance: Instance, start: str) -> None:
    """A conditional start needs its condition to hold over the variables the case starts with."""
    spec = instance.executable.specs[instance.executable.main].task_specs[start]
    if spec.condition is not None and spec.value(instance.task_tree, spec.condition) is not True:
        raise InvalidRequest("start-condition", "the condition of the start event does not hold", element=start)


def _open(instance: Instance, item: int) -> Token:
    token = instance.tokens.get(item)
    if token is None or not isinstance(token.task_spec, Work | Offered):
        raise Conflict("item-not-open", f"the item {item} is not open")
    return token


def _checked(variables: Variables) -> dict[str, Any]:
    """Variables as plain JSON values. Raises InvalidRequest for anything else."""
    try:
        return {str(name): json_value(value) for name, value in variables.items()}
    except EngineError as error:
        raise InvalidRequest(error.code, error.message) from error


# --- what lives


def _outcome(instance: Instance) -> Outcome:
    items: list[WorkItem] = []
    jobs: list[Job] = []
    subscriptions: list[Subscription] = []
    timers: list[Timer] = []
    tokens: Counter[str] = Counter()
    for number in sorted(instance.tokens):
        token = instance.tokens[number]
        spec = token.task_spec
        with _located(spec.element.id):
            if isinstance(spec, Work):
                items.append(_work_item(token))
            elif isinstance(spec, Offered):
                jobs.append(_job(token))
        if token.state == TaskState.WAITING:
            for row in spec.rows(token):
                _list_row(row, subscriptions, timers)
        count = _count(token)
        if count:
            tokens[spec.element.id] += count
    return Outcome(
        snapshot=dump(instance),
        state=instance.state,
        variables=json_value(instance.data),
        work_items=tuple(items),
        jobs=tuple(jobs),
        subscriptions=tuple(subscriptions),
        timers=tuple(timers),
        history=tuple(instance.history),
        thrown=tuple(instance.thrown),
        ends=tuple(instance.ends),
        tokens=dict(sorted(tokens.items())),
    )


def _count(token: Token) -> int:
    """How many tokens a reader of the diagram sees: arrivals at a join, instances of a multi-instance, else one."""
    state = token.internal_data
    if "host" in state or "listens" in state or "done" in state:
        return 0
    return sum(state["arrived"].values()) if "arrived" in state else 1


def _list_row(row: Row, subscriptions: list[Subscription], timers: list[Timer]) -> None:
    id, element, trigger, state = row
    if trigger.kind == "timer":
        timers.append(Timer(id, element, datetime.fromisoformat(state["due"]), state.get("cycle"), state.get("left")))
    elif trigger.kind in ("message", "signal"):
        subscriptions.append(Subscription(id, element, trigger.kind, trigger.name or element))


def _work_item(token: Token) -> WorkItem:
    spec: Work = token.task_spec
    priority = _text(token, spec.priority)
    return WorkItem(
        id=token.id,
        element=spec.element.id,
        name=spec.element.name,
        candidate_groups=_texts(token, spec.groups),
        candidate_users=_texts(token, spec.users),
        assignee=_text(token, spec.assignee),
        due=_due(token, spec),
        priority=int(priority) if priority is not None and priority.lstrip("-").isdecimal() else None,
        form=_text(token, spec.form),
        variables=_local(token) or None,
    )


def _job(token: Token) -> Job:
    spec: Offered = token.task_spec
    seen = token.workflow.visible(token)
    topic = _text(token, spec.topic) or spec.element.id
    return Job(token.id, spec.element.id, topic, {name: seen[name] for name in sorted(seen)})


def _local(token: Token) -> Mapping[str, Any]:
    """Variables the instance's own do not show: of a multi-instance, mapped inputs, or all of a called process."""
    layers = list(token.workflow.layers(token))
    if layers[-1] is token.workflow.top_workflow.data:
        layers.pop()
    return {name: value for layer in reversed(layers) for name, value in layer.items()}


def _text(token: Token, text: tuple[str | None, str] | None) -> str | None:
    if text is None or text[0] is None:
        return text[1] if text else None
    value = Node.value(token.task_spec, token, text[0])
    return None if value is None else str(value)


def _texts(token: Token, texts: tuple[tuple[str | None, str], ...]) -> tuple[str, ...]:
    """Group or user names; an expression may give one name, a list, or names with commas."""
    found: list[str] = []
    for key, text in texts:
        value = text if key is None else Node.value(token.task_spec, token, key)
        if isinstance(value, list):
            found += [str(entry) for entry in value]
        elif key is not None and value is not None:
            found += [part.strip() for part in str(value).split(",") if part.strip()]
        elif value is not None:
            found.append(value)
    return tuple(dict.fromkeys(found))


def _due(token: Token, spec: Work) -> str | None:
    """The due date of a work item; a duration counts from now, so it is fixed when the item first appears."""
    fixed = token.internal_data.get("due")
    if fixed is None:
        fixed = _text(token, spec.due)
        if fixed is not None and looks_literal(fixed):
            fixed = first_due(fixed, "date", token.workflow.top_workflow.now).at.isoformat()
        if fixed is not None:
            token.internal_data["due"] = fixed
    return fixed if fixed is None else str(fixed)
