"""`python -m bpm.analyser.warm`: compile the search for gaps once, so that nobody waits for it inside a request.

Numba writes the machine code to its cache; small tables never need it.
"""

from __future__ import annotations

from bpm.analyser.search import Box, Budget, by_machine


def warm() -> bool:
    """Compile what long questions about tables need; True if half a box was found uncovered, as it must be."""
    rules: list[Box] = [(1, 3)]
    return by_machine((3, 3), rules, Budget(), 1) == ([(2, 3)], False)


if __name__ == "__main__":
    warm()
