"""What both formats fill: events in, columns out, with pseudonyms, groups of at least five, and notes on the rest."""

from __future__ import annotations

import hashlib
import hmac
import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from bpm.errors import ModelError
from bpm.eventlog import CaseData, EventLog, Guide, Recorded
from bpm.model.scenario import Note

ROLES = ("case", "activity", "enabled", "start", "end", "resource", "group", "element", "transition", "instance")
"""What a column can be."""

SMALLEST = 5
"""Groups of fewer persons are put together: what two people did is known to be theirs."""

OTHERS = "übrige Stellen (je unter 5 Personen)"
MOST_EVENTS = 10_000_000
MOST_ACTIVITIES = 20_000
MOST_NAMES = 200
NAN = float("nan")

_ZERO = datetime(1970, 1, 1)
_FOLD = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_SPECIAL = re.compile(
    r"relig|konfession|kirchen|glauben|weltanschau|philosoph|ethni|rassisch|\brace\b|racial|abstammung|hautfarbe"
    r"|politi|parteizug|parteimitg|gewerkschaft|trade.?union|geneti|genom|biometr|fingerabdr|fingerprint|gesundheit"
    r"|health|krank|diagnos|behinder|disab|schwanger|pregnan|medizin|medical|pflegegrad|impf|vaccin|sexual|sexuell"
)
"""Names of columns with data of GDPR Art. 9; a name that only sounds so can be changed, a leak cannot be undone."""

Value = float | bool | str


@dataclass(frozen=True, slots=True)
class Reading:
    """A log and what was not taken as written."""

    recorded: Recorded
    notes: tuple[Note, ...]


def levelled(name: str) -> str:
    """A column's name in lower case, umlauts and separators levelled."""
    return re.sub(r"[\s_.\-/]+", "_", name.strip().lower().translate(_FOLD))


class Gathering:
    """Collects events; `add` is called in file order, `datum` for case data, `finish` once."""

    def __init__(self, path: str, guide: Guide, zone: str) -> None:
        for name in guide.data:
            if special(name):
                message = f"column {name[:60]!r} names data of a special category (GDPR Art. 9): never read"
                raise ModelError("log-column-special", message, path=path)
        self.path, self.wanted = path, guide
        self.zone = ZoneInfo(zone)
        self.cases: dict[str, int] = {}
        self.activities: dict[str, int] = {}
        self.elements: dict[int, str] = {}
        self.people: dict[str, int] = {}
        self.groups: dict[str, int] = {}
        self.ints = {name: array("q") for name in ("case", "activity", "person", "group", "withdrawn")}
        self.times = {name: array("d") for name in ("instant", "enabled", "started", "completed")}
        self.open: dict[tuple[int, int, str], list[tuple[float, float]]] = defaultdict(list)
        self.values: dict[str, dict[int, tuple[Value, float]]] = {name: {} for name in guide.data}
        self.left_out: Counter[str] = Counter()
        self.special: set[str] = set()
        self.moments: set[str] = set()
        self.unused: Counter[str] = Counter()
        self.clocks: set[bool] = set()
        self.guessed: list[tuple[str, Any, Any, str]] = []

    # --- coming in ---------------------------------------------------------------------------------------------

    def case(self, name: str) -> int:
        return self.cases.setdefault(name, len(self.cases))

    def moment(self, text: str, line: int | None) -> tuple[float, float]:
        """(UTC seconds, seconds on the office's clock) of a time as text; nan, nan if there is none."""
        text = text.strip()
        if not text:
            return NAN, NAN
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            at = self._german(text, line)
        if at.tzinfo is None:
            self.clocks.add(False)
            seconds = (at - _ZERO).total_seconds()
            return seconds, seconds
        self.clocks.add(True)
        try:
            local = at.astimezone(self.zone)
        except OverflowError:
            raise self.refused("log-time", f"{text[:40]!r} is beyond the calendar", line) from None
        wall = (local.replace(tzinfo=None) - _ZERO).total_seconds()
        offset = local.utcoffset() or timedelta(0)
        return wall - offset.total_seconds(), wall

    def _german(self, text: str, line: int | None) -> datetime:
        for form in ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M:%S.%f"):
            try:
                return datetime.strptime(text, form)
            except ValueError:
                continue
        raise self.refused("log-time", f"{text[:40]!r} is no time that is read (ISO 8601, or 31.12.2025 13:45)", line)

    def leave(self, name: str) -> None:
        """A column or key that nobody allowed."""
        name = name.strip()[:80]
        if name not in self.unused and len(self.unused) >= MOST_NAMES:
            name = "…"
        self.unused[name] += 1
        if special(name):
            self.special.add(name)

    def refused(self, code: str, message: str, line: int | None) -> ModelError:
        return ModelError(code, message, path=self.path, line=line)

    def datum(self, name: str, case: int, value: Value, at: float) -> None:
        """One case datum that was asked for; the first value counts, and it was there from `at` on."""
        held = self.values[name].setdefault(case, (value, at))
        if held[0] != value:
            self.left_out[f"data:{name}"] += 1

    def event(self, case: int, fields: Mapping[str, str], line: int | None) -> float:
        """One event by roles (`ROLES`); `end` is the time of the event. Returns its second on the office's clock."""
        name = fields.get("activity", "").strip()
        instant, at = self.moment(fields.get("end", ""), line)
        kind = fields.get("transition", "").strip().lower() or "complete"
        if not name or (at != at and not (kind == "complete" and fields.get("start"))):
            self.left_out["activity" if not name else "time"] += 1
            return NAN
        if at != at:
            self.left_out["unfinished"] += 1
            return NAN
        activity = self.activities.setdefault(name, len(self.activities))
        if activity >= MOST_ACTIVITIES:
            raise self.refused("log-too-many-events", f"more than {MOST_ACTIVITIES} different activities", line)
        named = (fields.get("element") or fields.get("instance", "")).strip()
        if self.elements.setdefault(activity, named) != named:
            self.elements[activity] = ""  # a number of the event, not an id of the step
        place = (case, activity, fields.get("instance", ""))
        if kind in ("schedule", "assign", "enable"):
            self._begin(place, at, enabled=True)
        elif kind == "start":
            self._begin(place, at, enabled=False)
        elif kind in ("complete", "ate_abort", "pi_abort", "withdraw"):
            before = self.open.get(place)
            enabled, started = before.pop(0) if before else (NAN, NAN)
            if fields.get("enabled"):
                enabled = self.moment(fields["enabled"], line)[1]
            if fields.get("start"):
                started = self.moment(fields["start"], line)[1]
            self._row(case, activity, fields, (instant, enabled, started, at), kind != "complete", line)
        else:
            self.left_out[f"transition:{kind[:40]}" if len(self.left_out) < MOST_NAMES else "transition:…"] += 1
        return at

    def _begin(self, place: tuple[int, int, str], at: float, *, enabled: bool) -> None:
        waiting = self.open[place]
        free = next((k for k, (_, started) in enumerate(waiting) if started != started), None)
        if enabled:
            waiting.append((at, NAN))
        elif free is None:
            waiting.append((NAN, at))
        else:
            waiting[free] = (waiting[free][0], at)

    def _row(
        self,
        case: int,
        activity: int,
        fields: Mapping[str, str],
        times: tuple[float, float, float, float],
        withdrawn: bool,
        line: int | None,
    ) -> None:
        ints = self.ints
        if len(ints["case"]) >= MOST_EVENTS:
            raise self.refused("log-too-many-events", f"more than {MOST_EVENTS} events", line)
        person, group = fields.get("resource", "").strip(), fields.get("group", "").strip()
        ints["case"].append(case)
        ints["activity"].append(activity)
        ints["person"].append(self.people.setdefault(person, len(self.people)) if person else -1)
        ints["group"].append(self.groups.setdefault(group, len(self.groups)) if group else -1)
        ints["withdrawn"].append(withdrawn)
        for name, value in zip(self.times, times, strict=True):
            self.times[name].append(value)

    # --- going out ---------------------------------------------------------------------------------------------

    def finish(self, digest: str, key: bytes | None) -> Reading:
        """The log as columns. Raises ModelError `log-empty` if it has no event."""
        if not self.ints["case"]:
            raise self.refused("log-empty", "the log has no event with an activity and a time", None)
        times = {name: np.frombuffer(column, np.float64).copy() for name, column in self.times.items()}
        ints = {name: np.frombuffer(column, np.int64).copy() for name, column in self.ints.items()}
        order = np.argsort(times["instant"], kind="stable")
        times = {name: column[order] for name, column in times.items()}
        ints = {name: column[order] for name, column in ints.items()}
        # cases in order of their first row, so that numbers say nothing that the rows do not
        firsts = np.unique(ints["case"], return_index=True)
        number: Any = np.full(len(self.cases), -1, np.int64)
        number[firsts[0][np.argsort(firsts[1], kind="stable")]] = np.arange(len(firsts[0]))
        ints["case"] = number[ints["case"]]
        earliest = float(np.nanmin(np.fmin(np.fmin(times["enabled"], times["started"]), times["completed"])))
        epoch = (_ZERO + timedelta(seconds=earliest)).replace(hour=0, minute=0, second=0, microsecond=0)
        shift = (epoch - _ZERO).total_seconds()
        people, person = self._pseudonyms(ints["person"], key or digest.encode())
        groups, group, merged = self._enough(ints["group"], ints["person"])
        log = self._columns(ints, {name: column - shift for name, column in times.items()}, people, person, epoch)
        recorded = Recorded(
            log=log,
            path=self.path,
            digest=digest,
            elements=tuple(self.elements.get(k, "") for k in range(len(self.activities))),
            groups=groups,
            group=group,
            starts=bool(np.any(~np.isnan(times["started"]))),
            enables=bool(np.any(~np.isnan(times["enabled"]))),
            data=self._data(number, len(firsts[0]), shift, log),
        )
        return Reading(recorded, tuple(self._notes(recorded, merged)))

    def _columns(
        self, ints: Mapping[str, Any], times: Mapping[str, Any], people: tuple[str, ...], person: Any, epoch: datetime
    ) -> EventLog:
        cases = int(ints["case"].max()) + 1
        first = np.fmin(np.fmin(times["enabled"], times["started"]), times["completed"])
        start, end = np.full(cases, np.inf), np.full(cases, -np.inf)
        np.minimum.at(start, ints["case"], first)
        np.maximum.at(end, ints["case"], times["completed"])
        return EventLog(
            nodes=tuple(self.activities),
            resources=people,
            case=ints["case"],
            node=ints["activity"],
            resource=person,
            enabled=times["enabled"],
            started=times["started"],
            completed=times["completed"],
            worked=np.maximum(times["completed"] - times["started"], 0.0),
            handovers=_handovers(ints["case"], ints["group"]),
            withdrawn=ints["withdrawn"].astype(bool),
            case_start=start,
            case_end=end,
            epoch=epoch,
        )

    def _pseudonyms(self, person: Any, key: bytes) -> tuple[tuple[str, ...], Any]:
        """Names to keyed digests, sorted by them, so that neither name nor order of appearance is left."""
        made = [f"P{hmac.new(key, name.encode(), hashlib.sha256).hexdigest()[:12]}" for name in self.people]
        names = tuple(sorted(made))
        at = {name: k for k, name in enumerate(names)}
        return names, np.array([*(at[one] for one in made), -1], np.int64)[person]

    def _enough(self, group: Any, person: Any) -> tuple[tuple[str, ...], Any, int]:
        """Groups of at least five persons; the rest is one group, if need be with the next smallest."""
        names = list(self.groups)
        if not self.people:
            return tuple(names), group, 0  # no persons: a group is a role of the procedure, not people
        members: dict[int, set[int]] = {k: set() for k in range(len(names))}
        for k, one in np.unique(np.stack([group, person]), axis=1).T.tolist():
            if k >= 0 and one >= 0:
                members[k].add(one)
        small = sorted((k for k in members if len(members[k]) < SMALLEST), key=lambda k: (len(members[k]), k))
        together: set[int] = set().union(*(members[k] for k in small)) if small else set()
        for k in sorted(set(members) - set(small), key=lambda k: (len(members[k]), k)):
            if not small or len(together) >= SMALLEST:
                break
            small.append(k)
            together |= members[k]
        if small and len(together) < SMALLEST:
            return (), np.full(len(group), -1, np.int64), len(small)  # the whole office is too small to be told apart
        kept = [name for k, name in enumerate(names) if k not in small]
        if small:
            kept.append(OTHERS)
        place = [len(kept) - 1 if k in small else kept.index(name) for k, name in enumerate(names)]
        return tuple(kept), np.array([*place, -1], np.int64)[group], len(small)

    def _data(self, number: Any, cases: int, shift: float, log: EventLog) -> dict[str, CaseData]:
        found = {}
        for name, values in self.values.items():
            texts = [value for value, _ in values.values() if isinstance(value, str)]
            if texts and sum(text in self.people for text in texts) * 2 >= len(texts):
                self.left_out[f"person:{name}"] += len(texts)
                continue
            column: list[Value | None] = [None] * cases
            known = np.full(cases, np.nan)
            for case, (value, at) in values.items():
                if number[case] >= 0:
                    column[number[case]] = value
                    known[number[case]] = at - shift
            when = self.wanted.data[name]
            if when == "start":
                known[:] = -np.inf
            elif when:
                known[:] = self._settled(when, cases, log)
            kinds = {type(value) for value in column if value is not None}
            if kinds == {float}:
                kind = "time" if name in self.moments else "number"
            elif kinds == {bool}:
                kind = "boolean"
            else:
                kind, column = "text", [None if value is None else str(value) for value in column]
            found[name] = CaseData(name, kind, tuple(column), known)
        return found

    def _settled(self, activity: str, cases: int, log: EventLog) -> Any:
        """Per case when an activity was first done (nan: never); `end` and unknown names settle nothing."""
        found = np.full(cases, np.nan)
        rows = np.flatnonzero((log.node == self.activities.get(activity, -1)) & ~log.withdrawn)[::-1]
        found[log.case[rows]] = log.completed[rows]
        return found

    def _notes(self, recorded: Recorded, merged: int) -> list[Note]:
        notes = []

        def say(field: str, found: Any, used: Any, why: str) -> None:
            notes.append(Note(None, field, found, used, why))

        if not recorded.starts:
            say("start", None, None, "Beginn der Arbeit nicht erfasst: keine Bearbeitungs- und keine Wartezeiten.")
        elif not recorded.enables:
            say("enabled", None, None, "Es ist nicht erfasst, ab wann ein Schritt möglich war: keine Wartezeiten.")
        if recorded.starts:
            say("worked", None, "end - start", "Zeit zwischen Beginn und Ende, auch außerhalb der Dienstzeit.")
        if merged:
            say("group", merged, OTHERS, "Gruppen unter 5 Personen sind zusammengefasst.")
        elif recorded.groups and not self.people:
            say("group", len(recorded.groups), None, "Ohne Personen ist nicht bekannt, wie groß die Gruppen sind.")
        if recorded.log.resources:
            say("resource", len(recorded.log.resources), "Pseudonyme", "Personen werden nicht mit Namen gelesen.")
        if self.clocks == {True, False}:
            say("time", "mit und ohne Zeitzone", self.zone.key, "Zeiten ohne Zeitzone gelten als Ortszeit.")
        for entry in self.guessed:
            say(*entry)
        for name in sorted(self.special):
            say(name, "Spalte", None, "Name deutet auf Daten nach Art. 9 DSGVO: nicht gelesen.")
        for name, times in sorted(self.unused.items()):
            if name not in self.special:
                say(name, times, None, "Nicht auf der Liste der erlaubten Spalten: nicht gelesen.")
        for name, times in sorted(self.left_out.items()):
            field, _, rest = name.partition(":")
            say(rest or field, times, None, _WHY[field])
        for name in sorted(set(self.wanted.data) - {name for name, values in self.values.items() if values}):
            say(name, None, None, "Gewünschte Spalte kommt im Protokoll nicht vor.")
        left = sum(len(waiting) for waiting in self.open.values())
        if left:
            say("transition", left, None, "Begonnen, aber im Protokoll nicht beendet: nicht gezählt.")
        return notes


_WHY = {
    "activity": "Ereignisse ohne Aktivität: nicht gezählt.",
    "time": "Ereignisse ohne Zeit: nicht gezählt.",
    "unfinished": "Zeilen ohne Ende: nicht gezählt.",
    "case": "Zeilen ohne Fall: nicht gezählt.",
    "transition": "Zustandswechsel, der weder Beginn noch Ende ist: nicht gezählt.",
    "data": "Weitere Werte desselben Falls: der erste gilt.",
    "person": "Enthält überwiegend Namen von Bearbeitenden: nicht gelesen.",
}


def special(name: str) -> bool:
    """Whether a column's name speaks of data that GDPR Art. 9 protects."""
    return _SPECIAL.search(levelled(name).replace("_", " ")) is not None


def _handovers(case: Any, group: Any) -> Any:
    """Per row 1 if the case came from another group (the last one recorded), else 0."""
    order = np.argsort(case, kind="stable")
    last: dict[int, int] = {}
    found: Any = np.zeros(len(case), np.int64)
    for row in order.tolist():
        mine, here = int(group[row]), int(case[row])
        if mine < 0:
            continue
        found[row] = last.get(here, mine) != mine
        last[here] = mine
    return found
