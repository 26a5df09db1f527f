"""What one evaluation may cost: steps, depth and size, counted before the work is done.

A budget is the only mutable thing an evaluation shares; give each command its own. The figures are those of the
fourth gate against hostile models.
"""

from __future__ import annotations

from dataclasses import dataclass

from bpm.errors import BudgetExceeded

STEPS = 100_000
DEPTH = 60
SIZE = 1_000_000


@dataclass(slots=True)
class Budget:
    """`steps` left (an evaluated node, a list element touched), `depth` of function calls left, `size` in characters
    of the longest text."""

    steps: int = STEPS
    depth: int = DEPTH
    size: int = SIZE

    def spend(self, steps: int) -> None:
        """Take steps before doing the work they stand for."""
        self.steps -= steps
        if self.steps < 0:
            raise BudgetExceeded("steps", STEPS)

    def afford(self, characters: int) -> None:
        """Refuse a text longer than `size` before it is built."""
        if characters > self.size:
            raise BudgetExceeded("characters in a text", self.size)
        if characters > 1_000:
            self.spend(characters // 1_000)

    def enter(self) -> None:
        """One function call deeper."""
        self.depth -= 1
        if self.depth < 0:
            raise BudgetExceeded("calls inside each other", DEPTH)

    def leave(self) -> None:
        self.depth += 1
