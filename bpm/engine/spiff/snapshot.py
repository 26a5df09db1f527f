"""Live state to JSON and back: what is waiting, where, with which variables; never what has been.

::

    {"format": 1, "process": id, "number": next token number, "state": "active",
     "scopes": [[host token or null, scope id, variables, tokens, what can be undone], ...]}      outer before inner
    token = [number, element id, state, internal state, local variables]     state: w(aiting), r(eady), s(tarted)

Nodes are named, so a snapshot belongs to a model version, not to the objects built from it. Tokens of a
multi-instance name their host (`of`), listeners of event sub-processes are marked (`listens`): both share the element
id with another node.
"""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime
from typing import Any

from SpiffWorkflow.util.task import TaskState

from bpm.engine.executable import Executable
from bpm.engine.instance import Snapshot
from bpm.engine.spiff.builder import EACH, ON
from bpm.engine.spiff.task import ROOT, Token
from bpm.engine.spiff.workflow import Instance, RunningSubProcess
from bpm.errors import Conflict, EngineError

FORMAT = 1
_LETTERS = {TaskState.WAITING: "w", TaskState.READY: "r", TaskState.STARTED: "s"}
_STATES = {letter: state for state, letter in _LETTERS.items()}


def dump(instance: Instance) -> Snapshot:
    """The live state of a settled instance as JSON values of its own."""
    snapshot: Snapshot = {
        "format": FORMAT,
        "process": instance.spec.name,
        "number": instance.number,
        "state": instance.state,
        "scopes": [[None, instance.spec.name, deepcopy(instance.data), _tokens(instance), deepcopy(instance.undo)]],
    }
    for scope in sorted(instance.subprocesses.values(), key=lambda scope: (scope.depth, scope.host.id)):
        snapshot["scopes"].append(
            [scope.host.id, scope.spec.name, deepcopy(scope.data), _tokens(scope), deepcopy(scope.undo)]
        )
    return snapshot


def _tokens(scope: Any) -> list[list[Any]]:
    return [
        [
            token.id,
            token.task_spec.handler.name if token.internal_data.get("listens") else token.task_spec.element.id,
            _LETTERS[token.state],
            deepcopy(token.internal_data),
            deepcopy(token.data),
        ]
        for token in sorted(scope.others(), key=lambda token: token.id)
    ]


def load(executable: Executable, snapshot: Snapshot, now: datetime) -> Instance:
    """The running instance of a snapshot, which stays untouched. Raises Conflict when it has ended, EngineError when
    it belongs to another model."""
    if snapshot.get("format") != FORMAT or snapshot.get("process") != executable.main:
        raise EngineError("snapshot-mismatch", "the snapshot belongs to another format or process")
    if snapshot["state"] != "active":
        raise Conflict("instance-ended", "the instance has ended")
    instance = Instance(executable, now, snapshot["number"])
    for host, spec_name, variables, tokens, undo in snapshot["scopes"]:
        if host is None:
            scope: Any = instance
        else:
            spec = executable.specs.get(spec_name)
            if spec is None or host not in instance.tokens:
                raise EngineError("snapshot-mismatch", f"the model has no {spec_name!r}", element=spec_name)
            scope = RunningSubProcess(spec, instance.tokens[host])
        scope.data.update(deepcopy(variables))
        scope.undo = deepcopy(undo)
        for number, element, letter, internal, local in tokens:
            _restore(scope, number, element, _STATES[letter], internal, local)
    return instance


def _restore(scope: Any, number: int, element: str, state: int, internal: Any, local: Any) -> None:
    name = element
    if "of" in internal or ("undoing" in internal and EACH + element in scope.spec.task_specs):
        name = EACH + element
    elif "listens" in internal:
        name = ON + element
    spec = scope.spec.task_specs.get(name)
    if spec is None:
        raise EngineError("snapshot-mismatch", f"the model has no {element!r}", element=element)
    if number == ROOT:
        raise EngineError("snapshot-mismatch", "a root is not a token")
    token = Token(scope, spec, scope.task_tree, state, number)
    token.triggered = True
    token.internal_data = deepcopy(internal)
    token.data = deepcopy(local)
    spec.restore(token)
