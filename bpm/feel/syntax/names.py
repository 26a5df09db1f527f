"""Which names are known, and the longest one that begins at a token.

FEEL names may hold white space, dashes, dots, apostrophes and operators (DMN 1.5, 10.3.1.2): `Alter des Hundes`,
`Einkommen-netto`. Only the scope can tell `a-b` the name from `a-b` the subtraction, so names are compared token by
token, the longest first; inside a name, white space counts as present or absent, never as how much.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from bpm.errors import FeelSyntaxError
from bpm.feel.syntax.scanner import Token, scan

Pieces = tuple[tuple[str, bool], ...]


class Names:
    """A set of known names, indexed by first token."""

    __slots__ = ("_index",)

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._index: dict[str, list[tuple[Pieces, str]]] = {}
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        """Make `name` known; one that cannot be written as tokens is left out."""
        pieces = split(name)
        if pieces:
            found = self._index.setdefault(pieces[0][0], [])
            if all(known != pieces for known, _ in found):
                found.append((pieces, normalise(name)))
                found.sort(key=lambda entry: -len(entry[0]))

    def longest(self, tokens: Sequence[Token], start: int) -> tuple[str, int] | None:
        """The longest known name at `start` and how many tokens it takes."""
        for pieces, name in self._index.get(tokens[start].text, ()):
            count = len(pieces)
            if start + count < len(tokens) and all(
                tokens[start + at].text == text and tokens[start + at].spaced == spaced
                for at, (text, spaced) in enumerate(pieces)
                if at
            ):
                return name, count
        return None


def normalise(name: str) -> str:
    """One blank for every run of white space, none outside."""
    return " ".join(name.split())


@lru_cache(maxsize=20_000)
def split(name: str) -> Pieces:
    """The tokens of a name with whether white space stood before each."""
    try:
        tokens = scan(name)[:-1]
    except FeelSyntaxError:
        return ()
    return tuple((token.text, token.spaced and at > 0) for at, token in enumerate(tokens))


@lru_cache(maxsize=512)
def index(names: frozenset[str]) -> Names:
    """The index of a set of names; shared, so nobody may add to it."""
    return Names(names)


def text_of(tokens: Sequence[Token]) -> str:
    """The normalised name that these tokens spell."""
    return "".join((" " if token.spaced and at else "") + token.text for at, token in enumerate(tokens))
