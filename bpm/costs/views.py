"""The same duties as others count them: the standard cost model, and burden hours of the US Paperwork Reduction Act."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InformationDuty:
    """Standard cost model: price (tariff x time) x quantity (population x frequency). Of duties to inform only, a part
    of the whole burden; `tariff` in euro per hour, `hours` per answer."""

    population: float
    frequency: float
    hours: float
    tariff: float

    @property
    def quantity(self) -> float:
        return self.population * self.frequency

    @property
    def eur(self) -> float:
        """P x F x T x tariff."""
        return self.quantity * self.hours * self.tariff


@dataclass(frozen=True, slots=True)
class Collection:
    """A line of the form OMB 83: respondents (D), responses per respondent and year (E), hours per response (G)."""

    respondents: float
    responses_each: float
    hours_each: float

    @property
    def responses(self) -> float:
        """F = D x E."""
        return self.respondents * self.responses_each

    @property
    def burden_hours(self) -> float:
        """H = F x G."""
        return self.responses * self.hours_each

    @property
    def needs_approval(self) -> bool:
        """The act applies from ten persons on."""
        return self.respondents >= 10
