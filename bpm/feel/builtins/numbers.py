"""Numbers (DMN 1.5, table 71) and statistics over lists of them (table 70)."""

from __future__ import annotations

from collections import Counter
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Decimal,
)
from typing import TYPE_CHECKING

from bpm.feel.builtins.registry import builtin, number, spread, whole
from bpm.feel.operators import arithmetic
from bpm.feel.temporal import DaysTimeDuration, YearsMonthsDuration
from bpm.feel.values import NUMBERS, Fault, Value, kind

if TYPE_CHECKING:
    from bpm.feel.evaluate import Evaluation

_LARGEST_SCALE = 6176
_LARGEST_EXPONENT = 14_200
"""`exp` beyond leaves decimal128."""


def _rounded(value: Value, scale: Value, rounding: str) -> Decimal:
    digits = whole(scale, "scale")
    found = number(value, "n")
    if not -6111 <= digits <= _LARGEST_SCALE:
        raise Fault("scale: between -6111 and 6176 expected")
    exponent = found.as_tuple().exponent
    if isinstance(exponent, int) and digits >= -exponent:
        return found
    wide = NUMBERS.copy()
    wide.prec = 34 + max(0, found.adjusted())
    result = found.quantize(Decimal(1).scaleb(-digits), rounding=rounding, context=wide)
    return _finite(NUMBERS.plus(result))


def _finite(result: Decimal) -> Decimal:
    if not result.is_finite():
        raise Fault("the result is not a number")
    return result


@builtin("decimal", "n, scale")
def decimal(ev: Evaluation, n: Value, scale: Value) -> Value:
    return _rounded(n, scale, ROUND_HALF_EVEN)


@builtin("floor", "n", "n, scale")
def floor(ev: Evaluation, n: Value, scale: Value = Decimal(0)) -> Value:
    return _rounded(n, scale, ROUND_FLOOR)


@builtin("ceiling", "n", "n, scale")
def ceiling(ev: Evaluation, n: Value, scale: Value = Decimal(0)) -> Value:
    return _rounded(n, scale, ROUND_CEILING)


@builtin("round up", "n, scale", required=1)
def round_up(ev: Evaluation, n: Value, scale: Value = Decimal(0)) -> Value:
    return _rounded(n, scale, ROUND_UP)


@builtin("round down", "n, scale", required=1)
def round_down(ev: Evaluation, n: Value, scale: Value = Decimal(0)) -> Value:
    return _rounded(n, scale, ROUND_DOWN)


@builtin("round half up", "n, scale", required=1)
def round_half_up(ev: Evaluation, n: Value, scale: Value = Decimal(0)) -> Value:
    return _rounded(n, scale, ROUND_HALF_UP)


@builtin("round half down", "n, scale", required=1)
def round_half_down(ev: Evaluation, n: Value, scale: Value = Decimal(0)) -> Value:
    return _rounded(n, scale, ROUND_HALF_DOWN)


@builtin("abs", "n")
def absolute(ev: Evaluation, n: Value) -> Value:
    if isinstance(n, DaysTimeDuration):
        return DaysTimeDuration(n.seconds.copy_abs())
    if isinstance(n, YearsMonthsDuration):
        return YearsMonthsDuration(abs(n.months))
    return number(n, "n").copy_abs()


@builtin("modulo", "dividend, divisor")
def modulo(ev: Evaluation, dividend: Value, divisor: Value) -> Value:
    top, bottom = number(dividend, "dividend"), number(divisor, "divisor")
    if bottom == 0:
        raise Fault("division by zero")
    rest = NUMBERS.subtract(top, NUMBERS.multiply(bottom, _floor_of(NUMBERS.divide(top, bottom))))
    return _finite(rest)


def _floor_of(value: Decimal) -> Decimal:
    return value if value.adjusted() > 40 else value.to_integral_value(ROUND_FLOOR, NUMBERS)


@builtin("sqrt", "number")
def square_root(ev: Evaluation, value: Value) -> Value:
    found = number(value)
    if found < 0:
        raise Fault("no root of a negative number")
    return NUMBERS.sqrt(found)


@builtin("log", "number")
def logarithm(ev: Evaluation, value: Value) -> Value:
    found = number(value)
    if found <= 0:
        raise Fault("no logarithm of a number that is not positive")
    return NUMBERS.ln(found)


@builtin("exp", "number")
def exponential(ev: Evaluation, value: Value) -> Value:
    found = number(value)
    if abs(found) > _LARGEST_EXPONENT:
        raise Fault("the result is not a number")
    return _finite(NUMBERS.exp(found))


@builtin("odd", "number")
def odd(ev: Evaluation, value: Value) -> Value:
    return _parity(value, 1)


@builtin("even", "number")
def even(ev: Evaluation, value: Value) -> Value:
    return _parity(value, 0)


def _parity(value: Value, rest: int) -> bool:
    found = number(value)
    if found != found.to_integral_value():
        raise Fault("a whole number expected")
    return abs(NUMBERS.remainder(found, Decimal(2))) == rest if found.adjusted() < 34 else rest == 0


# --- over lists ----------------------------------------------------------------------------------------------


def _numbers(ev: Evaluation, arguments: tuple[Value, ...]) -> list[Decimal]:
    items = spread(arguments)
    ev.budget.spend(len(items))
    return [number(item, "list") for item in items]


@builtin("sum", "list", required=1, variadic=True)
def total(ev: Evaluation, *arguments: Value) -> Value:
    items = spread(arguments)
    ev.budget.spend(len(items))
    if not items:
        raise Fault("the sum of nothing is not recorded")
    result = items[0]
    if not isinstance(result, (Decimal, DaysTimeDuration, YearsMonthsDuration)):
        raise Fault(f"sum of {kind(result)}")
    for item in items[1:]:
        if type(item) is not type(result):
            raise Fault(f"sum of {kind(result)} and {kind(item)}")
        result = arithmetic("+", result, item, ev.budget)
    return result


@builtin("product", "list", required=1, variadic=True)
def product(ev: Evaluation, *arguments: Value) -> Value:
    result = Decimal(1)
    items = _numbers(ev, arguments)
    for item in items:
        result = NUMBERS.multiply(result, item)
    if not items:
        raise Fault("the product of nothing is not recorded")
    return _finite(result)


@builtin("mean", "list", required=1, variadic=True)
def mean(ev: Evaluation, *arguments: Value) -> Value:
    items = spread(arguments)
    return arithmetic("/", total(ev, items), Decimal(len(items)), ev.budget)


@builtin("median", "list", required=1, variadic=True)
def median(ev: Evaluation, *arguments: Value) -> Value:
    items = sorted(_numbers(ev, arguments))
    if not items:
        return None
    middle = len(items) // 2
    if len(items) % 2:
        return items[middle]
    return NUMBERS.divide(NUMBERS.add(items[middle - 1], items[middle]), Decimal(2))


@builtin("stddev", "list", required=1, variadic=True)
def standard_deviation(ev: Evaluation, *arguments: Value) -> Value:
    items = _numbers(ev, arguments)
    if len(items) < 2:
        raise Fault("a deviation needs two numbers")
    middle = NUMBERS.divide(_sum(items), Decimal(len(items)))
    squares = [NUMBERS.power(NUMBERS.subtract(item, middle), Decimal(2)) for item in items]
    return _finite(NUMBERS.sqrt(NUMBERS.divide(_sum(squares), Decimal(len(items) - 1))))


def _sum(items: list[Decimal]) -> Decimal:
    result = Decimal(0)
    for item in items:
        result = NUMBERS.add(result, item)
    return result


@builtin("mode", "list", required=1, variadic=True)
def mode(ev: Evaluation, *arguments: Value) -> Value:
    counted = Counter(_numbers(ev, arguments))
    most = max(counted.values(), default=0)
    return sorted(item for item, count in counted.items() if count == most)
