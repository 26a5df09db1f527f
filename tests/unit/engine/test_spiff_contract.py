"""What we lean on in SpiffWorkflow 3.2.0 beyond its public face. Run these first when the pin moves."""

from __future__ import annotations

import inspect
from importlib.metadata import version

import pytest
from SpiffWorkflow.bpmn.script_engine.python_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec
from SpiffWorkflow.bpmn.util.subworkflow import BpmnBaseWorkflow, BpmnSubWorkflow
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.specs.WorkflowSpec import WorkflowSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from SpiffWorkflow.workflow import Workflow

import bpm.engine.spiff as home


def test_the_pin_is_the_version_these_tests_were_written_for():
    assert version("SpiffWorkflow") == "3.2.0"


METHODS = {
    Task: {
        "__init__": ["self", "workflow", "task_spec", "parent", "state", "id"],
        "_add_child": ["self", "task_spec", "state"],
        "_set_state": ["self", "value"],
        "_ready": ["self"],
        "run": ["self"],
        "complete": ["self"],
        "cancel": ["self"],
        "_child_added_notify": ["self", "child"],
    },
    TaskSpec: {
        "_update": ["self", "my_task"],
        "_update_hook": ["self", "my_task"],
        "_predict_hook": ["self", "my_task"],
        "_run": ["self", "my_task"],
        "_run_hook": ["self", "my_task"],
        "_on_ready": ["self", "my_task"],
        "_on_ready_hook": ["self", "my_task"],
        "_on_complete": ["self", "my_task"],
        "_on_complete_hook": ["self", "my_task"],
        "_on_cancel": ["self", "my_task"],
        "test": ["self"],
        "connect": ["self", "taskspec"],
    },
    Workflow: {
        "__init__": ["self", "workflow_spec", "deserializing"],
        "_task_completed_notify": ["self", "task"],
        "_remove_task": ["self", "task_id"],
        "_task_removed_notify": ["self", "task"],
    },
    WorkflowSpec: {"__init__": ["self", "name", "filename", "addstart"], "_add_notify": ["self", "task_spec"]},
    PythonScriptEngine: {
        "evaluate": ["self", "task", "expression", "external_context"],
        "execute": ["self", "task", "script", "external_context"],
        "call_service": ["self", "task", "kwargs"],
        "validate": ["self", "expression"],
    },
    BpmnWorkflow: {"__init__": ["self", "spec", "subprocess_specs", "script_engine", "kwargs"]},
    BpmnBaseWorkflow: {"__init__": ["self", "spec", "kwargs"]},
    BpmnSubWorkflow: {"__init__": ["self", "spec", "parent_task_id", "top_workflow", "kwargs"]},
}


@pytest.mark.parametrize(
    ("owner", "method"), [(owner, method) for owner, methods in METHODS.items() for method in methods]
)
def test_each_method_has_the_arguments_we_call_or_override_it_with(owner, method):
    assert list(inspect.signature(getattr(owner, method)).parameters) == METHODS[owner][method]


def test_every_private_method_we_override_is_listed_in_the_package():
    for methods in METHODS.values():
        for method in methods:
            if method.startswith("_") and method != "_child_added_notify":
                assert method in (home.__doc__ or ""), method


class Recorder(BpmnTaskSpec):
    """Writes down in which order SpiffWorkflow calls the hooks."""

    calls: list[str]

    def test(self):
        self.calls.append(f"{self.name}.test")

    def _update_hook(self, my_task):
        self.calls.append(f"{self.name}.update")
        return True

    def _on_ready_hook(self, my_task):
        self.calls.append(f"{self.name}.ready")

    def _run_hook(self, my_task):
        self.calls.append(f"{self.name}.run")
        return True

    def _on_complete_hook(self, my_task):
        self.calls.append(f"{self.name}.complete")

    def _on_cancel(self, my_task):
        self.calls.append(f"{self.name}.cancel")


class Bare(BpmnProcessSpec):
    def __init__(self):
        WorkflowSpec.__init__(self, name="bare")
        self.data_objects = {}
        self.bpmn_start_events = []
        self.start = Recorder(self, "root")


class Top(BpmnWorkflow):
    notified: list[str]

    def _task_completed_notify(self, task):
        self.notified.append(task.task_spec.name)


def bare():
    spec = Bare()
    first, second = Recorder(spec, "a"), Recorder(spec, "b")
    first.connect(second)
    calls: list[str] = []
    for found in (spec.start, first, second):
        found.calls = calls
    top = Top(spec, deserializing=True)
    top.notified = []
    top.task_tree = Task(top, spec.start, state=TaskState.COMPLETED)
    return top, first, second, calls


def test_a_workflow_made_for_deserializing_has_no_tasks_and_predicts_nothing():
    top = Top(Bare(), deserializing=True)
    assert top.tasks == {}
    assert top.subprocesses == {}
    assert top.top_workflow is top
    assert (top.depth, top.completed) == (0, False)


def test_a_step_lives_through_update_ready_run_complete_and_children_are_updated_after():
    top, first, second, calls = bare()
    task = top.task_tree._add_child(first, TaskState.FUTURE)
    first._update(task)
    assert task.state == TaskState.READY
    child = task._add_child(second, TaskState.FUTURE)
    task.run()
    assert calls == ["a.update", "a.test", "a.ready", "a.run", "a.complete", "b.update", "b.test", "b.ready"]
    assert child.state == TaskState.READY
    assert top.notified == ["a"]


def test_children_are_ids_under_the_parent_and_removal_takes_them_away():
    top, first, _, _ = bare()
    task = top.task_tree._add_child(first, TaskState.FUTURE)
    assert top.task_tree._children == [task.id]
    assert task._parent == top.task_tree.id
    top._remove_task(task.id)
    assert top.task_tree._children == []
    assert task.id not in top.tasks


def test_run_returning_nothing_leaves_a_step_started():
    top, first, _, _ = bare()
    first._run_hook = lambda my_task: None
    task = top.task_tree._add_child(first, TaskState.READY)
    task.run()
    assert task.state == TaskState.STARTED


def test_an_exception_in_a_step_comes_through_unchanged():
    top, first, _, _ = bare()

    def fail(my_task):
        raise LookupError("x")

    first._run_hook = fail
    task = top.task_tree._add_child(first, TaskState.READY)
    with pytest.raises(LookupError):
        task.run()


def test_spec_names_are_unique_and_successors_are_names():
    top, first, second, _ = bare()
    assert [output.name for output in first.outputs] == ["b"]
    assert [source.name for source in second.inputs] == ["a"]
    with pytest.raises(KeyError):
        Recorder(top.spec, "a")


def test_states_are_ordered_as_a_step_passes_them():
    states = [TaskState.FUTURE, TaskState.WAITING, TaskState.READY, TaskState.STARTED, TaskState.COMPLETED]
    assert states == sorted(states)
    assert TaskState.FINISHED_MASK == TaskState.COMPLETED | TaskState.ERROR | TaskState.CANCELLED


def test_a_called_scope_knows_its_parent_by_the_task_it_hangs_on():
    source = inspect.getsource(BpmnSubWorkflow)
    assert "self.top_workflow.get_task_from_id(self.parent_task_id)" in source
    assert "return self.top_workflow.script_engine" in source
