"""Principles: the customs and forms that steps rest on, as objects that can be questioned all at once.

A step names its principles in `li:step principles="vier-augen schrift"`. The list here is what every city knows; a city
adds its own, or says more about one of these, in `principles.toml` beside its procedures (up to two folders above)::

    [[principle]]
    id = "vier-augen"                       # required: what steps name
    name = "Vier-Augen-Prinzip"             # required
    name_en = "four eyes"                   # optional
    description = "Zwei Personen ..."       # optional
    source = "KommHV-Doppik §§ 33-37"       # optional: the norm or instruction it comes from
    organ = "land"                          # optional: who may change it, as in li:legalBasis

Dated like the list of protected steps; `verified` tells whether the source was read for it or has still to be checked.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from bpm.errors import ModelError

AS_OF: Final = "2026-11-24"
"""The day the list was last gone through."""

ORGANS: Final = ("instruction", "mayor", "council", "land", "bund", "eu")


@dataclass(frozen=True, slots=True)
class Principle:
    """`name` and `description` by language (a city's own may be German only). `demands` are the words of a norm's
    `demands` that make whatever rests on the norm rest on this principle too."""

    id: str
    name: Mapping[str, str]
    description: Mapping[str, str]
    source: str | None = None
    organ: str | None = None
    verified: bool = False
    demands: frozenset[str] = frozenset()

    def called(self, word: str) -> bool:
        """Whether a person means this principle by `word`: its id or one of its names."""
        plain = " ".join(word.lower().split())
        return plain in {self.id, *(" ".join(name.lower().split()) for name in self.name.values())}


LIST: Final[tuple[Principle, ...]] = (
    Principle(
        "vier-augen",
        {"de": "Vier-Augen-Prinzip", "en": "four eyes"},
        {
            "de": "Zwei verschiedene Personen müssen zustimmen. Verglichen werden Personen, nie nur Stellen.",
            "en": "Two different persons must agree. Persons are compared, never roles alone.",
        },
        "KommHV-Doppik §§ 33-37 (Kassengeschäfte); sonst Dienstanweisung",
        "land",
    ),
    Principle(
        "mitzeichnung",
        {"de": "Mitzeichnung", "en": "co-signature"},
        {
            "de": "Eine weitere Stelle zeichnet ab, ohne selbst zu entscheiden.",
            "en": "A further office signs off without deciding itself.",
        },
        "Dienst- und Geschäftsanweisung",
        "instruction",
    ),
    Principle(
        "schrift",
        {"de": "Schriftform", "en": "written form"},
        {
            "de": "Etwas gilt nur mit Unterschrift. Ein Unterschriftsfeld allein schafft keine Schriftform.",
            "en": "Something counts only with a signature. A field for one does not by itself create written form.",
        },
        "BayDiG Art. 19 Abs. 2 Satz 3; BGB § 126",
        "land",
        demands=frozenset({"signature", "written", "written-form", "schriftform", "unterschrift"}),
    ),
    Principle(
        "papieroriginal",
        {"de": "Original auf Papier", "en": "original on paper"},
        {
            "de": "Ein Nachweis wird nur im Original oder beglaubigt angenommen.",
            "en": "Evidence is accepted only as the original or certified.",
        },
        "BayVwVfG Art. 33 (Beglaubigung)",
        "land",
        demands=frozenset({"original", "originals", "urschrift", "certified", "beglaubigung"}),
    ),
    Principle(
        "persoenlich",
        {"de": "Persönliches Erscheinen", "en": "personal appearance"},
        {
            "de": "Jemand muss selbst kommen. Der freiwillige Weg ins Amt gehört nicht dazu (BayDiG Art. 12).",
            "en": "Somebody must come in person. A visit by choice does not belong here (BayDiG Art. 12).",
        },
        "das jeweilige Fachrecht",
        "bund",
        demands=frozenset({"visit", "presence", "in-person", "erscheinen", "vorsprache"}),
    ),
    Principle(
        "gewohnheit",
        {"de": "Haben wir immer so gemacht", "en": "always done so"},
        {
            "de": "Für den Schritt ist keine Norm und kein Zweck bekannt, nur die Übung.",
            "en": "No norm and no purpose is known for the step, only custom.",
        },
        None,
        "instruction",
    ),
    Principle(
        "rechtliches-gehoer",
        {"de": "Rechtliches Gehör", "en": "right to be heard"},
        {
            "de": "Wem ein Nachteil droht, der wird vorher gehört. Geschützt: nie wegzulassen, nur besser zu machen.",
            "en": "Whoever is to bear a disadvantage is heard before. Protected: never to be dropped, only improved.",
        },
        "BayVwVfG Art. 28; SGB X § 24; AO § 91; OWiG § 55",
        "land",
    ),
)


def together(own: Iterable[Principle], used: Iterable[str]) -> tuple[Principle, ...]:
    """The list, with a city's own entries in place of those of the same id and behind it, and a bare entry for every id
    that a step names and nobody describes."""
    named = {principle.id: principle for principle in (*LIST, *own)}
    for id in used:
        named.setdefault(id, Principle(id, {"de": id, "en": id}, {}))
    return tuple(named.values())


def read_principles(text: str, path: str) -> tuple[Principle, ...]:
    """A city's `principles.toml`.

    Raises:
        ModelError: `toml-malformed` or `principle-malformed`, with the line.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise ModelError("toml-malformed", str(error), path=path, line=int(found[1]) if found else None) from None
    heads = [number for number, line in enumerate(text.splitlines(), 1) if line.strip().startswith("[[principle]]")]
    entries = content.get("principle", [])
    strange = set(content) - {"principle"}
    if strange or not isinstance(entries, list):
        raise ModelError("principle-malformed", "the file holds [[principle]] tables", path=path, line=1)
    return tuple(_principle(entry, path, line) for entry, line in zip(entries, heads, strict=False))


_KEYS = frozenset({"id", "name", "name_en", "description", "description_en", "source", "organ"})


def _principle(entry: Mapping[str, object], path: str, line: int) -> Principle:
    def refuse(message: str) -> ModelError:
        return ModelError("principle-malformed", message, path=path, line=line)

    if set(entry) - _KEYS or not all(isinstance(value, str) and value.strip() for value in entry.values()):
        raise refuse(f"a principle has texts under {', '.join(sorted(_KEYS))}")
    texts = {key: " ".join(str(value).split()) for key, value in entry.items()}
    if "id" not in texts or "name" not in texts or not re.fullmatch(r"[\w-]+", texts["id"]):
        raise refuse("a principle has an id (letters, digits, hyphens) and a name")
    if texts.get("organ", "land") not in ORGANS:
        raise refuse(f"organ is one of {', '.join(ORGANS)}")
    known = next((one for one in LIST if one.id == texts["id"]), None)
    return Principle(
        texts["id"],
        {"de": texts["name"], "en": texts.get("name_en", known.name["en"] if known else texts["name"])},
        {"de": texts["description"], "en": texts.get("description_en", texts["description"])}
        if "description" in texts
        else (known.description if known else {}),
        texts.get("source", known.source if known else None),
        texts.get("organ", known.organ if known else None),
        demands=known.demands if known else frozenset(),
    )
