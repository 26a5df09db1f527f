"""How much room a text takes in a diagram: wrapping without a font at hand.

Widths are estimates for a sans-serif face (average advance 0.56 em, wide capitals counted wider); both the layout,
which reserves room for labels, and the drawing, which fills it, use the same estimate and so agree.
"""

from __future__ import annotations

from typing import Final

FONT_SIZE: Final = 11.0
"""Pixels; the size of every label."""

LINE_HEIGHT: Final = 14.0
"""Pixels from one line to the next."""

_NARROW = frozenset("iIjlt.,:;!|'()[]{}fr /-")
_WIDE = frozenset("MWmw@%ÄÖÜABCDEGHKNOQRSUVXYZ&")


def width_of(text: str, size: float = FONT_SIZE) -> float:
    """The estimated width of one line, in pixels."""
    units = sum(0.34 if letter in _NARROW else 0.74 if letter in _WIDE else 0.56 for letter in text)
    return units * size


def wrap(text: str, width: float, *, size: float = FONT_SIZE, most: int = 6) -> tuple[str, ...]:
    """The text in lines no wider than `width` pixels, at most `most` of them; a cut last line ends in an ellipsis.

    Words longer than a line are broken, at a hyphen where they have one.
    """
    lines: list[str] = []
    for paragraph in text.replace("\r", "\n").split("\n"):
        current = ""
        for word in _breakable(paragraph.split(), width, size):
            joined = f"{current} {word}" if current and not current.endswith("\u00ad") else current + word
            if current and width_of(joined.replace("\u00ad", "-"), size) > width:
                lines.append(current.replace("\u00ad", "-"))
                current = word
            else:
                current = joined.replace("\u00ad", "") if not joined.endswith("\u00ad") else joined
        if current:
            lines.append(current.replace("\u00ad", "-"))
    if len(lines) > most:
        last = lines[most - 1]
        while last and width_of(last + "…", size) > width:
            last = last[:-1]
        lines = [*lines[: most - 1], last.rstrip() + "…"]
    return tuple(lines)


def _breakable(words: list[str], width: float, size: float) -> list[str]:
    """The words, the too long ones cut into pieces; a soft hyphen ends a piece that goes on."""
    pieces: list[str] = []
    for word in words:
        rest = word
        while width_of(rest, size) > width and len(rest) > 4:
            cut = len(rest) - 3
            while cut > 3 and width_of(rest[:cut] + "-", size) > width:
                cut -= 1
            hyphen = rest.rfind("-", 2, cut)
            if hyphen > 0:
                pieces.append(rest[: hyphen + 1])
                rest = rest[hyphen + 1 :]
            else:
                pieces.append(rest[:cut] + "\u00ad")
                rest = rest[cut:]
        pieces.append(rest)
    return pieces


def block(text: str, width: float, *, most: int = 6) -> tuple[float, float]:
    """Width and height in pixels of the wrapped text, with a margin for faces that run wider."""
    lines = wrap(text, width, most=most)
    if not lines:
        return 0.0, 0.0
    return max(width_of(line) for line in lines) * 1.12 + 6, len(lines) * LINE_HEIGHT
