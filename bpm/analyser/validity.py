"""Which law a model is judged by: the date of law, and what is no longer in force on it.

The date of law (Rechtsstand) is what the process says (`li:lawAsOf="2026-11-24"`). Where it says nothing it is the
newest day on which anything in the model was recorded (`on`): so much law the model claims to know. A model without
any date has none, and then nothing is called expired. Today's date plays no part: the same model gives the same answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

from bpm.model.process import Known, LegalBasis

if TYPE_CHECKING:
    from bpm.analyser.given import Given

LAW_AS_OF = "{urn:lichtung:bpmn:1}lawAsOf"

NONE_WORDS = frozenset(
    {"keine", "keine rechtsgrundlage", "ohne", "ohne rechtsgrundlage", "none", "no legal basis", "-"}
)
"""Citations by which a department says that there is no source; unlike silence, this is recorded."""


def law_date(given: Given) -> str | None:
    """The ISO day by whose law the procedure is judged; None where nothing in it has a date."""
    for process in given.processes:
        stated = process.attributes.get(LAW_AS_OF, "")
        if _is_day(stated):
            return stated
    return max((day for day in _days(given) if _is_day(day)), default=None)


def in_force(bases: Iterable[LegalBasis], day: str | None) -> list[LegalBasis]:
    """Those that say a source, and whose last day is not before `day`."""
    return [basis for basis in bases if names_source(basis) and not has_ended(basis, day)]


def has_ended(basis: LegalBasis, day: str | None) -> bool:
    """Whether a source went out of force before `day`; a year or month without a day lasts to its end."""
    if day is None or not basis.valid_to:
        return False
    end = {4: "-12-31", 7: "-31"}.get(len(basis.valid_to), "")
    return basis.valid_to + end < day


def names_source(basis: LegalBasis) -> bool:
    """Whether a legal basis names a source, rather than saying that there is none."""
    return " ".join(basis.citation.lower().split()).strip(".") not in NONE_WORDS | {""}


def cite(bases: Sequence[LegalBasis]) -> str:
    """Some sources as they stand in a sentence."""
    return "; ".join(" ".join(basis.citation.split()) for basis in bases)


def _is_day(text: str) -> bool:
    try:
        return len(text) == 10 and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _days(given: Given) -> Iterator[str]:
    found: list[Known | None] = []
    for process in given.processes:
        for facts in (process.facts, *(node.facts for node in process.nodes)):
            found += [facts.step.known if facts.step else None]
            found += [basis.known for basis in facts.legal_bases]
            found += [deadline.known for deadline in facts.deadlines]
    for model in given.procedure.decisions:
        for decision in model.decisions:
            found += [basis.known for basis in decision.legal_bases]
    for at in given.tables:
        found += [basis.known for rule in at.table.rules for basis in rule.legal_bases]
    yield from (known.on for known in found if known is not None and known.on)
