"""Every error Lichtung raises on purpose, with the code that outsiders may rely on.

::

    LichtungError
    ├── ModelError               a file cannot be read; nothing of it was stored        (exit 2, 422)
    ├── FeelError                an expression is not FEEL, or cost more than allowed
    │   ├── FeelSyntaxError      with the position in the text
    │   ├── BudgetExceeded       steps, depth or size
    │   └── NotTranslatable      a solver cannot be told what it means
    ├── DecisionError            a decision cannot give a result (cycle, UNIQUE violated, ...)
    ├── ScenarioError            a simulation scenario is missing or means nothing
    ├── NotExecutable            the model can be analysed but not run; lists the blockers
    ├── NotMovable               a case would be broken by a migration or a change by hand; lists the reasons
    ├── EngineError              a running instance met something it cannot pass
    │   └── Incident             ... at a node: kept with the instance, repaired by a person
    ├── NotFound                 no such object, or none that the caller may see
    ├── Forbidden                the caller's roles do not allow this
    ├── Conflict                 somebody else was first
    │   └── Stale                the version named by the caller is no longer the current one
    ├── InvalidRequest           the command makes no sense as it stands
    │   └── KeyReused            an Idempotency-Key came back with another body
    ├── MissingExtra             an optional part of the installation is asked for and not there
    └── Unavailable              the database cannot be reached now; the same command may be sent again

No HTTP here: `api.problems` maps these classes to status codes. Codes are stable and never reused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class LichtungError(Exception):
    """Base of all. `code` is stable; `path`, `line`, `element` locate the cause where they are known."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        path: str | None = None,
        line: int | None = None,
        element: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.path = path
        self.line = line
        self.element = element

    def __str__(self) -> str:
        return f"{self.path or '-'}:{self.line or 0}: {self.code} {self.message}"


class ModelError(LichtungError):
    """A file cannot be read as what it claims to be."""


class FeelError(LichtungError):
    """An expression cannot be used."""


class FeelSyntaxError(FeelError):
    """The text is not FEEL; `position` is the 0-based character where it stops being so."""

    def __init__(self, message: str, text: str, position: int) -> None:
        super().__init__("feel-syntax", f"{message} at character {position + 1} of {text[:80]!r}")
        self.text = text
        self.position = position


class BudgetExceeded(FeelError):
    """An evaluation took more steps, depth or memory than it may."""

    def __init__(self, what: str, limit: int) -> None:
        super().__init__("feel-budget", f"more than {limit} {what}")
        self.what = what
        self.limit = limit


class NotTranslatable(FeelError):
    """A part of an expression that no solver is told, because its meaning there would not be exactly the same."""

    def __init__(self, what: str) -> None:
        super().__init__("feel-not-translatable", f"not translated for proofs: {what}")
        self.what = what


class DecisionError(LichtungError):
    """A decision gives no result; `rules` are the 1-based numbers of the rules concerned."""

    def __init__(self, code: str, message: str, *, element: str | None = None, rules: Sequence[int] = ()) -> None:
        super().__init__(code, message, element=element)
        self.rules = tuple(rules)


class ScenarioError(LichtungError):
    """A simulation scenario is missing, incomplete or contradicts its model."""


@dataclass(frozen=True, slots=True)
class Blocker:
    """Why one element keeps a model from being executed."""

    element: str
    line: int | None
    reason: str


class NotExecutable(LichtungError):
    """The model is readable but cannot be run as a whole."""

    def __init__(self, blockers: Sequence[Blocker]) -> None:
        super().__init__("not-executable", f"{len(blockers)} element(s) cannot be executed")
        self.blockers = tuple(blockers)


class NotMovable(LichtungError):
    """A case cannot be moved to another version, or changed by hand, without being broken; nothing was changed."""

    def __init__(self, blockers: Sequence[Blocker]) -> None:
        super().__init__("not-movable", "; ".join(f"{one.element}: {one.reason}" for one in blockers)[:2000])
        self.blockers = tuple(blockers)


class EngineError(LichtungError):
    """A running instance cannot go on."""


class Incident(EngineError):
    """An instance is stuck at `element`; the command that met it was not carried out."""


class NotFound(LichtungError):
    """Nothing there that the caller may see."""


class Forbidden(LichtungError):
    """The caller may not do this."""


class Conflict(LichtungError):
    """Another command came first."""


class Stale(Conflict):
    """`If-Match` named a version that is no longer current."""


class InvalidRequest(LichtungError):
    """The request is well-formed but asks for something impossible."""


class KeyReused(InvalidRequest):
    """The same Idempotency-Key with a different body."""


class MissingExtra(LichtungError):
    """Something needs a package that comes only with an extra of the installation, e.g. `lichtung[verify]`."""

    def __init__(self, extra: str, package: str) -> None:
        super().__init__("extra-missing", f"{package} is not installed; install lichtung[{extra}]")
        self.extra = extra


class Unavailable(LichtungError):
    """Nothing was done because the database cannot be reached or is busy; the same command may be sent again."""
