"""Calibration: a scenario, and if need be a model, from the log of real cases.

`history` puts a log's rows in order, `discovery` draws a model where there is none, `following` lays cases along a
model, `times` tells work from waiting where the log allows it, `laws` fits and tests, `hours` and `people` find
calendars and pools, `guards` learns conditions, `learned` writes the scenario, `held_out` holds it against later cases.

Nothing here plays a simulation or reads a file: the caller brings the log as `bpm.eventlog.Recorded`, and plays the
scenario of the earlier cases to have it judged by the later ones. What could not be learned is a note, never a guess in
silence; what was guessed is marked `assumed`.
"""

from bpm.simulator.calibration.discovery import Discovered, discover
from bpm.simulator.calibration.held_out import REPLICATIONS, HeldOut
from bpm.simulator.calibration.history import History, history_of, split_in_time
from bpm.simulator.calibration.learned import Learned, learn

__all__ = [
    "REPLICATIONS", "Discovered", "HeldOut", "History", "Learned", "discover", "history_of", "learn", "split_in_time",
]  # fmt: skip
