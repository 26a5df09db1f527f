"""Tokens put, taken and carried over by hand: what migration and modification do to a running instance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bpm.engine.executable import Executable
from bpm.engine.instance import Outcome, Snapshot
from bpm.engine.spiff.commands import _checked, _located, _outcome
from bpm.engine.spiff.snapshot import load
from bpm.engine.spiff.task import Token
from bpm.engine.spiff.workflow import Instance
from bpm.engine.upgrade import refusal
from bpm.errors import InvalidRequest, NotMovable
from bpm.model.process import SequenceFlow


def settle_moved(
    executable: Executable,
    snapshot: Snapshot,
    entries: Iterable[tuple[int | None, str, str | None]],
    fresh: frozenset[str],
    dropped: Mapping[int, str],
    renamed: Iterable[tuple[str, str]],
    now: datetime,
) -> Outcome:
    """Loads a rewritten snapshot, lets what is new in the version (`fresh`) begin to wait, puts tokens on `entries`
    (scope, node, flow) and runs on. Raises Incident."""
    instance = load(executable, snapshot, now)
    for element in dropped.values():
        instance.record("cancelled", element)
    for element, target in renamed:
        instance.record("cancelled", element, {"to": target})
        instance.record("entered", target, {"from": element})
    for scope in (instance, *instance.subprocesses.values()):
        for listener in scope.spec.listeners:
            if listener.handler.name in fresh:
                with _located(listener.handler.name):
                    listener.arm(scope)
    for token in list(instance.tokens.values()):
        for boundary in token.task_spec.boundaries:
            if boundary.name in fresh and "undoing" not in token.internal_data:
                with _located(boundary.name):
                    boundary.arm(token)
    for host, node, flow in entries:
        scope = instance if host is None else instance.subprocesses[host]
        _put(scope, node, flow)
    instance.settle()
    return _outcome(instance)


def change(
    executable: Executable,
    snapshot: Snapshot,
    instructions: Sequence[Mapping[str, Any]],
    flows: Mapping[str, SequenceFlow],
    now: datetime,
) -> Outcome:
    """Sets variables, cancels tokens, puts tokens, in this order, and runs on. Raises NotMovable, Incident."""
    instance = load(executable, snapshot, now)
    for instruction in instructions:
        if "set" in instruction:
            instance.data.update(_checked(instruction["set"]))
    for instruction in instructions:
        if "cancel" in instruction:
            _take(instance, instruction["cancel"], bool(instruction.get("all", False)))
    for instruction in instructions:
        if "start_before" in instruction:
            flow = flows.get(instruction["start_before"])
            node = flow.target if flow is not None else instruction["start_before"]
            _put(_scope_of(instance, node), node, flow.id if flow is not None else None)
    for scope in (instance, *instance.subprocesses.values()):
        if not [token for token in scope.others() if "listens" not in token.internal_data]:
            code = "nothing-left" if scope.host is None else "scope-empty"
            raise NotMovable([refusal(code, scope.spec.name, None)])
    instance.settle()
    return _outcome(instance)


def _put(scope: Any, node: str, flow: str | None) -> None:
    with _located(node):
        scope.place(scope.spec.task_specs[node], **({"via": flow} if flow is not None else {}))


def _take(instance: Instance, element: str, everyone: bool) -> None:
    found = [
        token
        for token in instance.tokens.values()
        if token.task_spec.element.id == element and not token.internal_data.keys() & {"of", "host", "listens"}
    ]
    if not found:
        raise NotMovable([refusal("not-there", element, None)])
    line = found[0].task_spec.element.line
    if len(found) > 1 and not everyone:
        raise NotMovable([refusal("several-there", element, line)])
    for token in found:
        _require_loose(token, element, line)
        token.cancel()


def _require_loose(token: Token, element: str, line: int | None) -> None:
    """Tokens that others count on are not taken away."""
    if "arrived" in token.internal_data:
        raise NotMovable([refusal("join-changed", element, line)])
    if token.internal_data.keys() & {"undoes", "todo", "undoing"}:
        raise NotMovable([refusal("compensation-changed", element, line)])


def _scope_of(instance: Instance, node: str) -> Any:
    """The running scope that holds a node. Raises NotMovable unless exactly one does."""
    around = [
        scope for scope in (instance, *instance.subprocesses.values()) if node in scope.spec.task_specs and _runs(scope)
    ]
    if not around and not any(node in spec.task_specs for spec in instance.executable.specs.values()):
        raise InvalidRequest("no-such-element", f"the version has no {node[:80]!r}")
    if len(around) != 1:
        raise NotMovable([refusal("scope-not-running", node, None)])
    return around[0]


def _runs(scope: Any) -> bool:
    return scope.host is None or "undoing" not in scope.host.internal_data
