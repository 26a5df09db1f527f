"""Dated tables: standard activities with minutes, wages per level and group, citizens' travel, hours of a full post.

A table is a JSON file with where its figures come from and when they held; a city's own table is a file of the same
shape::

    id, name, publisher, source, rechtsstand R (YYYY-MM or YYYY-MM-DD)
    full_time R    {days, hours_per_day}
    wages R        {level: {group: euro per hour}}; `durchschnitt` stands for a step whose group is not recorded
    activities     [{number, name, minutes: {einfach, mittel, hoch}}]      travel  {distance: {minutes, eur}}
    sensitivity    share by which a figure without bounds may be off (0.2)
    mark, check    how far the transcription has been verified, and what is still to be compared
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from bpm.errors import InvalidRequest, NotFound

AVERAGE = "durchschnitt"
NEWEST = "stba-2025-01"
"""The table that holds where nobody chooses one."""
LEVEL = "kommunen"
"""Whose wages are meant where nobody says: this is a city's tool."""

_GROUPS = (("hoeher", ("höher", "hoeher", "hoher", "4. qe", "qe 4")), ("gehoben", ("gehoben", "3. qe", "qe 3")),
           ("mittel", ("mittler", "mittel", "einfach", "2. qe", "qe 2", "1. qe", "qe 1")))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Activity:
    """A standard activity: minutes by complexity; what the table leaves empty is absent."""

    number: int
    name: str
    minutes: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Journey:
    """A citizen's way to an office and back."""

    minutes: float
    eur: float


@dataclass(frozen=True, slots=True)
class CostTable:
    """One version of the figures; `id` and `rechtsstand` belong beside every euro that came from it."""

    id: str
    name: str
    publisher: str
    source: str
    rechtsstand: str
    hours_of_post: float
    wages: Mapping[str, Mapping[str, float]]
    activities: Mapping[int, Activity]
    travel: Mapping[str, Journey]
    sensitivity: float = 0.0
    check: str | None = None

    def wage(self, group: str | None, level: str = LEVEL) -> float:
        """Euro per hour; a group that is not recorded or not in the table is paid as the level's average.

        Raises:
            NotFound: `no-such-level`, `no-such-wage` (no average either).
        """
        if level not in self.wages:
            raise NotFound("no-such-level", f"{self.id} has no wages of {level!r}: {', '.join(self.wages)}")
        found = self.wages[level]
        known = group_of(group)
        wage = found.get(known or "", found.get(AVERAGE))
        if wage is None:
            raise NotFound("no-such-wage", f"{self.id} has no wage of {group!r} in {level!r} and no average")
        return wage

    def minutes(self, number: int, complexity: str) -> float:
        """Minutes of a standard activity. Raises NotFound `no-such-activity`."""
        found = self.activities.get(number)
        if found is None or complexity not in found.minutes:
            raise NotFound("no-such-activity", f"{self.id} has no minutes of activity {number} ({complexity})")
        return found.minutes[complexity]

    def journey(self, distance: str) -> Journey:
        """A way to an office. Raises NotFound `no-such-journey`."""
        if distance not in self.travel:
            raise NotFound("no-such-journey", f"{self.id} has no journey {distance!r}")
        return self.travel[distance]

    def as_json(self) -> dict[str, Any]:
        """What has to stand beside figures that rest on the table."""
        return {
            "id": self.id, "name": self.name, "publisher": self.publisher, "source": self.source,
            "rechtsstand": self.rechtsstand, "check": self.check,
        }  # fmt: skip


def group_of(text: str | None) -> str | None:
    """`mittel`, `gehoben` or `hoeher` of a wage group in words ("mittlerer Dienst"); None if it names none."""
    lowered = (text or "").casefold()
    return next((group for group, words in _GROUPS if any(word in lowered for word in words)), None)


@cache
def table(name: str = NEWEST) -> CostTable:
    """A table that comes with the product. Raises NotFound `no-such-table`."""
    place = resources.files("bpm.costs").joinpath("tables")
    names = sorted(it.name.removesuffix(".json") for it in place.iterdir() if it.name.endswith(".json"))
    if name not in names:
        raise NotFound("no-such-table", f"there is no table {name[:60]!r}: {', '.join(names)}")
    return read_table(place.joinpath(f"{name}.json").read_bytes(), name)


def read_table(content: bytes, path: str) -> CostTable:
    """A table from its file. Raises InvalidRequest `bad-cost-table`, which names the field."""
    try:
        given = json.loads(content)
    except ValueError:
        raise InvalidRequest("bad-cost-table", "this is not JSON", path=path) from None
    if not isinstance(given, dict):
        raise InvalidRequest("bad-cost-table", "a table is an object", path=path)
    texts = {name: _text(given, name, path) for name in ("id", "name", "publisher", "source", "rechtsstand")}
    post = _object(given, "full_time", path)
    wages = _object(given, "wages", path)
    activities = given.get("activities") or []
    if not isinstance(activities, list):
        raise InvalidRequest("bad-cost-table", "activities: a list is missing", path=path)
    return CostTable(
        **texts,
        hours_of_post=_number(post, "days", path) * _number(post, "hours_per_day", path),
        wages={level: _numbers(wages, level, path) for level in wages},
        activities={it.number: it for it in (_activity(one, path) for one in activities)},
        travel={
            name: Journey(_number(one, "minutes", path), _number(one, "eur", path))
            for name, one in ((name, _object(given["travel"], name, path)) for name in given.get("travel") or {})
        },
        sensitivity=_number(given, "sensitivity", path) if "sensitivity" in given else 0.0,
        check=str(given["check"]) if given.get("check") else None,
    )


def _activity(given: Any, path: str) -> Activity:
    if not isinstance(given, dict):
        raise InvalidRequest("bad-cost-table", "activities: an object is missing", path=path)
    number = _number(given, "number", path)
    return Activity(int(number), _text(given, "name", path), _numbers(given, "minutes", path))


def _text(given: Mapping[str, Any], name: str, path: str) -> str:
    if not isinstance(given.get(name), str) or not given[name].strip():
        raise InvalidRequest("bad-cost-table", f"{name}: a text is missing", path=path)
    return str(given[name])


def _object(given: Mapping[str, Any], name: str, path: str) -> dict[str, Any]:
    if not isinstance(given.get(name), dict) or not given[name]:
        raise InvalidRequest("bad-cost-table", f"{name}: an object is missing", path=path)
    return dict(given[name])


def _numbers(given: Mapping[str, Any], name: str, path: str) -> dict[str, float]:
    found = _object(given, name, path)
    return {key: _number(found, key, path) for key in found}


def _number(given: Mapping[str, Any], name: str, path: str) -> float:
    value = given.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise InvalidRequest("bad-cost-table", f"{name}: a number from 0 on is missing", path=path)
    return float(value)
