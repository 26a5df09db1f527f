"""One mutant of a procedure: inject, look, hold what is new against the place and what must come along."""

from __future__ import annotations

from random import Random

from bpm.analyser.finding import Finding
from bpm.analyser.run import Analysis, analyse
from bpm.model.process import Process
from bpm.model.reader import read_files
from tests.recall import flowops, stepops
from tests.recall.along import comes_along
from tests.recall.flowops import Place
from tests.recall.flows import Draft, files, make
from tests.recall.tables import Style
from tests.recall.verdict import Outcome, new_findings
from tests.unit.soundness.brute import Endless, judge

PLAYED = ("FL01", "FL02", "FL03", "FL04")


def run(code: str, seed: str, ignore: tuple[str, ...] = ()) -> Outcome:
    """Inject a defect of `code` into a clean procedure and say what the analyser made of it."""
    random = Random(seed)
    varied = random.random() < 1 / 3
    while True:
        clean = make(random, varied, knockouts=code in ("RS06", "RS07") or random.random() < 0.2,
                     loop=code == "RS10" or random.random() < 0.2)  # fmt: skip
        draft = clean.copy()
        if code in flowops.OPERATORS:
            flow_operator = random.choice(flowops.OPERATORS[code])
            place, name = flow_operator(random, draft), flow_operator.__name__
        else:
            step_operator = random.choice(stepops.OPERATORS[code])
            place, name = step_operator(random, draft, varied), step_operator.__name__
        if place is not None:
            break
    outcome = Outcome(code, name, seed, "missed", varied)
    procedure = read_files(files(draft, Style(random, varied)), draft.key)
    truth = played(procedure.process.main) if code in PLAYED and procedure.process is not None else {}
    if code in PLAYED and truth[code] is None:
        outcome.state = "equivalent"
    analysis = analyse(procedure, ignore=("AB", "NO", *ignore))
    for one in new_findings(analysis, baseline(clean)):
        it = one.finding
        hit = it.code == code and at_place(it, place)
        if hit and outcome.state == "missed":
            outcome.state = "found"
        if hit or truth.get(it.code) is not None or comes_along(name, it, place, draft, clean):
            outcome.true.append(it.code)
        else:
            outcome.false.append(it.code)
            outcome.note += f"{it.code} {it.element_ids} {it.message['en'][:160]} "
    return outcome


def played(process: Process) -> dict[str, object]:
    """What the token game says of the four properties; None: no such defect.

    More states than fit are those of tokens that pile up, which is FL03; the rest is not known and not held against it.
    """
    try:
        verdict = judge(process, 6000)
    except Endless:
        return dict.fromkeys(PLAYED, "too many tokens to count")
    return {"FL01": verdict.deadlock, "FL02": verdict.livelock, "FL03": verdict.unsafe, "FL04": verdict.dead or None}


def baseline(clean: Draft) -> Analysis | None:
    """Findings of the clean model: made ones have none (a test looks)."""
    return None


def at_place(it: Finding, place: Place) -> bool:
    """Whether a finding is about the place: one of its elements, all of `every`, and the datum where one is named."""
    named = {*it.element_ids, *_named(it)}
    if place.every:
        return place.every <= named
    if place.items and not any(item in str((dict(it.evidence), it.identity, it.message["de"])) for item in place.items):
        return False
    return bool(place.elements & named) or (place.decision is not None and it.decision == place.decision)


def _named(it: Finding) -> set[str]:
    """Elements that the evidence names: a trace, a path, a pair."""
    found: set[str] = set()
    todo: list[object] = list(it.evidence.values())
    while todo:
        value = todo.pop()
        if isinstance(value, str):
            found.add(value)
        elif isinstance(value, dict):
            todo.extend(value.values())
        elif isinstance(value, list | tuple):
            todo.extend(value)
    return found
