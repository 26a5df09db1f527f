"""Norms in words: the sentence each template says, and how several are named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bpm.analyser.given import Given
from bpm.model.graph import Graph
from bpm.model.layer import LAYER
from bpm.model.norms import Norm

SENTENCES: Mapping[str, Mapping[str, str]] = {
    "existence": {
        "de": "{first} geschieht in jedem Fall mindestens {times}-mal.",
        "en": "{first} is done at least {times} time(s) in every case.",
    },
    "absence": {
        "de": "{first} geschieht höchstens {times}-mal.",
        "en": "{first} is done at most {times} time(s).",
    },
    "init": {"de": "Der Fall beginnt mit {first}.", "en": "The case begins with {first}."},
    "responded-existence": {
        "de": "Wo {first} geschieht, geschieht auch {second}.",
        "en": "Where {first} is done, {second} is done too.",
    },
    "response": {"de": "Auf {first} folgt {second}.", "en": "{first} is followed by {second}."},
    "precedence": {"de": "Vor {second} geschieht {first}.", "en": "Before {second}, {first} is done."},
    "succession": {
        "de": "Auf {first} folgt {second}, und nichts davon ohne das andere.",
        "en": "{first} is followed by {second}, and neither without the other.",
    },
    "alternate-response": {
        "de": "Auf {first} folgt {second}, bevor {first} wiederkommt.",
        "en": "{first} is followed by {second} before {first} comes again.",
    },
    "chain-response": {
        "de": "Unmittelbar auf {first} folgt {second}.",
        "en": "{second} follows immediately on {first}.",
    },
    "chain-precedence": {
        "de": "Unmittelbar vor {second} geschieht {first}.",
        "en": "Immediately before {second}, {first} is done.",
    },
    "not-coexistence": {
        "de": "{first} und {second} geschehen nie im selben Fall.",
        "en": "{first} and {second} are never done in one case.",
    },
    "exclusive-choice": {
        "de": "In jedem Fall geschieht entweder {first} oder {second}.",
        "en": "In every case either {first} or {second} is done.",
    },
    "separation": {
        "de": "{first} und {second} tun nie dieselben.",
        "en": "{first} and {second} are never done by the same.",
    },
    "deadline": {
        "de": "Auf {first} folgt {second}{bounds}.",
        "en": "{first} is followed by {second}{bounds}.",
    },
}
"""What a template says, by language."""

TOO_MANY = {"de": "zu viele verschränkte Normen", "en": "too many entangled norms"}


def sentence(norm: Norm, graph: Graph | None) -> dict[str, str]:
    """A norm in one sentence by language; its own German text, where it has one, goes first."""
    found: dict[str, str] = {}
    for lang, text in SENTENCES[norm.template].items():
        both = {"de": " oder ", "en": " or "}[lang]
        parts = [both.join(_name(graph, step) for step in steps) for steps in (norm.first, norm.second)]
        said = text.format(first=parts[0], second=parts[1], times=norm.times, bounds=_bounds(norm, lang))
        found[lang] = norm.text if norm.text and lang == "de" else said
    return found


def listed(norms: Iterable[Norm]) -> str:
    """Norms by source and id."""
    return ", ".join(f"{norm.citation} ({norm.id})" for norm in norms)


def names(given: Given, steps: Iterable[str]) -> str:
    """Steps by what people call them."""
    return ", ".join(_name(given.graph, step) for step in steps)


def file_of(given: Given) -> str:
    """Where the norms stand: beside the model, or in the base of a layer that brings none of its own."""
    folder, slash, _ = given.path.rpartition("/")
    own = any(name.rpartition("/")[2] == "norms.toml" for name in given.procedure.files)
    if given.procedure.layer is not None and not own:
        return f"{folder}{slash}{LAYER}!norms.toml"
    return f"{folder}{slash}norms.toml"


def _name(graph: Graph | None, step: str) -> str:
    node = graph.nodes.get(step) if graph is not None else None
    return f"»{node.name if node is not None and node.name else step}«"


def _bounds(norm: Norm, lang: str) -> str:
    words = {"de": (" binnen {}", ", frühestens nach {}"), "en": (" within {}", ", not before {}")}[lang]
    pairs = zip(words, (norm.within, norm.at_least), strict=True)
    return "".join(word.format(value) for word, value in pairs if value)
