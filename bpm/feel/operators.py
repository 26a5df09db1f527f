"""Arithmetic on every pair of kinds that FEEL allows (DMN 1.5, tables 53 and 54); bounded before it is computed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from bpm.feel import temporal
from bpm.feel.budget import Budget
from bpm.feel.temporal import DaysTimeDuration, YearsMonthsDuration
from bpm.feel.values import NUMBERS, Fault, Value, kind

HIGHEST_POWER = 100_000
"""Exponents beyond leave decimal128 for every base that is not nearly 1."""


def arithmetic(operator: str, left: Value, right: Value, budget: Budget) -> Value:
    """`left operator right`. Raises Fault where FEEL defines nothing, BudgetExceeded for a text too long."""
    if isinstance(left, Decimal) and isinstance(right, Decimal):
        return _finite(_NUMERIC[operator](left, right))
    if operator == "+" and isinstance(left, str) and isinstance(right, str):
        budget.afford(len(left) + len(right))
        return left + right
    rule = _CALENDAR.get(operator)
    result = None if rule is None or left is None or right is None else rule(left, right)
    if result is None:
        raise Fault(f"{kind(left)} {operator} {kind(right)} is not defined")
    return result


def negated(value: Value) -> Value:
    """Arithmetic minus. Raises Fault."""
    if isinstance(value, Decimal):
        return NUMBERS.minus(value)
    if isinstance(value, DaysTimeDuration):
        return DaysTimeDuration(NUMBERS.minus(value.seconds))
    if isinstance(value, YearsMonthsDuration):
        return YearsMonthsDuration(-value.months)
    raise Fault(f"-{kind(value)} is not defined")


def _finite(number: Decimal) -> Decimal:
    if not number.is_finite():
        raise Fault("the result is not a number")
    return number


def _divide(left: Decimal, right: Decimal) -> Decimal:
    if right == 0:
        raise Fault("division by zero")
    return NUMBERS.divide(left, right)


def _power(base: Decimal, exponent: Decimal) -> Decimal:
    if abs(exponent) > HIGHEST_POWER and abs(base) not in (0, 1):
        raise Fault(f"a power beyond {HIGHEST_POWER}")
    if base == 0 and exponent == 0:
        return Decimal(1)
    return NUMBERS.power(base, exponent)


_NUMERIC: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": NUMBERS.add,
    "-": NUMBERS.subtract,
    "*": NUMBERS.multiply,
    "/": _divide,
    "**": _power,
}


def _plus(left: Value, right: Value) -> Value:
    if isinstance(left, (DaysTimeDuration, YearsMonthsDuration)):
        if type(left) is type(right):
            return _sum(left, right, 1)
        left, right = right, left
    if isinstance(left, temporal.POINTS) and isinstance(right, (DaysTimeDuration, YearsMonthsDuration)):
        return temporal.add(left, right)
    return None


def _minus(left: Value, right: Value) -> Value:
    if isinstance(left, temporal.POINTS):
        if isinstance(right, temporal.POINTS):
            seconds = temporal.seconds_between(right, left)
            return None if seconds is None else DaysTimeDuration(seconds)
        return temporal.add(left, negated(right)) if isinstance(right, DURATIONS) else None
    if isinstance(left, DURATIONS) and type(left) is type(right):
        return _sum(left, right, -1)
    return None


DURATIONS = (DaysTimeDuration, YearsMonthsDuration)


def _sum(left: Value, right: Value, sign: int) -> Value:
    if isinstance(left, DaysTimeDuration):
        return temporal.days_time((NUMBERS.add if sign > 0 else NUMBERS.subtract)(left.seconds, right.seconds))
    return temporal.years_months(left.months + sign * right.months)


def _times(left: Value, right: Value) -> Value:
    if isinstance(left, Decimal):
        left, right = right, left
    if not isinstance(right, Decimal):
        return None
    if isinstance(left, DaysTimeDuration):
        return temporal.days_time(NUMBERS.multiply(left.seconds, right))
    if isinstance(left, YearsMonthsDuration):
        return _months(NUMBERS.multiply(Decimal(left.months), right))
    return None


def _over(left: Value, right: Value) -> Value:
    if isinstance(left, DaysTimeDuration) and isinstance(right, DaysTimeDuration):
        return _finite(_divide(left.seconds, right.seconds))
    if isinstance(left, YearsMonthsDuration) and isinstance(right, YearsMonthsDuration):
        return _finite(_divide(Decimal(left.months), Decimal(right.months)))
    if not isinstance(right, Decimal) or right == 0:
        return None
    if isinstance(left, DaysTimeDuration):
        return temporal.days_time(NUMBERS.divide(left.seconds, right))
    if isinstance(left, YearsMonthsDuration):
        return _months(NUMBERS.divide(Decimal(left.months), right))
    return None


def _months(count: Decimal) -> YearsMonthsDuration | None:
    return temporal.years_months(int(count)) if count.is_finite() and count.adjusted() < 16 else None


_CALENDAR: dict[str, Callable[[Value, Value], Value]] = {"+": _plus, "-": _minus, "*": _times, "/": _over}
