"""Texts (DMN 1.5, table 69). Characters are Unicode code points; patterns run in linear time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpm.feel.builtins.registry import builtin, listed, string, whole
from bpm.feel.regex import Match, Pattern, PatternError, compile_pattern, search
from bpm.feel.values import Fault, Value

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from bpm.feel.evaluate import Evaluation


@builtin("substring", "string, start position, length", required=2)
def substring(ev: Evaluation, text: Value, start: Value, length: Value = None) -> Value:
    whole_text, at = string(text, "string"), whole(start, "start position")
    if at == 0 or abs(at) > len(whole_text):
        raise Fault("start position: outside the string")
    first = at - 1 if at > 0 else len(whole_text) + at
    if length is None:
        return whole_text[first:]
    count = _count(length)
    if count < 1:
        raise Fault("length: at least 1 expected")
    return whole_text[first : first + count]


def _count(length: Decimal) -> int:
    return whole(length.to_integral_value("ROUND_FLOOR") if hasattr(length, "to_integral_value") else length, "length")


@builtin("string length", "string")
def string_length(ev: Evaluation, text: Value) -> Value:
    from decimal import Decimal

    return Decimal(len(string(text, "string")))


@builtin("upper case", "string")
def upper_case(ev: Evaluation, text: Value) -> Value:
    return string(text, "string").upper()


@builtin("lower case", "string")
def lower_case(ev: Evaluation, text: Value) -> Value:
    return string(text, "string").lower()


@builtin("substring before", "string, match")
def substring_before(ev: Evaluation, text: Value, match: Value) -> Value:
    before, found, _ = _parted(text, match)
    return before if found else ""


@builtin("substring after", "string, match")
def substring_after(ev: Evaluation, text: Value, match: Value) -> Value:
    _, found, after = _parted(text, match)
    return after if found else ""


def _parted(text: Value, match: Value) -> tuple[str, bool, str]:
    whole_text, part = string(text, "string"), string(match, "match")
    at = whole_text.find(part)
    return whole_text[: max(at, 0)], at >= 0, whole_text[at + len(part) :]


@builtin("contains", "string, match")
def contains(ev: Evaluation, text: Value, match: Value) -> Value:
    return string(match, "match") in string(text, "string")


@builtin("starts with", "string, match")
def starts_with(ev: Evaluation, text: Value, match: Value) -> Value:
    return string(text, "string").startswith(string(match, "match"))


@builtin("ends with", "string, match")
def ends_with(ev: Evaluation, text: Value, match: Value) -> Value:
    return string(text, "string").endswith(string(match, "match"))


@builtin("string join", "list, delimiter, prefix, suffix", required=1, lists=(0,))
def string_join(
    ev: Evaluation, items: Value, delimiter: Value = None, prefix: Value = None, suffix: Value = None
) -> Value:
    texts = [string(item, "list") for item in listed(items) if item is not None]
    if (prefix is None) != (suffix is None):
        raise Fault("prefix and suffix: both or none expected")
    between = "" if delimiter is None else string(delimiter, "delimiter")
    around = [("" if part is None else string(part, "prefix")) for part in (prefix, suffix)]
    ev.budget.spend(len(texts))
    ev.budget.afford(sum(map(len, texts)) + len(between) * len(texts) + sum(map(len, around)))
    return around[0] + between.join(texts) + around[1]


# --- patterns ------------------------------------------------------------------------------------------------


def _pattern(pattern: Value, flags: Value) -> Pattern:
    try:
        return compile_pattern(string(pattern, "pattern"), "" if flags is None else string(flags, "flags"))
    except PatternError as error:
        raise Fault(f"pattern: {error}") from None


def _found(ev: Evaluation, pattern: Pattern, text: str) -> Iterator[Match]:
    """All matches, left to right, none overlapping."""
    at = 0
    while at <= len(text):
        match = search(pattern, text, at, ev.budget)
        if match is None or match[0] is None:
            return
        yield match
        low, high = match[0]
        at = high if high > low else high + 1


@builtin("matches", "input, pattern, flags", required=2)
def matches(ev: Evaluation, text: Value, pattern: Value, flags: Value = None) -> Value:
    return search(_pattern(pattern, flags), string(text, "input"), 0, ev.budget) is not None


@builtin("replace", "input, pattern, replacement, flags", required=3)
def replace(ev: Evaluation, text: Value, pattern: Value, replacement: Value, flags: Value = None) -> Value:
    whole_text, new = string(text, "input"), string(replacement, "replacement")
    program = _pattern(pattern, flags)
    literal = flags is not None and "q" in flags
    if not literal:
        _checked_replacement(new)
        if search(program, "", 0, ev.budget) is not None:
            raise Fault("pattern: it matches the empty text")
    parts: list[str] = []
    last = size = 0
    for match in _found(ev, program, whole_text):
        low, high = match[0] or (0, 0)
        filled = new if literal else _filled(new, whole_text, match)
        size += low - last + len(filled)
        ev.budget.afford(size)
        parts += (whole_text[last:low], filled)
        last = high
    return "".join(parts) + whole_text[last:]


def _checked_replacement(new: str) -> None:
    at = 0
    while at < len(new):
        if new[at] == "\\" and new[at + 1 : at + 2] not in ("\\", "$"):
            raise Fault("replacement: a backslash stands before \\ or $ only")
        if new[at] == "$" and not new[at + 1 : at + 2].isdigit():
            raise Fault("replacement: $ stands before a number")
        at += 2 if new[at] in "\\$" else 1


def _filled(new: str, text: str, match: Match) -> str:
    parts: list[str] = []
    at = 0
    while at < len(new):
        if new[at] == "\\":
            parts.append(new[at + 1])
            at += 2
        elif new[at] == "$":
            at += 1
            number = int(new[at])
            at += 1
            while at < len(new) and new[at].isdigit() and number * 10 + int(new[at]) < len(match):
                number = number * 10 + int(new[at])
                at += 1
            span = match[number] if number < len(match) else None
            parts.append("" if span is None else text[span[0] : span[1]])
        else:
            parts.append(new[at])
            at += 1
    return "".join(parts)


@builtin("split", "string, delimiter")
def split(ev: Evaluation, text: Value, delimiter: Value) -> Value:
    whole_text = string(text, "string")
    program = _pattern(delimiter, None)
    if search(program, "", 0, ev.budget) is not None:
        raise Fault("delimiter: it matches the empty text")
    parts: list[Value] = []
    last = 0
    for match in _found(ev, program, whole_text):
        low, high = match[0] or (0, 0)
        parts.append(whole_text[last:low])
        last = high
    return [*parts, whole_text[last:]]
