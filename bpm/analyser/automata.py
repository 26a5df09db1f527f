"""Norms of order as finite automata, and questions about several of them: is there a word that all accept?

One automaton per DECLARE template over three symbols: something else, `first`, `second` (Di Ciccio, Mecella, 2015; De
Giacomo, Vardi, 2013). A word is a sequence of step ids. Questions about many norms are asked lazily: a word is sought
for few of them, and a norm that rejects it joins them, so that norms without a part in the answer cost nothing
(counterexample-guided). Every answer is exact within the budget of product states.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count

from bpm.errors import LichtungError
from bpm.model.norms import Norm

OTHER, FIRST, SECOND = 0, 1, 2

STATES = 200_000
"""Product states that one question may look at."""


class TooManyWords(LichtungError):
    """A question about several norms met more product states than it may."""


@dataclass(frozen=True, slots=True)
class Automaton:
    """`table[state][symbol]` is the next state, 0 the first one. From a state outside `alive` no word is accepted."""

    first: frozenset[str]
    second: frozenset[str]
    table: tuple[tuple[int, int, int], ...]
    accepting: frozenset[int]
    alive: frozenset[int]

    def symbol(self, step: str) -> int:
        return FIRST if step in self.first else SECOND if step in self.second else OTHER

    def accepts(self, word: Iterable[str]) -> bool:
        state = 0
        for step in word:
            state = self.table[state][self.symbol(step)]
        return state in self.accepting

    def opposite(self) -> Automaton:
        """Accepts what this one rejects."""
        rejecting = frozenset(range(len(self.table))) - self.accepting
        return _automaton(self.first, self.second, self.table, rejecting)


def _automaton(
    first: Iterable[str], second: Iterable[str], table: Sequence[tuple[int, int, int]], accepting: Iterable[int]
) -> Automaton:
    good = set(accepting)
    alive = set(good)
    grown = True
    while grown:
        more = {state for state, targets in enumerate(table) if state not in alive and alive & set(targets)}
        alive |= more
        grown = bool(more)
    return Automaton(frozenset(first), frozenset(second), tuple(table), frozenset(good), frozenset(alive))


_TABLES: dict[str, tuple[tuple[tuple[int, int, int], ...], tuple[int, ...]]] = {
    # rows by state: (something else, first, second)
    "init": (((2, 1, 2), (1, 1, 1), (2, 2, 2)), (1,)),
    "responded-existence": (((0, 1, 2), (1, 1, 2), (2, 2, 2)), (0, 2)),
    "response": (((0, 1, 0), (1, 1, 0)), (0,)),
    "precedence": (((0, 1, 2), (1, 1, 1), (2, 2, 2)), (0, 1)),
    "succession": (((0, 1, 3), (1, 1, 2), (2, 1, 2), (3, 3, 3)), (0, 2)),
    "alternate-response": (((0, 1, 0), (1, 2, 0), (2, 2, 2)), (0,)),
    "chain-response": (((0, 1, 0), (2, 2, 0), (2, 2, 2)), (0,)),
    "chain-precedence": (((0, 1, 2), (0, 1, 0), (2, 2, 2)), (0, 1)),
    "not-coexistence": (((0, 1, 2), (1, 1, 3), (2, 3, 2), (3, 3, 3)), (0, 1, 2)),
    "exclusive-choice": (((0, 1, 2), (1, 1, 3), (2, 3, 2), (3, 3, 3)), (1, 2)),
}
_TABLES["deadline"] = _TABLES["response"]
_TABLES["separation"] = _TABLES["not-coexistence"]


def automaton_of(norm: Norm) -> Automaton:
    """The automaton of a norm: of a deadline that it is met at some time, of a separation that one excludes the other
    (so its rejection says that both are done)."""
    if norm.template in ("existence", "absence"):
        last = norm.times if norm.template == "existence" else norm.times + 1
        rows = [(state, min(state + 1, last), state) for state in range(last + 1)]
        accepting = [last] if norm.template == "existence" else range(last)
        return _automaton(norm.first, norm.second, rows, accepting)
    table, good = _TABLES[norm.template]
    return _automaton(norm.first, norm.second, table, good)


def containing(step: str) -> Automaton:
    """Accepts the words in which a step occurs."""
    return _automaton((step,), (), ((0, 1, 0), (1, 1, 1)), (1,))


def word_of(automata: Sequence[Automaton], budget: int = STATES) -> tuple[str, ...] | None:
    """A word that all accept (`*` is any other step); None if there is none.

    Raises:
        TooManyWords: more product states than `budget`.
    """
    steps = sorted({step for one in automata for step in (*one.first, *one.second)})
    letters: dict[tuple[int, ...], str] = {}
    for step in (*steps, "*"):
        letters.setdefault(tuple(one.symbol(step) for one in automata), step)
    start = (0,) * len(automata)
    if any(0 not in one.alive for one in automata):
        return None
    came: dict[tuple[int, ...], tuple[tuple[int, ...], str] | None] = {start: None}
    turn = count()
    queue = [(0, next(turn), start)]
    while queue:
        _, _, here = heapq.heappop(queue)
        if all(state in one.accepting for state, one in zip(here, automata, strict=True)):
            return _unwound(came, here)
        for symbols, letter in letters.items():
            there = tuple(one.table[state][it] for one, state, it in zip(automata, here, symbols, strict=True))
            if there in came or any(state not in one.alive for state, one in zip(there, automata, strict=True)):
                continue
            if len(came) >= budget:
                raise TooManyWords("too-many-words", f"more than {budget} product states")
            came[there] = (here, letter)
            # what lacks least goes first: a word, where there is one, is found long before all states are seen
            lacking = sum(state not in one.accepting for state, one in zip(there, automata, strict=True))
            heapq.heappush(queue, (lacking, next(turn), there))
    return None


def _unwound(came: dict[tuple[int, ...], tuple[tuple[int, ...], str] | None], last: tuple[int, ...]) -> tuple[str, ...]:
    word: list[str] = []
    step = came[last]
    while step is not None:
        last, letter = step
        word.append(letter)
        step = came[last]
    return tuple(reversed(word))


def excluding(wanted: Automaton, others: Sequence[Automaton]) -> tuple[int, ...] | None:
    """A minimal set of `others` (0-based) that no word of `wanted` meets; None if a word of `wanted` meets all.

    Raises:
        TooManyWords: more product states than allowed.
    """
    chosen: list[int] = []
    while True:
        word = word_of([wanted, *(others[it] for it in chosen)])
        if word is None:
            break
        failing = next((it for it, one in enumerate(others) if it not in chosen and not one.accepts(word)), None)
        if failing is None:
            return None
        chosen.append(failing)
    for candidate in list(chosen):
        rest = [it for it in chosen if it != candidate]
        if word_of([wanted, *(others[it] for it in rest)]) is None:
            chosen = rest
    return tuple(sorted(chosen))
