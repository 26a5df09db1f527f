"""Which tables state the same fact: pairs to be laid over each other, in one procedure and across procedures.

In one procedure two tables state one fact if they write the same variable (certain), or call an output by one name (a
guess: the name may mean two things). Across procedures nothing is written in common, so the words are compared: an
item that the city's registers hold means the same everywhere (certain); one item definition of equal wording, given
once on either side, or an equal name is a guess - and then one table must look at nothing that the other does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TypeAlias

from bpm.analyser.given import Given, TableAt
from bpm.analyser.joint import Side
from bpm.analyser.tables import NotBoxes
from bpm.model.decision import DecisionModel, ItemDefinition
from bpm.model.procedure import Procedure
from bpm.model.process import BusinessRuleTask

MOST_NEIGHBOURS = 50
"""Procedures that one is compared with."""

Wording: TypeAlias = tuple[str, str | None, str, str]
"""What an item definition says: name, base type, allowed values and constraint."""

ONE_RESULT = {"UNIQUE", "ANY", "FIRST", "PRIORITY"}


@dataclass(frozen=True, slots=True)
class Rivals:
    """Two tables that state `fact`; `proven` tells whether that is certain. `other` is the procedure of the second
    table if it is another one."""

    fact: str
    proven: bool
    first: Side
    second: Side
    other: Given | None = None


@dataclass(frozen=True, slots=True)
class Stated:
    """One output of a table, and by what names it is known: variables it is written to, its own name, its item."""

    side: Side
    variables: tuple[str, ...]
    name: str
    item: ItemDefinition | None

    @property
    def words(self) -> frozenset[str]:
        return frozenset((*self.variables, *([self.name] if self.name else [])))


def rivals(given: Given) -> Iterator[Rivals]:
    """Every pair once: those of the procedure, then those with each neighbour."""
    yield from _inside(given)
    for other in given.neighbours:
        yield from _across(given, other)


def _inside(given: Given) -> Iterator[Rivals]:
    own = given.stated
    seen: set[tuple[int, int, int, int]] = set()
    for proven in (True, False):
        groups: dict[str, list[Stated]] = {}
        for entry in own:
            for word in entry.variables if proven else (entry.name,):
                if word:
                    groups.setdefault(word, []).append(entry)
        for fact, entries in groups.items():
            for one, two in combinations(entries, 2):
                first, second = one.side, two.side
                key = (id(first.at), first.output, id(second.at), second.output)
                if first.at is not second.at and key not in seen and not _rests_on(first.at, second.at):
                    seen.add(key)
                    yield Rivals(fact, proven, first, second)


def _across(given: Given, other: Given) -> Iterator[Rivals]:
    registered = set(given.registers) | set(other.registers)
    by_word: dict[str, list[Stated]] = {}
    for entry in other.stated:
        for word in entry.words:
            by_word.setdefault(word, []).append(entry)
    items = _alone(given.stated), _alone(other.stated)
    for one in given.stated:
        found = {id(two): two for word in sorted(one.words) for two in by_word.get(word, ())}
        twin = None if one.item is None or items[0].get(_wording(one.item)) is not one else _wording(one.item)
        if twin is not None and twin in items[1]:
            found.setdefault(id(items[1][twin]), items[1][twin])
        for two in found.values():
            shared = sorted(one.words & two.words)
            fact = shared[0] if shared else (one.item.name if one.item else "")
            proven = any(word in registered for word in shared)
            if proven or _looks_at_no_more(one.side, two.side):
                yield Rivals(fact, proven, one.side, two.side, other)


def _alone(entries: tuple[Stated, ...]) -> dict[Wording, Stated]:
    """Outputs by the wording of their item definition, where no other output has the same."""
    found: dict[Wording, list[Stated]] = {}
    for entry in entries:
        if entry.item is not None:
            found.setdefault(_wording(entry.item), []).append(entry)
    return {wording: same[0] for wording, same in found.items() if len(same) == 1}


def _looks_at_no_more(first: Side, second: Side) -> bool:
    ours = {entry.expression for entry in first.shape.boxes.columns}
    theirs = {entry.expression for entry in second.shape.boxes.columns}
    return ours <= theirs or theirs <= ours


def _wording(item: ItemDefinition) -> Wording:
    return (item.name, item.base, " ".join((item.allowed or "").split()), " ".join((item.constraint or "").split()))


def with_neighbours(procedures: Sequence[Procedure]) -> Iterator[Given]:
    """Procedures as checks see them, each with the later ones that may state the same facts or cut the same register
    items. Two versions of one procedure are no neighbours, nor is what another city made of one by a layer."""
    alone = [Given(procedure) for procedure in procedures]
    words = [_words_of(given) for given in alone]
    places: dict[str, list[int]] = {}
    for number, found in enumerate(words):
        for word in found:
            places.setdefault(word, []).append(number)
    ready: list[Given] = []
    for number in reversed(range(len(alone))):
        near = sorted({other for word in words[number] for other in places[word] if other > number})
        near = [other for other in near if alone[other].key != alone[number].key]
        near = [other for other in near if _city(procedures[other]) == _city(procedures[number])]
        # a word that stands everywhere says little, and comparing everything with everything would never end
        chosen = tuple(ready[len(alone) - 1 - other] for other in near[:MOST_NEIGHBOURS])
        ready.append(replace(alone[number], neighbours=chosen))
    while ready:
        yield ready.pop()


def _city(procedure: Procedure) -> str | None:
    """Whose a procedure is, where that is known: of a layer, the folder it lies in."""
    return None if procedure.layer is None else procedure.path.rpartition("/")[0]


def _words_of(given: Given) -> frozenset[str]:
    """By what names facts of a procedure are known, and the register items it cuts, without working out a table."""
    found = {task.result_variable or "" for task in _writers(given)}
    for at in given.tables:
        if at.decision is not None:
            found.add(at.decision.variable)
            found |= {clause.name for clause in at.table.outputs}
            found |= {f"type {item.name}" for item in at.model.items if item.allowed or item.constraint}
        expressions = (clause.expression.strip() for clause in at.table.inputs)
        found |= {f"register {name}" for name in expressions if name in given.registers}
    return frozenset(found - {""})


def find_stated(given: Given) -> Iterator[Stated]:
    """Every output of every table that gives one result, in the order of the files."""
    written: dict[str, set[str]] = {}
    for task in _writers(given):
        found = given.procedure.decision(task.decision or "")
        if found is not None:
            written.setdefault(found[1].id, set()).add(task.result_variable or "")
    for at, shape in given.geometries:
        if isinstance(shape, NotBoxes) or at.decision is None or at.decision.logic is not at.table:
            continue
        if at.table.hit_policy not in ONE_RESULT:
            continue
        single = len(at.table.outputs) == 1
        items = _items(at.model)
        # what a process stores the result under is what counts there; elsewhere it is the decision's own variable
        variables = sorted(written.get(at.decision.id) or {at.decision.variable})
        for position, clause in enumerate(at.table.outputs):
            names = tuple(name if single else f"{name}.{clause.name}" for name in variables)
            type_name = clause.type or (at.decision.type if single else None)
            item = items.get((type_name or "").rsplit(":", 1)[-1])
            known = item if item is not None and (item.allowed or item.constraint) else None
            yield Stated(Side(shape, position), names, clause.name, known)


def _writers(given: Given) -> Iterator[BusinessRuleTask]:
    for process in given.processes:
        for node in process.nodes:
            if isinstance(node, BusinessRuleTask) and node.decision and node.result_variable:
                yield node


def _items(model: DecisionModel) -> Mapping[str, ItemDefinition]:
    return {item.name: item for item in model.items}


def _rests_on(first: TableAt, second: TableAt) -> bool:
    """Whether one of two decisions requires the other, directly or through others."""
    if first.model is not second.model:
        return False
    requires = {decision.id: decision.requires for decision in first.model.decisions}
    for start, goal in ((first.owner, second.owner), (second.owner, first.owner)):
        todo, seen = [start], {start}
        while todo:
            for id in requires.get(todo.pop(), ()):
                if id == goal:
                    return True
                if id not in seen:
                    seen.add(id)
                    todo.append(id)
    return False
