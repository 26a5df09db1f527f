"""What a check is: a decorated function, its metadata, and its documentation taken from the docstring of its file.

::

    @check(code="RC01", family="rule", severity="warning", basis="proof", title={"de": "Regellücke", "en": "gap"})
    def find_gaps(given: Given) -> Iterator[Finding | Skipped]: ...

The file's docstring is the English documentation, its constant `DE` the German one. Both start with a one-line
summary and hold the five sections of `SECTIONS`, each headed by a line of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from bpm.analyser.finding import Finding

if TYPE_CHECKING:
    from bpm.analyser.given import Given

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "en": ("What it finds", "Why it costs", "When to keep the step", "Example", "Source"),
    "de": ("Was gefunden wird", "Warum es kostet", "Wann es bleiben soll", "Beispiel", "Quelle"),
}
"""Headings by language, in order; the n-th German heading is the twin of the n-th English one."""

KEYS = ("what", "why", "keep", "example", "source")
"""The names of the sections in JSON, in the same order."""

FAMILIES = ("rule", "step", "flow", "burden", "norm", "ablation", "reality")
SEVERITIES = ("error", "warning", "info")
BASES = ("proof", "measurement", "heuristic")


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A check could not decide about one place (or at all): yield it instead of staying silent.

    `reason` completes the sentence "skipped, because ..." by language code; `element` is the place, None for all.
    """

    reason: Mapping[str, str]
    element: str | None = None
    path: str | None = None


Outcome: TypeAlias = Finding | Skipped
Function: TypeAlias = Callable[["Given"], Iterator[Outcome]]


@dataclass(frozen=True, slots=True)
class Check:
    """One check: metadata, documentation and the function that finds."""

    code: str
    family: str
    severity: str
    basis: str
    title: Mapping[str, str]
    find: Function
    module: str

    def documentation(self, lang: str) -> Mapping[str, str]:
        """The sections in `lang` (`de` or `en`) under `summary` and the names of `KEYS`; absent ones are left out."""
        module = sys.modules[self.module]
        text = str(getattr(module, "DE", "")) if lang == "de" else (module.__doc__ or "")
        return read_sections(text, lang)


def check(
    *, code: str, family: str, severity: str, basis: str, title: Mapping[str, str]
) -> Callable[[Function], Function]:
    """Declare the function below as the check of its file.

    The metadata are kept with the function (`catalogue.load` reads them); the function stays callable by itself.

    Raises:
        ValueError: a family, severity or basis that the contract does not know, or a title in one language only.
    """
    if family not in FAMILIES or severity not in SEVERITIES or basis not in BASES or set(title) != {"de", "en"}:
        raise ValueError(f"check {code}: family, severity, basis or title is not as the contract says")

    def declare(function: Function) -> Function:
        function.check = Check(  # type: ignore[attr-defined]
            code, family, severity, basis, dict(title), function, function.__module__
        )
        return function

    return declare


def read_sections(text: str, lang: str) -> dict[str, str]:
    """The sections of a documentation text: `summary` (what stands before the first heading) and those of `KEYS`."""
    headings = dict(zip(SECTIONS[lang], KEYS, strict=True))
    parts: dict[str, list[str]] = {"summary": []}
    current = "summary"
    for line in text.strip().splitlines():
        if line.strip() in headings:
            current = headings[line.strip()]
            parts[current] = []
        else:
            parts[current].append(line.rstrip())
    return {name: "\n".join(lines).strip() for name, lines in parts.items() if "\n".join(lines).strip()}
