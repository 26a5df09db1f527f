"""The to-be model: remedies of several findings applied together, and which of them exclude each other, and why.

Two remedies exclude each other if they touch the same row, column or step; if the file cannot be written with both, or
the process is not sound any more; or if each alone is proven to change nothing, but not both together (of two equal
rules either one can go). What is for the board goes first, as the person who chose it wants it; then what is
mechanical, in the order it was chosen, each proven once more on top of all that is already in.

What was written is read again before anybody gets it: every table that was not touched still says the same, and one
that only mechanical edits touched decides the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from bpm.analyser import remedies
from bpm.analyser.equivalence import Answer, Proof, Undecided, Witness, equivalent
from bpm.analyser.given import Given, TableAt
from bpm.analyser.run import Reported
from bpm.analyser.tableremedies import number_of
from bpm.errors import InvalidRequest, ModelError, NotFound
from bpm.model.decision import DecisionModel, DecisionTable
from bpm.model.edit import Edit, apply, clash, of_json
from bpm.model.edit.edited import edited
from bpm.model.edit.rules import TableEdit
from bpm.model.edit.steps import StepEdit
from bpm.model.procedure import Procedure
from bpm.model.reader import read_bpmn, read_dmn

REASONS: Mapping[str, Mapping[str, str]] = {
    "no-edits": {
        "de": "dieser Vorschlag ist nur ein Hinweis; im Modell ändert er nichts",
        "en": "this remedy is only a note; it changes nothing in the model",
    },
    "same-place": {
        "de": "beide ändern dieselbe Stelle: {what}",
        "en": "both change the same place: {what}",
    },
    "not-together": {
        "de": "jeder für sich ändert keine Entscheidung, zusammen aber schon, zum Beispiel für {what}",
        "en": "each alone changes no decision, but together they do, for example for {what}",
    },
    "not-proven": {
        "de": "zusammen mit den anderen ist nicht bewiesen, dass sich nichts ändert: {what}",
        "en": "together with the others it is not proven that nothing changes: {what}",
    },
    "not-applicable": {
        "de": "so lässt sich das Modell nicht schreiben: {what}",
        "en": "the model cannot be written so: {what}",
    },
    "unsound": {
        "de": "mit beiden ist der Ablauf nicht mehr fehlerfrei ausführbar oder lässt sich nicht schreiben",
        "en": "with both the process is not sound any more, or cannot be written",
    },
}
"""Why a remedy was left out, by language; `what` is filled in."""


NOTHING: Mapping[str, str] = MappingProxyType({})
TRACES: Mapping[str, str] = MappingProxyType({"de": "was man von außen sieht", "en": "what can be seen from outside"})


@dataclass(frozen=True, slots=True)
class Chosen:
    """One remedy to apply: the finding and its edits by file."""

    found: Reported
    edits: tuple[tuple[str, Edit], ...]

    @property
    def mechanical(self) -> bool:
        return self.found.finding.remedy is not None and self.found.finding.remedy.applicability == "mechanical"

    def of(self, path: str) -> tuple[Edit, ...]:
        """Its edits of one file."""
        return tuple(edit for where, edit in self.edits if where == path)


@dataclass(frozen=True, slots=True)
class Excluded:
    """A remedy that was left out: `reason` is a key of REASONS, `others` the fingerprints it does not go with."""

    found: Reported
    reason: str
    others: tuple[str, ...] = ()
    what: Mapping[str, str] = field(default_factory=lambda: NOTHING)

    def as_json(self, lang: str) -> dict[str, Any]:
        return {
            "fingerprint": self.found.fingerprint,
            "code": self.found.finding.code,
            "reason": self.reason,
            "with": list(self.others),
            "message": REASONS[self.reason][lang].format(what=self.what.get(lang, "")),
        }


@dataclass(frozen=True, slots=True)
class Changed:
    """A table that was edited, as it was and as it is, and whether it decides the same."""

    before: TableAt
    after: TableAt
    answer: Answer
    edits: tuple[TableEdit, ...] = ()

    def as_json(self, lang: str) -> dict[str, Any]:
        answer = self.answer
        return {
            "path": self.before.model.path,
            "decision": self.before.owner,
            "equivalent": True if isinstance(answer, Proof) else False if isinstance(answer, Witness) else None,
            "witness": dict(answer.case) if isinstance(answer, Witness) else None,
            "why": answer.reason[lang] if isinstance(answer, Undecided) else None,
        }


@dataclass(frozen=True, slots=True)
class Redesign:
    """The procedure as it would be. `files` are the changed ones, by path."""

    procedure: Procedure
    applied: tuple[Chosen, ...]
    excluded: tuple[Excluded, ...]
    files: Mapping[str, bytes]
    tables: tuple[Changed, ...]


def redesign(procedure: Procedure, findings: Iterable[Reported], wanted: Sequence[str]) -> Redesign:
    """Apply the remedies of the findings with the given fingerprints, in this order; `all-mechanical` stands for all
    that need no discussion.

    Raises:
        NotFound: `unknown-fingerprint`, if one is no finding of this procedure.
        ModelError: `edit-lost`, if what was written does not say what it should (then nothing is given out).
    """
    known = {found.fingerprint: found for found in findings}
    names: list[str] = []
    for name in wanted:
        if name == ALL_MECHANICAL:
            names += [key for key, found in known.items() if _is_mechanical(found)]
        elif name not in known:
            raise NotFound("unknown-fingerprint", f"no finding has the fingerprint {name[:40]!r}", path=procedure.path)
        else:
            names.append(name)
    planner = _Planner(procedure)
    for found in (known[name] for name in dict.fromkeys(names)):
        planner.ask(found)
    planner.settle()
    return planner.finish()


ALL_MECHANICAL = "all-mechanical"


def _is_mechanical(found: Reported) -> bool:
    return found.finding.remedy is not None and found.finding.remedy.applicability == "mechanical"


class _Planner:
    def __init__(self, procedure: Procedure) -> None:
        self.procedure = procedure
        self.given = Given(procedure)
        self.waiting: list[Chosen] = []
        self.taken: list[Chosen] = []
        self.excluded: list[Excluded] = []

    def ask(self, found: Reported) -> None:
        remedy = found.finding.remedy
        if remedy is None or not remedy.edits:
            self.excluded.append(Excluded(found, "no-edits"))
            return
        edits = of_json(remedy.edits)
        self.waiting.append(Chosen(found, tuple((self._path_of(found, edit), edit) for edit in edits)))

    def _path_of(self, found: Reported, edit: Edit) -> str:
        if isinstance(edit, TableEdit):
            paths = [model.path for model in self.procedure.decisions if _holds(model, edit.decision)]
            return found.finding.path if found.finding.path in paths else paths[0] if paths else found.finding.path
        return self.procedure.process.path if self.procedure.process is not None else found.finding.path

    def settle(self) -> None:
        """What the board chose first, then what is mechanical, in the order it was asked for."""
        for one in sorted(self.waiting, key=lambda it: it.mechanical):
            problem = self._problem(one, self.taken)
            if problem is None:
                self.taken.append(one)
            else:
                self.excluded.append(problem)

    # --- why not -------------------------------------------------------------------------------------------------

    def _problem(self, one: Chosen, others: Sequence[Chosen]) -> Excluded | None:
        for other in others:
            shared = _shared(one, other)
            if shared is not None:
                return Excluded(one.found, "same-place", (other.found.fingerprint,), _in_all(shared))
        reason = self._why_not(one, others)
        if reason is None:
            return None
        alone = [other for other in others if self._why_not(one, (other,)) is not None]
        if self._why_not(one, ()) is not None:
            alone = []
        elif not alone:
            alone = [other for other in others if _beside(one, other)]
        return Excluded(one.found, reason[0], tuple(it.found.fingerprint for it in alone), reason[1])

    def _why_not(self, one: Chosen, others: Sequence[Chosen]) -> tuple[str, Mapping[str, str]] | None:
        for path in dict.fromkeys(where for where, _ in one.edits):
            try:
                if any(isinstance(edit, StepEdit) for edit in one.of(path)):
                    reason = self._why_not_in_process(one, others, path)
                else:
                    reason = self._why_not_in_tables(one, others, path)
            except (InvalidRequest, ModelError) as error:
                return "not-applicable", _in_all(error.message)
            if reason is not None:
                return reason
        return None

    def _why_not_in_tables(
        self, one: Chosen, others: Sequence[Chosen], path: str
    ) -> tuple[str, Mapping[str, str]] | None:
        both = [*others, one]
        apply(self._source(path), [edit for it in both for edit in it.of(path)], path)
        if not one.mechanical:
            return None
        for at in self._tables(path, one.of(path)):
            board = [edit for it in others if not it.mechanical for edit in _of_table(self.given, at, it.of(path))]
            every = [edit for it in both for edit in _of_table(self.given, at, it.of(path))]
            answer = equivalent(_with(at, edited(at.table, board)), _with(at, edited(at.table, every)))
            if isinstance(answer, Witness):
                case = ", ".join(f"{name} = {_shown(value)}" for name, value in answer.case.items())
                return "not-together", _in_all(case)
            if isinstance(answer, Undecided):
                return "not-proven", answer.reason
        return None

    def _why_not_in_process(
        self, one: Chosen, others: Sequence[Chosen], path: str
    ) -> tuple[str, Mapping[str, str]] | None:
        base = [edit for it in (*others, one) if not it.mechanical for edit in it.of(path)]
        given = self._given_after(path, base) if base else self.given
        if given is None:
            return "unsound", NOTHING
        if not one.mechanical:
            return None
        edits = [edit for it in (*others, one) if it.mechanical for edit in it.of(path) if isinstance(edit, StepEdit)]
        for graph in given.graphs:
            mine = [edit for edit in edits if set(remedies.touches(edit)) & set(graph.nodes)]
            tried = remedies.attempt(given, graph, *mine) if mine else None
            if mine and tried is None:
                return "unsound", NOTHING
            if tried is not None and not remedies.proven(given, graph, mine, tried).same:
                return "not-proven", TRACES
        return None

    def _given_after(self, path: str, edits: Sequence[Edit]) -> Given | None:
        """The procedure with some edits of its process; None if a process that was sound is not any more."""
        model = read_bpmn(apply(self._source(path), edits, path), path)
        given = Given(replace(self.procedure, process=model))
        was = {it.process: it.sound for it in self.given.verdicts}
        return given if all(it.sound or not was.get(it.process, False) for it in given.verdicts) else None

    # --- the files -----------------------------------------------------------------------------------------------

    def _source(self, path: str) -> bytes:
        process = self.procedure.process
        models = (*((process,) if process is not None else ()), *self.procedure.decisions)
        found = next((model.source for model in models if model.path == path), b"")
        if not found:
            raise ModelError("no-source", "the model was not read from a file", path=path)
        return found

    def _tables(self, path: str, edits: Iterable[Edit]) -> list[TableAt]:
        return [at for at in self.given.tables if at.model.path == path and _of_table(self.given, at, edits)]

    def finish(self) -> Redesign:
        files: dict[str, bytes] = {}
        for path in sorted({where for it in self.taken for where, _ in it.edits}):
            board = [edit for it in self.taken if not it.mechanical for edit in it.of(path)]
            rest = [edit for it in self.taken if it.mechanical for edit in it.of(path)]
            source = self._source(path)
            if any(isinstance(edit, StepEdit) for edit in (*board, *rest)):
                # ids do not shift, so what is proven on top of the board's edits is made on top of them
                files[path] = apply(apply(source, board, path), rest, path)
            else:
                files[path] = apply(source, [*board, *rest], path)
        after = _read_again(self.procedure, files)
        return Redesign(after, tuple(self.taken), tuple(self.excluded), files, self._changed(after))

    def _changed(self, after: Procedure) -> tuple[Changed, ...]:
        """The tables that were edited; all others must say what they said."""
        found = []
        old, new = self.given.tables, Given(after).tables
        if [(at.model.path, at.owner) for at in old] != [(at.model.path, at.owner) for at in new]:
            raise ModelError("edit-lost", "a table is missing in what was written", path=after.path)
        for before, now in zip(old, new, strict=True):
            mine = [(it, edit) for it in self.taken for edit in _of_table(self.given, before, it.of(before.model.path))]
            if _says(now.table) != _says(edited(before.table, [edit for _, edit in mine])):
                raise ModelError("edit-lost", f"{before.owner!r} does not say what it should", path=before.model.path)
            if not mine:
                continue
            answer = equivalent(before, now)
            if all(it.mechanical for it, _ in mine) and not isinstance(answer, Proof):
                raise ModelError("edit-lost", f"{before.owner!r} decides otherwise", path=before.model.path)
            found.append(Changed(before, now, answer, tuple(dict.fromkeys(edit for _, edit in mine))))
        return tuple(found)


def _shared(one: Chosen, other: Chosen) -> str | None:
    """The place that two remedies both change; None if they go together."""
    for path, mine in one.edits:
        for theirs in other.of(path):
            claim = clash(mine, theirs)
            if claim is not None:
                return " ".join(claim)
    return None


def _beside(one: Chosen, other: Chosen) -> bool:
    """Whether two remedies change the same table or process."""

    def places(it: Chosen) -> set[tuple[str, str]]:
        return {(path, edit.decision if isinstance(edit, TableEdit) else "") for path, edit in it.edits}

    return bool(places(one) & places(other))


def _holds(model: DecisionModel, owner: str) -> bool:
    return owner in {it.id for it in model.decisions} | {it.id for it in model.knowledge}


def _of_table(given: Given, at: TableAt, edits: Iterable[Edit]) -> list[TableEdit]:
    number = number_of(given, at)
    mine = [it for it in edits if isinstance(it, TableEdit) and it.decision == at.owner and it.table == number]
    return list(dict.fromkeys(mine))


def _with(at: TableAt, table: DecisionTable) -> TableAt:
    """The same place with another table in it."""
    decision = at.decision
    if decision is not None and decision.logic is at.table:
        decision = replace(decision, logic=table)
    return replace(at, table=table, decision=decision)


def _says(table: DecisionTable) -> tuple[Any, ...]:
    """What a table says, without ids and places in the file."""
    return (
        table.hit_policy,
        table.aggregation,
        tuple((it.label, it.expression, it.type, it.values) for it in table.inputs),
        tuple((it.name, it.label, it.type, it.values, it.default) for it in table.outputs),
        tuple((it.inputs, it.outputs, it.annotations) for it in table.rules),
        table.annotation_names,
    )


def _read_again(procedure: Procedure, files: Mapping[str, bytes]) -> Procedure:
    process = procedure.process
    if process is not None and process.path in files:
        process = read_bpmn(files[process.path], process.path)
    decisions = tuple(
        read_dmn(files[model.path], model.path) if model.path in files else model for model in procedure.decisions
    )
    return replace(procedure, process=process, decisions=decisions)


def _in_all(text: str) -> Mapping[str, str]:
    """What needs no translation."""
    return dict.fromkeys(("de", "en"), text)


def _shown(value: object) -> str:
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
