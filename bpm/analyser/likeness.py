"""When two steps of a process do the same: labels, roles, data, and whether anything happened in between.

Labels are compared after lower case, umlauts, gender forms (`Bürger*innen`, `Antragsteller/-in`), articles and words of
repetition are levelled; different numbers make different labels (first and second reminder are two things). Inflection
(Snowball stems), nouns of doing (`Prüfung`, `Vergabe`) and compounds (`Antragsprüfung`) do not tell labels apart.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import combinations, permutations

from rapidfuzz import fuzz

from bpm.analyser.given import Given
from bpm.analyser.protected import protection
from bpm.errors import FeelError
from bpm.feel import free_names, parse_expression
from bpm.model.decision import DecisionModel
from bpm.model.graph import Graph
from bpm.model.process import BusinessRuleTask, Event, FlowNode, Task, UserTask

SAME = 0.9
"""From this similarity on two labels say the same."""

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_GENDER = re.compile(r"(?:[*:_·]|/-?)(?:innen|in)\b|\((?:innen|in)\)")
_FILLER = frozenset(
    (
        "der",
        "die",
        "das",
        "den",
        "dem",
        "des",
        "ein",
        "eine",
        "einen",
        "einem",
        "einer",
        "und",
        "an",
        "im",
        "in",
        "am",
        "zu",
        "zur",
        "zum",
        "the",
        "a",
        "an",
        "of",
        "to",
    )
)
_AGAIN = frozenset(("erneut", "nochmals", "nochmal", "wieder", "wiederholt", "again", "repeat", "abermals"))
_NUMBERS = frozenset(
    (
        "erste",
        "ersten",
        "erster",
        "erstes",
        "zweite",
        "zweiten",
        "zweiter",
        "zweites",
        "dritte",
        "dritten",
        "dritter",
        "first",
        "second",
        "third",
    )
)
_DOING = (
    ("gab", "geb"),  # Vergabe, vergeben
    ("lag", "leg"),  # Anlage, anlegen
    ("nahm", "nehm"),
    ("wurf", "werf"),
    ("sand", "send"),
    ("schluss", "schliess"),
)
_CHECKS = re.compile(r"pruef|kontroll|check|verif|validier|plausib|gegenles|review|abgleich|ueberpruef|inspect")


@lru_cache(maxsize=10_000)
def words(label: str) -> tuple[str, ...]:
    """The words of a label that carry meaning, levelled and sorted."""
    inner = re.sub(r"(?<=[a-zäöüß])(Innen|In)\b", "", label)
    plain = _GENDER.sub("", inner.lower()).translate(_UMLAUTS)
    found = re.findall(r"[a-z0-9]+", plain.replace("noch einmal", ""))
    return tuple(sorted(word for word in found if word not in _FILLER and word not in _AGAIN))


def similarity(one: str, other: str) -> float:
    """Between 0 and 1; 0 if the labels hold different numbers or one says nothing."""
    left, right = words(one), words(other)
    if not left or not right or _numbers(left) != _numbers(right):
        return 0.0
    if _one_meaning(stems(one), stems(other)):
        return 1.0
    return float(fuzz.ratio(" ".join(left), " ".join(right))) / 100


@lru_cache(maxsize=10_000)
def stems(label: str) -> tuple[str, ...]:
    """The words of a label without inflection, umlaut and the forms by which a noun is made of doing."""
    return tuple(sorted(_stem(word) for word in words(label)))


def _stem(word: str) -> str:
    import snowballstemmer  # type: ignore[import-untyped]

    found = str(snowballstemmer.stemmer("german").stemWord(word))
    found = found.replace("ae", "a").replace("oe", "o").replace("ue", "u")
    return found.removesuffix("ung") if len(found) > 6 else found


def _doing(stem: str) -> str:
    """The stem of the verb where the noun changes its vowel."""
    for noun, verb in _DOING:
        if stem.endswith(noun):
            return stem.removesuffix(noun) + verb
    return stem


def _one_meaning(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    """Whether the stems are the same, a compound being the same as its two parts."""
    return left == right or _parted(left, right) == _parted(right, left)


def _parted(stems: tuple[str, ...], others: tuple[str, ...]) -> list[str]:
    """The stems as those of doing, each compound of two of the `others` in its parts."""
    parts: list[str] = []
    for stem in stems:
        found = (pair for pair in permutations(others, 2) if _compound(stem, *pair))
        parts += next(found, (stem,))
    return sorted(_doing(part) for part in parts)


def _compound(stem: str, first: str, last: str) -> bool:
    """Whether a word is made of two others, with up to three letters between them (-s-, -en-, -ern-)."""
    between = len(stem) - len(first) - len(last)
    return 0 <= between <= 3 and stem.startswith(first) and _doing(stem).endswith(_doing(last))


def _numbers(found: Iterable[str]) -> set[str]:
    return {word[:4] for word in found if word.isdigit() or word in _NUMBERS}


def says_check(label: str) -> bool:
    """Whether a label speaks of checking something."""
    return any(_CHECKS.search(word) for word in words(label))


def subject(label: str) -> str:
    """What a label of a check is about: its words without those of checking."""
    return " ".join(word for word in words(label) if not _CHECKS.match(word))


def role(graph: Graph, node: FlowNode) -> str | None:
    """Who does a step: its candidate groups, else the name of its lane; None where neither is recorded."""
    if isinstance(node, UserTask) and node.assignment.candidate_groups:
        return ", ".join(sorted(node.assignment.candidate_groups))
    return graph.role(node.id)


def reads(node: FlowNode) -> frozenset[str]:
    return frozenset(use.item for use in node.facts.reads)


def writes(node: FlowNode) -> frozenset[str]:
    """The items a step writes, its result variable included."""
    result = {node.result_variable} if isinstance(node, BusinessRuleTask) and node.result_variable else set()
    return frozenset({use.item for use in node.facts.writes} | result)


def recorded(node: FlowNode) -> bool:
    """Whether the model says which data a step uses; sending a message is taken not to change any."""
    return bool(node.facts.reads or node.facts.writes) or isinstance(node, BusinessRuleTask) or node.type == "sendTask"


def required(node: FlowNode) -> bool:
    """Whether a norm says that the step *must* be, or it is protected: then it is no repetition to question."""
    return protection(node) is not None or any(basis.force == "must" for basis in node.facts.legal_bases)


def inputs_of(given: Given, task: BusinessRuleTask) -> frozenset[str]:
    """The data a decision looks at: what the step records, and the names its tables and required inputs use."""
    found = set(reads(task))
    at = given.procedure.decision(task.decision or "")
    if at is not None:
        found |= _needs(at[0], at[1].id)
    return frozenset(found)


def _needs(model: DecisionModel, decision: str) -> set[str]:
    decisions = {one.id: one for one in model.decisions}
    names = {one.id: one.name for one in model.inputs}
    produced = {one.variable or one.name for one in model.decisions}
    found: set[str] = set()
    todo, seen = [decision], set[str]()
    while todo:
        current = decisions.get(todo.pop())
        if current is None or current.id in seen:
            continue
        seen.add(current.id)
        todo += current.requires
        found |= {names[key] for key in (*current.requires, *current.inputs) if key in names}
        for clause in getattr(current.logic, "inputs", ()):
            try:
                found |= free_names(parse_expression(clause.expression))
            except FeelError:
                found.add(clause.expression)
    return found - produced


def waits(graph: Graph) -> frozenset[str]:
    """Where time passes or the outside world speaks: what was true before may not be true after."""
    return frozenset(
        node.id
        for node in graph.process.nodes
        if node.type in ("receiveTask", "boundaryEvent", "intermediateCatchEvent") and not _is_link(node)
    )


def _is_link(node: FlowNode) -> bool:
    return isinstance(node, Event) and any(d.kind == "link" for d in node.definitions)


def beside(graph: Graph, one: str, other: str) -> bool:
    """Whether two nodes may be done at the same time: unordered, behind one parallel or inclusive split."""
    if one == other or other in graph.after(one) or one in graph.after(other):
        return False
    return any(
        {one, other} <= graph.after(node.id)
        for node in graph.process.nodes
        if len(graph.outgoing[node.id]) > 1 and node.type not in ("exclusiveGateway", "eventBasedGateway")
    )


def unchanged(graph: Graph, first: str, second: str, items: Iterable[str]) -> tuple[tuple[str, ...] | None, bool]:
    """A path from `first` to `second` on which nothing writes `items` and nobody waits.

    Returns (path, True); (None, True) if there is none; (path, False) if steps on every such path do not record which
    data they use, so that it cannot be decided."""
    wanted = frozenset(items)
    if writes(graph.nodes[first]) & wanted:
        return None, True
    steps = [node for node in graph.process.nodes if isinstance(node, Task) and node.id not in (first, second)]
    writers = {node.id for node in steps if writes(node) & wanted}
    if any(beside(graph, writer, first) or beside(graph, writer, second) for writer in writers):
        return None, True
    closed = writers | waits(graph)
    unknown = {node.id for node in steps if not recorded(node)}
    path = graph.path(first, second, avoiding=closed | unknown)
    if path is not None:
        return path, True
    path = graph.path(first, second, avoiding=closed)
    return path, path is None


def pairs(graph: Graph, groups: Mapping[Hashable, list[Task]]) -> Iterator[tuple[Task, Task]]:
    """Of each group every two steps that follow one another in one case, the earlier one first, in model order."""
    found: list[tuple[Task, Task]] = []
    for group in groups.values():
        for one, other in combinations(group, 2):
            if graph.precedes(one.id, other.id):
                found.append((one, other))
            elif graph.precedes(other.id, one.id):
                found.append((other, one))
    yield from sorted(found, key=lambda pair: (graph.order[pair[0].id], graph.order[pair[1].id]))


def titles(graph: Graph, ids: Iterable[str]) -> str:
    """The labels of some nodes as they stand in a sentence."""
    return ", ".join(f"»{graph.nodes[node].name or node}«" for node in ids)


UNRECORDED: Mapping[str, str] = {
    "de": "bei Schritten dazwischen ist nicht erfasst, welche Daten sie ändern",
    "en": "steps in between do not record which data they change",
}
