"""Real event logs come in by allow-list, as columns, without names; what is left out is said."""

from __future__ import annotations

import gzip
import json
import os
import random
from pathlib import Path

import numpy as np
import pytest

from bpm.errors import ModelError
from bpm.eventlog import Guide, Recorded
from bpm.exchange.logs import Reading, is_log, read_guide, read_log
from bpm.exchange.logs import source as bytes_of_logs
from bpm.kpis import NOT_RECORDED, observed
from bpm.service.simulate import simulate

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("BPM_CONFORMANCE_DATA") or ROOT.parent / "shared" / "data")
HEAD = "Vorgangsnummer;Schritt;Beginn;Ende;Sachbearbeiter*in;Stelle;Kanal;Diagnose\n"


def written(folder: Path, text: str | bytes, name: str = "log.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def xes(*traces: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><log xmlns="http://www.xes-standard.org/">{"".join(traces)}</log>'


def event(activity: str, at: str, **more: str) -> str:
    extra = "".join(f'<string key="{key.replace("_", ":")}" value="{value}"/>' for key, value in more.items())
    head = f'<string key="concept:name" value="{activity}"/><date key="time:timestamp" value="{at}"/>'
    return f"<event>{head}{extra}</event>"


def trace(*events: str, name: str = "1", **data: str) -> str:
    texts = "".join(f'<string key="{key}" value="{value}"/>' for key, value in data.items())
    return f'<trace><string key="concept:name" value="{name}"/>{texts}{"".join(events)}</trace>'


def refused(path: Path, guide: Guide | None = None) -> tuple[str, int | None]:
    with pytest.raises(ModelError) as error:
        read_log(path, guide or Guide())
    assert error.value.path == str(path)
    return error.value.code, error.value.line


def said(reading: Reading, field: str) -> str:
    return " ".join(note.why for note in reading.notes if note.field == field)


def test_german_columns_are_found_by_name_and_times_as_people_write_them(tmp_path: Path) -> None:
    log = written(
        tmp_path,
        HEAD + "17;Prüfen;03.02.2025 08:00;03.02.2025 08:30;Kim;Amt;Post;x\n"
        "17;Bescheiden;2025-02-03T09:00:00;2025-02-03T09:15:00;Lou;Amt;Post;x\n",
    )
    guide = Guide(columns={"resource": "Sachbearbeiter*in"}, data={"Kanal": "start"})
    recorded = read_log(log, guide).recorded
    assert recorded.log.nodes == ("Prüfen", "Bescheiden")
    assert recorded.log.worked.tolist() == [1800.0, 900.0]
    assert recorded.starts
    assert not recorded.enables
    assert recorded.data["Kanal"].values == ("Post",)
    assert recorded.data["Kanal"].known.tolist() == [-np.inf]


def test_nobody_is_named_anywhere(tmp_path: Path) -> None:
    rows = "".join(f"{k};Prüfen;;2025-02-03T09:00:00;Kim Muster{k % 7};Amt;Kim Muster{k % 7};x\n" for k in range(20))
    guide = Guide(columns={"resource": "Sachbearbeiter*in"}, data={"Kanal": "start"})
    reading = read_log(written(tmp_path, HEAD + rows), guide)
    assert "Muster" not in repr(reading)
    assert "Kanal" not in reading.recorded.data  # the same people under another heading
    assert "Namen von Bearbeitenden" in said(reading, "Kanal")
    assert len(reading.recorded.log.resources) == 7
    again = read_log(tmp_path / "log.csv", guide)
    assert again.recorded.log.resources == reading.recorded.log.resources
    other = read_log(tmp_path / "log.csv", guide, key=b"another key")
    assert not set(other.recorded.log.resources) & set(reading.recorded.log.resources)
    assert not any("17" in str(one) for one in reading.recorded.log.nodes)


def test_only_what_is_on_the_list_comes_in_and_the_rest_is_said(tmp_path: Path) -> None:
    reading = read_log(written(tmp_path, HEAD + "1;A;;2025-02-03;Kim;Amt;Post;Grippe\n"))
    assert reading.recorded.data == {}
    assert "Nicht auf der Liste" in said(reading, "Kanal")
    assert "Art. 9" in said(reading, "Diagnose")
    assert "Grippe" not in repr(reading)


@pytest.mark.parametrize("name", ["Diagnose", "Religions-Zugehörigkeit", "GdB (Behinderung)", "trade_union", "health"])
def test_special_categories_are_refused_even_if_they_are_named(tmp_path: Path, name: str) -> None:
    assert refused(written(tmp_path, HEAD), Guide(data={name: "start"}))[0] == "log-column-special"


@pytest.mark.parametrize("name", ["Hunderasse", "Partner", "Kanal", "Kirchweg-Abschnitt", "Flaeche"])
def test_harmless_names_are_not_special(tmp_path: Path, name: str) -> None:
    log = written(tmp_path, f"case;activity;end;{name}\n1;A;2025-02-03;3,5\n")
    assert read_log(log, Guide(data={name: "start"})).recorded.data[name].values == (3.5,)


def test_groups_of_fewer_than_five_are_one_and_it_is_said(tmp_path: Path) -> None:
    sizes = {"Groß": 6, "Klein": 2, "Winzig": 1, "Mittel": 5}
    rows = "".join(f"1,A,2025-02-03,{group}{k},{group}\n" for group, size in sizes.items() for k in range(size))
    reading = read_log(written(tmp_path, "case,activity,end,resource,role\n" + rows))
    names = set(reading.recorded.groups)
    assert names == {"Groß", "übrige Stellen (je unter 5 Personen)"}  # three alone would still be too few
    assert "unter 5" in said(reading, "group")
    alone = read_log(written(tmp_path, "case,activity,end,resource,role\n1,A,2025-02-03,k,Klein\n"))
    assert alone.recorded.groups == ()
    assert alone.recorded.group.tolist() == [-1]


def test_complete_only_logs_have_no_working_times_which_is_not_zero(tmp_path: Path) -> None:
    log = written(
        tmp_path, xes(trace(event("A", "2025-02-03T08:00:00+01:00"), event("B", "2025-02-03T10:00:00+01:00")))
    )
    reading = read_log(log)
    figures = observed(reading.recorded)
    assert figures["cycle_time_s"].mean == 7200.0
    assert figures["executed_steps"].mean == 2.0
    assert {figures[name] for name in ("waiting_time_s", "processing_time_s", "cost_eur")} == {NOT_RECORDED}
    assert "keine Bearbeitungs" in said(reading, "start")


def test_start_and_end_of_one_activity_are_paired_and_the_rest_is_counted(tmp_path: Path) -> None:
    def at(hour: int, kind: str) -> str:
        return event("A", f"2025-02-03T{hour:02}:00:00", lifecycle_transition=kind)

    log = xes(trace(at(6, "schedule"), at(8, "start"), at(9, "complete"), at(10, "start"), at(11, "suspend")))
    reading = read_log(written(tmp_path, log, "log.xes"))
    rows = reading.recorded.log
    assert (rows.started - rows.enabled).tolist() == [7200.0]
    assert rows.worked.tolist() == [3600.0]
    assert observed(reading.recorded)["waiting_time_s"].mean == 7200.0
    assert "nicht beendet" in said(reading, "transition")
    assert "weder Beginn noch Ende" in said(reading, "suspend")


def test_a_simulated_log_read_back_has_the_figures_of_the_simulation(tmp_path: Path) -> None:
    path = tmp_path / "sim.csv"
    _, result = simulate(ROOT / "processes/muenchen/hundesteuer", log=path, cases=30, replications=1)
    simulated = result.as_json()["kpis"]
    reading = read_log(path)
    figures = observed(reading.recorded)
    assert figures["executed_steps"].mean == pytest.approx(simulated["executed_steps"]["mean"])
    assert figures["waiting_time_s"].mean == pytest.approx(simulated["waiting_time_s"]["mean"], abs=0.01)
    back = read_log(written(tmp_path, path.read_bytes().replace(b",", b";")))
    assert (back.recorded.log.completed == reading.recorded.log.completed).all()


def test_a_log_is_the_same_packed_or_not_and_in_any_order_of_events(tmp_path: Path) -> None:
    events = [event(name, f"2025-02-03T{9 + k:02}:00:00Z") for k, name in enumerate("ABC")]
    plain = written(tmp_path, xes(trace(*events)), "log.xes")
    packed = written(tmp_path, gzip.compress(plain.read_bytes()), "log.xes.gz")
    shuffled = written(tmp_path, xes(trace(*reversed(events))), "s.xes")
    one, two, three = (read_log(path).recorded for path in (plain, packed, shuffled))
    assert one.digest == two.digest != three.digest
    for recorded in (two, three):
        assert [recorded.log.nodes[k] for k in recorded.log.node] == ["A", "B", "C"]
    assert is_log(plain)
    assert is_log(packed)
    assert not is_log(written(tmp_path, "a,b\n"))


def test_data_are_known_from_the_step_that_settles_them(tmp_path: Path) -> None:
    rows = "1,A,2025-02-03T08:00:00,3\n1,B,2025-02-03T09:00:00,\n2,B,2025-02-03T10:00:00,4\n"
    log = written(tmp_path, "case,activity,end,flaeche\n" + rows)

    def known(when: str) -> list[float]:
        recorded: Recorded = read_log(log, Guide(data={"flaeche": when})).recorded
        return [float(value) for value in recorded.data["flaeche"].known]

    assert known("") == [8 * 3600.0, 10 * 3600.0]
    assert known("B") == [9 * 3600.0, 10 * 3600.0]
    assert known("start") == [-np.inf, -np.inf]
    assert all(np.isnan(known("end")))


BOMB = b"<log>" + b"<!-- -->" * 2_200_000 + b"</log>"


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ('<!DOCTYPE log [<!ENTITY a "b">]><log/>', "xml-doctype", 1),
        ("<log>\n<?php evil ?></log>", "xml-processing-instruction", 2),
        ("<log><trace>", "xml-malformed", 1),
        ("<log>" + "<list>" * 100, "xml-too-deep", 1),
        (f'<log><trace>\n<string key="a" value="{"x" * 70_000}"/></trace></log>', "xml-attribute-too-long", 2),
        ('<?xml version="1.0" encoding="UTF-7"?><log/>', "xml-encoding", 1),
        ("<definitions/>", "log-format", 1),
        ("<log/>", "log-empty", None),
        ("", "log-empty", 1),
        ("PK\x03\x04", "log-format", None),
        ("\x00\x01\x02", "log-format", None),
        ("a,b,c\n1,2,3\n", "log-column-missing", 1),
        ("case,activity,end\n1,A,gestern\n", "log-time", 2),
        ("case,activity,end\n1,A,9999-12-31T23:59:59-10:00\n", "log-time", 2),
        ('case,activity,end\n1,"' + "x" * 200_000 + '",2025-01-01\n', "log-malformed", None),
        ("case,activity,end\n" + "x" * 1_200_000, "log-malformed", None),
        (gzip.compress(b"<log/>", mtime=0)[:-6], "log-gzip", None),
        (gzip.compress(BOMB, mtime=0), "log-bomb", None),
        ("<log><!--" + "-x" * 2_000_000, "xml-text-too-long", 1),
        ('<log><trace a="' + "x" * 3_000_000, "xml-text-too-long", 1),
        (b"case,activity,end\n" + b"1,A,2025-01-01\n" * 10_000 + b"2,\xff,2025-01-01\n", "log-encoding", None),
    ],
)
def test_hostile_and_broken_logs_are_refused_with_a_code(
    tmp_path: Path, text: str | bytes, code: str, line: int | None
) -> None:
    found, where = refused(written(tmp_path, text))
    assert found == code
    assert line is None or where == line


def test_more_content_than_is_read_is_refused_while_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bytes_of_logs, "LARGEST", 100_000)
    log = written(tmp_path, "case,activity,end\n" + "1,A,2025-01-01\n" * 10_000)
    assert refused(log)[0] == "log-too-large"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert refused(tmp_path / "fehlt.xes")[0] == "no-such-path"


def test_many_names_that_nobody_allowed_stay_a_short_note(tmp_path: Path) -> None:
    columns = ",".join(f"x{k}" for k in range(5000))
    reading = read_log(written(tmp_path, f"case,activity,end,role,{columns}\n1,A,2025-01-01,Amt\n"))
    assert 200 < len(reading.notes) < 210
    assert "wie groß die Gruppen" in said(reading, "group")


def test_windows_text_is_read_and_said(tmp_path: Path) -> None:
    reading = read_log(written(tmp_path, "case;activity;end\n1;Prüfen;2025-01-01\n".encode("cp1252")))
    assert reading.recorded.log.nodes == ("Prüfen",)
    assert "Windows-1252" in said(reading, "encoding")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[]", "object"),
        ('{"colums": {}}', "colums"),
        ('{"columns": {"wer": "x"}}', "wer"),
        ('{"results": [{"step": "A"}]}', "refused_by"),
        ('{"results": [{"refused_by": ["B"]}]}', "step"),
        ('{"outcome": {"datum": "x"}}', "datum"),
        ('{"legal_order": [["a"]]}', "pairs"),
        ("{" * 100_000, ""),
    ],
)
def test_a_guide_with_a_misspelt_word_is_refused(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ModelError) as error:
        read_guide(written(tmp_path, text, "guide.json"))
    assert error.value.code == "log-guide"
    assert why in error.value.message


def test_a_guide_says_what_names_mean(tmp_path: Path) -> None:
    values = {
        "columns": {"case": "Nr"},
        "data": ["a"],
        "steps": {"T1": "t1"},
        "results": [{"step": "T1", "datum": "a", "refused": ["nein"]}],
        "outcome": {"refused_by": ["T9"]},
        "legal_order": [["T1", "T9"]],
    }
    guide = read_guide(written(tmp_path, json.dumps(values), "guide.json"))
    assert guide.data == {"a": ""}
    assert guide.results[0].refused == ("nein",)
    assert guide.outcome is not None
    assert guide.outcome.refused_by == ("T9",)


def test_cut_and_bent_logs_give_a_located_error_or_a_log(tmp_path: Path) -> None:
    seed = 20_261_124
    print(f"seed {seed}")
    pick = random.Random(seed)
    good = [
        xes(trace(event("A", "2025-02-03T08:00:00Z", org_resource="x"), event("B", "2025-02-03T09:00:00Z"))).encode(),
        b"case,activity,start,end,resource\n1,A,2025-02-03,2025-02-04,x\n",
        gzip.compress(xes(trace(event("A", "2025-02-03T08:00:00Z"))).encode(), mtime=0),
    ]
    codes = set()
    for _ in range(400):
        data = bytearray(pick.choice(good))
        for _ in range(pick.randint(1, 4)):
            place = pick.randrange(len(data))
            data[place : place + pick.randint(0, 3)] = bytes(pick.choices(range(256), k=pick.randint(0, 3)))
        try:
            read_log(written(tmp_path, bytes(data), "bent"))
        except ModelError as error:
            codes.add(error.code)
    assert len(codes) >= 5


def receipt() -> Recorded:
    path = DATA / "logs" / "receipt.xes.gz"
    if not path.is_file():
        pytest.skip(f"no event log at {path}")
    return read_log(path, Guide(data={"channel": "start", "deadline": "start", "enddate": "end"})).recorded


def test_the_receipt_log_has_the_published_size_and_times() -> None:
    recorded = receipt()
    log = recorded.log
    assert (len(log.case_start), len(log), len(log.nodes), len(log.resources)) == (1434, 8577, 27, 48)
    figures = observed(recorded)["cycle_time_s"]
    assert figures.p50 is not None
    assert figures.mean is not None
    assert figures.p90 is not None
    assert round(figures.p50 / 3600, 2) == 0.80
    assert round(figures.mean / 3600, 1) == 129.8
    assert round(figures.p90 / 3600) == 338
    hours = (log.case_end - log.case_start) / 3600
    by = {
        channel: round(float(np.median(hours[[value == channel for value in recorded.data["channel"].values]])), 2)
        for channel in ("Internet", "e-mail", "Desk", "Post")
    }
    assert by == {"Internet": 0.52, "e-mail": 0.58, "Desk": 18.76, "Post": 97.36}
    due, done = (recorded.data[name].values for name in ("deadline", "enddate"))
    known = [(a, b) for a, b in zip(due, done, strict=True) if isinstance(a, float) and isinstance(b, float)]
    assert (sum(b > a for a, b in known), len(known)) == (377, 1329)
