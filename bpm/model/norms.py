"""Norms beside a model: `norms.toml`, what the law asks of the order of steps, each with its source.

The flow says how it is done; a norm says what must hold however it is done. Every norm is one table::

    title = "Anhörung und Zahlung"        # optional, of the whole file
    as_of = 2026-11-24                    # optional: the law was gone through as of this day

    [[norm]]
    id = "anhoerung-vor-ablehnung"        # required, unique in the file; findings name it
    template = "precedence"               # required, see below
    first = "anhoeren"                    # ids of flow nodes of the BPMN file; a list means any of them
    second = ["ablehnen", "ablehnen_2"]
    citation = "BayVwVfG Art. 28 Abs. 1"  # required: no norm without its source
    text = "Vor einer Ablehnung wird angehört."     # optional, the norm in one sentence for people
    organ = "land"                        # optional, as in li:legalBasis: instruction|mayor|council|land|bund|eu
    force = "must"                        # optional: must|should|may
    valid_from = 2020-01-01               # optional: the norm counts from this day ...
    valid_to = 2027-12-31                 # ... to this one; judged at the date of law, not today
    known = "assumed"                     # optional, as everywhere: measured|table|estimated|assumed, by, on, source
    on = 2026-11-24
    source = "zu prüfen"

Templates (DECLARE; Pesic, Schonenberg, van der Aalst 2007). Of one step (`step`), `times` counts:

=====================  ==========================================================================
existence              `step` is done at least `times` (1) in every case
absence                `step` is done at most `times` (0)
init                   the case begins with `step`
responded-existence    if `first` is done, `second` is done too, before or after
response               after every `first` there is a `second` at some time
precedence             no `second` before a `first`
succession             response and precedence
alternate-response     after every `first` a `second` before the next `first`
chain-response         right after every `first` comes a `second`
chain-precedence       right before every `second` stands a `first`
not-coexistence        never both in one case
exclusive-choice       one of both in every case, never both
=====================  ==========================================================================

And two that speak of people and time::

    separation   `first` and `second` of one case are never done by the same `of = "person"` (default) or "role"
    deadline     after every `first` a `second`, within `within` (P3M, P14D) or not before `at_least` (P3W)

A *step* is whatever completes: a task, an event (also an end event), a sub-process; gateways are no steps. "Begins
with" and "right after" look at tasks and at what the norms of the file name, so that an unnamed event between two tasks
does not part them. What is done is compared, never when it was begun. Dates are TOML dates or ISO text.

Nothing here judges: `bpm.analyser.normative` does.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from bpm.errors import InvalidRequest, ModelError
from bpm.model.deadline import parse_length
from bpm.model.process import Known

UNARY: Final = ("existence", "absence", "init")
BINARY: Final = (
    "responded-existence", "response", "precedence", "succession", "alternate-response", "chain-response",
    "chain-precedence", "not-coexistence", "exclusive-choice",
)  # fmt: skip
BEYOND: Final = ("separation", "deadline")
TEMPLATES: Final = (*UNARY, *BINARY, *BEYOND)
"""All templates, the twelve of order first."""

MOST_TIMES: Final = 20
MOST_NORMS: Final = 500
_ORGANS = ("instruction", "mayor", "council", "land", "bund", "eu")
_CHOICES: Mapping[str, Sequence[str]] = {
    "organ": _ORGANS,
    "force": ("must", "should", "may"),
    "known": ("measured", "table", "estimated", "assumed"),
    "of": ("person", "role"),
}
_TEXTS = ("id", "template", "citation", "text", "organ", "force", "known", "by", "source", "of", "within", "at_least")
_DATES = ("valid_from", "valid_to", "on")
_STEPS = ("step", "first", "second")
_KEYS = frozenset({*_TEXTS, *_DATES, *_STEPS, "times"})
_HEADER = re.compile(r"^\s*\[\[\s*norm\s*\]\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Norm:
    """One norm. `first` holds the ids of `step` for templates of one step, `second` is empty then. Dates are ISO;
    `within` and `at_least` are calendar durations; `line` is 1-based, that of its `[[norm]]`."""

    id: str
    template: str
    first: tuple[str, ...]
    second: tuple[str, ...] = ()
    citation: str
    text: str = ""
    times: int = 1
    of: str = "person"
    within: str | None = None
    at_least: str | None = None
    organ: str | None = None
    force: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    known: Known | None = None
    line: int | None = None

    @property
    def steps(self) -> tuple[str, ...]:
        """Every id it names, each once, in its order."""
        return tuple(dict.fromkeys((*self.first, *self.second)))

    def holds_on(self, day: str | None) -> bool:
        """Whether the norm is in force on an ISO day, both ends included; True where no day is known."""
        if day is None:
            return True
        return (self.valid_from or "") <= day <= (self.valid_to or "9999")


def read_norms(text: str, path: str, known: Collection[str] | None = None) -> tuple[Norm, ...]:
    """The norms of a `norms.toml`. `known` are the ids of flow nodes a norm may name (None: any).

    Raises:
        ModelError: located by path, line and (as `element`) the norm's id: `toml-malformed`, `norm-key`,
            `norm-missing`, `norm-template`, `norm-value`, `norm-twice`, `norm-step` (no such step), `norm-many`.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        raise ModelError("toml-malformed", str(error), path=path, line=line) from None
    entries = content.pop("norm", [])
    for key, kind in (("title", str), ("as_of", date)):
        if key in content and not isinstance(content.pop(key), kind):
            raise ModelError("norm-value", f"{key!r} is a {kind.__name__}", path=path, line=1)
    if content:
        name = next(iter(content))
        raise ModelError("norm-key", f"{name!r} is not known; norms are [[norm]] tables", path=path, line=1)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ModelError("norm-key", "norms are [[norm]] tables", path=path, line=1)
    if len(entries) > MOST_NORMS:
        raise ModelError("norm-many", f"more than {MOST_NORMS} norms", path=path, line=1)
    reading = _Reading(path, text.splitlines())
    norms: dict[str, Norm] = {}
    for number, entry in enumerate(entries):
        norm = reading.norm(entry, number, known)
        if norm.id in norms:
            raise reading.refuse("norm-twice", f"two norms are called {norm.id!r}", number, "id")
        norms[norm.id] = norm
    return tuple(norms.values())


class _Reading:
    """One file, with the lines its tables begin at."""

    def __init__(self, path: str, lines: Sequence[str]) -> None:
        self.path, self.lines = path, lines
        self.heads = [number for number, line in enumerate(lines, 1) if _HEADER.match(line)]

    def line(self, number: int, key: str | None = None) -> int | None:
        """The line of a norm's key, else of its head; None where norms are written in another way."""
        if number >= len(self.heads):
            return None
        start = self.heads[number]
        end = self.heads[number + 1] if number + 1 < len(self.heads) else len(self.lines) + 1
        for at in range(start, end - 1) if key else ():
            if re.match(rf"\s*[\"']?{re.escape(key or '')}[\"']?\s*=", self.lines[at]):
                return at + 1
        return start

    def refuse(
        self, code: str, message: str, number: int, key: str | None = None, norm: str | None = None
    ) -> ModelError:
        return ModelError(code, message, path=self.path, line=self.line(number, key), element=norm)

    def norm(self, entry: Mapping[str, Any], number: int, known: Collection[str] | None) -> Norm:
        id = entry.get("id") if isinstance(entry.get("id"), str) else None

        def refuse(code: str, message: str, key: str | None = None) -> ModelError:
            return self.refuse(code, message, number, key, id)

        for key in entry:
            if key not in _KEYS:
                raise refuse("norm-key", f"{key!r} is not known at a norm", key)
        texts = {key: self._text(entry, key, refuse) for key in _TEXTS}
        for key in ("id", "template", "citation"):
            if not texts[key]:
                raise refuse("norm-missing", f"{key!r} is missing")
        template = texts["template"] or ""
        if template not in TEMPLATES:
            raise refuse("norm-template", f"{template!r} is none of {', '.join(TEMPLATES)}", "template")
        steps = {key: _ids(entry, key, refuse) for key in _STEPS}
        wanted = ("step",) if template in UNARY else ("first", "second")
        _check_parts(template, entry, steps, wanted, refuse)
        for key in wanted:
            for step in steps[key]:
                if known is not None and step not in known:
                    raise refuse("norm-step", f"no step {step!r} in the model", key)
        dates = {key: _day(entry, key, refuse) for key in _DATES}
        how = texts["known"]
        return Norm(
            id=texts["id"] or "",
            template=template,
            first=steps[wanted[0]],
            second=steps["second"],
            citation=texts["citation"] or "",
            text=texts["text"] or "",
            times=_times(entry, template, refuse),
            of=texts["of"] or "person",
            within=texts["within"],
            at_least=texts["at_least"],
            organ=texts["organ"],
            force=texts["force"],
            valid_from=dates["valid_from"],
            valid_to=dates["valid_to"],
            known=Known(how, texts["by"], dates["on"], texts["source"]) if how else None,
            line=self.line(number),
        )

    @staticmethod
    def _text(entry: Mapping[str, Any], key: str, refuse: Refuse) -> str | None:
        value = entry.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip():
            raise refuse("norm-value", f"{key!r} is a text", key)
        value = " ".join(value.split())
        if key in _CHOICES and value not in _CHOICES[key]:
            raise refuse("norm-value", f"{key}={value[:40]!r} is none of {', '.join(_CHOICES[key])}", key)
        if key in ("within", "at_least"):
            try:
                parse_length(value)
            except InvalidRequest as error:
                raise refuse("norm-value", error.message, key) from None
        return value


Refuse = Callable[..., ModelError]


def _ids(entry: Mapping[str, Any], key: str, refuse: Refuse) -> tuple[str, ...]:
    value = entry.get(key, [])
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(one, str) and one.strip() for one in values):
        raise refuse("norm-value", f"{key!r} is the id of a step or a list of ids", key)
    return tuple(dict.fromkeys(one.strip() for one in values))


def _check_parts(
    template: str,
    entry: Mapping[str, Any],
    steps: Mapping[str, tuple[str, ...]],
    wanted: tuple[str, ...],
    refuse: Refuse,
) -> None:
    """The keys that this template needs are there, and no other of them."""
    for key in wanted:
        if not steps[key]:
            raise refuse("norm-missing", f"{template} needs {key!r}", key)
    for key in set(_STEPS) - set(wanted):
        if steps[key]:
            raise refuse("norm-key", f"{template} has no {key!r}", key)
    owners = {"times": ("existence", "absence"), "of": ("separation",), "within": ("deadline",)}
    owners["at_least"] = ("deadline",)
    for key, templates in sorted(owners.items()):
        if key in entry and template not in templates:
            raise refuse("norm-key", f"{template} has no {key!r}", key)
    if template == "deadline" and "within" not in entry and "at_least" not in entry:
        raise refuse("norm-missing", "a deadline needs 'within' or 'at_least'")
    both = set(steps["first"]) & set(steps["second"])
    if both:
        raise refuse("norm-value", f"{sorted(both)[0]!r} stands on both sides", "second")


def _times(entry: Mapping[str, Any], template: str, refuse: Refuse) -> int:
    default = 0 if template == "absence" else 1
    value = entry.get("times", default)
    if not isinstance(value, int) or isinstance(value, bool) or not default <= value <= MOST_TIMES:
        raise refuse("norm-value", f"'times' is a whole number from {default} to {MOST_TIMES}", "times")
    return value


def _day(entry: Mapping[str, Any], key: str, refuse: Refuse) -> str | None:
    value = entry.get(key)
    if value is None:
        return None
    try:
        return (value if type(value) is date else date.fromisoformat(value)).isoformat()
    except (TypeError, ValueError):
        raise refuse("norm-value", f"{key!r} is a date such as 2026-01-31", key) from None
