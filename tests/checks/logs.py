"""Logs of fixtures: `<fixture>.log.json` says which traces came how often; it is read through the importer.

::

    {"guide": {...}, "start": "2025-01-06T08:00:00", "every_minutes": 60,
     "traces": [{"times": 300, "data": {"zone": "A"}, "steps": [["pruefen", "Amt", 10, 5], "freigeben"]}]}

A step is its activity alone (completed a minute after the last), or activity, group, minutes until it began and minutes
it took, and if need be who did it. Cases of all traces take turns, so that every period has its share.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bpm.eventlog import Guide, Recorded
from bpm.exchange.logs import read_log
from bpm.exchange.logs.guide import guide_of

COLUMNS = ["case", "activity", "enabled", "start", "end", "resource", "role"]


def log_of(fixture: Path) -> tuple[Recorded | None, Guide]:
    """The log and the guide that belong to a fixture; None if it has none."""
    path = fixture.with_name(f"{fixture.stem}.log.json")
    if not path.is_file():
        return None, Guide()
    return played(json.loads(path.read_text("utf-8")))


def played(values: dict[str, Any]) -> tuple[Recorded, Guide]:
    """A log from its description."""
    guide = guide_of(values.get("guide", {}))
    names = sorted({name for trace in values["traces"] for name in trace.get("data", {})})
    timed = any(not isinstance(step, str) for trace in values["traces"] for step in trace["steps"])
    columns = COLUMNS if timed else ["case", "activity", "end"]
    text = io.StringIO()
    writer = csv.DictWriter(text, [*columns, *names], extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    at = datetime.fromisoformat(values.get("start", "2025-01-06T08:00:00"))
    for number, trace in enumerate(_turns(values["traces"])):
        for row in _rows(trace, at):
            writer.writerow({"case": number, **trace.get("data", {}), **row})
        at += timedelta(minutes=values.get("every_minutes", 60))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.csv"
        path.write_text(text.getvalue(), "utf-8")
        return read_log(path, guide).recorded, guide


def _turns(traces: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every trace as often as it says, spread evenly over the whole period."""
    placed = [((k + 0.5) / one["times"], n, one) for n, one in enumerate(traces) for k in range(one["times"])]
    return [one for _, _, one in sorted(placed, key=lambda entry: entry[:2])]


def _rows(trace: dict[str, Any], at: datetime) -> list[dict[str, str]]:
    rows = []
    for step in trace["steps"]:
        name, group, waits, takes, *person = (step, "", 0, 1) if isinstance(step, str) else step
        started = at + timedelta(minutes=waits)
        ended = started + timedelta(minutes=takes)
        rows.append(
            {
                "activity": name,
                "enabled": at.isoformat(),
                "start": started.isoformat(),
                "end": ended.isoformat(),
                "role": group,
                "resource": person[0] if person else "",
            }
        )
        at = ended
    return rows
