"""Regular expressions whose time is bounded by text times pattern (XML Schema / XPath syntax, DMN 1.5 10.3.4.3).

A pattern becomes a small program of character tests, splits and saves; all its threads walk the text side by side
(Thompson 1968, Pike's captures), so no pattern can backtrack. What needs backtracking (back references,
look-around) is refused. Repetitions are unrolled; a program over `LARGEST` steps is refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from bpm.feel.budget import Budget

LARGEST = 2_000
DEEPEST = 40

Test = Callable[[str], bool]


class PatternError(ValueError):
    """Not a pattern, or one that would need backtracking."""


@dataclass(frozen=True, slots=True)
class Step:
    """`kind` is char, split, jump, save, start, end or match; `first`/`second` are targets or the save's slot."""

    kind: str
    test: Test | None = None
    first: int = 0
    second: int = 0


@dataclass(frozen=True, slots=True)
class Pattern:
    steps: tuple[Step, ...]
    groups: int
    many_lines: bool


@lru_cache(maxsize=256)
def compile_pattern(text: str, flags: str = "") -> Pattern:
    """A program for `text`. Flags: s, m, i, x, q. Raises PatternError."""
    if set(flags) - set("smixq"):
        raise PatternError("a flag is not one of s, m, i, x, q")
    reader = _Reader(text, flags)
    if "q" in flags:
        code = [_char(_same(character, "i" in flags)) for character in text]
    else:
        code = reader.alternatives()
        if reader.at < len(reader.text):
            raise PatternError("a bracket too many")
    program = [Step("save", first=0), *_moved(code, 1), Step("save", first=1), Step("match")]
    return Pattern(tuple(program), reader.groups, "m" in flags)


Match = tuple[tuple[int, int] | None, ...]


def search(pattern: Pattern, text: str, start: int, budget: Budget) -> Match | None:
    """The first match from `start` on: the spans of the whole and of each group. Spends a step per 4 thread moves."""
    slots = 2 * (pattern.groups + 1)
    threads: list[tuple[int, tuple[int, ...]]] = []
    best: tuple[int, ...] | None = None
    for at in range(start, len(text) + 1):
        seen: set[int] = set()
        active: list[tuple[int, tuple[int, ...]]] = []
        for step, saved in threads:
            _follow(pattern, step, saved, at, text, seen, active)
        if best is None:
            _follow(pattern, 0, (-1,) * slots, at, text, seen, active)
        budget.spend(1 + len(seen) // 4)
        threads = []
        for step, saved in active:
            code = pattern.steps[step]
            if code.kind == "match":
                best = saved
                break
            if at < len(text) and code.test is not None and code.test(text[at]):
                threads.append((step + 1, saved))
        if best is not None and not threads:
            break
    if best is None:
        return None
    pairs = zip(best[::2], best[1::2], strict=True)
    return tuple((low, high) if low >= 0 and high >= 0 else None for low, high in pairs)


def _follow(
    pattern: Pattern,
    step: int,
    saved: tuple[int, ...],
    at: int,
    text: str,
    seen: set[int],
    active: list[tuple[int, tuple[int, ...]]],
) -> None:
    """All character tests and matches that are reachable from `step` without reading, in order of preference."""
    waiting = [(step, saved)]
    while waiting:
        here, slots = waiting.pop()
        if here in seen:
            continue
        seen.add(here)
        code = pattern.steps[here]
        if code.kind in ("char", "match"):
            active.append((here, slots))
        elif code.kind == "split":
            waiting.append((code.second, slots))
            waiting.append((code.first, slots))
        elif code.kind == "jump":
            waiting.append((code.first, slots))
        elif code.kind == "save":
            waiting.append((here + 1, (*slots[: code.first], at, *slots[code.first + 1 :])))
        elif _holds(code.kind, at, text, pattern.many_lines):
            waiting.append((here + 1, slots))


def _holds(kind: str, at: int, text: str, many_lines: bool) -> bool:
    if kind == "start":
        return at == 0 or (many_lines and text[at - 1] == "\n" and at < len(text))
    return at == len(text) or (many_lines and text[at] == "\n")


# --- program parts; targets are relative to the part's own start ----------------------------------------------

Code = list[Step]


def _char(test: Test) -> Step:
    return Step("char", test)


def _moved(code: Code, by: int) -> Code:
    if len(code) + by > LARGEST:
        raise PatternError("the pattern is too large")
    return [
        Step(step.kind, step.test, step.first + by, step.second + by) if step.kind in ("split", "jump") else step
        for step in code
    ]


def _either(branches: list[Code]) -> Code:
    """Alternatives in order of preference, laid out in one pass."""
    length = sum(len(branch) + 2 for branch in branches) - 2
    result: Code = []
    for branch in branches[:-1]:
        here = len(result)
        result.append(Step("split", first=here + 1, second=here + len(branch) + 2))
        result.extend(_moved(branch, here + 1))
        result.append(Step("jump", first=length))
    result.extend(_moved(branches[-1], len(result)))
    return result


def _repeated(code: Code, least: int, most: int | None, lazy: bool) -> Code:
    """`least` copies, then optional ones that all leave to the same end, or a loop."""
    size = max(len(code), 1) + 1
    if max(least, most or 0) * size > LARGEST:
        raise PatternError("the pattern is too large")
    result: Code = []
    for _ in range(least):
        result.extend(_moved(code, len(result)))
    if most is None:
        here = len(result)
        result.append(_split(here + 1, here + len(code) + 2, lazy))
        result.extend(_moved(code, here + 1))
        result.append(Step("jump", first=here))
        return result
    end = len(result) + (most - least) * (len(code) + 1)
    for _ in range(most - least):
        result.append(_split(len(result) + 1, end, lazy))
        result.extend(_moved(code, len(result)))
    return result


def _split(into: int, out: int, lazy: bool) -> Step:
    return Step("split", first=out if lazy else into, second=into if lazy else out)


def _same(character: str, ignore_case: bool) -> Test:
    if not ignore_case:
        return lambda other: other == character
    folded = _cases(character)
    return lambda other: other in folded


def _cases(character: str) -> frozenset[str]:
    forms = {character, character.lower(), character.upper(), character.casefold()}
    if "k" in forms:
        forms.add("\u212a")
    return frozenset(form for form in forms if len(form) == 1)


_SPACES = frozenset(" \t\n\r")


def _digit(character: str) -> bool:
    return unicodedata.category(character) == "Nd"


def _word(character: str) -> bool:
    return unicodedata.category(character)[0] not in "PZC"


_CLASSES: dict[str, Test] = {
    "d": _digit,
    "w": _word,
    "s": lambda character: character in _SPACES,
    "i": lambda character: character.isalpha() or character in "_:",
    "c": lambda character: character.isalnum() or character in "_:.-",
}
_PLAIN = {"n": "\n", "r": "\r", "t": "\t"}
_LITERAL = frozenset("\\|.?*+(){}[]^$-")
_QUANTITY = re.compile(r"\{(\d{1,4})(,(\d{1,4})?)?\}", re.ASCII)
_BLOCKS = {"IsBasicLatin": (0, 0x7F), "IsLatin-1Supplement": (0x80, 0xFF), "IsGreek": (0x370, 0x3FF)}
_CATEGORIES = frozenset(
    (
        *("L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Ps", "Pe"),
        *("Pi", "Pf", "Po", "Z", "Zs", "Zl", "Zp", "S", "Sm", "Sc", "Sk", "So", "C", "Cc", "Cf", "Co", "Cn"),
    )
)


class _Reader:
    def __init__(self, text: str, flags: str) -> None:
        self.text = _without_spaces(text) if "x" in flags else text
        self.ignore_case = "i" in flags
        self.dot_all = "s" in flags
        self.at = 0
        self.groups = 0
        self.depth = 0

    def peek(self, text: str) -> bool:
        return self.text.startswith(text, self.at)

    def take(self, text: str) -> bool:
        if self.peek(text):
            self.at += len(text)
            return True
        return False

    def alternatives(self) -> Code:
        self.depth += 1
        if self.depth > DEEPEST:
            raise PatternError("too many brackets inside each other")
        branches = [self.branch()]
        while self.take("|"):
            branches.append(self.branch())
        self.depth -= 1
        return _either(branches) if len(branches) > 1 else branches[0]

    def branch(self) -> Code:
        result: Code = []
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            result.extend(_moved(self.quantified(self.atom()), len(result)))
        return result

    def quantified(self, code: Code) -> Code:
        found = _QUANTITY.match(self.text, self.at)
        if found is not None:
            least = int(found[1])
            most = least if found[2] is None else (int(found[3]) if found[3] else None)
            self.at = found.end()
            if most is not None and most < least:
                raise PatternError("a repetition ends before it starts")
            return _repeated(code, least, most, self.take("?"))
        for symbol, least, most in (("*", 0, None), ("+", 1, None), ("?", 0, 1)):
            if self.take(symbol):
                result = _repeated(code, least, most, self.take("?"))
                if self.at < len(self.text) and self.text[self.at] in "*+?":
                    raise PatternError("a repetition of a repetition")
                return result
        return code

    def atom(self) -> Code:
        character = self.text[self.at]
        self.at += 1
        if character == "(":
            return self.group()
        if character == "[":
            return [_char(self.character_class())]
        if character == ".":
            return [_char((lambda _: True) if self.dot_all else (lambda other: other not in "\n\r"))]
        if character in "^$":
            return [Step("start" if character == "^" else "end")]
        if character == "\\":
            test, literal = self.escape()
            return [_char(_same(literal, self.ignore_case) if literal else test)]
        if character in "*+?{}]":
            raise PatternError(f"{character!r} stands where a character is expected")
        return [_char(_same(character, self.ignore_case))]

    def group(self) -> Code:
        if self.take("?:"):
            code = self.alternatives()
        else:
            if self.peek("?"):
                raise PatternError("look-around and named groups are not supported")
            self.groups += 1
            slot = 2 * self.groups
            code = [Step("save", first=slot), *_moved(self.alternatives(), 1), Step("save", first=slot + 1)]
        if not self.take(")"):
            raise PatternError("a bracket is not closed")
        return code

    def escape(self) -> tuple[Test, str]:
        """A class, or the literal character (empty for a class)."""
        if self.at >= len(self.text):
            raise PatternError("a backslash at the end")
        character = self.text[self.at]
        self.at += 1
        if character in _PLAIN:
            return _same(_PLAIN[character], False), _PLAIN[character]
        if character in _LITERAL:
            return _same(character, False), character
        if character in "pP":
            return self.category(character == "P"), ""
        test = _CLASSES.get(character.lower())
        if test is None:
            raise PatternError(f"\\{character} is not supported")
        return (test if character.islower() else _not(test)), ""

    def category(self, negated: bool) -> Test:
        end = self.text.find("}", self.at)
        if not self.take("{") or end < 0:
            raise PatternError("\\p without a category")
        name = self.text[self.at : end]
        self.at = end + 1
        if name in _BLOCKS:
            low, high = _BLOCKS[name]
            test: Test = lambda other: low <= ord(other) <= high  # noqa: E731
        elif name in _CATEGORIES:
            test = lambda other: unicodedata.category(other).startswith(name)  # noqa: E731
        else:
            raise PatternError(f"no category {name!r}")
        return _not(test) if negated else test

    def character_class(self) -> Test:
        negated = self.take("^")
        tests: list[Test] = []
        first = True
        while not self.take("]"):
            if self.at >= len(self.text):
                raise PatternError("a class is not closed")
            if self.peek("-[") and not first:
                self.at += 2
                less = self.character_class()
                if not self.take("]"):
                    raise PatternError("a subtraction must stand at the end of a class")
                whole = _any_of(tests)
                return _minus(_not(whole) if negated else whole, less)
            tests.append(self.class_part(first))
            first = False
        if not tests:
            raise PatternError("an empty class")
        whole = _any_of(tests)
        return _not(whole) if negated else whole

    def class_part(self, first: bool) -> Test:
        test, low = self.class_character(first)
        if not low or not self.peek("-") or self.peek("-]") or self.peek("-["):
            return self.any_case(test) if low else test
        self.at += 1
        _, high = self.class_character(False)
        if not high or high < low:
            raise PatternError("a range of characters is upside down")
        return self.any_case(lambda other: low <= other <= high)

    def class_character(self, first: bool) -> tuple[Test, str]:
        if self.at >= len(self.text):
            raise PatternError("a class is not closed")
        character = self.text[self.at]
        self.at += 1
        if character == "\\":
            return self.escape()
        if character == "[" or (character == "-" and not first and not self.peek("]")):
            raise PatternError(f"{character!r} inside a class")
        return _same(character, False), character

    def any_case(self, test: Test) -> Test:
        if not self.ignore_case:
            return test
        return lambda other: any(test(form) for form in _cases(other))


def _not(test: Test) -> Test:
    return lambda other: not test(other)


def _any_of(tests: list[Test]) -> Test:
    frozen = tuple(tests)
    return lambda other: any(test(other) for test in frozen)


def _minus(test: Test, less: Test) -> Test:
    return lambda other: test(other) and not less(other)


def _without_spaces(text: str) -> str:
    """The `x` flag: white space is left out, but not inside a class."""
    kept = []
    depth = 0
    escaped = False
    for character in text:
        if not escaped and character == "[":
            depth += 1
        if not escaped and character == "]":
            depth -= 1
        if depth > 0 or character not in _SPACES:
            kept.append(character)
            escaped = character == "\\" and not escaped
    return "".join(kept)
