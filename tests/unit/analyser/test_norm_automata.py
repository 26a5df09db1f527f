"""Automata of norms against their definitions, written as sentences about words, and questions about sets of them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from itertools import product

import pytest

from bpm.analyser.automata import TooManyWords, automaton_of, containing, excluding, word_of
from bpm.analyser.normative import conflicts, redundancies
from bpm.model.norms import BINARY, UNARY, Norm

WORDS = [word for size in range(5) for word in product("ab*", repeat=size)]

MEANS: dict[str, Callable[[tuple[str, ...]], bool]] = {
    "existence": lambda w: w.count("a") >= 2,
    "absence": lambda w: w.count("a") <= 1,
    "init": lambda w: w[:1] == ("a",),
    "responded-existence": lambda w: "a" not in w or "b" in w,
    "response": lambda w: all("b" in w[i + 1 :] for i, it in enumerate(w) if it == "a"),
    "precedence": lambda w: all("a" in w[:i] for i, it in enumerate(w) if it == "b"),
    "succession": lambda w: MEANS["response"](w) and MEANS["precedence"](w),
    "alternate-response": lambda w: all(
        "b" in w[i + 1 :] and "a" not in w[i + 1 : w.index("b", i + 1)] for i, it in enumerate(w) if it == "a"
    ),
    "chain-response": lambda w: all(w[i + 1 : i + 2] == ("b",) for i, it in enumerate(w) if it == "a"),
    "chain-precedence": lambda w: all(i > 0 and w[i - 1] == "a" for i, it in enumerate(w) if it == "b"),
    "not-coexistence": lambda w: not ("a" in w and "b" in w),
    "exclusive-choice": lambda w: ("a" in w) != ("b" in w),
}


def norm(id: str, template: str, first: str, second: str = "", times: int | None = None) -> Norm:
    counted = times if times is not None else (1 if template != "absence" else 0)
    return Norm(
        id=id, template=template, first=(first,), second=(second,) if second else (), citation="c", times=counted
    )


@pytest.mark.parametrize("template", [*UNARY, *BINARY])
def test_an_automaton_accepts_what_its_template_says(template: str) -> None:
    times = {"existence": 2, "absence": 1}.get(template, 1)
    automaton = automaton_of(norm("n", template, "a", "" if template in UNARY else "b", times))
    opposite = automaton.opposite()
    for word in WORDS:
        assert automaton.accepts(word) is MEANS[template](word), word
        assert opposite.accepts(word) is not MEANS[template](word), word


def drawn(rng: random.Random, count: int, steps: str) -> tuple[Norm, ...]:
    found = []
    for number in range(count):
        template = rng.choice([*BINARY, "precedence", "response", "existence", "absence"])
        first, second = rng.sample(steps, 2)
        found.append(norm(f"n{number}", template, first, "" if template in UNARY else second))
    return tuple(found)


def test_questions_about_small_sets_agree_with_brute_force() -> None:
    seed = 7
    rng = random.Random(seed)
    words = [word for size in range(6) for word in product("xyz*", repeat=size)]
    for _ in range(40):
        norms = drawn(rng, 4, "xyz")
        automata = [automaton_of(one) for one in norms]
        good = [word for word in words if all(one.accepts(word) for one in automata)]
        for step in "xyz":
            chosen = excluding(containing(step), automata)
            assert chosen is None or not any(step in word for word in good), (seed, norms)
            if chosen is not None:
                assert word_of([containing(step), *(automata[it] for it in chosen)]) is None
                for left in chosen:  # minimal
                    rest = [automata[it] for it in chosen if it != left]
                    assert word_of([containing(step), *rest]) is not None
            elif not any(step in word for word in good):
                long = word_of([containing(step), *automata])
                assert long is not None
                assert len(long) > 5
        for found in redundancies(norms):
            others = [automaton_of(one) for one in found.by]
            bad = automaton_of(found.norm)
            assert not any(all(one.accepts(word) for one in others) and not bad.accepts(word) for word in words)


def test_dropping_all_redundant_norms_changes_nothing() -> None:
    rng = random.Random(11)
    words = [word for size in range(6) for word in product("xyz*", repeat=size)]
    for _ in range(20):
        norms = drawn(rng, 5, "xyz")
        gone = {found.norm.id for found in redundancies(norms)}
        for word in words:
            assert all(automaton_of(one).accepts(word) for one in norms) is all(
                automaton_of(one).accepts(word) for one in norms if one.id not in gone
            )


def test_twenty_norms_are_judged_within_three_seconds() -> None:
    slowest = 0.0
    for seed in range(3):
        norms = drawn(random.Random(seed), 20, "abcdefghijkl")
        began = time.perf_counter()
        conflicts(norms)
        redundancies(norms)
        slowest = max(slowest, time.perf_counter() - began)
    assert slowest < 3.0


def test_a_budget_ends_a_question_that_is_too_large() -> None:
    norms = [automaton_of(norm(f"n{it}", "existence", step, times=9)) for it, step in enumerate("abcdef")]
    with pytest.raises(TooManyWords):
        word_of([*norms, automaton_of(norm("z", "absence", "a"))], budget=20)


def test_two_equal_norms_leave_the_earlier_one() -> None:
    one, other = norm("früher", "response", "a", "b"), norm("später", "response", "a", "b")
    (found,) = redundancies((one, other))
    assert (found.norm.id, [by.id for by in found.by]) == ("später", ["früher"])
