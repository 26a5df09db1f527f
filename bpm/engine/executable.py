"""A model version made ready to run: built once, kept, shared by threads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

from bpm.engine.expression import Parsed
from bpm.model.decision import DecisionModel
from bpm.model.process import ProcessModel


@dataclass(frozen=True, slots=True)
class StartPoint:
    """A start event of the main process: `kind` is none, message, signal, timer or conditional; `name` that of the
    message or signal; `timer` (date, duration, cycle) and its `text` for a timer."""

    element: str
    kind: str
    name: str | None = None
    timer: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Executable:
    """Read only at run time. `main` is the process that `start` starts; `specs` are by process or sub-process id;
    `zone` is that of local times and of `today()`, None for the one of the command's `now`."""

    model: ProcessModel
    main: str
    starts: tuple[StartPoint, ...]
    decisions: Mapping[str, DecisionModel] = field(repr=False)
    specs: Mapping[str, Any] = field(repr=False)
    expressions: Mapping[str, Parsed] = field(repr=False)
    zone: tzinfo | None = None
