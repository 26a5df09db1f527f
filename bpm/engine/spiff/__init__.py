"""The engine on SpiffWorkflow 3.2.0: subclasses only, no fork, no patch; the one place that imports it.

What is SpiffWorkflow's: the task with its states and their order, the life of a step (`_update` when a token comes,
`_ready`, `_run`, `_on_complete`), specs that name their successors, workflows with sub-workflows. What is ours: which
children a finished step gets, when a join fires, what waits for what, variables, and the snapshot.

- A token is a task under the root of its scope (`task`). A finished task hands its children to the root and leaves
  the tree at once, so cost follows live tokens and never the history, and no path can be too deep.
- Nothing is predicted: children exist from the moment their predecessor is done.
- Variables live in the outermost scope; a token carries only what is local to it (`workflow`).
- Joins count arrivals per flow (`joins`); timers, messages and signals are rows of the caller (`events`).
- Specs are built from our model by constructor calls and compared with it (`builder`); expressions are opaque keys
  (`script`). A snapshot names nodes of one model version and holds live state only (`snapshot`).

Private methods leant on, each with a contract test in `tests/unit/engine/test_spiff_contract.py` that must run first
when the pin moves:

- `Task.__init__`, `Task._add_child`, `Task._set_state`, `Task._ready`, `Task.run`, `Task.complete`, `Task._children`,
  `Task._parent`
- `TaskSpec._update`, `_update_hook`, `_predict_hook`, `_run`, `_run_hook`, `_on_ready`, `_on_ready_hook`,
  `_on_complete`, `_on_complete_hook`, `_on_cancel`, `test`
- `Workflow.__init__(deserializing=True)`, `_task_completed_notify`, `_remove_task`, `_task_removed_notify`
- `BpmnWorkflow.subprocesses`, `BpmnWorkflow.script_engine`, `BpmnSubWorkflow.top_workflow`
- `WorkflowSpec._add_notify`, `BpmnTaskSpec.__init__`
- `PythonScriptEngine.evaluate`, `execute`, `call_service`, `validate`, `environment`
"""
