"""When labels say the same, what a step does, and what happened between two steps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bpm.analyser.likeness import beside, recorded, says_check, similarity, subject, unchanged
from bpm.model.graph import Graph
from bpm.model.process import DataUse, Facts, Process, UserTask
from tests.unit.tokens.drawing import draw


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bürger*innen anhören", "Buerger anhoeren"),
        ("Bescheid an Bürger*in senden", "Den Bescheid an die BürgerIn senden"),
        ("Antragsteller/-in benachrichtigen", "Antragsteller benachrichtigen"),
        ("Angaben erneut prüfen", "Angaben prüfen"),
        ("Straße eintragen", "strasse eintragen"),
    ],
)
def test_umlauts_gender_forms_articles_and_repetition_make_no_difference(one: str, other: str):
    assert similarity(one, other) == 1.0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Antrag prüfen", "Prüfung des Antrags"),
        ("Anträge prüfen", "Antragsprüfung"),
        ("Termin vergeben", "Terminvergabe"),
        ("Kartei ergänzen", "Karteiergaenzung"),
        ("Entwurf des Vertrags", "Verträge entwerfen"),
    ],
)
def test_inflection_nouns_of_doing_and_compounds_make_no_difference(one: str, other: str):
    assert similarity(one, other) == 1.0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Antragsprüfung", "Vertragsprüfung"),
        ("1. Mahnung senden", "2. Mahnung senden"),
        ("Erste Erinnerung", "Zweite Erinnerung"),
        ("Zone prüfen", "Halterschaft prüfen"),
        ("", ""),
    ],
)
def test_other_numbers_other_subjects_and_empty_labels_are_not_alike(one: str, other: str):
    assert similarity(one, other) < 0.9


def test_a_check_is_told_by_its_label():
    assert says_check("Vollständigkeit überprüfen")
    assert says_check("Check completeness")
    assert not says_check("Bescheid erlassen")
    assert subject("Vollständigkeit nochmals kontrollieren") == "vollstaendigkeit"


def with_data(process: Process, **data: tuple[str, str]) -> Graph:
    """The same process; `node=(reads, writes)` with items separated by blanks."""
    nodes = []
    for node in process.nodes:
        if isinstance(node, UserTask) and node.id in data:
            reads, writes = ([DataUse(item) for item in text.split()] for text in data[node.id])
            node = replace(node, facts=Facts(reads=tuple(reads), writes=tuple(writes)))
        nodes.append(node)
    return Graph(Process(process.id, process.name, True, tuple(nodes), process.flows))


LINE = "start s : a\ntask a : b\ntask b : c\ntask c : e\nend e"
FORK = "start s : a\ntask a : x\nxor x : b? c!\ntask b : c\ntask c : e\nend e"
BESIDE = "start s : x\nand x : a w\ntask a : c\ntask w : y\ntask c : y\nand y : e\nend e"


def test_a_write_in_between_changes_the_data():
    assert unchanged(with_data(draw(LINE), a=("d", "r"), b=("r", "d"), c=("d", "r")), "a", "c", ["d"]) == (None, True)
    assert unchanged(with_data(draw(LINE), a=("d", "r"), b=("r", "z"), c=("d", "r")), "a", "c", ["d"]) == (
        ("a", "b", "c"),
        True,
    )


def test_one_path_without_a_write_is_enough():
    graph = with_data(draw(FORK), a=("d", "r"), b=("r", "d"), c=("d", "r"))
    assert unchanged(graph, "a", "c", ["d"]) == (("a", "x", "c"), True)


def test_a_step_that_records_nothing_leaves_it_open():
    graph = with_data(draw(LINE), a=("d", "r"), c=("d", "r"))
    assert not recorded(graph.nodes["b"])
    assert unchanged(graph, "a", "c", ["d"]) == (("a", "b", "c"), False)


def test_a_step_that_writes_what_it_read_changes_it_for_the_next():
    assert unchanged(with_data(draw(LINE), a=("d", "d"), b=("r", "z"), c=("d", "d")), "a", "c", ["d"]) == (None, True)


def test_a_write_in_a_parallel_branch_may_come_in_between():
    graph = with_data(draw(BESIDE), a=("d", "r"), w=("", "d"), c=("d", "r"))
    assert beside(graph, "w", "a")
    assert unchanged(graph, "a", "c", ["d"]) == (None, True)


def test_exclusive_branches_are_not_beside_each_other():
    graph = Graph(draw("start s : x\nxor x : a b\ntask a : e\ntask b : e\nend e"))
    assert not beside(graph, "a", "b")
