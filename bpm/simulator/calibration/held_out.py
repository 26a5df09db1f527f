"""What a calibrated model says about cases it has not seen: distances and cycle times, good or bad."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np

from bpm.distances import MEASURES, Events, cycle_times, distances
from bpm.eventlog import EventLog
from bpm.simulator.calibration.history import History

REPLICATIONS = 10
QUANTILES = (("p50", 0.5), ("p90", 0.9), ("p95", 0.95))
SETTINGS = {
    "ngd": "n = 3", "aed": "Stundenklassen", "ced": "Stunden je Wochentag", "red": "Stundenklassen ab Fallbeginn",
    "ctd": "Stundenklassen",
}  # fmt: skip


class HeldOut:
    """Gathers the simulated logs of one scenario beside the held-out part of the real one."""

    def __init__(self, real: History, element_of: Sequence[str | None], tasks: frozenset[str]) -> None:
        names = real.recorded.log.nodes
        self.real = real
        self.labels = [element or f"≠ {name}" for element, name in zip(element_of, names, strict=True)]
        self.shown = frozenset(element for element in element_of if element is not None) & tasks
        self.found: list[dict[str, float]] = []
        self.times: list[Any] = []
        self.without_starts = not real.starts

    @property
    def start(self) -> str:
        """When the first held-out case came, on the office's clock."""
        return self.real.at(float(self.real.arrivals.min())).isoformat()

    def __call__(self, _: int, log: EventLog) -> None:
        """Take the log of one replication."""
        events = self._simulated(log)
        if not len(events.case):
            return
        self.found.append(distances(self._observed(), events))
        self.times.append(cycle_times(events))

    def _observed(self) -> Events:
        return self.real.events(self.labels)

    def _simulated(self, log: EventLog) -> Events:
        shown = np.array([node in self.shown for node in log.nodes], bool)
        rows = np.flatnonzero(shown[log.node] & ~log.withdrawn.astype(bool))
        # both clocks count from the Monday before the real log
        shift = (log.epoch - self.real.monday) / timedelta(seconds=1)
        started = None if self.without_starts else log.started[rows] + shift
        labels = tuple(log.nodes[k] for k in log.node[rows].tolist())
        return Events(log.case[rows], labels, started, log.completed[rows] + shift)

    def told(self, earlier: History) -> dict[str, Any]:
        """The contract's `distances`: mean and standard deviation over replications, and cycle times side by side: of
        the cases learned from, so that a change of the procedure itself shows, of those held out, and simulated."""
        real = cycle_times(self._observed())
        pooled = np.concatenate(self.times) if self.times else np.zeros(0)
        return {
            "learned_from_cases": len(earlier.numbers),
            "held_out_cases": len(self.real.numbers),
            "replications": len(self.found),
            "settings": SETTINGS | {"events": "nur Enden" if self.without_starts else "Anfänge und Enden"},
            **{
                name: {"mean": round(float(np.mean(values)), 6), "sd": round(float(np.std(values, ddof=1)), 6)}
                for name in MEASURES
                if len(values := [one[name] for one in self.found]) > 1
            },
            "cycle_time_s": {
                "learned_from": _quantiles(cycle_times(earlier.events(self.labels))),
                "held_out": _quantiles(real), "simulated": _quantiles(pooled) if len(pooled) else None,
            },
        }  # fmt: skip


def _quantiles(values: Any) -> dict[str, float]:
    found = {name: round(float(np.quantile(values, q)), 1) for name, q in QUANTILES}
    return {"n": len(values), "mean": round(float(values.mean()), 1), **found}
