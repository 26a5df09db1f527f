"""The catalogue: one line per check. Codes are never reused.

`bpm explain`, the web page and the report read the catalogue; the documentation comes from the files themselves.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache

from bpm.analyser.check import Check
from bpm.errors import NotFound

FILES: Mapping[str, str] = {
    "RC01": "rc01_gap",
    "RC02": "rc02_contradiction",
    "RC03": "rc03_harmless_overlap",
    "RC04": "rc04_subsumed_rule",
    "RC05": "rc05_unreachable_rule",
    "RC06": "rc06_misleading_rule",
    "RC07": "rc07_mergeable_rules",
    "RC08": "rc08_irrelevant_input",
    "RC09": "rc09_dead_upstream",
    "RC10": "rc10_cross_table_contradiction",
    "RC11": "rc11_threshold_incoherence",
    "RC12": "rc12_model_defect",
    "RS01": "rs01_duplicate_step",
    "RS02": "rs02_step_without_effect",
    "RS03": "rs03_rubber_stamp",
    "RS04": "rs04_implied_approval",
    "RS05": "rs05_repeated_check",
    "RS06": "rs06_knockout_order",
    "RS07": "rs07_late_knockout",
    "RS08": "rs08_needless_sequence",
    "RS09": "rs09_composition",
    "RS10": "rs10_ping_pong",
    "RS11": "rs11_dead_path",
    "FL01": "fl01_deadlock",
    "FL02": "fl02_livelock",
    "FL03": "fl03_improper_completion",
    "FL04": "fl04_dead_activity",
    "FL05": "fl05_data_flow_defect",
    "FL06": "fl06_decision_gateway_mismatch",
    "BU01": "bu01_once_only",
    "BU02": "bu02_unused_datum",
    "BU03": "bu03_media_break",
    "BU04": "bu04_contact_without_basis",
    "BU05": "bu05_waiting_dominates",
    "BU06": "bu06_no_legal_basis",
    "NO01": "no01_norm_violated",
    "NO02": "no02_norms_conflict",
    "NO03": "no03_redundant_norm",
    "AB01": "ab01_never_decisive_rule",
    "AB02": "ab02_measured_ablation",
    "AB03": "ab03_irredundant_core",
    "RR02": "rr02_model_vs_reality",
}
"""Code to file name in `bpm.analyser.checks`, in the order of the documentation."""

ELSEWHERE: Mapping[str, str] = {"AB02": "bpm question"}
"""What no model tells by itself: measured by another command, documented here."""


@cache
def load(code: str) -> Check:
    """The check of a code such as `RC01` (upper or lower case).

    Raises:
        NotFound: the catalogue has no such code.
    """
    name = FILES.get(code.upper())
    if name is None:
        raise NotFound("no-such-check", f"there is no check {code!r}; `bpm explain` lists them")
    module = importlib.import_module(f"bpm.analyser.checks.{name}")
    found = [
        value.check
        for value in vars(module).values()
        if isinstance(getattr(value, "check", None), Check) and value.__module__ == module.__name__
    ]
    if len(found) != 1 or found[0].code != code.upper():
        raise ValueError(f"{module.__name__} must declare exactly one check, {code.upper()}")
    only: Check = found[0]
    return only


def all_checks() -> tuple[Check, ...]:
    """Every check, in the order of the catalogue."""
    return tuple(load(code) for code in FILES)


def choose(select: tuple[str, ...] | None = None, ignore: tuple[str, ...] = ()) -> tuple[Check, ...]:
    """The checks whose code starts with an entry of `select` (None: all) and with none of `ignore`.

    A prefix chooses a family: `RC` takes RC01, RC02, ...

    Raises:
        NotFound: an entry that starts no code, so that a misspelt selection never passes as "nothing found"; or only
            codes that another command measures (`measured-elsewhere`).
    """
    for entry in (*(select or ()), *ignore):
        if not entry.strip() or not any(code.startswith(entry.strip().upper()) for code in FILES):
            raise NotFound("no-such-check", f"there is no check {entry!r}; `bpm explain` lists them")

    def meets(code: str, entries: tuple[str, ...]) -> bool:
        return any(code.startswith(entry.strip().upper()) for entry in entries)

    chosen = [code for code in FILES if (select is None or meets(code, select)) and not meets(code, ignore)]
    if select is not None and chosen and all(code in ELSEWHERE for code in chosen):
        listed = ", ".join(f"{code} is measured by `{ELSEWHERE[code]}`" for code in chosen)
        raise NotFound("measured-elsewhere", listed)
    return tuple(load(code) for code in chosen if code not in ELSEWHERE)
