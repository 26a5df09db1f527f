"""What is not recorded, as a questionnaire for the department, and its answers back into the model.

The answers are judged as a whole: an unknown id, a value that means nothing, a row nobody signed, two people who
contradict each other, or an estimate in place of a measured figure refuse the sheet with all reasons and their places,
and then nothing is written. Estimates of several people become the median with the range of all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from bpm.analyser.given import Given
from bpm.analyser.likeness import role
from bpm.analyser.rows import dated
from bpm.analyser.unrecorded import not_recorded
from bpm.analyser.validity import LAW_AS_OF
from bpm.errors import InvalidRequest, ModelError
from bpm.exchange.questionnaire import FIXED, Filled, Row, read_sheet, write_sheet
from bpm.model.annotation import Answer, annotate
from bpm.model.procedure import FileError, Procedure
from bpm.model.process import LegalBasis, StepFacts
from bpm.service.reading import procedures_at
from bpm.texts import FORCE, ORGAN, translate

if TYPE_CHECKING:
    from bpm.model.process import FlowNode

CHANNELS: Final[Mapping[str, tuple[str, ...]]] = {
    "paper": ("papier", "paper"),
    "counter": ("schalter", "counter"),
    "phone": ("telefon", "phone"),
    "mail": ("post", "mail", "brief"),
    "online": ("online", "digital"),
}
FIGURES: Final = {"minutes": "minutes", "citizen_minutes": "citizenMinutes", "business_minutes": "businessMinutes"}
FIELD: Final = {"minutes": "minutes", "channel": "channel", "legal-basis": "citation", "procedural-law": "law"}
FIRM: Final = ("measured", "table")


class Refused(ModelError):
    """A sheet that cannot be taken in; `reasons` are all of them, located."""

    def __init__(self, reasons: Sequence[FileError]) -> None:
        first = reasons[0]
        super().__init__(first.code, first.message, path=first.path, line=first.line, element=first.element)
        self.reasons = tuple(reasons)


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken in: file name to its new bytes (all files of the procedure), and how many answers."""

    files: Mapping[str, bytes]
    steps: int
    rules: int

    def as_json(self) -> dict[str, Any]:
        return {"written": sorted(self.files), "steps": self.steps, "rules": self.rules}


# --- asking ----------------------------------------------------------------------------------------------------------


def questionnaire(path: str | Path, lang: str = "de") -> bytes:
    """The spreadsheet of the procedure at `path`. Raises ModelError as reading does."""
    procedure = _one(path)
    given = Given(procedure)
    missing: dict[tuple[str, int | None], list[Any]] = {}
    for gap in not_recorded(given):
        missing.setdefault((gap.element, gap.rule), []).append(gap)
    rows: dict[str, list[Row]] = {"Verfahren": [], "Schritte": [], "Regeln": []}
    process = given.process
    if process is not None:
        shown = {"law": process.procedural_law, "law_as_of": process.attributes.get(LAW_AS_OF)}
        rows["Verfahren"].append(_row(process.id, process.name, shown, missing.get((process.id, None), ()), lang))
    for graph in given.graphs:
        for node in graph.steps():
            gaps = missing.get((node.id, None), ())
            rows["Schritte"].append(
                _row(node.id, node.name, {"role": role(graph, node), **_shown(node, lang)}, gaps, lang)
            )
    for at in given.tables:
        for number, rule in enumerate(dated(at), 1):
            known = _basis(rule.legal_bases, lang)
            title = f"{at.name}, {number}: {at.content(number)}"
            gaps = missing.get((at.owner, number), ())
            rows["Regeln"].append(_row(f"{at.owner}#{number}", title, known, gaps, lang))
    return write_sheet(procedure.name or procedure.key, rows, lang)


def _row(id: str, name: str, shown: Mapping[str, str | float | None], gaps: Sequence[Any], lang: str) -> Row:
    open_ = {FIELD.get(gap.field, "citation") for gap in gaps if gap.field not in ("lane", "data")}
    open_ |= {"reads", "writes"} if any(gap.field == "data" for gap in gaps) else set()
    texts = "; ".join(gap.title(lang) for gap in gaps)
    return Row({"id": id, "name": name or id, "missing": texts, **shown}, frozenset(open_))


def _shown(node: FlowNode, lang: str) -> dict[str, str | float | None]:
    """What is recorded of a step, as its cells show it."""
    step = node.facts.step or StepFacts()
    known = step.known
    channel = CHANNELS.get(step.channel or "", (step.channel or "", step.channel or ""))
    return {
        "minutes": step.minutes,
        "low": known.low if known else None,
        "high": known.high if known else None,
        "citizen_minutes": step.citizen_minutes,
        "business_minutes": step.business_minutes,
        "channel": channel[0 if lang == "de" else 1],
        **_basis(node.facts.legal_bases, lang),
        "reads": "; ".join(use.item for use in node.facts.reads),
        "writes": "; ".join(use.item for use in node.facts.writes),
    }


def _basis(bases: Sequence[LegalBasis], lang: str) -> dict[str, str | float | None]:
    return {
        "citation": "; ".join(basis.citation for basis in bases),
        "organ": "; ".join(translate(ORGAN[it.organ], lang) for it in bases if it.organ and it.organ in ORGAN),
        "force": "; ".join(translate(FORCE[it.force], lang) for it in bases if it.force and it.force in FORCE),
        "demands": "; ".join(basis.demands for basis in bases if basis.demands),
    }


# --- taking in -------------------------------------------------------------------------------------------------------


def take(path: str | Path, sheets: Sequence[str | Path]) -> Taken:
    """The answers of some sheets in the model at `path`; nothing is written to disk.

    Raises:
        Refused: the sheets cannot be taken in, with every reason.
        ModelError: the model or a sheet cannot be read.
    """
    procedure = _one(path)
    filled = [row for sheet in sheets for row in read_sheet(_bytes(sheet), str(sheet))]
    judging = _Judging(Given(procedure))
    answers = judging.answers(filled)
    if judging.reasons:
        raise Refused(judging.reasons)
    files: dict[str, bytes] = {}
    steps = [answer for answer, place in answers if place is None]
    model = procedure.process
    if model is not None:
        files[Path(model.path).name] = annotate(model.source, model.path, "bpmn", steps) if steps else model.source
    for decisions in procedure.decisions:
        mine = [answer for answer, place in answers if place == decisions.path]
        source = decisions.source
        files[Path(decisions.path).name] = annotate(source, decisions.path, "dmn", mine) if mine else source
    return Taken(files, len(steps), len(answers) - len(steps))


class _Judging:
    """All rows against one procedure; what is wrong is collected in `reasons`."""

    def __init__(self, given: Given) -> None:
        self.given = given
        self.reasons: list[FileError] = []
        self.nodes = {node.id: node for graph in given.graphs for node in graph.steps()}
        self.rules = {f"{at.owner}#{n}": (at, rule) for at in given.tables for n, rule in enumerate(dated(at), 1)}

    def answers(self, filled: Sequence[Filled]) -> list[tuple[Answer, str | None]]:
        """Answers with the DMN file they belong to (None: the BPMN file)."""
        groups: dict[tuple[str, str], list[Filled]] = {}
        for row in filled:
            changed = self._changed(row)
            if changed is not None:
                groups.setdefault((row.sheet, row.values["id"]), []).append(changed)
        found: list[tuple[Answer, str | None]] = []
        for (sheet, id), rows in groups.items():
            if sheet == "Schritte":
                found.append((self._step(self.nodes[id], rows), None))
            elif sheet == "Regeln":
                at, rule = self.rules[id]
                found.append((Answer(rule.id, basis=self._new_basis(rows, bool(rule.legal_bases))), at.model.path))
            else:
                found.append((self._process(id, rows), None))
        return found

    def refuse(self, row: Filled, code: str, message: str) -> None:
        self.reasons.append(FileError(code, message, row.place, row.number, row.values.get("id")))

    def _changed(self, row: Filled) -> Filled | None:
        """The row with only what differs from the model; None if nobody changed anything, or it is refused."""
        id = row.values["id"]
        shown: list[dict[str, str | float | None]]
        if row.sheet == "Schritte" and id in self.nodes:
            shown = [_shown(self.nodes[id], lang) for lang in ("de", "en")]
        elif row.sheet == "Regeln" and id in self.rules:
            shown = [_basis(self.rules[id][1].legal_bases, lang) for lang in ("de", "en")]
        elif row.sheet == "Verfahren" and self.given.process is not None and id == self.given.process.id:
            process = self.given.process
            shown = [{"law": process.procedural_law, "law_as_of": process.attributes.get(LAW_AS_OF)}]
        else:
            self.refuse(row, "no-such-element", f"{id!r} is not in the model")
            return None
        known = {key: {_plain(one.get(key)) for one in shown} for key in row.values}
        changed = {
            key: value
            for key, value in row.values.items()
            if key not in FIXED and key not in ("by", "on") and value not in known[key]
        }
        if not changed:
            return None
        if not row.values.get("by") or not _is_day(row.values.get("on", "")):
            self.refuse(row, "answer-unsigned", "who filled this in, and when (YYYY-MM-DD)?")
            return None
        return Filled(
            row.sheet, row.number, {**changed, "id": id, "by": row.values["by"], "on": row.values["on"]}, row.path
        )

    # --- one step ----------------------------------------------------------------------------------------------

    def _step(self, node: FlowNode, rows: list[Filled]) -> Answer:
        recorded = node.facts.step or StepFacts()
        step: dict[str, str | None] = {}
        for key, attribute in FIGURES.items():
            numbers = self._numbers(rows, key)
            if not numbers:
                continue
            firm = recorded.known is not None and recorded.known.how in FIRM
            if firm and getattr(recorded, key) is not None:
                self.refuse(
                    numbers[0][0],
                    "answer-weaker",
                    f"{key} is measured or from a table; an estimate does not replace it",
                )
            step[attribute] = f"{median(number for _, number in numbers):.10g}"
            if key == "minutes":
                ends = [end for row, number in numbers for end in (*self._range(row), number)]
                if min(ends) < max(ends):
                    step["low"], step["high"] = f"{min(ends):.10g}", f"{max(ends):.10g}"
                else:
                    step |= {name: None for name in ("low", "high") if recorded.known is not None}
        channel = self._same(rows, "channel", _channel)
        if channel is not None:
            step["channel"] = channel
        if step:
            step |= _signed(recorded, rows)
        data = {"reads": bool(node.facts.reads), "writes": bool(node.facts.writes)}
        items = {key: self._items(rows, key, known) for key, known in data.items()}
        basis = self._new_basis(rows, bool(node.facts.legal_bases))
        return Answer(node.id, step=step, basis=basis, reads=items["reads"], writes=items["writes"])

    def _numbers(self, rows: list[Filled], key: str) -> list[tuple[Filled, float]]:
        found = []
        for row in rows:
            if key in row.values:
                number = _number(row.values[key])
                if number is None:
                    self.refuse(row, "answer-number", f"{row.values[key][:40]!r} is no number of at least 0")
                else:
                    found.append((row, number))
            elif key == "minutes" and ("low" in row.values or "high" in row.values):
                low, high = self._range(row)[:1] or (None,), self._range(row)[-1:] or (None,)
                if low[0] is None or high[0] is None or len(self._range(row)) < 2:
                    self.refuse(row, "answer-range", "a range needs both ends, or minutes beside it")
                else:
                    found.append((row, (low[0] + high[0]) / 2))
        return found

    def _range(self, row: Filled) -> list[float]:
        """The ends of a range that a row gives."""
        ends = []
        for key in ("low", "high"):
            if key in row.values:
                number = _number(row.values[key])
                if number is None:
                    self.refuse(row, "answer-number", f"{row.values[key][:40]!r} is no number of at least 0")
                else:
                    ends.append(number)
        if len(ends) == 2 and ends[0] > ends[1]:
            self.refuse(row, "answer-range", "the lower end is above the upper one")
        return ends

    def _items(self, rows: list[Filled], key: str, known: bool) -> tuple[str, ...]:
        told = [row for row in rows if key in row.values]
        if told and known:
            self.refuse(told[0], "answer-recorded", f"{key} is recorded already; change it in the model")
            return ()
        items = [item.strip() for row in told for item in row.values[key].replace(",", ";").split(";")]
        return tuple(dict.fromkeys(item for item in items if item))

    # --- legal bases -------------------------------------------------------------------------------------------

    def _new_basis(self, rows: list[Filled], known: bool) -> dict[str, str]:
        told = [row for row in rows if {"citation", "organ", "force", "demands"} & set(row.values)]
        if not told:
            return {}
        if known:
            self.refuse(told[0], "answer-recorded", "a legal basis is recorded already; change it in the model")
            return {}
        citation = self._same(told, "citation", lambda text: text)
        if citation is None:
            self.refuse(told[0], "answer-citation", "which legal basis is it?")
            return {}
        organ = self._same(told, "organ", lambda text: _word(text, ORGAN))
        force = self._same(told, "force", lambda text: _word(text, FORCE))
        demands = self._same(told, "demands", lambda text: text)
        parts = {"citation": citation, "organ": organ, "force": force, "demands": demands, "known": "estimated"}
        return {key: value for key, value in {**parts, **_who(told)}.items() if value is not None}

    def _same(self, rows: list[Filled], key: str, meaning: Callable[[str], str | None]) -> str | None:
        """What all rows say, as the model writes it; two different answers are a conflict."""
        found: dict[str, Filled] = {}
        for row in rows:
            if key in row.values:
                value = meaning(row.values[key])
                if value is None:
                    self.refuse(row, "answer-word", f"{row.values[key][:40]!r} is not known as {key}")
                else:
                    found.setdefault(value, row)
        if len(found) > 1:
            self.refuse(list(found.values())[-1], "answer-conflict", f"{key}: {' / '.join(found)}")
        return next(iter(found), None)

    def _process(self, id: str, rows: list[Filled]) -> Answer:
        law = self._same(rows, "law", lambda text: text)
        day = self._same(rows, "law_as_of", lambda text: text if _is_day(text) else None)
        return Answer(id, own={key: value for key, value in (("proceduralLaw", law), ("lawAsOf", day)) if value})


def _signed(recorded: StepFacts, rows: list[Filled]) -> dict[str, str]:
    """Who and when; where the step holds firmer figures they are named as such, since one statement is for all."""
    known = recorded.known
    signed = {"known": "estimated", **_who(rows)}
    if known is not None and known.how in FIRM:
        signed["source"] = f"vorher {known.how}: {known.source or known.by or '-'}"
    return signed


def _who(rows: Sequence[Filled]) -> dict[str, str]:
    return {
        "by": ", ".join(dict.fromkeys(row.values["by"] for row in rows)),
        "on": max(row.values["on"] for row in rows),
    }


def _plain(value: str | float | None) -> str:
    return "" if value is None else f"{value:.10g}" if isinstance(value, float) else " ".join(value.split())


def _number(text: str) -> float | None:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return None
    return number if 0 <= number < 1e7 else None


def _is_day(text: str) -> bool:
    try:
        return len(text) == 10 and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _channel(text: str) -> str | None:
    return next((key for key, words in CHANNELS.items() if text.lower() in words), None)


def _word(text: str, words: Mapping[str, str]) -> str | None:
    """The stable name of a word people read, in either language."""
    plain = text.lower()
    return next((k for k, word in words.items() if plain in (k, word.lower(), translate(word, "en").lower())), None)


def _bytes(path: str | Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ModelError("unreadable-file", error.strerror or "cannot be opened", path=str(path)) from None


def _one(path: str | Path) -> Procedure:
    found = list(_readable(path))
    if len(found) != 1:
        raise InvalidRequest("one-procedure", f"{len(found)} procedures at {path}; name one")
    return found[0]


def _readable(path: str | Path) -> Iterator[Procedure]:
    for procedure in procedures_at(path):
        for error in procedure.errors:
            if procedure.process is None:
                raise ModelError(error.code, error.message, path=error.path, line=error.line, element=error.element)
        if procedure.process is not None or procedure.decisions:
            yield procedure
