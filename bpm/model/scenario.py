"""What a simulation needs beside the model: who comes when, who works when, how long things take, what they cost.

A scenario file `scenario.json` (or `<stem>.json` beside the model) is **Prosimos JSON, version 2**, read unchanged,
plus fields of ours. All durations are seconds, probabilities 0..1, times of day half-open [begin, end). Everything is
keyed by BPMN ids. `bpm.exchange.prosimos` reads it into the frozen classes below.

Prosimos' keys (R = required)::

    resource_profiles R      [{id, name, resource_list: [{id, name, amount, cost_per_hour, calendar}]}]
                             a profile is a *pool* (a role); a resource is `amount` equal people of it
    resource_calendars R     [{id, name, time_periods: [{from: "MONDAY", to: "FRIDAY",
                               beginTime: "08:00:00", endTime: "16:00:00"}]}]
    task_resource_distribution R
                             [{task_id, resources: [{resource_id, distribution_name, distribution_params}]}]
                             an empty `resources` list is a step without people; then give `element_figures.duration`
    arrival_time_distribution R, arrival_time_calendar
    gateway_branching_probabilities
                             [{gateway_id, probabilities: [{path_id, value} or {path_id, condition_id, value?}]}]
                             a gateway that is listed here is drawn; one that is not listed is decided by the FEEL
                             conditions of its flows on the data of the case
    branch_rules             [{id, rules: [[{attribute, comparison, value}]]}]   outer list or, inner list and
    event_distribution       [{event_id, distribution_name, distribution_params, probability?}]
                             delay of a catch, timer or boundary event (a timer with an ISO duration needs none);
                             `probability` (ours, default 1): that the event comes at all
    case_attributes          [{name, type: "discrete", values: [{key, value}]}
                              or {name, type: "continuous", values: {distribution_name, distribution_params}}]
    event_attributes         [{event_id, attributes: [as case_attributes, or {name, type: "expression", values: FEEL}]}]
                             set when that node completes, in this order; an expression sees the data before it
    global_attributes        [as case_attributes]   one datum for all cases; event_attributes of its name change it
    batch_processing         [{task_id, type: "Sequential", "Concurrent" or "Parallel", size_distrib, duration_distrib,
                               firing_rules: [[{attribute: "size", "ready_wt", "large_wt", "daily_hour" or "week_day",
                               comparison, value}]]}]   see `bpm.simulator.batches`
    prioritisation_rules     [{priority_level, rules: [[{attribute, comparison, value}]]}]   lower level goes first

    distribution_params      [{"value": x}, ...]:   fix value | uniform min, max | expon mean, min, max
                             norm mean, std, min, max | lognorm, gamma mean, variance, min, max
                             triang min, mode, max (ours) | empirical values, each as likely (ours)
                             any other name of scipy.stats, or scipy.NAME: what it takes, in its order (ours); keys
                             `min`, `max` beside truncate it; a law without a closed inverse is a table of 4,097 points
    histogram_sampling       {histogram_data: {cdf, bin_midpoints}}: one of the midpoints
    histogram                {edges: [...], shares: [...]}: evenly within each bin (ours)
    mixture                  {parts: [{weight, distribution_name, ...}]} (ours)

Our keys (all optional)::

    cases_per_year           30000, or {"value": 30000, "known": "estimated", "source": "...", "low": .., "high": ..}
    start                    "2025-01-06T00:00:00", local time of `time_zone` (default BPM_TIMEZONE)
    time_zone                "Europe/Berlin"
    holidays                 ["2025-01-06", "2025-04-18"]: days on which no calendar is open, except those that are open
                             around the clock all week (machines, citizens); or {"state": "BY", "category": "catholic",
                             "years": 20}: those of a German state from the start on
    calendar_exceptions      [{calendar_id, from, to?, time_periods: [{beginTime, endTime}]}]: on these dates the
                             calendar is open then instead (an empty list: closed)
    absences                 [{resource_id, from, to, amount?}]: so many people are away on these dates (default: all)
    arrival_rates            [{from, to, beginTime, endTime, cases_per_hour}]: cases come by chance (Poisson) at a rate
                             of the hour; replaces distribution and calendar of arrivals
    arrival_times            ["2025-01-06T08:03:00", ...]: cases come then, and no others
    start_events             [{event_id, arrival_time_distribution, arrival_time_calendar, or rates or times}]: further
                             starts with arrivals of their own
    key `together` of an entry of task_resource_distribution: [["chief", "deputy"], ["clerk"]]: of each list one more
                             person from begin to end; it begins when all are there, and pauses when one is off duty
    flow_delays              [{flow_id, distribution_name, distribution_params}]: waits on the way to the next element
    calibrated               {"log": "...", "on": "2025-03-01"} if the figures were fitted to a log; absent: a note says
                             that nothing was calibrated
    key of an attribute      may be JSON text, number, true or false: FEEL sees that type
    element_figures          [{element_id, duration?: {distribution_name, distribution_params}, fixed_cost_eur?,
                               citizen_minutes?, citizen_cost_eur?, business_minutes?, business_cost_eur?}]
                             per execution; minutes of `li:step` hold where this is silent
    known                    {"<key or element id>": {"known": "measured|table|estimated|assumed", "source": "...",
                               "by": "...", "on": "...", "low": .., "high": ..}}    how a figure is known

Whatever the reader drops, guesses or repairs becomes a `Note`; unknown keys are carried in `Scenario.extras`.

Distributions hold *moments of the variable*: the mean of a lognormal is the mean of the duration, not of its logarithm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from bpm.model.process import Known

WEEK = 604_800.0
"""Seconds of a week; calendars repeat with it, counted from Monday 00:00."""

DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")

Value: TypeAlias = str | float | bool


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that was not taken as written: `found` became `used`, because `why` (German, for users)."""

    element: str | None
    field: str
    found: Any
    used: Any
    why: str

    def as_json(self) -> dict[str, Any]:
        return {"element": self.element, "field": self.field, "found": self.found, "used": self.used, "why": self.why}


@dataclass(frozen=True, slots=True)
class Distribution:
    """A law of durations in seconds (or of an attribute's numbers).

    `kind` and its `parameters`: fix (value) · uniform (min, max) · exponential (mean above the offset, offset) ·
    normal (mean, standard deviation) · lognormal, gamma (mean, variance) · triangular (min, mode, max) ·
    choice (value 1, weight 1, value 2, weight 2, ...) · histogram (edge 0, share 0, edge 1, share 1, ...: the share of
    values up to each edge, in a straight line between) · scipy:NAME (what `scipy.stats.NAME` takes, in its order) ·
    mixture (of `parts`: weight and distribution). Values outside [low, high] never occur (truncated,
    not clipped).
    """

    kind: str
    parameters: tuple[float, ...]
    low: float = 0.0
    high: float = float("inf")
    parts: tuple[tuple[float, Distribution], ...] = ()


@dataclass(frozen=True, slots=True)
class Calendar:
    """Weekly open times: sorted, disjoint [begin, end) in seconds since Monday 00:00. Empty means never.

    `rates` (one per period, for arrivals only) weigh their seconds: an interval of 1 then is one case to be expected.
    """

    id: str
    periods: tuple[tuple[float, float], ...]
    rates: tuple[float, ...] = ()

    @property
    def always(self) -> bool:
        return self.periods == ((0.0, WEEK),)


ALWAYS = Calendar("always", ((0.0, WEEK),))


@dataclass(frozen=True, slots=True)
class Resource:
    """`amount` equal people (or machines) of one pool; the cost is per hour of work, in euro."""

    id: str
    name: str
    pool: str
    amount: int
    cost_per_hour: float
    calendar: str


@dataclass(frozen=True, slots=True)
class Work:
    """A resource that may do an activity, and how long it takes."""

    resource: str
    duration: Distribution


@dataclass(frozen=True, slots=True)
class ArrivalProcess:
    """Time between cases, counted while the calendar is open; the first case comes when it first opens. No calendar
    means: when anybody who may do one of the first steps is on duty."""

    interval: Distribution
    calendar: Calendar | None = ALWAYS
    times: tuple[str, ...] = ()
    """Given local times of arrival, in order; then interval and calendar say nothing."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """A datum of a case: `choices` of (value, probability), numbers from a `distribution`, or a FEEL `expression` over
    what the case knows. A `shared` one is the same datum of all cases."""

    name: str
    choices: tuple[tuple[Value, float], ...] = ()
    distribution: Distribution | None = None
    expression: str = ""
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """`attribute comparison value`; `in` has a closed range (low, high). Unknown attributes are false."""

    attribute: str
    comparison: str
    value: Value | tuple[float, float]


AnyOf: TypeAlias = tuple[tuple[Condition, ...], ...]
"""Outer or, inner and."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A way out of a gateway: with a probability, a rule, or both (the probability then weighs several true rules)."""

    flow: str
    probability: float | None = None
    rule: AnyOf | None = None


@dataclass(frozen=True, slots=True)
class EventDelay:
    """When a caught event comes, and the probability that it comes at all."""

    delay: Distribution
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class ElementFigures:
    """What one execution of an element takes and costs beside its people; None is not recorded."""

    duration: Distribution | None = None
    fixed_cost_eur: float | None = None
    citizen_minutes: float | None = None
    citizen_cost_eur: float | None = None
    business_minutes: float | None = None
    business_cost_eur: float | None = None


@dataclass(frozen=True, slots=True)
class Priority:
    """Cases that match go before cases of a higher level."""

    level: int
    rule: AnyOf


@dataclass(frozen=True, slots=True)
class CalendarException:
    """On these days (ISO dates) a calendar is open in `periods` only, [begin, end) in seconds of the day."""

    calendar: str
    days: tuple[str, ...]
    periods: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Absence:
    """`amount` people of a resource (0: all) are away from day `first` to day `last`; they finish what they began."""

    resource: str
    first: str
    last: str
    amount: int = 0


@dataclass(frozen=True, slots=True)
class FiringRule:
    """When a batch is due: all of it holds. Bounds (least, most) of its size, of the seconds since the last and since
    the first case came, of the hour [least, most), and the day of the week (0 Monday; None any)."""

    size: tuple[float, float] = (1.0, float("inf"))
    ready: tuple[float, float] = (0.0, float("inf"))
    old: tuple[float, float] = (0.0, float("inf"))
    hour: tuple[float, float] = (0.0, 24.0)
    day: int | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Work that is gathered: `type` sequential, concurrent or parallel; `factors` (size, factor of the time); `single`
    is the share of cases that are done alone."""

    type: str
    rules: tuple[FiringRule, ...]
    factors: tuple[tuple[float, float], ...] = ()
    single: float = 0.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything a simulation run needs beside the model. `digest` is that of the file's canonical JSON."""

    arrivals: ArrivalProcess
    calendars: Mapping[str, Calendar]
    resources: Mapping[str, Resource]
    activities: Mapping[str, tuple[Work, ...]]
    gateways: Mapping[str, tuple[Branch, ...]] = field(default_factory=dict)
    events: Mapping[str, EventDelay] = field(default_factory=dict)
    attributes: tuple[Attribute, ...] = ()
    results: Mapping[str, tuple[Attribute, ...]] = field(default_factory=dict)
    priorities: tuple[Priority, ...] = ()
    figures: Mapping[str, ElementFigures] = field(default_factory=dict)
    cases_per_year: float | None = None
    start: str = "2025-01-06T00:00:00"
    time_zone: str = "Europe/Berlin"
    holidays: tuple[str, ...] = ()
    calibrated: Mapping[str, Any] | None = None
    known: Mapping[str, Known] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    extras: Mapping[str, Any] = field(default_factory=dict)
    digest: str = ""
    path: str = ""
    exceptions: tuple[CalendarException, ...] = ()
    absences: tuple[Absence, ...] = ()
    roles: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    """Further people an activity needs from its begin to its end: per role the resources of which one will do."""
    batches: Mapping[str, Batch] = field(default_factory=dict)
    flow_delays: Mapping[str, Distribution] = field(default_factory=dict)
    """Waits on the way from one element to the next that no queue explains."""
    shared: tuple[Attribute, ...] = ()
    """Data of all cases, as they are at the beginning."""
    starts: Mapping[str, ArrivalProcess] = field(default_factory=dict)
    """Start events with arrivals of their own; `arrivals` is for the first one."""
