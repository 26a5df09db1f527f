"""A step of the token game: what every BPMN node has in common, and the plain ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec
from SpiffWorkflow.specs.WorkflowSpec import WorkflowSpec
from SpiffWorkflow.util.task import TaskState

from bpm.engine.spiff.task import Token
from bpm.errors import EngineError, FeelError
from bpm.model.process import FlowNode

Row: TypeAlias = tuple[str, str, Any, Mapping[str, Any]]
"""What a waiting token waits for: row id, element id, trigger, what was fixed when it was armed."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A way out of a node: target by name, condition by key."""

    id: str
    target: str
    condition: str | None = None
    default: bool = False


@dataclass(frozen=True, slots=True)
class Mapping_:
    """`target` gets the value of `key`; without a key all variables are meant."""

    target: str
    key: str | None


class ScopeSpec(BpmnProcessSpec):  # type: ignore[misc]
    """The nodes of one process or sub-process. `listeners` wait for event sub-processes, `handlers` are those."""

    def __init__(self, id: str) -> None:
        WorkflowSpec.__init__(self, name=id)
        self.io_specification = None
        self.data_objects: dict[str, Any] = {}
        self.data_stores: dict[str, Any] = {}
        self.correlation_keys: dict[str, Any] = {}
        self.bpmn_start_events: list[Any] = []
        self.starts: tuple[Any, ...] = ()
        self.listeners: tuple[Any, ...] = ()
        self.handlers: tuple[Any, ...] = ()
        self.containers: dict[str, Any] = {}
        # no XML text can hold a NUL, so no element id can be equal
        self.start = BpmnTaskSpec(self, "\0root")


class Node(BpmnTaskSpec):  # type: ignore[misc]
    """One flow node. A token enters, perhaps waits, runs, leaves by `flows`; `boundaries` hang on it.

    `mode` says which flows a leaving token takes: `all`, `one` (exclusive) or `some` (inclusive).
    """

    mode = "all"
    is_call = False
    is_handler = False

    def __init__(self, wf_spec: Any, name: str, element: FlowNode, *, manual: bool = False) -> None:
        super().__init__(wf_spec, name, lane=element.lane, manual=manual)
        self.bpmn_id = element.id
        self.bpmn_name = element.name
        self.element = element
        self.flows: tuple[Flow, ...] = ()
        self.boundaries: tuple[Any, ...] = ()
        self.undone_by: str | None = None
        self.takes: tuple[Mapping_, ...] = ()
        self.gives: tuple[Mapping_, ...] = ()

    # --- the life of a step, called by SpiffWorkflow

    def test(self) -> None:
        """The builder has checked the specs once; no need at every step."""

    def _update_hook(self, my_task: Token) -> bool:
        if my_task.state == TaskState.FUTURE:
            self.enter(my_task)
        if self.may_go(my_task):
            return True
        my_task._set_state(TaskState.WAITING)
        return False

    def _on_ready_hook(self, my_task: Token) -> None:
        pass

    def _predict_hook(self, my_task: Token) -> None:
        self.go_on(my_task, self.chosen(my_task))

    def _run_hook(self, my_task: Token) -> bool | None:
        return True

    def _on_complete_hook(self, my_task: Token) -> None:
        pass

    def _on_cancel(self, my_task: Token) -> None:
        self.detach(my_task)
        # an end event that ends its own scope has left already
        if not my_task.internal_data.pop("gone", False):
            my_task.workflow.top_workflow.record("cancelled", self.element.id)

    # --- what kinds of nodes differ in

    def enter(self, token: Token) -> None:
        """A token has come: note it, map inputs, arm what hangs on the node."""
        token.internal_data.pop("via", None)
        self.note_entry(token)
        for mapping in self.takes:
            if mapping.key is not None:
                token.data[mapping.target] = self.value(token, mapping.key)
        for boundary in self.boundaries:
            boundary.arm(token)

    def may_go(self, token: Token) -> bool:
        """Whether the step can run now; if not it waits."""
        return True

    def leave(self, token: Token) -> None:
        """The step is done: map outputs, take down what hangs on the node."""
        for mapping in self.gives:
            if mapping.key is not None:
                self.give(token, {mapping.target: self.value(token, mapping.key)})
        if self.undone_by is not None:
            token.workflow.undo.append([self.element.id, self.undone_by])
        self.detach(token)

    def recheck(self, token: Token) -> bool:
        """Asked when nothing else can run; True if the token went on."""
        return False

    def rows(self, token: Token) -> tuple[Row, ...]:
        """What a waiting token waits for."""
        return ()

    def restore(self, token: Token) -> None:
        """Puts a loaded token back into the books of its scope."""

    # --- shared parts

    def go_on(self, token: Token, flows: tuple[Flow, ...], **internal: Any) -> None:
        """Puts a token on the target of each flow; the history names the flows where there was a choice."""
        detail = {"flows": [flow.id for flow in flows]} if len(self.flows) > 1 else None
        token.workflow.top_workflow.record("left", self.element.id, detail)
        for flow in flows:
            child = token._add_child(self._wf_spec.task_specs[flow.target], TaskState.FUTURE)
            child.internal_data.update(internal, via=flow.id)

    def note_entry(self, token: Token) -> None:
        index = token.internal_data.get("index")
        token.workflow.top_workflow.record(
            "entered", self.element.id, None if index is None else {"instance": index + 1}
        )

    def value(self, token: Token, key: str) -> Any:
        """The JSON value of an expression as `token` sees it. Raises FeelError, EngineError."""
        try:
            return token.workflow.top_workflow.script_engine.evaluate(token, key)
        except (FeelError, EngineError) as error:
            error.element = error.element or self.element.id
            raise

    def give(self, token: Token, variables: Mapping[str, Any]) -> None:
        """Writes past the token's own inputs, so that an output survives the step."""
        own = token.data
        token.data = {}
        token.workflow.write(token, variables)
        token.data = own

    def detach(self, token: Token) -> None:
        """Cancels the boundary events that wait on `token`."""
        if self.boundaries:
            for other in token.workflow.others(token):
                if other.internal_data.get("host") == token.id:
                    other.cancel()

    def chosen(self, token: Token) -> tuple[Flow, ...]:
        """The flows a leaving token takes. Raises EngineError `no-flow` when a decision leads nowhere."""
        if self.mode == "one":
            return self._one(token)
        if self.mode == "some" or any(flow.condition for flow in self.flows):
            return self._some(token)
        return self.flows

    def _one(self, token: Token) -> tuple[Flow, ...]:
        if len(self.flows) < 2 and not any(flow.condition for flow in self.flows):
            return self.flows
        for flow in self.flows:
            if not flow.default and (flow.condition is None or self.value(token, flow.condition) is True):
                return (flow,)
        return self._otherwise()

    def _some(self, token: Token) -> tuple[Flow, ...]:
        taken = tuple(
            flow
            for flow in self.flows
            if not flow.default and (flow.condition is None or self.value(token, flow.condition) is True)
        )
        return taken if taken or not self.flows else self._otherwise()

    def _otherwise(self) -> tuple[Flow, ...]:
        default = tuple(flow for flow in self.flows if flow.default)
        if not default:
            raise EngineError("no-flow", "no condition holds and there is no default flow", element=self.element.id)
        return default


class Passing(Node):
    """A node that does nothing by itself: start events, merges, exclusive gateways, parallel splits, link events.
    `condition` is that of a conditional start event: a case starts there only while it holds."""

    condition: str | None = None

    def __init__(self, wf_spec: Any, name: str, element: FlowNode, mode: str = "all") -> None:
        super().__init__(wf_spec, name, element)
        self.mode = mode
