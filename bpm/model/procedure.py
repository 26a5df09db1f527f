"""A procedure: what belongs together to question, simulate and run one thing a city does.

One BPMN file with its decisions, forms, registers, scenario, cases and norms. Built by `bpm.model.reader`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from bpm.model.decision import Decision, DecisionModel
from bpm.model.layer import Layer
from bpm.model.principles import Principle
from bpm.model.process import ProcessModel

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class FileError:
    """Why one file (or one element of it) could not be read as it stands; the fields of `inspect`'s `errors`."""

    code: str
    message: str
    path: str
    line: int | None = None
    element: str | None = None

    def __str__(self) -> str:
        return f"{self.path}:{self.line or 0}: {self.code} {self.message}"


@dataclass(frozen=True, slots=True)
class Procedure:
    """`key` is the id of the main process; `path` the file or folder it was read from.

    `forms` are by file name relative to the procedure (`forms/antrag.json`), `registers` say which registers of the
    city already hold a data item, `cases` are by name, `norms` is the text of `norms.toml`, `principles` are
    the city's own. `files` names every
    file that was read into it. `layer` is what the city changed where it took the procedure over from another one.
    """

    key: str
    name: str
    path: str
    process: ProcessModel | None
    decisions: tuple[DecisionModel, ...] = ()
    forms: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: NOTHING)
    registers: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: NOTHING)
    scenario: Mapping[str, Any] | None = None
    cases: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: NOTHING)
    norms: str | None = None
    principles: tuple[Principle, ...] = ()
    errors: tuple[FileError, ...] = ()
    files: tuple[str, ...] = ()
    layer: Layer | None = None

    def decision(self, id: str) -> tuple[DecisionModel, Decision] | None:
        """The decision with this id, else with this name, and the model it stands in."""
        for wanted in ("id", "name"):
            for model in self.decisions:
                for decision in model.decisions:
                    if getattr(decision, wanted) == id:
                        return model, decision
        return None

    def form(self, key: str) -> Mapping[str, Any] | None:
        """The form that a task means by `forms/antrag.json`, `antrag.json` or `antrag` (any `scheme:` is dropped)."""
        name = key.rpartition(":")[2].lstrip("/")
        for candidate in (name, f"forms/{name}", f"{name}.json", f"forms/{name}.json", f"{name}.form"):
            if candidate in self.forms:
                return self.forms[candidate]
        return None
