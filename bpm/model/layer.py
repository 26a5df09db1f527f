"""A local layer: how a city takes over a reference procedure without copying it, as `layer.toml` says it.

The base stays where it is and as it is; the layer names it, says which state of it was looked through, and changes by
id what is decided locally::

    title = "Bewohnerparkausweis in Musterstadt"     # optional
    base = "../../muenchen/bewohnerparkausweis"      # required: a folder or package, relative to this file
    digest = "sha256:..."                            # required: of the base as it was looked through

    [[change]]
    do = "set-cell"                # required, see below
    rule = "gebuehr_regel1"        # what is changed: ids of the base's files
    output = "betrag"
    text = "24"
    why = "Gebührensatzung § 3"    # optional, on every change: shown wherever the change is

================  ==================================================================================================
`set-cell`        `rule`, `input` (expression) or `output` (name), `text`: a cell of a decision table
`remove-rule`     `rule`
`add-rule`        `decision`, `inputs`, `outputs` (FEEL by expression and by name), `note`, `basis`: a new last row
`set-note`        `rule`, `text`: the annotation of a row
`set-values`      `decision`, `input` (expression), `text`: the values an input may have
`set-basis`       `basis`, `element` (step, rule or decision), `citation` (which one, if it has several); without an
                  element, wherever this citation stands
`set-name`        `element` (lane, step, pool, process), `text`; a renamed lane renames its role everywhere
`set-text`        `element` (step or process), `text`: its documentation
`set-field`       `form` (file without suffix), `field` (key), `with`: label, options, min, max, pattern, required
`set-figure`      `at` (path in the scenario; entries of lists by their id), `value`
================  ==================================================================================================

A `basis` is a table with `citation` and, as in `li:legalBasis`, organ, force, delegated, validFrom, validTo, demands,
known, by, on, source. Registers, principles, cases, expected findings and sources are the city's own: they lie
beside the layer, and those of the base do not count. A scenario or norms beside the layer replace the base's.

Codes: ``layer-malformed``; while applying (`bpm.model.layering`) ``layer-base``, ``layer-base-changed``,
``layer-unknown``, ``layer-copy``, ``layer-clash``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bpm.errors import ModelError

LAYER: Final = "layer.toml"
BASE: Final = "base"
"""The folder of a package that carries the base of its layer."""

MOST_CHANGES: Final = 500
TARGETS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "set-cell": (("rule", "text"), ("input", "output")),
    "remove-rule": (("rule",), ()),
    "add-rule": (("decision", "inputs", "outputs", "basis"), ("note",)),
    "set-note": (("rule", "text"), ()),
    "set-values": (("decision", "input", "text"), ()),
    "set-basis": (("basis",), ("element", "citation")),
    "set-name": (("element", "text"), ()),
    "set-text": (("element", "text"), ()),
    "set-field": (("form", "field", "with"), ()),
    "set-figure": (("at", "value"), ()),
}
"""What each change must and may say, beside `why`."""

TABLES: Final = frozenset(["inputs", "outputs", "basis", "with"])
OF_BASIS: Final = (
    "citation", "organ", "force", "delegated", "validFrom", "validTo", "demands", "known", "by", "on", "source",
)  # fmt: skip
OF_FIELD: Final = frozenset(["label", "options", "min", "max", "pattern", "required"])


@dataclass(frozen=True, slots=True)
class Change:
    """One change as written: `do`, its other keys in `says`, the reason, and the line of its head."""

    do: str
    says: Mapping[str, Any]
    why: str = ""
    line: int | None = None

    @property
    def target(self) -> str:
        """What it changes, in the words of the file."""
        return " ".join(str(self.says[key]) for key in _NAMING if key in self.says)

    def text(self, key: str) -> str:
        return str(self.says.get(key, ""))


_NAMING: Final = ("decision", "rule", "element", "citation", "form", "field", "input", "output", "at")


@dataclass(frozen=True, slots=True)
class Done:
    """A change that was made: what stood there before and stands there now, as text."""

    change: Change
    was: str
    now: str

    def as_json(self) -> dict[str, Any]:
        """JSON-able values for `inspect`."""
        change = self.change
        return {
            "do": change.do,
            "target": change.target,
            "was": self.was,
            "now": self.now,
            "why": change.why,
            "line": change.line,
        }


@dataclass(frozen=True, slots=True)
class Layer:
    """`layer.toml`; `done` are the changes that could be made (see `bpm.model.layering`)."""

    base: str
    digest: str
    title: str = ""
    changes: tuple[Change, ...] = ()
    digest_line: int | None = None
    base_line: int | None = None
    done: tuple[Done, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """JSON-able values for `inspect`."""
        return {
            "base": self.base,
            "digest": self.digest,
            "title": self.title,
            "changes": [done.as_json() for done in self.done],
        }


def read_layer(text: str, path: str = "") -> Layer:
    """The layer that a `layer.toml` says. Raises ModelError `layer-malformed`, located."""

    def refuse(message: str, line: int | None = 1) -> ModelError:
        return ModelError("layer-malformed", message, path=path, line=line)

    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise refuse(str(error), int(found[1]) if found else text.count("\n") + 1) from None
    lines = text.splitlines()
    strange = sorted(set(content) - {"title", "base", "digest", "change"})
    if strange:
        raise refuse(f"{strange[0]!r} is not known", _line_of(lines, strange[0]))
    for key in ("base", "digest"):
        if not isinstance(content.get(key), str) or not content[key]:
            raise refuse(f"{key!r} is missing", _line_of(lines, key))
    if not isinstance(content.get("title", ""), str):
        raise refuse("'title' is a text", _line_of(lines, "title"))
    if content["base"].startswith("/") or "\\" in content["base"] or ":" in content["base"]:
        raise refuse("the base is a relative path", _line_of(lines, "base"))
    entries = content.get("change", [])
    if not isinstance(entries, list) or len(entries) > MOST_CHANGES:
        raise refuse(f"changes are at most {MOST_CHANGES} [[change]] tables")
    heads = [number for number, line in enumerate(lines, 1) if re.match(r"\s*\[\[\s*change\s*\]\]", line)]
    places = [heads[number] if number < len(heads) else None for number in range(len(entries))]
    changes = tuple(_change(entry, refuse, line) for entry, line in zip(entries, places, strict=True))
    seen: set[tuple[str, str]] = set()
    for change in changes:
        if (change.do, change.target) in seen and change.do != "add-rule":
            raise refuse(f"{change.do} {change.target} is said twice", change.line)
        seen.add((change.do, change.target))
    return Layer(
        base=content["base"],
        digest=content["digest"],
        title=content.get("title", ""),
        changes=changes,
        digest_line=_line_of(lines, "digest"),
        base_line=_line_of(lines, "base"),
    )


def _line_of(lines: list[str], key: str) -> int:
    return next((at for at, line in enumerate(lines, 1) if re.match(rf"\s*{re.escape(key)}\s*=", line)), 1)


def _change(entry: Any, refuse: Any, line: int | None) -> Change:
    if not isinstance(entry, dict):
        raise refuse("changes are [[change]] tables", line)
    do = entry.get("do")
    if not isinstance(do, str) or do not in TARGETS:
        raise refuse(f"'do' is one of {', '.join(TARGETS)}", line)
    must, may = TARGETS[do]
    missing = [key for key in must if key not in entry]
    strange = [key for key in entry if key not in (*must, *may, "do", "why")]
    if missing or strange:
        raise refuse(f"{do}: missing {', '.join(missing) or '-'}, unknown {', '.join(strange) or '-'}", line)
    if do == "set-cell" and ("input" in entry) == ("output" in entry):
        raise refuse("set-cell: a cell is named by input or by output", line)
    if do == "set-basis" and not {"element", "citation"} & set(entry):
        raise refuse("set-basis: element or citation says which", line)
    for key, value in entry.items():
        if key in TABLES and not isinstance(value, dict):
            raise refuse(f"{do}: {key!r} is a table", line)
        if key not in TABLES and key != "value" and not isinstance(value, str):
            raise refuse(f"{do}: {key!r} is a text", line)
    for key in ("inputs", "outputs"):
        if not all(isinstance(value, str) for value in entry.get(key, {}).values()):
            raise refuse(f"{do}: {key!r} are texts in FEEL", line)
    _check_tables(do, entry, refuse, line)
    says = {key: value for key, value in entry.items() if key not in ("do", "why")}
    return Change(do, says, entry.get("why", ""), line)


def _check_tables(do: str, entry: Mapping[str, Any], refuse: Any, line: int | None) -> None:
    basis, fields = entry.get("basis"), entry.get("with")
    if basis is not None and (not basis.get("citation") or set(basis) - set(OF_BASIS)):
        raise refuse(f"{do}: a basis has a citation and may have {', '.join(OF_BASIS[1:])}", line)
    if fields is not None and (not fields or set(fields) - OF_FIELD):
        raise refuse(f"{do}: with has some of {', '.join(sorted(OF_FIELD))}", line)
