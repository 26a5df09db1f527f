"""What if a rule did not exist: for every rule of a table a proof that it never decides, or cases that it decides.

A rule *never decides* if for every case, one with missing inputs too, the table without it gives what the table gives:
the same result, or no result where rules contradict each other. What a rule may change follows from the hit policy;
each such change is a region of the table's space (a box less some other boxes), and the rule never decides if all of
them are empty. Regions where the change is certain give a witness; where it depends on the case (two formulas) only
their emptiness is a proof, and else the rule stays *undecided*, with the reason.

- FIRST, and PRIORITY in the order of its output values: no stronger rule meets the case, and the next one (or the
  default) says something else.
- UNIQUE, ANY: no other rule meets the case, or those that do agree on something else (then the rule makes a conflict).
- RULE ORDER, OUTPUT ORDER, COLLECT: every match lengthens the list, so any case will do; COUNT likewise.
- SUM: any case, unless the rule adds zero. MIN, MAX: a case where all others give more (less).

Single verdicts do not add up: of two equal rules each never decides, yet one must stay. `core` therefore deletes one
after the other, from the last to the first and again until nothing more can go. What is left is *irredundant* (none of
it can be spared) and decides the same; it need not be the smallest such set.

These are proofs about the table as it stands, dates of norms aside. A rule that never decides may still give reasons,
fix fees elsewhere, count for statistics or keep evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from bpm.analyser.boxes import Box, Budget, common, neighbours, outside, with_missing
from bpm.analyser.examples import example_of
from bpm.analyser.outcomes import EVERY, LISTS, Outcomes, Unclear, outcomes
from bpm.analyser.tables import Geometry

WORK = 1_500_000
"""Looks at a pair of box and rule that one table may cost; half of it again for its core."""

SLICE = 60_000
"""Of these one rule may take so many, so that an entangled one does not starve the others."""

FILTERED = 4
"""So many rules are passed over, because they do not meet a box, in the time of one look."""

PAIRS = 2_000_000
"""Pairs of rules that meet; a table with more is given up at once, for its memory's sake."""

Change: TypeAlias = tuple[bool | None, Box, Sequence[Box]]
"""Whether the decision changes (None: it depends) wherever the box lies outside the others."""

TANGLED = {"de": "die Regeln sind zu verflochten", "en": "the rules are too entangled"}
FORMULAS = {
    "de": "ob sich das Ergebnis ändert, hängt von Formeln ab",
    "en": "whether the result changes depends on formulas",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """About one rule. `decisive` is False where that is proven, True with a `box` of cases that it decides, None where
    neither is known, with the `reason`. `only_missing`: it decides only where some input is missing."""

    decisive: bool | None
    box: Box | None = None
    only_missing: bool = False
    reason: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Core:
    """Rules (0-based) that decide the same as all, and those left out. `complete`: it is proven that none of the kept
    ones can be spared; else some of them are undecided."""

    kept: tuple[int, ...]
    dropped: tuple[int, ...]
    complete: bool


class Ablation:
    """One table under trial; `verdicts` by rule (0-based). Both results are worked out on demand and kept."""

    def __init__(self, shape: Geometry, *, work: int = WORK) -> None:
        self.shape = shape
        self.boxes = with_missing(shape.boxes)
        self.rules = [self.boxes.box(rule) for rule in range(self.boxes.count)]
        self.values = tuple(entry.values for entry in self.boxes.columns)
        self._budget = Budget(work)
        self._core_budget = Budget(work // 2)
        self._near: list[list[int]] = []
        self._verdicts: tuple[Verdict, ...] | None = None
        self._core: Core | None = None
        try:
            self._outcomes: Outcomes | Unclear = outcomes(shape)
        except Unclear as problem:
            self._outcomes = problem

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """One per rule."""
        if self._verdicts is None:
            if isinstance(self._outcomes, Unclear):
                self._verdicts = (Verdict(None, reason=self._outcomes.reason),) * self.boxes.count
            else:
                self._verdicts = self._all(self._outcomes)
        return self._verdicts

    def judge(self, rule: int, among: Sequence[bool]) -> Verdict:
        """About a rule (0-based) in the table that holds only some rules, itself among them."""
        if isinstance(self._outcomes, Unclear):
            return Verdict(None, reason=self._outcomes.reason)
        assert self.verdicts
        return self._judge(self._outcomes, rule, among, self._core_budget)

    def near(self, rule: int) -> tuple[int, ...]:
        """The rules (0-based) that some case meets together with this one."""
        assert self.verdicts
        return tuple(self._near[rule]) if self._near else ()

    @property
    def core(self) -> Core:
        """An irredundant set of rules with the same decisions."""
        if self._core is None:
            self._core = self._reduce()
        return self._core

    def example(self, box: Box) -> dict[str, Any]:
        """One case inside a box, as JSON values by input expression; null only where nothing else is inside."""
        return {
            entry.expression: example_of(entry, mask & entry.values or mask)
            for entry, mask in zip(self.boxes.columns, box, strict=True)
        }

    def changes(self, matched: Sequence[int], rule: int) -> bool | None:
        """Whether a case that meets `matched` (0-based, ascending, `rule` among them) is decided otherwise without
        the rule; None if that depends on more than which rules it meets."""
        if isinstance(self._outcomes, Unclear):
            return None
        others = [other for other in matched if other != rule]
        unknown = False
        for changed, _, around in _CHANGES[self._outcomes.policy](_Meeting(self, self._outcomes, rule, others)):
            if not around:
                if changed:
                    return True
                unknown = True
        return None if unknown else False

    # --- one rule ------------------------------------------------------------------------------------------------

    def _all(self, known: Outcomes) -> tuple[Verdict, ...]:
        left = PAIRS
        for _, near in neighbours(self.boxes):
            self._near.append(near)
            left -= len(near)
            if left < 0:
                self._near = []
                self._outcomes = Unclear(TANGLED["de"], TANGLED["en"])
                return (Verdict(None, reason=TANGLED),) * self.boxes.count
        everything = [True] * self.boxes.count
        return tuple(self._judge(known, rule, everything, self._budget) for rule in range(self.boxes.count))

    def _judge(self, known: Outcomes, rule: int, alive: Sequence[bool], budget: Budget) -> Verdict:
        near = [other for other in self._near[rule] if alive[other]]
        own = Budget(min(SLICE, budget.left))
        before = own.left
        verdict = self._search(known, rule, near, own)
        budget.take(before - own.left)
        return verdict

    def _search(self, known: Outcomes, rule: int, near: list[int], budget: Budget) -> Verdict:
        """Cases whose inputs are all there come first; only then those where some are missing."""
        open_question: Mapping[str, str] | None = None
        for missing in (False, True):
            whole = self.rules[rule] if missing else common(self.rules[rule], self.values)
            if any(mask == 0 for mask in whole):
                continue
            asked = _Asked(self, known, rule, near, whole)
            if not budget.take(asked.work):
                return Verdict(None, reason=TANGLED)
            for changed, box, others in _CHANGES[known.policy](asked):
                budget.take(len(others) // FILTERED)
                found, piece = outside(box, others, budget)
                if found is None:
                    return Verdict(None, reason=TANGLED)
                if found and changed:
                    return Verdict(True, piece, missing and open_question is None)
                if found:
                    open_question = FORMULAS
        return Verdict(None, reason=open_question) if open_question else Verdict(False)

    # --- all together --------------------------------------------------------------------------------------------

    def _reduce(self) -> Core:
        verdicts = self.verdicts
        count = self.boxes.count
        if isinstance(self._outcomes, Unclear):
            return Core(tuple(range(count)), (), False)
        alive, current = [True] * count, list(verdicts)
        todo, stale = list(reversed(range(count))), [False] * count
        while todo:
            changed: set[int] = set()
            for rule in todo:
                if stale[rule]:
                    current[rule] = self._judge(self._outcomes, rule, alive, self._core_budget)
                    stale[rule] = False
                if current[rule].decisive is False:
                    alive[rule] = False
                    for other in self._near[rule]:
                        stale[other] = True
                        changed.add(other)
            todo = sorted((rule for rule in changed if alive[rule] and stale[rule]), reverse=True)
        kept = tuple(rule for rule in range(count) if alive[rule])
        dropped = tuple(rule for rule in range(count) if not alive[rule])
        return Core(kept, dropped, all(current[rule].decisive for rule in kept))


# --- what a rule may change, by hit policy -----------------------------------------------------------------------


class _Asked:
    """The regions of one question; `near` are the rules that some case meets together with this one."""

    def __init__(self, of: Ablation, known: Outcomes, rule: int, near: list[int], whole: Box) -> None:
        self.known, self.rule, self.near, self.whole = known, rule, near, whole
        self.rules = of.rules

    @property
    def work(self) -> int:
        """Comparisons of outputs that the question may cost."""
        return 1 + len(self.near) * (len(self.near) if self.known.policy in ("UNIQUE", "ANY") else 1)

    def region(self, changed: bool | None, shared: int | None, others: Sequence[int]) -> Change:
        """This rule's box, shared with another rule (or not), outside of others."""
        box = self.whole if shared is None else common(self.whole, self.rules[shared])
        return changed, box, [self.rules[other] for other in others]


class _Meeting(_Asked):
    """The same question about one case: `near` are the other rules it meets, so a region holds the case exactly if
    nothing is taken out of it."""

    def __init__(self, of: Ablation, known: Outcomes, rule: int, near: list[int]) -> None:
        super().__init__(of, known, rule, near, ())

    def region(self, changed: bool | None, shared: int | None, others: Sequence[int]) -> Change:
        return changed, (), [()] * len(others)


def _in_order(asked: _Asked) -> Iterator[Change]:
    """FIRST and PRIORITY."""
    known, rule = asked.known, asked.rule
    strength = known.strength
    mine = strength[rule]
    if mine is None or any(strength[other] is None for other in asked.near):
        yield asked.region(None, None, ())
        return
    near = sorted(asked.near, key=lambda other: strength[other] or ())
    stronger = [other for other in near if (strength[other] or ()) < mine]
    weaker = near[len(stronger) :]
    changed = known.differ_from_default(rule)
    if changed is not False:
        yield asked.region(changed, None, near)
    for position, other in enumerate(weaker):
        changed = known.differ(rule, other)
        if changed is not False:
            yield asked.region(changed, other, [*stronger, *weaker[:position]])


def _agreed(asked: _Asked) -> Iterator[Change]:
    """UNIQUE and ANY."""
    known, rule, near = asked.known, asked.rule, asked.near
    changed = known.differ_from_default(rule)
    if changed is not False:
        yield asked.region(changed, None, near)
    for other in near:
        changed = known.differ(rule, other)
        if changed is False:
            continue
        certain = [third for third in near if third != other and known.differ(third, other)]
        possible = [third for third in near if third != other and known.differ(third, other) is not False]
        if changed:
            yield asked.region(True, other, possible)
        if not changed or len(certain) < len(possible):
            yield asked.region(None, other, certain)


def _listed(asked: _Asked) -> Iterator[Change]:
    """RULE ORDER, OUTPUT ORDER, COLLECT and COUNT: with another match the result is another one."""
    changed = asked.known.differ_from_default(asked.rule)
    if changed:
        yield asked.region(True, None, ())
        return
    for other in asked.near:
        yield asked.region(True, other, ())
    if changed is None:
        yield asked.region(None, None, asked.near)


def _added(asked: _Asked) -> Iterator[Change]:
    """SUM."""
    changed = asked.known.differ_from_default(asked.rule)
    if changed is not False:
        yield asked.region(changed, None, asked.near)
    if asked.known.number(asked.rule) != 0:
        for other in asked.near:
            yield asked.region(True, other, ())


def _extreme(asked: _Asked, sign: int) -> Iterator[Change]:
    known, rule, near = asked.known, asked.rule, asked.near
    mine = known.number(rule)
    blocking = [other for other in near if sign * _compare(known.number(other), mine) <= 0]
    changed = known.differ_from_default(rule)
    if changed is not False:
        yield asked.region(changed, None, near)
    for other in near:
        if other not in blocking:
            yield asked.region(True, other, blocking)


def _compare(left: Any, right: Any) -> int:
    return -1 if left < right else int(left > right)


_CHANGES: Mapping[str, Callable[[_Asked], Iterator[Change]]] = {
    "FIRST": _in_order,
    "PRIORITY": _in_order,
    "UNIQUE": _agreed,
    "ANY": _agreed,
    **dict.fromkeys(LISTS, _listed),
    EVERY: _listed,
    "SUM": _added,
    "MIN": lambda asked: _extreme(asked, 1),
    "MAX": lambda asked: _extreme(asked, -1),
}
