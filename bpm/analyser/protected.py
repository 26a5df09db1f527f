"""Steps that are never offered for removal or merging, only for a better form, whatever a check finds.

A step is protected if its model says so (`li:step protected`), or if its label names one of the rights and duties
below. The list is dated; `verified` tells whether the source was read for it or still has to be checked. Protecting a
step too many costs a question, protecting one too few costs somebody's right: when in doubt, a word belongs in the
list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bpm.model.process import FlowNode

AS_OF = "2026-11-24"
"""The day the list was last gone through."""


@dataclass(frozen=True, slots=True)
class Protection:
    """One reason: stable `key`, name by language, the words of a label that tell it, its source."""

    key: str
    name: Mapping[str, str]
    words: str
    source: str
    verified: bool = False


LIST: tuple[Protection, ...] = (
    Protection(
        "hearing",
        {"de": "Anhörung", "en": "hearing of those concerned"},
        r"anhör|anzuhör|rechtliches gehör|\bhearing\b",
        "BayVwVfG Art. 28; SGB X § 24; AO § 91; OWiG § 55",
    ),
    Protection(
        "reasons",
        {"de": "Begründung des Bescheids", "en": "statement of reasons"},
        r"mit gründen|begründung|bescheid\w* begründen|statement of reasons",
        "BayVwVfG Art. 39; SGB X § 35; AO § 121",
    ),
    Protection(
        "advice",
        {"de": "Beratung und Auskunft", "en": "advice and information"},
        r"\bberat(en|ung)\b|beratungsgespräch|\w+beratung\b",
        "BayVwVfG Art. 25; SGB I §§ 14, 15; BayDiG Art. 12 Abs. 2",
    ),
    Protection(
        "remedy-notice",
        {"de": "Rechtsbehelfsbelehrung", "en": "notice of legal remedies"},
        r"rechtsbehelf|rechtsmittelbelehrung",
        "BayVwVfG Art. 37 Abs. 6; SGB X § 36; AO § 356",
    ),
    Protection(
        "formal-service",
        {"de": "förmliche Zustellung", "en": "formal service"},
        r"förmlich\w*|zustellungsurkunde|zustellung|zustellen|bekanntgabe|bekannt geben|formal service",
        "BayVwZVG; BayVwVfG Art. 41; OWiG §§ 50, 51",
    ),
    Protection(
        "payment-separation",
        {"de": "Trennung von Feststellung, Anordnung und Zahlung", "en": "separation of payment functions"},
        r"sachlich\w* (und rechnerisch\w* )?richtig|rechnerisch\w* richtig|(aus|ein)?zahlung\w* anordnen"
        r"|annahme anordnen|(auszahlungs|annahme|zahlungs|kassen)anordnung|trennung von",
        "KommHV-Doppik §§ 33-37; KommHV-Kameralistik § 41",
    ),
    Protection(
        "staff-council",
        {"de": "Beteiligung des Personalrats", "en": "staff council"},
        r"personalrat|personalvertretung|staff council",
        "BayPVG Art. 75a, 76",
    ),
    Protection(
        "disabled-employees",
        {"de": "Schwerbehindertenvertretung", "en": "representation of severely disabled employees"},
        r"schwerbehindertenvertretung|\bsbv\b",
        "SGB IX § 178",
    ),
    Protection(
        "district-committee",
        {"de": "Bezirksausschuss, wo die Satzung ihn vorsieht", "en": "district committee where the statute says so"},
        r"bezirksausschuss|\bba (anhör|beteilig|unterricht)",
        "Satzung für die Bezirksausschüsse der Landeshauptstadt München",
    ),
    Protection(
        "municipal-consent",
        {"de": "gemeindliches Einvernehmen", "en": "consent of the municipality"},
        r"gemeindliche\w* einvernehmen",
        "BauGB § 36",
    ),
)
"""All of them are to be checked against the text in force (`verified` False): the list protects, it decides nothing."""

_WORDS = tuple((entry, re.compile(entry.words)) for entry in LIST)


def recognise(text: str) -> Protection | None:
    """The first entry of the list that a label or a stated reason names."""
    lowered = " ".join(text.lower().split())
    return next((entry for entry, words in _WORDS if words.search(lowered)), None)


def protection(node: FlowNode) -> str | None:
    """Why a step is protected: the reason stated in the model, else the name of the list's entry; None if it is not."""
    stated = node.facts.step.protected if node.facts.step is not None else None
    if stated:
        return stated
    found = recognise(node.name)
    return found.name["de"] if found is not None else None


@dataclass(frozen=True, slots=True)
class Shield:
    """That a step is protected: the reason by language, the norm (of the list, then what the step cites), whether the
    model states it or its label tells it, and whether the list's source was read."""

    reason: Mapping[str, str]
    norm: str
    stated: bool
    verified: bool

    def as_json(self, lang: str) -> dict[str, object]:
        return {
            "reason": self.reason[lang],
            "norm": self.norm,
            "stated": self.stated,
            "verified": self.verified,
            "as_of": AS_OF,
        }


def shield(node: FlowNode) -> Shield | None:
    """Why a step is protected and by which norm; None if it is not."""
    stated = node.facts.step.protected if node.facts.step is not None else None
    entry = recognise(stated) if stated else recognise(node.name)
    if not stated and entry is None:
        return None
    norms = [entry.source] if entry is not None else []
    norms += [basis.citation for basis in node.facts.legal_bases]
    reason = {"de": stated, "en": stated} if stated else entry.name if entry is not None else {}
    return Shield(reason, "; ".join(dict.fromkeys(norms)), bool(stated), entry is not None and entry.verified)


def formally_served(node: FlowNode) -> bool:
    """Whether a step is the formal service or announcement of a decision: its channel follows from law."""
    stated = node.facts.step.protected if node.facts.step is not None else None
    return any(
        words.search(" ".join(text.lower().split()))
        for text in (stated or "", node.name)
        for entry, words in _WORDS
        if entry.key == "formal-service"
    )
