"""Relations between points and ranges (DMN 1.5, table 75, after Allen 1983)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpm.errors import FeelError
from bpm.feel.builtins.registry import builtin, string
from bpm.feel.syntax import parse_expression, tree
from bpm.feel.values import Fault, RangeValue, Value, kind, order, within

if TYPE_CHECKING:
    from bpm.feel.evaluate import Evaluation


def _range(value: Value) -> RangeValue:
    if not isinstance(value, RangeValue) or value.low is None or value.high is None:
        raise Fault(f"a bounded range expected, not {kind(value)}")
    return value


def _sign(left: Value, right: Value) -> int:
    found = order(left, right)
    if found is None:
        raise Fault(f"no order between {kind(left)} and {kind(right)}")
    return found


def _contains(bounds: RangeValue, point: Value) -> bool:
    found = within(point, bounds)
    if found is None:
        raise Fault(f"no order between {kind(point)} and {kind(bounds.low)}")
    return found


def _before(left: Value, right: Value) -> bool:
    """Everything in `left` lies below everything in `right`; either may be a point."""
    upper = (left.high, left.high_included) if isinstance(left, RangeValue) else (left, True)
    lower = (right.low, right.low_included) if isinstance(right, RangeValue) else (right, True)
    sign = _sign(upper[0], lower[0])
    return sign < 0 or (sign == 0 and not (upper[1] and lower[1]))


@builtin("before", "point1, point2", "point, range", "range, point", "range1, range2")
def before(ev: Evaluation, left: Value, right: Value) -> Value:
    return _before(left, right)


@builtin("after", "point1, point2", "point, range", "range, point", "range1, range2")
def after(ev: Evaluation, left: Value, right: Value) -> Value:
    return _before(right, left)


@builtin("meets", "range1, range2")
def meets(ev: Evaluation, left: Value, right: Value) -> Value:
    first, second = _range(left), _range(right)
    return first.high_included and second.low_included and _sign(first.high, second.low) == 0


@builtin("met by", "range1, range2")
def met_by(ev: Evaluation, left: Value, right: Value) -> Value:
    return meets(ev, right, left)


@builtin("overlaps", "range1, range2")
def overlaps(ev: Evaluation, left: Value, right: Value) -> Value:
    first, second = _range(left), _range(right)
    return not _before(first, second) and not _before(second, first)


def _low(bounds: RangeValue, other: RangeValue) -> int:
    """Which range starts first: negative for `bounds`."""
    sign = _sign(bounds.low, other.low)
    return sign or int(other.low_included) - int(bounds.low_included)


def _high(bounds: RangeValue, other: RangeValue) -> int:
    """Which range ends first: negative for `bounds`."""
    sign = _sign(bounds.high, other.high)
    return sign or int(bounds.high_included) - int(other.high_included)


@builtin("overlaps before", "range1, range2")
def overlaps_before(ev: Evaluation, left: Value, right: Value) -> Value:
    first, second = _range(left), _range(right)
    return not _before(first, second) and not _before(second, first) and _low(first, second) < 0 > _high(first, second)


@builtin("overlaps after", "range1, range2")
def overlaps_after(ev: Evaluation, left: Value, right: Value) -> Value:
    return overlaps_before(ev, right, left)


@builtin("finishes", "point, range", "range1, range2")
def finishes(ev: Evaluation, left: Value, right: Value) -> Value:
    second = _range(right)
    if not isinstance(left, RangeValue):
        return second.high_included and _sign(left, second.high) == 0
    return _high(_range(left), second) == 0 and _low(left, second) >= 0


@builtin("finished by", "range, point", "range1, range2")
def finished_by(ev: Evaluation, left: Value, right: Value) -> Value:
    return finishes(ev, right, left)


@builtin("includes", "range, point", "range1, range2")
def includes(ev: Evaluation, left: Value, right: Value) -> Value:
    first = _range(left)
    if not isinstance(right, RangeValue):
        return _contains(first, right)
    return _low(first, _range(right)) <= 0 <= _high(first, right)


@builtin("during", "point, range", "range1, range2")
def during(ev: Evaluation, left: Value, right: Value) -> Value:
    return includes(ev, right, left)


@builtin("starts", "point, range", "range1, range2")
def starts(ev: Evaluation, left: Value, right: Value) -> Value:
    second = _range(right)
    if not isinstance(left, RangeValue):
        return second.low_included and _sign(left, second.low) == 0
    return _low(_range(left), second) == 0 and _high(left, second) <= 0


@builtin("started by", "range, point", "range1, range2")
def started_by(ev: Evaluation, left: Value, right: Value) -> Value:
    return starts(ev, right, left)


@builtin("coincides", "point1, point2", "range1, range2")
def coincides(ev: Evaluation, left: Value, right: Value) -> Value:
    if not isinstance(left, RangeValue) and not isinstance(right, RangeValue):
        return _sign(left, right) == 0
    first, second = _range(left), _range(right)
    return _low(first, second) == 0 == _high(first, second)


_LITERALS = (tree.Number, tree.String, tree.AtLiteral, tree.Negation, tree.Invocation)


@builtin("range", "from")
def to_range(ev: Evaluation, value: Value) -> Value:
    """A range from its text; the ends are literals."""
    from bpm.feel.evaluate import Scope

    try:
        found = parse_expression(string(value, "from"))
    except FeelError:
        raise Fault("from: not a range") from None
    if not isinstance(found, tree.Range) or any(
        end is not None and not isinstance(end, _LITERALS) for end in (found.low, found.high)
    ):
        raise Fault("from: not a range of literals")
    return ev.run(found, Scope({}))
