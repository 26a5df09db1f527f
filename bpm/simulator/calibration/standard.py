"""What work a step is likely to be, where a log cannot tell: a standard activity of a dated table, by its name.

A guess, and marked `assumed` with the table's name and the activity: the lowest complexity is taken, for a log that
records no work gives no reason to claim more.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from bpm.costs.table import table
from bpm.model.process import FlowNode

_KINDS = (
    (12, r"zahl|gebühr|kasse|\bfee|payment|invoice|rechnung"),
    (10, r"versend|zustell|übermittel|mitteil|\bsend|notif|publish|veröffentlich|\bprint"),
    (4, r"eingang|bestätig|empfang|confirm|receipt|receive|nachforder|anforder"),
    (7, r"mitzeich|vier.?augen|genehmig|freigab|freigeb|approv|sign"),
    (2, r"berat|vorgespräch|\badvi[cs]e|consult"),
    (11, r"bescheid|erstell|verfass|\bcreate|draft|\bwrite|report"),
    (6, r"berechn|calculat"),
    (14, r"archiv|kopier|ablage|verteil|\bfile\b|copy"),
    (5, r"inhaltlich|erfass|entscheid|determine|decide|assess|adjust"),
)
CHECK = 3
COMPLEXITY = "einfach"


class Standard(NamedTuple):
    """Minutes of work and where they come from."""

    minutes: float
    source: str


def standard_minutes(name: str) -> Standard:
    """The standard activity that a step's name sounds like; a formal check if it sounds like none."""
    figures = table()
    lowered = name.casefold()
    number = next((one for one, words in _KINDS if re.search(words, lowered)), CHECK)
    activity = figures.activities[number]
    return Standard(
        figures.minutes(number, COMPLEXITY),
        f"{figures.id}, Tätigkeit {number} »{activity.name}« ({COMPLEXITY}), nach dem Namen des Schritts angenommen",
    )


def assumed_minutes(node: FlowNode) -> Standard:
    """The minutes that the model records for a step, else those of the standard activity it sounds like."""
    step = node.facts.step
    if step is not None and step.minutes is not None:
        known = step.known
        source = known.source if known is not None and known.source else "Minuten des Modells"
        return Standard(step.minutes, source)
    return standard_minutes(node.name)
