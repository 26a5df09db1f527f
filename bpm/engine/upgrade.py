"""Moving a case to another version of its procedure, and changing where it stands by hand.

`Upgrade` holds two versions and a mapping of element ids. Equal ids mean each other; `{old: new}` says otherwise, where
`new` is a node or a sequence flow of the new version; `{old: null}` gives up something that only waits beside a step (a
boundary event, an event sub-process). What is gone and not mapped is refused with its element and line, never dropped.

A token stays what it is (work item, job, running timer with its due date, running sub-process, multi-instance) where
the new node is of the same kind; where it is of another kind, or a flow, the old step is cancelled and the case goes on
there. A new boundary event or event sub-process begins to wait when the case is moved. At last the token game is asked
whether the new version can stand like that at all (`bpm.engine.standing`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bpm.engine.executable import Executable
from bpm.engine.instance import Outcome, Snapshot
from bpm.engine.scopes import executed_processes, is_external, is_link
from bpm.engine.standing import Terrains, judge
from bpm.errors import Blocker, EngineError, FeelError, InvalidRequest, NotMovable
from bpm.model.process import Activity, CallActivity, Event, FlowNode, SequenceFlow, SubProcess

REFUSALS: dict[str, tuple[str, str]] = {
    "element-gone": (
        "the new version does not have this element, and the mapping does not say where the case goes on",
        "Die neue Fassung hat dieses Element nicht, und die Zuordnung sagt nicht, wo es weitergeht",
    ),
    "token-dropped": (
        "a case stands here: it cannot simply vanish",
        "Hier steht ein Fall: er kann nicht einfach verschwinden",
    ),
    "scope-changed": (
        "the new element does not lie in the same sub-process",
        "Das neue Element liegt nicht im selben Teilprozess",
    ),
    "cannot-enter": (
        "no case can be put there: name a step, or the flow into a joining gateway",
        "Dorthin kann kein Fall gestellt werden: einen Schritt nennen, oder den Fluss in ein zusammenführendes Gateway",
    ),
    "beside-gone": (
        "what waits beside the step is gone in the new version: map it, or to null to give it up",
        "Was neben dem Schritt wartet, fehlt in der neuen Fassung: zuordnen, oder mit null aufgeben",
    ),
    "beside-changed": (
        "what waits beside the step is of another kind or hangs elsewhere in the new version",
        "Was neben dem Schritt wartet, ist in der neuen Fassung von anderer Art oder hängt anderswo",
    ),
    "join-changed": (
        "a token has come over a flow that the joining gateway does not have any more",
        "Ein Token kam über einen Fluss, den das zusammenführende Gateway nicht mehr hat",
    ),
    "choice-changed": (
        "the gateway waits for other events in the new version",
        "Das Gateway wartet in der neuen Fassung auf andere Ereignisse",
    ),
    "compensation-changed": (
        "what could be undone, or is being undone, is not undone the same way in the new version",
        "Was rückgängig zu machen wäre oder gerade gemacht wird, geht in der neuen Fassung nicht ebenso",
    ),
    "unreachable": (
        "a case of this version can never stand like that: a step would be done twice or left out",
        "So kann ein Fall dieser Fassung nie stehen: ein Schritt geschähe doppelt oder fiele aus",
    ),
    "cannot-end": (
        "standing like that the case could not end any more",
        "So könnte der Fall nicht mehr enden",
    ),
    "incident": ("the case gets stuck there", "Der Fall bleibt dort stecken"),
    "not-there": ("no token stands there", "Dort steht kein Token"),
    "several-there": (
        "several tokens stand there: say that all are meant",
        "Dort stehen mehrere Token: angeben, dass alle gemeint sind",
    ),
    "scope-not-running": (
        "the sub-process around it does not run, or runs several times",
        "Der Teilprozess darum läuft nicht, oder mehrmals",
    ),
    "scope-empty": (
        "nothing would be left in the sub-process: cancel the sub-process itself",
        "Im Teilprozess bliebe nichts: den Teilprozess selbst abbrechen",
    ),
    "nothing-left": (
        "nothing would be left of the case: cancel the case itself",
        "Vom Fall bliebe nichts: den Fall selbst abbrechen",
    ),
}
"""Why a case is not moved: code to English and German text."""

BESIDE = ("message", "signal", "timer", "conditional")


@dataclass(frozen=True, slots=True)
class Move:
    """What becomes of cases at one element. `kind`: stays (same id), renamed (goes on at `target`), restarts (cancelled
    here, begun at `target`), given-up (waits no more), refused (`reason`), new (`target` begins to wait)."""

    element: str | None
    name: str
    kind: str
    target: str | None = None
    target_name: str = ""
    reason: str | None = None


def refusal(code: str, element: str, line: int | None, detail: str = "") -> Blocker:
    """A refusal by element, line and reason."""
    return Blocker(element, line, f"{code}: {REFUSALS[code][0]}" + (f" ({detail})" if detail else ""))


def explain_refusal(reason: str, lang: str = "de") -> str:
    """A refusal's reason in the reader's language, detail kept."""
    code = reason.split(":", 1)[0]
    if code not in REFUSALS:
        return reason
    english, german = REFUSALS[code]
    return reason.removeprefix(f"{code}: ").replace(english, german if lang == "de" else english, 1)


def role(node: FlowNode, incoming: int) -> str:
    """What kind of thing waits at a node; tokens keep their state between nodes of equal role."""
    loop = getattr(node, "loop", None)
    if loop is None:
        return _role(node, incoming)
    shape = (loop.kind, loop.collection is not None, loop.output_collection is not None)
    return f"{_role(node, incoming)} * {shape}"


def _role(node: FlowNode, incoming: int) -> str:
    if isinstance(node, Event):
        kind = node.definitions[0].kind if node.definitions else "none"
        if node.type == "intermediateCatchEvent" and not is_link(node):
            return f"catch {kind}"
        return f"{node.type} {kind}"
    if isinstance(node, CallActivity):
        return "call"
    if isinstance(node, SubProcess):
        return "event sub-process" if node.triggered_by_event else node.type
    if isinstance(node, Activity):
        if is_external(node):
            return "job"
        if node.type == "receiveTask":
            return "catch message"
        return node.type if node.type in ("sendTask", "businessRuleTask") else "work"
    return f"{node.type} {min(incoming, 2)}"


class _Version:
    """Lookups over the executed processes of one version."""

    def __init__(self, executable: Executable) -> None:
        self.executable = executable
        self.nodes: dict[str, FlowNode] = {}
        self.flows: dict[str, SequenceFlow] = {}
        self.incoming: dict[str, list[SequenceFlow]] = {}
        for process in executed_processes(executable.model):
            self.nodes |= {node.id: node for node in process.nodes}
            for flow in process.flows:
                self.flows[flow.id] = flow
                self.incoming.setdefault(flow.target, []).append(flow)
        self.terrains = Terrains(executable)

    def role(self, id: str) -> str:
        return role(self.nodes[id], len(self.incoming.get(id, ())))

    def is_enterable(self, id: str) -> bool:
        """Whether a token can be put on a node as if a flow had led it there."""
        node = self.nodes[id]
        if node.type in ("startEvent", "boundaryEvent") or getattr(node, "triggered_by_event", False):
            return False
        joins = node.type in ("parallelGateway", "inclusiveGateway", "complexGateway")
        return not getattr(node, "for_compensation", False) and not (joins and len(self.incoming.get(id, ())) > 1)

    def spec(self, id: str) -> Any:
        return self.executable.specs[self.nodes[id].parent].task_specs[id]


@dataclass(slots=True)
class _Moved:
    """A snapshot on its way: what is kept, what is put in afresh, what is refused."""

    scopes: list[list[Any]] = field(default_factory=list)
    dropped: dict[int, str] = field(default_factory=dict)
    entries: list[tuple[int | None, str, str | None]] = field(default_factory=list)
    renamed: list[tuple[str, str]] = field(default_factory=list)
    refused: list[Blocker] = field(default_factory=list)
    at: dict[int, str] = field(default_factory=dict)
    """New element of each token that is kept."""


class Upgrade:
    """From one version to another by a mapping. Raises InvalidRequest `mapping-unknown` for ids of neither."""

    def __init__(self, old: Executable, new: Executable, mapping: Mapping[str, str | None]) -> None:
        self.old, self.new, self.mapping = _Version(old), _Version(new), dict(mapping)
        for source, target in self.mapping.items():
            if source not in self.old.nodes and source not in self.old.flows:
                raise InvalidRequest("mapping-unknown", f"the old version has no {source[:80]!r}")
            if target is not None and target not in self.new.nodes and target not in self.new.flows:
                raise InvalidRequest("mapping-unknown", f"the new version has no {target[:80]!r}")
        images = {self._target(id) for id in (*self.old.nodes, *self.old.flows)}
        self.fresh = frozenset(id for id in self.new.nodes if id not in images)

    def plan(self) -> tuple[Move, ...]:
        """What becomes of cases, element by element where a case can stand, in the order of the old file."""
        return (*self._moves(), *self._new_waits())

    def refusals(self, snapshot: Snapshot, now: datetime) -> tuple[Blocker, ...]:
        """Why the case of a snapshot cannot be moved; empty when it can."""
        try:
            self.migrate(snapshot, now)
        except NotMovable as error:
            return error.blockers
        return ()

    def migrate(self, snapshot: Snapshot, now: datetime) -> Outcome:
        """The case in the new version. Raises NotMovable with every reason; the snapshot stays untouched."""
        from bpm.engine.spiff.moving import settle_moved

        moved = self._rewrite(snapshot)
        if moved.refused:
            raise NotMovable(moved.refused)
        new = self.new.executable
        text = {**snapshot, "process": new.main, "scopes": moved.scopes}
        try:
            outcome = settle_moved(new, text, moved.entries, self.fresh, moved.dropped, moved.renamed, now)
        except (EngineError, FeelError) as error:
            raise NotMovable([refusal("incident", error.element or new.main, None, error.message)]) from error
        wrong = judge(self.old.terrains, snapshot, self.new.terrains, outcome.snapshot)
        if wrong is not None:
            process, code = wrong
            raise NotMovable([refusal(code, process, self.new.terrains.processes[process].line)])
        return outcome

    # --- the plan

    def _moves(self) -> Iterator[Move]:
        for id, node in self.old.nodes.items():
            if not _holds(self.old.role(id)):
                continue
            target = self._target(id)
            beside = node.type == "boundaryEvent" or getattr(node, "triggered_by_event", False)
            if target is None and id in self.mapping and beside:
                yield Move(id, node.name, "given-up")
                continue
            code = self._static(id, target, beside)
            if code is not None:
                yield Move(id, node.name, "refused", target, reason=REFUSALS[code][0])
                continue
            assert target is not None
            same = target in self.new.nodes and self.old.role(id) == self.new.role(target)
            kind = "stays" if same and target == id else "renamed" if same else "restarts"
            yield Move(id, node.name, kind, target, self._name(target))

    def _new_waits(self) -> Iterator[Move]:
        for id in sorted(self.fresh):
            node = self.new.nodes[id]
            if node.type == "boundaryEvent" and self.new.role(id).split(" ", 1)[1] in BESIDE:
                yield Move(None, "", "new", id, node.name)

    def _static(self, id: str, target: str | None, beside: bool) -> str | None:
        """Why no case at an element could be moved to `target`."""
        if target is None:
            return "token-dropped" if id in self.mapping else "beside-gone" if beside else "element-gone"
        if target in self.new.nodes and self.old.role(id) == self.new.role(target):
            return None
        if beside:
            return "beside-changed"
        return None if target in self.new.flows or self.new.is_enterable(target) else "cannot-enter"

    def _name(self, id: str) -> str:
        found: Any = self.new.nodes.get(id) or self.new.flows[id]
        return str(found.name)

    def _target(self, id: str) -> str | None:
        if id in self.mapping:
            return self.mapping[id]
        known = self.new.nodes if id in self.old.nodes else self.new.flows
        return id if id in known else None

    # --- a snapshot

    def _rewrite(self, snapshot: Snapshot) -> _Moved:
        moved = _Moved()
        for host, id, variables, tokens, undo in snapshot["scopes"]:
            if host in moved.dropped:
                gone = [token for token in tokens if not token[3].keys() & {"host", "listens"}]
                moved.dropped |= {token[0]: token[1] for token in gone}
                continue
            if host is not None and host not in moved.at:
                continue  # its host is refused already
            inside = self._scope_id(host, moved)
            kept: list[list[Any]] = []
            first = [token for token in tokens if not token[3].keys() & {"of", "host", "listens"}]
            many = [token for token in tokens if "of" in token[3]]
            beside = [token for token in tokens if token[3].keys() & {"host", "listens"}]
            for token in first:
                self._token(token, host, inside, kept, moved)
            for token in many:
                self._instance(token, kept, moved)
            for token in beside:
                self._beside(token, inside, kept, moved)
            kept.sort(key=lambda token: int(token[0]))
            moved.scopes.append([host, inside, deepcopy(variables), kept, self._undo(undo, id, moved)])
        return moved

    def _scope_id(self, host: int | None, moved: _Moved) -> str:
        if host is None:
            return self.new.executable.main
        node = self.new.nodes[moved.at[host]]
        return (node.called or "") if isinstance(node, CallActivity) else node.id

    def _token(self, token: list[Any], host: int | None, inside: str, kept: list[list[Any]], moved: _Moved) -> None:
        number, id, letter, internal, local = token
        target = self._target(id)
        code = self._static(id, target, False)
        if code is not None or target is None:
            moved.refused.append(self._refused(code or "element-gone", id))
            return
        parent = self.new.flows[target].parent if target in self.new.flows else self.new.nodes[target].parent
        if parent != inside:
            moved.refused.append(self._refused("scope-changed", id, target))
            return
        same = target in self.new.nodes and self.old.role(id) == self.new.role(target)
        undoes = internal.keys() & {"undoes", "todo", "undoing"}
        if undoes and not same:
            moved.refused.append(self._refused("compensation-changed", id))
        elif "arrived" in internal and not same and id not in self.mapping:
            # what has arrived would pass at once, and the others after it
            moved.refused.append(self._refused("join-changed", id))
        elif same:
            state = self._state(id, target, internal, moved)
            kept.append([number, target, letter, state, deepcopy(local)])
            moved.at[number] = target
            if target != id:
                moved.renamed.append((id, target))
        else:
            moved.dropped[number] = id
            flow = target if target in self.new.flows else None
            moved.entries.append((host, self.new.flows[flow].target if flow else target, flow))

    def _instance(self, token: list[Any], kept: list[list[Any]], moved: _Moved) -> None:
        """An instance of a multi-instance follows its activity."""
        number, id, letter, internal, local = token
        if internal["of"] in moved.dropped:
            moved.dropped[number] = id
        elif internal["of"] in moved.at:
            moved.at[number] = moved.at[internal["of"]]
            kept.append([number, moved.at[number], letter, deepcopy(internal), deepcopy(local)])

    def _beside(self, token: list[Any], inside: str, kept: list[list[Any]], moved: _Moved) -> None:
        """A boundary event's wait follows its activity; an event sub-process waits for its scope."""
        number, id, letter, internal, local = token
        host = internal.get("host")
        if host is not None and host not in moved.at:
            return
        target = self._target(id)
        if target is None and id in self.mapping:
            return
        code = self._static(id, target, True)
        if code is None and target is not None and not self._hangs(target, inside, moved.at.get(host or -1)):
            code = "beside-changed"
        if code is not None or target is None:
            moved.refused.append(self._refused(code or "beside-gone", id))
        else:
            kept.append([number, target, letter, deepcopy(internal), deepcopy(local)])

    def _hangs(self, target: str, inside: str, host: str | None) -> bool:
        node = self.new.nodes[target]
        if isinstance(node, Event):
            return host is not None and node.attached_to == host
        trigger = self.new.executable.specs[inside].task_specs[target].trigger
        return node.parent == inside and trigger.kind in BESIDE

    def _state(self, id: str, target: str, internal: dict[str, Any], moved: _Moved) -> dict[str, Any]:
        state = deepcopy(internal)
        if "arrived" in state:
            arrived: dict[str, int] = {}
            for flow, count in state["arrived"].items():
                found = self._arrival(flow, target)
                if found is None:
                    moved.refused.append(self._refused("join-changed", id, flow))
                    continue
                arrived[found] = arrived.get(found, 0) + count
            state["arrived"] = arrived
        if "spent" in state:
            spent = [self._arrival(flow, target) for flow in state["spent"]]
            if None in spent:
                moved.refused.append(self._refused("join-changed", id))
            state["spent"] = sorted(flow for flow in spent if flow is not None)
        if "rows" in state:
            state["rows"] = self._rows(id, target, state["rows"], moved)
        if "todo" in state:
            state["todo"] = self._undo(state["todo"], id, moved)
        return state

    def _arrival(self, flow: str, join: str) -> str | None:
        """The flow into the new join that stands for an old one: the mapped or equal one, else the only one that
        comes from the same node."""
        into = self.new.incoming.get(join, [])
        wanted = self._target(flow)
        if any(one.id == wanted for one in into):
            return wanted
        source = self._target(self.old.flows[flow].source)
        found = [one.id for one in into if one.source == source]
        return found[0] if len(found) == 1 and flow not in self.mapping else None

    def _rows(self, id: str, target: str, rows: Sequence[Any], moved: _Moved) -> list[Any]:
        """What an event-based gateway waits for, in the order of the new one."""
        before = {
            (self._target(node.id), trigger.kind): row
            for (_, node, trigger), row in zip(self.old.spec(id).triggers, rows, strict=True)
        }
        after = [(node.id, trigger.kind) for _, node, trigger in self.new.spec(target).triggers]
        if sorted(after) != sorted(before, key=str) or len(after) != len(rows):
            moved.refused.append(self._refused("choice-changed", id))
            return []
        return [before[one] for one in after]

    def _undo(self, entries: Sequence[Any], at: str, moved: _Moved) -> list[Any]:
        """What can be undone, in the new version's names."""
        found: list[Any] = []
        for activity, handler, *inner in entries:
            new = self._target(activity)
            spec = self.new.spec(new) if new in self.new.nodes else None
            by = self._target(handler) if handler is not None else None
            if spec is None or (handler is not None and (by is None or spec.undone_by != by)):
                moved.refused.append(self._refused("compensation-changed", activity))
            elif handler is None:
                found.append([new, None, self._undo(inner[0], at, moved)])
            else:
                found.append([new, by])
        return found

    def _refused(self, code: str, id: str, detail: str = "") -> Blocker:
        return refusal(code, id, self.old.nodes[id].line if id in self.old.nodes else None, detail)


def _holds(role_name: str) -> bool:
    """Whether tokens of a settled case can stand, or wait, at nodes of a role."""
    first = role_name.split(" * ")[0]
    if first.startswith("boundaryEvent"):
        return first.split(" ", 1)[1] in BESIDE
    passing = ("startEvent", "endEvent", "intermediateThrowEvent", "intermediateCatchEvent", "exclusiveGateway")
    if " * " in role_name:
        return True
    if first in (
        "parallelGateway 0",
        "parallelGateway 1",
        "inclusiveGateway 0",
        "inclusiveGateway 1",
        "complexGateway 0",
        "complexGateway 1",
    ):
        return False
    return not first.startswith(passing) and first not in ("sendTask", "businessRuleTask")


def modify(
    executable: Executable, snapshot: Snapshot, instructions: Sequence[Mapping[str, Any]], now: datetime
) -> Outcome:
    """A case changed by hand, all instructions or none: `{"set": {name: value}}`, `{"cancel": element, "all": bool}`,
    `{"start_before": node}` or `{"start_before": flow}`. Variables are set first, then tokens cancelled, then put.
    Raises NotMovable where it would break a join or a scope, InvalidRequest for what is none of these."""
    from bpm.engine.spiff.moving import change

    version = _Version(executable)
    for instruction in instructions:
        wanted = instruction.get("start_before")
        if wanted is None:
            continue
        if wanted not in version.nodes and wanted not in version.flows:
            raise InvalidRequest("no-such-element", f"the version has no {str(wanted)[:80]!r}")
        if wanted in version.nodes and not version.is_enterable(wanted):
            raise NotMovable([refusal("cannot-enter", wanted, version.nodes[wanted].line)])
    outcome = change(executable, snapshot, instructions, version.flows, now)
    wrong = judge(version.terrains, snapshot, version.terrains, outcome.snapshot)
    if wrong is not None:
        process, code = wrong
        raise NotMovable([refusal(code, process, version.terrains.processes[process].line)])
    return outcome
