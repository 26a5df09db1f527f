"""Facts that several procedures settle are compared once, between those in force together, with the sources of both."""

from __future__ import annotations

from dataclasses import replace

from bpm.analyser.rivals import with_neighbours
from bpm.analyser.run import analyse
from bpm.model.procedure import Procedure
from bpm.model.reader import read
from tests.checks.fixtures import HERE


def procedures(name: str) -> list[Procedure]:
    return list(read(HERE / name))


def reasons(name: str) -> list[str]:
    return [
        skipped.skipped.reason["de"]
        for given in with_neighbours(procedures(name))
        for skipped in analyse(given, ("RC10",)).skipped
    ]


def test_the_table_that_is_out_of_force_is_called_out_of_date() -> None:
    (said,) = reasons("rc10/valid-across-versions")
    assert said.startswith("„Genehmigung nach alter Verordnung“ (Zeile 2) ist veraltet seit 2025-12-31")
    assert said.endswith("es gilt „Genehmigung nach Verordnung“")
    assert ["2025-12-31" in reason for reason in reasons("rc10/valid-versions.dmn")] == [True]


def test_nothing_is_out_of_date_where_both_are_in_force() -> None:
    assert reasons("rc10/invalid-across-procedures") == []


def test_a_pair_of_procedures_is_compared_once_whatever_their_order() -> None:
    found = procedures("rc10/invalid-across-procedures")
    for order in (found, found[::-1]):
        counts = [len(analyse(given, ("RC10",)).findings) for given in with_neighbours(order)]
        assert counts == [1, 0]


def test_two_versions_of_one_procedure_are_no_neighbours() -> None:
    found = procedures("rc10/invalid-across-procedures")
    same = [replace(procedure, key="faellung") for procedure in found]
    assert [given.neighbours for given in with_neighbours(same)] == [(), ()]


def test_an_item_of_the_registers_is_one_fact_by_certain_knowledge() -> None:
    found = [
        replace(procedure, registers={"genehmigung": ("Baumkataster",)})
        for procedure in procedures("rc10/invalid-across-procedures")
    ]
    (first, _) = with_neighbours(found)
    (finding,) = analyse(first, ("RC10",)).findings
    assert finding.finding.basis == "proof"


def test_both_sources_are_named_with_their_dates_and_who_may_change_them() -> None:
    (first, _) = with_neighbours(procedures("rc10/invalid-across-procedures"))
    (reported,) = analyse(first, ("RC10",)).findings
    message = reported.as_json("de")["message"]
    assert "BaumschutzV § 1 (Stadtrat, muss, eigene Aufgabe, ab 2025-12-31)" in message
    assert "Servicetext Baumfällung (Dienstanweisung, soll, ab 2013-01-18)" in message
    assert "City council" in reported.as_json("en")["message"]


def test_findings_about_rows_show_the_law_of_these_rows_and_none_where_none_is_recorded() -> None:
    (silent,) = read(HERE / "rc02/invalid-unique.dmn")
    assert all("sources" not in reported.finding.evidence for reported in analyse(silent, ("RC02",)).findings)
    (versions,) = read(HERE / "rc02/invalid-same-day.dmn")
    (reported,) = analyse(versions, ("RC02",)).findings
    sources = reported.finding.evidence["sources"]
    assert set(sources) == {str(rule) for rule in reported.finding.rules}
    assert all("organ" in source and "force" in source for found in sources.values() for source in found)
