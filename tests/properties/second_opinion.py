"""Three opinions about a table: boxes and the checks built on them, z3, and every case of a grid through `decide`.

`disagreements` names everything on which they differ. Where a table is no set of boxes, the first opinion is left out.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from bpm.analyser.ablation import Ablation
from bpm.analyser.boxes import gaps, merge_groups, neighbours, overlaps, with_missing
from bpm.analyser.catalogue import load
from bpm.analyser.finding import Finding
from bpm.analyser.proofs import Proofs, Shown
from bpm.analyser.tables import Geometry, NotBoxes, geometry
from bpm.errors import NotTranslatable
from bpm.feel import matches, parse_unary_tests
from tests.properties.tables import ORDERED, Trial, decided, inputs

NO_RESULT = "no result"


class Opinions:
    """One table before all three. `solver` is a z3 context, or None where only boxes and the grid are asked."""

    def __init__(self, trial: Trial, solver: Any) -> None:
        self.trial, self.table = trial, trial.table
        self.rules = range(len(trial.table.rules))
        shape = geometry(trial.at)
        self.shape: Geometry | None = None if isinstance(shape, NotBoxes) else shape
        self.proofs: Proofs | None = None
        if solver is not None:
            try:
                self.proofs = Proofs(trial.at, context=solver)
            except NotTranslatable:
                self.proofs = None

    def disagreements(self) -> Iterator[str]:
        """What somebody sees otherwise than the grid."""
        yield from self.gap()
        yield from self.pairs()
        yield from self.contradictions()
        yield from self.unreachable()
        yield from self.subsumed()
        yield from self.merged()
        yield from self.never_decisive()

    def doubt(
        self, what: str, shown: Shown, expected: bool, holds: Callable[[Mapping[str, Any]], bool]
    ) -> Iterator[str]:
        """z3 beside the grid; where cells calculate, a case between its points counts if `decide` confirms it."""
        if shown.possible is expected:
            if expected and not (shown.case is not None and holds(shown.case)):
                yield f"{what}: z3 shows {shown.case}, which is no such case"
        elif not (shown.possible and self.trial.calculated and shown.case is not None and holds(shown.case)):
            yield f"{what}: z3 says {shown}, the grid {expected}"

    # --- by the grid ---------------------------------------------------------------------------------------------

    def outputs(self, rule: int) -> Any:
        return self.table.rules[rule].outputs

    def meeting(self, cases: Iterable[tuple[Any, tuple[int, ...]]]) -> set[tuple[int, int]]:
        return {pair for _, met in cases for pair in itertools.combinations(met, 2)}

    def strength(self, rule: int) -> Any:
        """Lower goes first, for FIRST and PRIORITY."""
        if self.table.hit_policy == "FIRST":
            return rule
        orders = [(clause.values or "").split(", ") for clause in self.table.outputs]
        return (*(order.index(text) for order, text in zip(orders, self.outputs(rule), strict=True)), rule)

    def stronger(self, rule: int) -> list[int]:
        """Rules that take cases away from this one."""
        policy = self.table.hit_policy
        if policy in ("FIRST", "PRIORITY"):
            return [other for other in self.rules if self.strength(other) < self.strength(rule)]
        if policy in ("UNIQUE", "ANY"):
            return [other for other in self.rules if self.outputs(other) != self.outputs(rule)]
        return []

    # --- the questions -------------------------------------------------------------------------------------------

    def gap(self) -> Iterator[str]:
        open_cases = [case for case, met in self.trial.cases if not met and None not in case]
        if self.shape is not None:
            found = gaps(self.shape.boxes)
            if found.exists is not bool(open_cases):
                yield f"gap: boxes say {found.exists}, the grid {open_cases[:1]}"
            texts = [[parse_unary_tests(text) for text in self.shape.texts(box).values()] for box in found.boxes]
            for case, met in self.trial.cases:
                if None not in case and any(_inside(case, box) for box in texts) and met:
                    yield f"gap: {case} is said to be none, but meets {met}"
                if None not in case and not met and found.complete and not any(_inside(case, box) for box in texts):
                    yield f"gap: {case} is in none of the boxes that should be all"
        if self.proofs is not None:
            yield from self.doubt("gap", self.proofs.gap(), bool(open_cases), lambda case: not self.trial.met(case))

    def pairs(self) -> Iterator[str]:
        usual, every = self.meeting(self.trial.usual), self.meeting(self.trial.cases)
        if self.shape is not None:
            if (found := set(overlaps(self.shape.boxes))) != usual:
                yield f"overlap: boxes say {sorted(found)}, the grid {sorted(usual)}"
            near = neighbours(with_missing(self.shape.boxes))
            if (found := {(rule, other) for rule, others in near for other in others if other > rule}) != every:
                yield f"overlap with missing inputs: boxes say {sorted(found)}, the grid {sorted(every)}"
        if self.proofs is not None:
            for pair in itertools.combinations(self.rules, 2):
                yield from self.doubt(
                    f"overlap of {pair}", self.proofs.together(*pair), pair in usual,
                    lambda case, both=set(pair): both <= set(self.trial.met(case)),
                )  # fmt: skip

    def contradictions(self) -> Iterator[str]:
        if self.table.hit_policy not in ("UNIQUE", "ANY"):
            return
        usual = self.meeting(self.trial.usual)
        expected = {(one, two) for one, two in usual if self.outputs(one) != self.outputs(two)}
        for case, met in self.trial.cases:
            against = any(self.outputs(one) != self.outputs(met[0]) for one in met)
            if (self.trial.results[case] == NO_RESULT) != against:
                yield f"contradiction: decide() and the rules met disagree on {case}"
        if self.shape is not None:
            found = {(it.rules[0] - 1, it.rules[1] - 1) for it in self.findings("RC02")}
            if found != expected:
                yield f"contradiction: boxes say {sorted(found)}, the grid {sorted(expected)}"
        if self.proofs is not None:
            for pair in itertools.combinations(self.rules, 2):
                yield from self.doubt(
                    f"contradiction of {pair}", self.proofs.contradiction(*pair), pair in expected,
                    lambda case: decided(self.trial.prepared, case) == NO_RESULT,
                )  # fmt: skip

    def unreachable(self) -> Iterator[str]:
        cases = [set(met) for _, met in self.trial.usual]
        alike = [frozenset(at for at, met in enumerate(cases) if rule in met) for rule in self.rules]
        expected: set[int] = set()
        for rule in self.rules:
            strong = set(self.stronger(rule))
            if self.table.hit_policy in ("UNIQUE", "ANY"):
                strong = {it for it in strong if alike[it] != alike[rule]}  # two rows against each other are RC02
            if not any(rule in met and not met & strong for met in cases):
                expected.add(rule)
            if self.proofs is not None:
                shown = self.proofs.alone(rule, sorted(strong))
                yield from self.doubt(
                    f"reaching rule {rule}", shown, rule not in expected,
                    lambda case, it=rule, no=strong: it in self.trial.met(case) and not no & set(self.trial.met(case)),
                )  # fmt: skip
                if shown.possible is False:
                    yield from self.masks(rule, shown.rules, "z3", cases)
        if self.shape is not None:
            findings = self.findings("RC05")
            if (found := {it.rules[0] - 1 for it in findings}) != expected:
                yield f"unreachable: boxes say {sorted(found)}, the grid {sorted(expected)}"
            for finding in findings:
                yield from self.masks(finding.rules[0] - 1, [it - 1 for it in finding.rules[1:]], "boxes", cases)

    def masks(self, rule: int, by: Sequence[int], who: str, cases: Sequence[set[int]]) -> Iterator[str]:
        """That the rules named take every case, and that none of them could be spared."""
        mine = [met for met in cases if rule in met]
        if not all(met & set(by) for met in mine):
            yield f"unreachable: {who} let {by} mask rule {rule}, but not in every case"
        coarse = self.trial.calculated  # between the points of the grid there may be a case that needs all
        if not coarse and any(all(met & (set(by) - {one}) for met in mine) for one in by):
            yield f"unreachable: {who} let {by} mask rule {rule}, and one could be spared"

    def subsumed(self) -> Iterator[str]:
        policy, aggregation = self.table.hit_policy, self.table.aggregation
        if self.shape is None or policy in ("RULE ORDER", "OUTPUT ORDER") or len(self.rules) < 2:
            return
        if policy == "COLLECT" and aggregation not in ("MIN", "MAX"):
            return
        expected = {rule for rule in self.rules if any(self.says_it(rule, other) for other in self.rules)}
        found = {it.rules[0] - 1 for it in self.findings("RC04")}
        if found != expected:
            yield f"subsumed: boxes say {sorted(found)}, the grid {sorted(expected)}"

    def says_it(self, rule: int, other: int) -> bool:
        """Whether `other` answers every case of `rule`, one with gaps too, as it does, and nothing between them."""
        cases = self.trial.cases
        if rule == other or self.outputs(rule) != self.outputs(other):
            return False
        if not any(rule in met for _, met in self.trial.usual):
            return False
        if not all(other in met for _, met in cases if rule in met):
            return False
        if rule < other and all(rule in met for _, met in cases if other in met):
            return False
        if self.table.hit_policy != "FIRST" or other < rule:
            return True
        between = [it for it in range(rule + 1, other) if self.outputs(it) != self.outputs(rule)]
        return not any(rule in met and set(between) & set(met) for _, met in cases)

    def merged(self) -> Iterator[str]:
        if self.shape is None or len(self.rules) < 2:
            return
        boxes = self.shape.boxes
        groups, _ = merge_groups(boxes, [self.outputs(rule) for rule in self.rules])
        together = {rule for group, _ in groups for rule in group}
        for group, box in groups:
            texts = [parse_unary_tests(text) for text in self.shape.texts(box).values()]
            for case, met in self.trial.usual:
                if _inside(case, texts) != bool(set(group) & set(met)):
                    yield f"merged: {group} as {self.shape.texts(box)} is another rule for {case}"
        for pair in itertools.combinations(self.rules, 2):
            if self.fit(*pair) and not set(pair) & together:
                yield f"merged: {pair} fit into one rule, and nobody says so"

    def fit(self, one: int, other: int) -> bool:
        """Whether two equal rules differ in one column, where they touch and neither holds the other."""
        if self.outputs(one) != self.outputs(other):
            return False
        usual = self.trial.usual
        if not any(one in met for _, met in usual) or not any(other in met for _, met in usual):
            return False
        sides = [[self.held(rule, c) for c in range(len(self.trial.kinds))] for rule in (one, other)]
        apart = [c for c, (left, right) in enumerate(zip(*sides, strict=True)) if left != right]
        if len(apart) != 1:
            return False
        left, right = (side[apart[0]] for side in sides)
        values = [at for at, value in enumerate(self.trial.axes[apart[0]]) if value is not None]
        run = sorted((left | right) & set(values))
        touching = bool(run) and run == list(range(run[0], run[-1] + 1))
        if self.trial.kinds[apart[0]] in ORDERED and not touching:
            return False
        rest = self.clean(apart[0])
        return rest and not left <= right and not right <= left

    def clean(self, position: int) -> bool:
        """Whether no third cell of the column comes between: pairs are only looked at where rules are few."""
        return len(self.rules) == 2

    def held(self, rule: int, position: int) -> set[int]:
        """The places on a column's axis that a rule's cell holds, null only where the column names it."""
        cell = self.table.rules[rule].inputs[position]
        tests = parse_unary_tests(cell) if cell.strip() not in ("", "-") else None
        null = self.trial.names_null[position]
        return {
            at for at, value in enumerate(self.trial.axes[position])
            if (value is not None or null) and (tests is None or matches(tests, value, {}) is True)
        }  # fmt: skip

    def never_decisive(self) -> Iterator[str]:
        verdicts = None if self.shape is None else Ablation(self.shape).verdicts
        for rule in self.rules:
            less = self.trial.without(rule)
            changed = [
                case for case, met in self.trial.cases
                if rule in met and self.trial.results[case] != decided(less, inputs(case))
            ]  # fmt: skip
            if verdicts is not None:
                verdict = verdicts[rule]
                if verdict.decisive is not None and verdict.decisive is not bool(changed):
                    yield f"never decisive: boxes say {verdict} of rule {rule}, the grid {changed[:1]}"
                if verdict.decisive is None:
                    yield f"never decisive: boxes do not decide rule {rule}: {verdict.reason}"
            if self.proofs is not None:
                try:
                    shown = self.proofs.decisive(rule)
                except NotTranslatable:
                    continue
                yield from self.doubt(
                    f"deciding by rule {rule}", shown, bool(changed),
                    lambda case, less=less: decided(self.trial.prepared, case) != decided(less, case),
                )  # fmt: skip

    def findings(self, code: str) -> list[Finding]:
        return [it for it in load(code).find(self.trial.given()) if isinstance(it, Finding) and it.basis == "proof"]


def _inside(case: Sequence[Any], box: Sequence[Any]) -> bool:
    return all(matches(tests, value, {}) is True for tests, value in zip(box, case, strict=True))
