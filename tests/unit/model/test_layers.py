"""A local layer: what it changes by id, what it refuses with its line, and that the base stays as it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bpm import package
from bpm.errors import ModelError
from bpm.model.decision import DecisionTable
from bpm.model.layer import read_layer
from bpm.model.layering import Layered, as_plain, inherited, layered
from bpm.model.procedure import Procedure
from bpm.model.process import UserTask
from bpm.model.reader import read, read_files

BPMN = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
  xmlns:li="urn:lichtung:bpmn:1" id="d" targetNamespace="urn:t">
  <process id="antrag" name="Antrag" isExecutable="true">
    <laneSet id="lanes"><lane id="lane_amt" name="Amt &amp; Kasse"><flowNodeRef>pruefen</flowNodeRef></lane></laneSet>
    <startEvent id="start"/>
    <userTask id="pruefen" name="Prüfen" camunda:formKey="forms/antrag.json" camunda:candidateGroups="Amt &amp; Kasse">
      <documentation>Wie es dort ist</documentation>
      <extensionElements>
        <li:legalBasis citation="Satzung A" organ="council"/><li:legalBasis citation="Gesetz"/>
      </extensionElements>
    </userTask>
    <endEvent id="ende"/>
    <sequenceFlow id="f1" sourceRef="start" targetRef="pruefen"/>
    <sequenceFlow id="f2" sourceRef="pruefen" targetRef="ende"/>
  </process>
</definitions>
"""
DMN = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" xmlns:li="urn:lichtung:bpmn:1"
  id="e" name="E" namespace="urn:e">
  <decision id="gebuehr" name="Gebühr"><variable name="gebuehr"/>
    <decisionTable id="t" hitPolicy="UNIQUE">
      <input id="i"><inputExpression typeRef="number"><text>monate</text></inputExpression>
        <inputValues><text>[1..24]</text></inputValues></input>
      <output id="o" name="euro"/>
      <annotation name="Grund"/>
      <rule id="jahr"><extensionElements><li:legalBasis citation="Satzung A"/></extensionElements>
        <inputEntry><text>12</text></inputEntry><outputEntry><text>30</text></outputEntry>
        <annotationEntry><text>ein Jahr</text></annotationEntry></rule>
      <rule id="sonst"><extensionElements><li:handover to="Amt &amp; Kasse"/></extensionElements>
        <inputEntry><text>not(12)</text></inputEntry><outputEntry><text>null</text></outputEntry>
        <annotationEntry><text>Einzelfall</text></annotationEntry></rule>
    </decisionTable>
  </decision>
</definitions>
"""
FORM = {"components": [{"type": "number", "id": "feld", "key": "monate", "label": "Monate", "validate": {"max": 24}}]}
SCENARIO = {
    "cases_per_year": {"value": 100},
    "resource_profiles": [{"id": "p", "name": "Amt & Kasse", "resource_list": [{"id": "amt", "amount": 3}]}],
}
FILES = {
    "procedure.bpmn": BPMN.encode(),
    "decisions.dmn": DMN.encode(),
    "forms/antrag.json": json.dumps(FORM).encode(),
    "scenario.json": json.dumps(SCENARIO).encode(),
    "registers.json": b'{"name": "Melderegister"}',
    "cases/eins.json": b"{}",
}
DIGEST = package.content_digest(inherited(FILES))


def text_of(*changes: str, base: str = "../base-city", digest: str = DIGEST) -> str:
    return f'base = "{base}"\ndigest = "{digest}"\n' + "".join(f"[[change]]\n{change}\n" for change in changes)


def applied(*changes: str, digest: str = DIGEST, own: dict[str, bytes] | None = None) -> Layered:
    before = dict(FILES)
    found = layered(read_layer(text_of(*changes, digest=digest)), FILES, own or {})
    assert before == FILES
    return found


def procedure_of(*changes: str) -> Procedure:
    found = applied(*changes)
    assert found.errors == ()
    return read_files(found.files)


def table_of(procedure: Procedure) -> DecisionTable:
    logic = procedure.decisions[0].decisions[0].logic
    assert isinstance(logic, DecisionTable)
    return logic


def test_without_changes_the_procedure_is_the_base_without_what_is_each_citys_own() -> None:
    found = applied()
    assert set(found.files) == {"procedure.bpmn", "decisions.dmn", "forms/antrag.json", "scenario.json"}
    assert all(found.files[name] == FILES[name] for name in found.files)


def test_cells_rows_notes_and_values_of_a_table() -> None:
    table = table_of(
        procedure_of(
            'do = "set-cell"\nrule = "jahr"\noutput = "euro"\ntext = "24"',
            'do = "set-note"\nrule = "jahr"\ntext = "zwei im Monat"',
            'do = "remove-rule"\nrule = "sonst"',
            'do = "add-rule"\ndecision = "gebuehr"\ninputs = { monate = "24" }\noutputs = { euro = "45" }\n'
            'note = "zwei Jahre & mehr"\nbasis = { citation = "Satz \\"B\\"", organ = "council", delegated = false }',
            'do = "set-values"\ndecision = "gebuehr"\ninput = "monate"\ntext = "12, 24"',
        )
    )
    assert [(rule.inputs, rule.outputs, rule.annotations) for rule in table.rules] == [
        (("12",), ("24",), ("zwei im Monat",)),
        (("24",), ("45",), ("zwei Jahre & mehr",)),
    ]
    assert table.inputs[0].values == "12, 24"
    (basis,) = table.rules[1].legal_bases
    assert (basis.citation, basis.organ, basis.delegated) == ('Satz "B"', "council", False)


def test_a_renamed_lane_renames_its_role_wherever_it_is_named() -> None:
    procedure = procedure_of('do = "set-name"\nelement = "lane_amt"\ntext = "Rat <1>"')
    assert procedure.process is not None
    (task,) = [node for node in procedure.process.main.nodes if isinstance(node, UserTask)]
    assert procedure.process.main.lanes[0].name == "Rat <1>"
    assert task.assignment.candidate_groups == ("Rat <1>",)
    assert table_of(procedure).rules[1].handover == "Rat <1>"
    assert procedure.scenario is not None
    assert procedure.scenario["resource_profiles"][0]["name"] == "Rat <1>"


def test_a_legal_basis_is_replaced_at_one_place_or_wherever_it_stands() -> None:
    new = 'basis = { citation = "Satzung B" }'
    one = procedure_of(f'do = "set-basis"\nelement = "pruefen"\ncitation = "Satzung A"\n{new}')
    everywhere = procedure_of(f'do = "set-basis"\ncitation = "Satzung A"\n{new}')
    assert one.process is not None
    assert everywhere.process is not None
    for procedure in (one, everywhere):
        assert procedure.process is not None
        (task,) = [node for node in procedure.process.main.nodes if node.id == "pruefen"]
        assert [basis.citation for basis in task.facts.legal_bases] == ["Satzung B", "Gesetz"]
        assert task.facts.legal_bases[0].organ is None, "nothing of the old basis is left"
    assert table_of(one).rules[0].legal_bases[0].citation == "Satzung A"
    assert table_of(everywhere).rules[0].legal_bases[0].citation == "Satzung B"


def test_texts_fields_and_figures() -> None:
    procedure = procedure_of(
        'do = "set-text"\nelement = "pruefen"\ntext = "Wie es hier ist"',
        'do = "set-field"\nform = "antrag"\nfield = "monate"\nwith = { label = "Dauer", max = 12, options = [12, 24] }',
        'do = "set-figure"\nat = "resource_profiles/p/resource_list/amt/amount"\nvalue = 1',
    )
    (field,) = procedure.forms["forms/antrag.json"]["components"]
    assert (field["label"], field["validate"]) == ("Dauer", {"max": 12})
    assert field["values"] == [{"label": "12", "value": 12}, {"label": "24", "value": 24}]
    assert procedure.scenario is not None
    assert procedure.scenario["resource_profiles"][0]["resource_list"][0]["amount"] == 1
    assert b"Wie es hier ist" in procedure.process.source  # type: ignore[union-attr]


def test_what_was_done_is_told_with_what_stood_there_before() -> None:
    found = applied('do = "set-cell"\nrule = "jahr"\noutput = "euro"\ntext = "24"\nwhy = "billiger"')
    (told,) = found.layer.as_json()["changes"]
    assert told == {
        "do": "set-cell", "target": "jahr euro", "was": "30", "now": "24", "why": "billiger", "line": 3
    }  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        'do = "set-cell"\nrule = "monat"\noutput = "euro"\ntext = "24"',
        'do = "set-cell"\nrule = "jahr"\noutput = "dollar"\ntext = "24"',
        'do = "set-cell"\nrule = "jahr"\ninput = "tage"\ntext = "24"',
        'do = "remove-rule"\nrule = "monat"',
        'do = "add-rule"\ndecision = "steuer"\ninputs = {}\noutputs = { euro = "1" }\nbasis = { citation = "S" }',
        'do = "add-rule"\ndecision = "gebuehr"\ninputs = {}\noutputs = {}\nbasis = { citation = "S" }',
        'do = "set-note"\nrule = "t"\ntext = "x"',
        'do = "set-values"\ndecision = "gebuehr"\ninput = "tage"\ntext = "1"',
        'do = "set-basis"\nelement = "pruefen"\nbasis = { citation = "S" }',
        'do = "set-basis"\ncitation = "Satzung Z"\nbasis = { citation = "S" }',
        'do = "set-name"\nelement = "lane_rat"\ntext = "Rat"',
        'do = "set-text"\nelement = "start"\ntext = "x"',
        'do = "set-field"\nform = "bescheid"\nfield = "monate"\nwith = { max = 1 }',
        'do = "set-field"\nform = "antrag"\nfield = "tage"\nwith = { max = 1 }',
        'do = "set-figure"\nat = "resource_profiles/q/name"\nvalue = "x"',
        'do = "set-figure"\nat = "cases_per_year/median"\nvalue = 1',
    ],
)
def test_an_id_that_the_base_does_not_have_is_an_error_at_its_line_and_the_rest_is_done(change: str) -> None:
    found = applied('do = "set-cell"\nrule = "jahr"\noutput = "euro"\ntext = "24"', change)
    (error,) = found.errors
    assert (error.code, error.line) == ("layer-unknown", 8)
    assert [done.now for done in found.layer.done] == ["24"]
    assert b"<text>24</text>" in found.files["decisions.dmn"]


def test_a_base_that_changed_is_told_with_its_present_digest() -> None:
    found = applied(digest="sha256:0")
    (error,) = found.errors
    assert (error.code, error.line) == ("layer-base-changed", 2)
    assert DIGEST in error.message


def test_a_model_beside_the_layer_would_be_a_copy() -> None:
    own = {"decisions.dmn": b"", "cases/zwei.json": b"{}", "norms.toml": b""}
    assert [error.code for error in applied(own=own).errors] == ["layer-copy"]


def test_changes_that_exclude_each_other_are_told() -> None:
    cell = 'do = "set-cell"\nrule = "sonst"\noutput = "euro"\ntext = "24"'
    found = applied(cell, 'do = "remove-rule"\nrule = "sonst"')
    assert [(error.code, error.line) for error in found.errors] == [("layer-clash", 3)]
    assert found.layer.done == ()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("base = ", 1),
        ('digest = "x"', 1),
        ('base = "/etc"\ndigest = "x"', 1),
        (text_of('do = "shine"'), 3),
        (text_of('do = "set-cell"\nrule = "a"\ntext = "1"'), 3),
        (text_of('do = "set-cell"\nrule = 1\noutput = "o"\ntext = "1"'), 3),
        (text_of('do = "set-basis"\nbasis = { citation = "S" }'), 3),
        (text_of('do = "set-basis"\nelement = "e"\nbasis = { organ = "land" }'), 3),
        (text_of('do = "set-field"\nform = "f"\nfield = "g"\nwith = { colour = "red" }'), 3),
        (text_of(*['do = "remove-rule"\nrule = "r"'] * 2), 6),
        ("strange = 1\n" + text_of(), 1),
    ],
)
def test_a_layer_that_says_nothing_clear_is_refused_at_its_line(text: str, line: int) -> None:
    with pytest.raises(ModelError) as refused:
        read_layer(text, "layer.toml")
    assert (refused.value.code, refused.value.line) == ("layer-malformed", line)


# --- on the disk and in packages -----------------------------------------------------------------------------------


@pytest.fixture
def cities(tmp_path: Path) -> Path:
    for name, data in FILES.items():
        (tmp_path / "base-city" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "base-city" / name).write_bytes(data)
    (tmp_path / "city").mkdir()
    change = 'do = "set-cell"\nrule = "jahr"\noutput = "euro"\ntext = "24"'
    (tmp_path / "city" / "layer.toml").write_text(text_of(change))
    (tmp_path / "city" / "registers.json").write_text('{"hund": ["Hunderegister"]}')
    return tmp_path


def test_a_folder_with_a_layer_is_a_procedure_of_the_city(cities: Path) -> None:
    for path in (cities / "city", cities / "city" / "layer.toml"):
        (found,) = read(path)
        assert (found.errors, found.key, found.files) == ((), "antrag", ("layer.toml", "registers.json"))
        assert table_of(found).rules[0].outputs == ("24",)
        assert found.registers == {"hund": ("Hunderegister",)}
        assert found.decisions[0].path.endswith("city/layer.toml!decisions.dmn")
    assert len(read(cities)) == 2


def test_a_base_may_be_a_package(cities: Path) -> None:
    (cities / "antrag.zip").write_bytes(package.pack("antrag", 3, FILES))
    layer = cities / "city" / "layer.toml"
    layer.write_text(layer.read_text().replace("../base-city", "../antrag.zip"))
    (found,) = read(cities / "city")
    assert found.errors == ()


def test_a_base_that_is_not_there_is_an_error_at_its_line(cities: Path) -> None:
    layer = cities / "city" / "layer.toml"
    layer.write_text(layer.read_text().replace("../base-city", "../nowhere"))
    (found,) = read(cities / "city")
    assert [(error.code, error.line, found.process) for error in found.errors] == [("layer-base", 1, None)]


def test_a_package_carries_its_base_and_never_reads_the_disk(cities: Path) -> None:
    layer = (cities / "city" / "layer.toml").read_bytes()
    carried = {"layer.toml": layer, **{f"base/{name}": data for name, data in inherited(FILES).items()}}
    found = read_files(carried)
    assert table_of(found).rules[0].outputs == ("24",)
    assert b"<text>24</text>" in as_plain(carried)["decisions.dmn"]
    (cities / "city" / "there.zip").write_bytes(package.pack("antrag", 1, {"layer.toml": layer}))
    (alone,) = read(cities / "city" / "there.zip")
    assert [error.code for error in alone.errors] == ["layer-base"]
    with pytest.raises(ModelError):
        read_files({"layer.toml": layer})


def test_a_package_of_many_layers_is_refused_before_each_costs_reading_a_base() -> None:
    one = text_of(base="../base-city").encode()
    files = {f"base-city/{name}": data for name, data in FILES.items()}
    files |= {f"city{number}/layer.toml": one for number in range(25)}
    with pytest.raises(ModelError) as refused:
        read_files(files)
    assert refused.value.code == "layer-many"


def test_hundreds_of_changes_are_quick() -> None:
    change = 'do = "set-basis"\ncitation = "{}"\nbasis = {{ citation = "Satzung B" }}'
    found = applied(*(change.format(number) for number in range(400)))
    assert len(found.errors) == 400
