"""The script engine that runs no script: keys in, values of our own FEEL out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from SpiffWorkflow.bpmn.script_engine.python_engine import PythonScriptEngine

from bpm.engine.expression import Parsed, plain, value_of
from bpm.errors import EngineError


class KeyedExpressions(PythonScriptEngine):  # type: ignore[misc]
    """Evaluates opaque keys (`e17`); everything that could run text raises EngineError `no-code`."""

    def __init__(self, expressions: Mapping[str, Parsed]) -> None:
        super().__init__()
        self.environment = None
        self.expressions = expressions

    def evaluate(self, task: Any, expression: str, external_context: Any = None) -> Any:
        """The JSON value of the expression behind a key, over the variables `task` sees."""
        parsed = self.expressions.get(expression)
        if parsed is None:
            _refuse()
        return plain(value_of(parsed, task.workflow.visible(task), task.workflow.top_workflow.now))

    def validate(self, expression: Any) -> NoReturn:
        _refuse()

    def execute(self, task: Any, script: Any, external_context: Any = None) -> NoReturn:
        _refuse()

    def call_service(self, task: Any, **kwargs: Any) -> NoReturn:
        _refuse()


def _refuse() -> NoReturn:
    raise EngineError("no-code", "text from a model is never run")
