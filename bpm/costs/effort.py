"""What a duty costs, by the German Erfüllungsaufwand method: `cases x (sum of minutes / 60 x wage + material)`.

Rules of the method that the types keep:

* city, citizens and businesses are apart and never added; time of citizens and businesses stays time, it is not turned
  into euro;
* what comes once is apart from what comes every year, and so is what would be done anyway;
* overheads are not counted, an automatic step takes 0 minutes, benefits are not set off;
* every figure is a range: *cautious* takes each uncertain figure at its low end, *pessimistic* at its high end.

A change is said as released working time first, then in euro by a dated table; of the euro only material is effective
in the budget, wages are released capacity: 0.6 posts spread over twelve people save no salary.

Source: Leitfaden zur Ermittlung und Darstellung des Erfüllungsaufwands (Statistisches Bundesamt, Nationaler
Normenkontrollrat).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bpm.costs.table import LEVEL, CostTable

ADDRESSEES = ("city", "citizens", "business")


@dataclass(frozen=True, slots=True)
class Range:
    """A figure with its bounds."""

    cautious: float
    likely: float
    pessimistic: float

    def __add__(self, other: Range) -> Range:
        return Range(self.cautious + other.cautious, self.likely + other.likely, self.pessimistic + other.pessimistic)

    def __sub__(self, other: Range) -> Range:
        """Both under the same assumptions."""
        return Range(self.cautious - other.cautious, self.likely - other.likely, self.pessimistic - other.pessimistic)

    def __mul__(self, other: Range | float) -> Range:
        it = other if isinstance(other, Range) else exactly(other)
        return Range(self.cautious * it.cautious, self.likely * it.likely, self.pessimistic * it.pessimistic)

    def __truediv__(self, number: float) -> Range:
        return Range(self.cautious / number, self.likely / number, self.pessimistic / number)

    def as_json(self) -> dict[str, float]:
        return {"cautious": self.cautious, "likely": self.likely, "pessimistic": self.pessimistic}


def exactly(value: float) -> Range:
    """A figure that is not in doubt."""
    return Range(value, value, value)


def about(value: float, share: float, low: float | None = None, high: float | None = None) -> Range:
    """A figure with its recorded bounds, else off by `share` either way."""
    return Range(value * (1.0 - share) if low is None else low, value, value * (1.0 + share) if high is None else high)


NOTHING = Range(0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Work:
    """Part of a duty: minutes a case by whom; `wage_group` in words ("mittlerer Dienst") matters for the city only. An
    automatic part takes no time."""

    what: str
    minutes: Range
    wage_group: str | None = None
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class Duty:
    """A requirement (Vorgabe) that a norm lays on one addressee.

    `cases` a year (frequency x those concerned), or in all for what comes `once`; `material_eur` per case; `anyway`:
    would be done without the norm as well.
    """

    name: str
    addressee: str
    work: tuple[Work, ...]
    cases: Range
    material_eur: Range = NOTHING
    norm: str | None = None
    level: str = LEVEL
    once: bool = False
    anyway: bool = False

    def __post_init__(self) -> None:
        if self.addressee not in ADDRESSEES:
            raise ValueError(f"addressee is one of {', '.join(ADDRESSEES)}")

    @property
    def minutes(self) -> Range:
        """Per case."""
        total = NOTHING
        for part in self.work:
            total += NOTHING if part.automatic else part.minutes
        return total

    @property
    def hours(self) -> Range:
        return self.cases * self.minutes / 60.0


def appearance(name: str, cases: Range, table: CostTable, distance: str, *, norm: str | None = None) -> Duty:
    """Citizens who have to come in person, with no other way: the journey there and back by the table."""
    way = table.journey(distance)
    return Duty(name, "citizens", (Work(name, exactly(way.minutes)),), cases, exactly(way.eur), norm)


@dataclass(frozen=True, slots=True)
class CityBurden:
    """Hours of work, posts (MAK), wages and material in euro."""

    hours: Range
    posts: Range
    wages_eur: Range
    material_eur: Range

    @property
    def eur(self) -> Range:
        return self.wages_eur + self.material_eur

    def __sub__(self, other: CityBurden) -> CityBurden:
        return CityBurden(
            self.hours - other.hours, self.posts - other.posts, self.wages_eur - other.wages_eur,
            self.material_eur - other.material_eur,
        )  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        return {
            "released_hours": self.hours.as_json(),
            "posts": self.posts.as_json(),
            "cost_eur": self.eur.as_json(),
            "budget_effective_eur": self.material_eur.as_json(),
            "released_capacity_eur": self.wages_eur.as_json(),
        }


@dataclass(frozen=True, slots=True)
class OthersBurden:
    """Hours, and what is paid beside; hours are not worth euro here."""

    hours: Range
    material_eur: Range

    def __sub__(self, other: OthersBurden) -> OthersBurden:
        return OthersBurden(self.hours - other.hours, self.material_eur - other.material_eur)

    def as_json(self) -> dict[str, Any]:
        return {"hours": self.hours.as_json(), "material_eur": self.material_eur.as_json()}


@dataclass(frozen=True, slots=True)
class Effort:
    """The burden of some duties of one rhythm; the table says by what the city's hours were turned into euro."""

    city: CityBurden
    citizens: OthersBurden
    business: OthersBurden
    table: CostTable

    def __sub__(self, other: Effort) -> Effort:
        """What a change saves: today minus the proposal, addressee by addressee."""
        return Effort(
            self.city - other.city, self.citizens - other.citizens, self.business - other.business, self.table
        )

    def as_json(self) -> dict[str, Any]:
        """City, citizens and businesses beside each other; there is no sum of them."""
        return {
            "city": self.city.as_json(), "citizens": self.citizens.as_json(), "business": self.business.as_json(),
            "table": self.table.as_json(),
        }  # fmt: skip


def effort(duties: Iterable[Duty], table: CostTable, *, once: bool = False, anyway: bool = False) -> Effort:
    """The yearly burden of duties; with `once` that of what comes a single time, with `anyway` that of what would be
    done without the norm as well. Raises NotFound for a level or wage that the table does not have."""
    chosen = [it for it in duties if it.once == once and it.anyway == anyway]
    wages = NOTHING
    for duty in chosen:
        if duty.addressee == "city":
            for part in duty.work:
                if not part.automatic:
                    wages += duty.cases * part.minutes / 60.0 * table.wage(part.wage_group, duty.level)

    def hours(addressee: str) -> Range:
        return sum((it.hours for it in chosen if it.addressee == addressee), NOTHING)

    def material(addressee: str) -> Range:
        return sum((it.cases * it.material_eur for it in chosen if it.addressee == addressee), NOTHING)

    worked = hours("city")
    return Effort(
        CityBurden(worked, worked / table.hours_of_post, wages, material("city")),
        OthersBurden(hours("citizens"), material("citizens")),
        OthersBurden(hours("business"), material("business")),
        table,
    )
