"""What an edit is: a frozen value with a JSON form, and what it claims for itself in its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields
from typing import Any, ClassVar, Self, TypeAlias

from bpm.errors import InvalidRequest

Claim: TypeAlias = tuple[str, ...]
"""One thing in a file, such as `("rule", "fee", "1", "3")` or `("step", "Task_7")`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One change of one file. Subclasses are frozen dataclasses; a field's metadata `json` renames it in JSON.

    `do` names the kind of edit, `notation` the kind of file (`dmn` or `bpmn`) it changes.
    """

    do: ClassVar[str] = ""
    notation: ClassVar[str] = ""

    def takes(self) -> frozenset[Claim]:
        """What this edit changes or removes: no other edit may touch it."""
        return frozenset()

    def needs(self) -> frozenset[Claim]:
        """What must still be there, as it was, for this edit to make sense."""
        return frozenset()

    def as_json(self) -> dict[str, Any]:
        """The form that stands in `remedy.edits`; fields with their default value are left out."""
        found: dict[str, Any] = {"do": self.do}
        for entry in fields(self):
            value = getattr(self, entry.name)
            if value != entry.default:
                found[_json_name(entry)] = _plain(value)
        return found

    @classmethod
    def of_json(cls, value: Mapping[str, Any]) -> Self:
        """The edit that a JSON object says. Raises InvalidRequest (`edit-shape`) if fields are missing, unknown or no
        text, number, null, list or object of those."""
        known = {_json_name(entry): entry for entry in fields(cls)}
        strange = sorted(set(value) - set(known) - {"do"})
        missing = sorted(name for name, it in known.items() if name not in value and _is_required(it))
        if strange or missing:
            raise InvalidRequest("edit-shape", f"{cls.do}: missing {missing}, unknown {strange}")
        try:
            return cls(**{entry.name: _frozen(value[name]) for name, entry in known.items() if name in value})
        except (TypeError, ValueError) as error:
            raise InvalidRequest("edit-shape", f"{cls.do}: {error}") from error


def clash(left: Edit, right: Edit) -> Claim | None:
    """What two edits of one file cannot both have; None if they go together. Equal edits are one edit."""
    if left == right:
        return None
    shared = (left.takes() & (right.takes() | right.needs())) | (right.takes() & left.needs())
    return min(shared, default=None)


def _json_name(entry: Field[Any]) -> str:
    return str(entry.metadata.get("json", entry.name))


def _is_required(entry: Field[Any]) -> bool:
    return entry.default is MISSING and entry.default_factory is MISSING


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        if value and all(isinstance(it, tuple) and len(it) == 2 and isinstance(it[0], str) for it in value):
            return {name: _plain(inner) for name, inner in value}
        return [_plain(it) for it in value]
    return value


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return tuple((str(name), _frozen(inner)) for name, inner in value.items())
    if isinstance(value, list | tuple):
        return tuple(_frozen(it) for it in value)
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise ValueError(f"{type(value).__name__} is no JSON value")
