"""Lists (DMN 1.5, table 70) and sorting (table 77)."""

from __future__ import annotations

from decimal import Decimal
from functools import cmp_to_key
from typing import TYPE_CHECKING

from bpm.errors import BudgetExceeded
from bpm.feel.builtins.registry import builtin, listed, spread, whole
from bpm.feel.values import DEEPEST, FUNCTIONS, Fault, Value, equal, kind, order

if TYPE_CHECKING:
    from bpm.feel.evaluate import Evaluation


@builtin("list contains", "list, element", lists=(0, 1))
def list_contains(ev: Evaluation, items: Value, element: Value) -> Value:
    return any(equal(item, element, ev.budget) is True for item in _walked(ev, items))


def _walked(ev: Evaluation, items: Value) -> list[Value]:
    found = listed(items)
    ev.budget.spend(len(found))
    return found


@builtin("count", "list", lists=(0,))
def count(ev: Evaluation, items: Value) -> Value:
    return Decimal(len(listed(items)))


@builtin("min", "list", required=1, variadic=True)
def smallest(ev: Evaluation, *arguments: Value) -> Value:
    return _extreme(ev, arguments, -1)


@builtin("max", "list", required=1, variadic=True)
def largest(ev: Evaluation, *arguments: Value) -> Value:
    return _extreme(ev, arguments, 1)


def _extreme(ev: Evaluation, arguments: tuple[Value, ...], sign: int) -> Value:
    items = _walked(ev, spread(arguments))
    if not items:
        return None
    best = items[0]
    for item in items:
        found = order(item, best)
        if found is None:
            raise Fault(f"no order between {kind(item)} and {kind(best)}")
        if found * sign > 0:
            best = item
    return best


@builtin("all", "list", required=1, variadic=True)
def every(ev: Evaluation, *arguments: Value) -> Value:
    return _decided(ev, arguments, False)


@builtin("any", "list", required=1, variadic=True)
def some(ev: Evaluation, *arguments: Value) -> Value:
    return _decided(ev, arguments, True)


def _decided(ev: Evaluation, arguments: tuple[Value, ...], decisive: bool) -> Value:
    items = _walked(ev, spread(arguments))
    if any(item is decisive for item in items):
        return decisive
    if all(item is not decisive and isinstance(item, bool) for item in items):
        return not decisive
    raise Fault("an element is not boolean")


@builtin("not", "negand")
def negation(ev: Evaluation, value: Value) -> Value:
    if not isinstance(value, bool):
        raise Fault(f"not {kind(value)}")
    return not value


@builtin("sublist", "list, start position, length", required=2, lists=(0,))
def sublist(ev: Evaluation, items: Value, start: Value, length: Value = None) -> Value:
    found, at = listed(items), whole(start, "start position")
    if at == 0 or abs(at) > len(found):
        raise Fault("start position: outside the list")
    first = at - 1 if at > 0 else len(found) + at
    if length is None:
        return found[first:]
    size = whole(length, "length")
    if size < 1 or first + size > len(found):
        raise Fault("length: outside the list")
    return found[first : first + size]


@builtin("append", "list, item", required=1, variadic=True)
def append(ev: Evaluation, items: Value, *new: Value) -> Value:
    return [*_walked(ev, items), *new]


@builtin("concatenate", "list", required=1, variadic=True)
def concatenate(ev: Evaluation, *lists: Value) -> Value:
    return [item for part in lists for item in _walked(ev, part)]


@builtin("insert before", "list, position, newItem", lists=(0, 2))
def insert_before(ev: Evaluation, items: Value, position: Value, new: Value) -> Value:
    found = _walked(ev, items)
    at = _position(found, position)
    return [*found[:at], new, *found[at:]]


@builtin("remove", "list, position", lists=(0,))
def remove(ev: Evaluation, items: Value, position: Value) -> Value:
    found = _walked(ev, items)
    at = _position(found, position)
    return [*found[:at], *found[at + 1 :]]


def _position(items: list[Value], position: Value) -> int:
    at = whole(position, "position")
    if at == 0 or abs(at) > len(items):
        raise Fault("position: outside the list")
    return at - 1 if at > 0 else len(items) + at


@builtin("list replace", "list, position, newItem", "list, match, newItem", lists=(0, 2))
def list_replace(ev: Evaluation, items: Value, where: Value, new: Value) -> Value:
    if items is None:
        raise Fault("list: a list expected, not null")
    found = _walked(ev, items)
    if isinstance(where, FUNCTIONS):
        if len(getattr(where, "parameters", ("", ""))) != 2:
            raise Fault("match: a function of two parameters expected")
        return [new if _chosen(ev.call(where, [item, new])) else item for item in found]
    at = _position(found, where)
    return [*found[:at], new, *found[at + 1 :]]


def _chosen(result: Value) -> bool:
    if not isinstance(result, bool):
        raise Fault(f"match: a boolean expected, not {kind(result)}")
    return result


@builtin("reverse", "list", lists=(0,))
def reverse(ev: Evaluation, items: Value) -> Value:
    return _walked(ev, items)[::-1]


@builtin("index of", "list, match", lists=(0, 1))
def index_of(ev: Evaluation, items: Value, match: Value) -> Value:
    return [Decimal(at) for at, item in enumerate(_walked(ev, items), 1) if equal(item, match, ev.budget) is True]


@builtin("union", "list", required=1, variadic=True)
def union(ev: Evaluation, *lists: Value) -> Value:
    return distinct_values(ev, concatenate(ev, *lists))


@builtin("distinct values", "list", lists=(0,))
def distinct_values(ev: Evaluation, items: Value) -> Value:
    kept: list[Value] = []
    for item in _walked(ev, items):
        if not any(equal(item, other, ev.budget) is True for other in kept):
            kept.append(item)
    return kept


@builtin("flatten", "list", lists=(0,))
def flatten(ev: Evaluation, items: Value) -> Value:
    flat: list[Value] = []
    waiting: list[tuple[Value, int]] = [(listed(items), 0)]
    while waiting:
        item, depth = waiting.pop()
        ev.budget.spend(1)
        if not isinstance(item, list):
            flat.append(item)
            continue
        if depth > DEEPEST:
            raise BudgetExceeded("lists inside each other", DEEPEST)
        waiting.extend((part, depth + 1) for part in reversed(item))
    return flat


@builtin("sort", "list, precedes", required=1, lists=(0,))
def sort(ev: Evaluation, items: Value, precedes: Value = None) -> Value:
    found = _walked(ev, items)
    if precedes is not None and not isinstance(precedes, FUNCTIONS):
        raise Fault("precedes: a function expected")

    def compare(left: Value, right: Value) -> int:
        ev.budget.spend(1)
        if precedes is None:
            sign = order(left, right)
            if sign is None:
                raise Fault(f"no order between {kind(left)} and {kind(right)}")
            return sign
        if ev.call(precedes, [left, right]) is True:
            return -1
        return 1 if ev.call(precedes, [right, left]) is True else 0

    return sorted(found, key=cmp_to_key(compare))
