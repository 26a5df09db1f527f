"""iCalendar events (RFC 5545) of a BPSim calendar as weekly shifts.

Indented lines, missing stamps and properties out of place are common and harmless. A shift that runs past midnight is
two. What a weekly calendar cannot hold (single days, ends, intervals) is handed back in words.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bpm.exchange.bpsim.laws import seconds_of

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
WEEK = 604_800.0


def read_shifts(text: str) -> tuple[list[tuple[float, float]], list[str]]:
    """Open spans of the week in seconds since Monday 00:00, and what was left out (German)."""
    spans: list[tuple[float, float]] = []
    left: list[str] = []
    event: dict[str, str] | None = None
    for raw in text.splitlines():
        name, _, value = raw.strip().partition(":")
        key = name.partition(";")[0].upper()
        if key == "BEGIN" and value.strip().upper() == "VEVENT":
            event = {}
        elif key == "END" and value.strip().upper() == "VEVENT" and event is not None:
            spans += _event(event, left)
            event = None
        elif event is not None and key:
            event[key] = value.strip()
    return _merged(spans), left


def _event(event: dict[str, str], left: list[str]) -> list[tuple[float, float]]:
    begin = _moment(event.get("DTSTART", ""))
    end = _moment(event.get("DTEND", ""))
    if end is None and begin is not None and (length := seconds_of(event.get("DURATION", ""))):
        end = begin + timedelta(seconds=length)
    if begin is None or end is None or end <= begin:
        left.append(f"Termin ohne gültigen Anfang und Ende ({event.get('DTSTART')} bis {event.get('DTEND')})")
        return []
    rule = dict(part.partition("=")[::2] for part in event.get("RRULE", "").upper().split(";") if part)
    if rule.get("FREQ") not in ("DAILY", "WEEKLY"):
        left.append(f"Einzeltermin oder Wiederholung {rule.get('FREQ', 'ohne')} am {begin.date()}")
        return []
    for name in ("UNTIL", "COUNT", "INTERVAL"):
        if rule.get(name) and not (name == "INTERVAL" and rule[name] == "1"):
            left.append(f"{name}={rule[name]}: gilt jede Woche")
    left += [f"{name} {event[name]}" for name in ("EXDATE", "RDATE") if name in event]
    length = (end - begin).total_seconds()
    if rule["FREQ"] == "DAILY" and "BYDAY" not in rule:
        days = list(range(7))
    else:
        days = [_DAYS.index(day) for day in rule.get("BYDAY", "").split(",") if day in _DAYS] or [begin.weekday()]
    clock = begin.hour * 3600.0 + begin.minute * 60.0 + begin.second
    return [(day * 86_400.0 + clock, day * 86_400.0 + clock + length) for day in days]


def _moment(text: str) -> datetime | None:
    for form in ("%Y%m%dT%H%M%S", "%Y%m%dT%H%M", "%Y%m%d"):
        try:
            return datetime.strptime(text.rstrip("Z"), form)
        except ValueError:
            continue
    return None


def _merged(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    cut: list[tuple[float, float]] = []
    for begin, end in spans:
        if end > WEEK:
            cut += [(begin, WEEK), (0.0, min(end - WEEK, WEEK))]
        else:
            cut.append((begin, end))
    merged: list[tuple[float, float]] = []
    for begin, end in sorted(cut):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged
