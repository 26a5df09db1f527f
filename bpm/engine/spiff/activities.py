"""Tasks and containers: work for people and workers, decisions, sub-processes, calls, and doing a thing many times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.util.task import TaskState

from bpm.decisions import PreparedModel, decide
from bpm.engine.expression import plain
from bpm.engine.spiff.node import Mapping_, Node
from bpm.engine.spiff.task import Token
from bpm.engine.spiff.workflow import RunningSubProcess
from bpm.errors import DecisionError, EngineError, Incident
from bpm.model.process import FlowNode

MOST = 5_000
"""Instances one multi-instance activity may have."""


class Work(Node):
    """A user, manual or abstract task: waits ready until a person completes it. Texts are keys or literals."""

    def __init__(self, wf_spec: Any, name: str, element: FlowNode) -> None:
        super().__init__(wf_spec, name, element, manual=True)
        self.groups: tuple[tuple[str | None, str], ...] = ()
        self.users: tuple[tuple[str | None, str], ...] = ()
        self.assignee: tuple[str | None, str] | None = None
        self.due: tuple[str | None, str] | None = None
        self.priority: tuple[str | None, str] | None = None
        self.form: tuple[str | None, str] | None = None


class Offered(Node):
    """A job for an external worker."""

    topic: tuple[str | None, str] = (None, "")

    def _run_hook(self, my_task: Token) -> None:
        return None


class Deciding(Node):
    """A business rule task: evaluates its decision at once."""

    def __init__(
        self,
        wf_spec: Any,
        name: str,
        element: FlowNode,
        model: PreparedModel,
        decision: str,
        variable: str,
        result_variable: str | None,
    ) -> None:
        super().__init__(wf_spec, name, element)
        self.model = model
        self.decision = decision
        self.variable = variable
        self.result_variable = result_variable

    def _run_hook(self, my_task: Token) -> bool:
        top = my_task.workflow.top_workflow
        try:
            decided = decide(self.model, self.decision, dict(my_task.workflow.visible(my_task)), now=top.now)
        except DecisionError as error:
            # the place in the decision file is in the message; the case stands at the task
            message = f"{error.element or self.decision}: {error.message}"
            raise Incident(error.code, message, element=self.bpmn_id) from error
        result = plain(decided.result)
        self.give(my_task, self._written(result))
        detail: dict[str, Any] = {"decision": self.decision, "result": result, "matched": list(decided.matched)}
        if decided.requirements:
            detail["requirements"] = {
                id: {"result": plain(outcome.result), "matched": list(outcome.matched)}
                for id, outcome in sorted(decided.requirements.items())
            }
        if decided.warnings:
            detail["warnings"] = list(decided.warnings)
        top.record("decided", self.element.id, detail)
        return True

    def _written(self, result: Any) -> Mapping[str, Any]:
        if self.result_variable is not None:
            return {self.result_variable: result}
        if isinstance(result, Mapping):
            return result
        return {self.variable: result}


class Container(Node):
    """An embedded sub-process, also one started by an event (`is_handler`)."""

    def __init__(self, wf_spec: Any, name: str, element: FlowNode, inner: Any) -> None:
        super().__init__(wf_spec, name, element)
        self.inner = inner

    def _run_hook(self, my_task: Token) -> bool | None:
        if "undoing" in my_task.internal_data:
            RunningSubProcess(self.inner, my_task).undo_next(my_task)
            return None
        if not self.inner.starts:
            return True
        scope = RunningSubProcess(self.inner, my_task)
        self.pass_in(my_task, scope)
        scope.begin(self.inner.starts)
        return None

    def _on_cancel(self, my_task: Token) -> None:
        scope = my_task.workflow.top_workflow.subprocesses.get(my_task.id)
        if scope is not None:
            scope.close()
        super()._on_cancel(my_task)

    def pass_in(self, token: Token, scope: RunningSubProcess) -> None:
        """An embedded scope sees the outer variables; nothing is copied."""

    def collect(self, token: Token, scope: RunningSubProcess) -> None:
        """Called when the scope has ended, before the token leaves: what was done inside can be undone from outside."""
        if scope.undo and self.undone_by is None and "undoing" not in token.internal_data:
            token.workflow.undo.append([self.element.id, None, scope.undo])

    # a token that undoes what a finished sub-process did is not a second run of it

    def undone(self, token: Token, scope: RunningSubProcess) -> None:
        if token.internal_data["todo"]:
            scope.undo_next(token)

    def enter(self, token: Token) -> None:
        if "undoing" not in token.internal_data:
            super().enter(token)

    def leave(self, token: Token) -> None:
        if "undoing" not in token.internal_data:
            super().leave(token)

    def _predict_hook(self, my_task: Token) -> None:
        if "undoing" not in my_task.internal_data:
            super()._predict_hook(my_task)


class Called(Container):
    """A call activity: a scope of its own variables, mapped in and out; without mappings all are passed both ways."""

    is_call = True

    def __init__(self, wf_spec: Any, name: str, element: FlowNode, inner: Any) -> None:
        super().__init__(wf_spec, name, element, inner)
        self.into: tuple[Mapping_, ...] = ()
        self.back: tuple[Mapping_, ...] = ()

    def pass_in(self, token: Token, scope: RunningSubProcess) -> None:
        seen = token.workflow.visible(token)
        if not self.into and not self.back:
            scope.data.update(seen)
        for mapping in self.into:
            if mapping.key is None:
                scope.data.update(seen)
            else:
                scope.data[mapping.target] = self.value(token, mapping.key)

    def collect(self, token: Token, scope: RunningSubProcess) -> None:
        if not self.into and not self.back:
            token.workflow.write(token, scope.data)
        inside = scope.task_tree
        for mapping in self.back:
            if mapping.key is None:
                token.workflow.write(token, scope.data)
            else:
                token.workflow.write(token, {mapping.target: self.value(inside, mapping.key)})


@dataclass(frozen=True, slots=True)
class Repetition:
    """How an activity repeats; expressions are keys. `kind` is parallel, sequential or standard."""

    kind: str
    cardinality: str | None = None
    collection: str | None = None
    item: str | None = None
    results: str | None = None
    result: str | None = None
    until: str | None = None
    condition: str | None = None
    maximum: int | None = None
    test_before: bool = False


class Repeated(Node):
    """A multi-instance or looping activity: stands started while tokens on `each` do the work.

    Local to an instance: the item's variable and `loopCounter`, which counts from 1 as FEEL lists do.
    """

    def __init__(self, wf_spec: Any, name: str, element: FlowNode, each: Node, repetition: Repetition) -> None:
        super().__init__(wf_spec, name, element)
        self.each = each
        self.repetition = repetition

    def _run_hook(self, my_task: Token) -> bool | None:
        repeat, state = self.repetition, my_task.internal_data
        state["done"] = 0
        if repeat.kind == "standard":
            if repeat.test_before and not self._again(my_task, my_task):
                return True
            self._spawn(my_task, 0)
            return None
        items = self._items(my_task)
        state["total"] = total = len(items)
        if repeat.results is not None:
            state["results"] = [None] * total
        if not items:
            return True
        if repeat.kind == "sequential":
            state["items"] = items if repeat.collection is not None else None
            self._spawn(my_task, 0)
        else:
            for index, item in enumerate(items):
                self._spawn(my_task, index, item)
        return None

    def merge(self, host: Token, done: Token) -> None:
        """One instance is through; the last one, or the completion condition, ends the activity."""
        repeat, state = self.repetition, host.internal_data
        state["done"] += 1
        index = done.internal_data["index"]
        if repeat.kind == "standard":
            if self._again(host, done):
                self._spawn(host, index + 1)
            else:
                host.complete()
            return
        if repeat.results is not None and repeat.result is not None:
            results = list(state["results"])
            results[index] = self.value(done, repeat.result)
            state["results"] = results
        if state["done"] == state["total"] or self._is_enough(host, done):
            self._stop(host)
            host.complete()
        elif repeat.kind == "sequential":
            self._spawn(host, index + 1)

    def leave(self, token: Token) -> None:
        if self.repetition.results is not None:
            token.workflow.write(token, {self.repetition.results: token.internal_data["results"]})
        super().leave(token)

    def _on_cancel(self, my_task: Token) -> None:
        self._stop(my_task)
        super()._on_cancel(my_task)

    def _stop(self, host: Token) -> None:
        for token in host.workflow.others(host):
            if token.internal_data.get("of") == host.id:
                token.cancel()

    def _items(self, token: Token) -> list[Any]:
        repeat = self.repetition
        if repeat.collection is not None:
            items = self.value(token, repeat.collection)
            if not isinstance(items, list):
                raise EngineError("loop-collection", "the collection is not a list", element=self.element.id)
        else:
            count = self.value(token, repeat.cardinality or "")
            if isinstance(count, bool) or not isinstance(count, int) or count < 0:
                raise EngineError("loop-cardinality", "the number of instances is no number", element=self.element.id)
            items = [None] * min(count, MOST + 1)
        if len(items) > MOST:
            raise EngineError("loop-size", f"more than {MOST} instances", element=self.element.id)
        return items

    def _spawn(self, host: Token, index: int, item: Any = None) -> None:
        workflow = host.workflow
        token: Token = workflow.task_tree._add_child(self.each, TaskState.FUTURE)
        token.triggered = True
        token.internal_data.update({"of": host.id, "index": index})
        token.data["loopCounter"] = index + 1
        items = host.internal_data.get("items")
        if self.repetition.item is not None:
            token.data[self.repetition.item] = items[index] if items is not None else item
        self.each._update(token)

    def _again(self, host: Token, seen_from: Token) -> bool:
        """Whether a standard loop goes round once more."""
        repeat = self.repetition
        if repeat.maximum is not None and host.internal_data["done"] >= repeat.maximum:
            return False
        return repeat.condition is None or self.value(seen_from, repeat.condition) is True

    def _is_enough(self, host: Token, done: Token) -> bool:
        if self.repetition.until is None:
            return False
        total, finished = host.internal_data["total"], host.internal_data["done"]
        active = 0 if self.repetition.kind == "sequential" else total - finished
        done.data |= {
            "nrOfInstances": total,
            "nrOfCompletedInstances": finished,
            "nrOfActiveInstances": active,
        }
        return self.value(done, self.repetition.until) is True
