"""DMN files of every version become one model; nothing is lost, nothing is judged."""

from __future__ import annotations

import pytest

from bpm.errors import ModelError
from bpm.model.reader.dmn import NAMESPACES, read_dmn
from tests.unit.decisions.models import dmn

TABLE = """<inputData id="e" name="Zone"><variable name="Zone" typeRef="string"/></inputData>
<decision id="d" name="Gebühr" xmlns:v="urn:vendor" v:history="180">
  <extensionElements><li:legalBasis citation="Satzung 1" organ="council"/><v:other a="1"/></extensionElements>
  <question>Wie hoch?</question><variable name="gebuehr" typeRef="number"/>
  <informationRequirement><requiredInput href="#e"/></informationRequirement>
  <decisionTable id="t" hitPolicy="COLLECT" aggregation="SUM">
    <input id="i" label="Zone"><inputExpression typeRef="string"><text>Zone</text></inputExpression>
      <inputValues><text>"A","B"</text></inputValues></input>
    <output id="o" name="betrag" typeRef="number"><defaultOutputEntry><text>0</text></defaultOutputEntry></output>
    <annotation name="Hinweis"/>
    <rule id="r1"><extensionElements><li:legalBasis citation="Satzung 2"/></extensionElements>
      <inputEntry><text>"A"</text></inputEntry><outputEntry><text>30</text></outputEntry>
      <annotationEntry><text>ermäßigt</text></annotationEntry></rule>
    <rule><description>sonst</description><inputEntry><text/></inputEntry><outputEntry><text>60</text></outputEntry></rule>
  </decisionTable></decision>"""


@pytest.mark.parametrize("version", NAMESPACES)
def test_every_version_gives_the_same_model(version):
    found = dmn(TABLE, version)
    decision = found.decisions[0]
    table = decision.logic
    assert (decision.variable, decision.type, decision.requires, decision.question) == (
        "gebuehr",
        "number",
        ("e",),
        "Wie hoch?",
    )
    assert (table.hit_policy, table.aggregation, table.annotation_names) == ("COLLECT", "SUM", ("Hinweis",))
    assert [rule.inputs for rule in table.rules] == [('"A"',), ("",)]
    assert [rule.annotations for rule in table.rules] == [("ermäßigt",), ("sonst",)]
    assert (table.inputs[0].values, table.outputs[0].default) == ('"A","B"', "0")


def test_legal_bases_vendor_attributes_and_lines_are_kept():
    found = dmn(TABLE)
    decision = found.decisions[0]
    assert decision.legal_bases[0].citation == "Satzung 1"
    assert decision.logic.rules[0].legal_bases[0].citation == "Satzung 2"
    assert decision.attributes == {"{urn:vendor}history": "180"}
    assert [extension.name for extension in decision.extensions][-1] == "{urn:vendor}other"
    assert (decision.line, decision.logic.rules[0].line) == (2, 11)


def test_short_hit_policies_and_missing_ids_are_filled_in():
    found = dmn('<decision name="X"><decisionTable hitPolicy="R"><rule/></decisionTable></decision>')
    assert found.decisions[0].id == "X"
    assert found.decisions[0].logic.hit_policy == "RULE ORDER"
    assert found.decisions[0].logic.rules[0].id == "X-rule-1"


def test_references_to_other_files_keep_their_namespace():
    found = dmn(
        '<import name="i" namespace="urn:o" importType="x"/><decision id="d" name="d"><informationRequirement>'
        '<requiredDecision href="urn:o#a"/></informationRequirement><informationRequirement>'
        '<requiredDecision href="urn:m#b"/></informationRequirement></decision>'
    )
    assert found.decisions[0].requires == ("urn:o#a", "b")


def test_cells_of_other_languages_are_noted():
    found = dmn(
        '<decision id="d" name="d"><decisionTable id="t"><input id="i"><inputExpression expressionLanguage="juel">'
        "<text>x</text></inputExpression></input></decisionTable></decision>"
    )
    assert found.decisions[0].logic.foreign == (("juel", 1),)


def test_digest_ignores_white_space_but_not_a_cell():
    assert dmn(TABLE).digest == dmn(TABLE.replace("\n", "\n\n   ")).digest
    assert dmn(TABLE).digest != dmn(TABLE.replace("<text>30", "<text>31")).digest


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<a/>", "not-dmn"),
        (b'<definitions xmlns="urn:x"/>', "not-dmn"),
        (b"<definitions", "xml-malformed"),
        (b"", "file-empty"),
    ],
)
def test_what_is_no_dmn_is_refused(data, code):
    with pytest.raises(ModelError) as error:
        read_dmn(data, "m.dmn")
    assert (error.value.code, error.value.path) == (code, "m.dmn")


def test_the_same_id_twice_is_refused_with_both_lines():
    with pytest.raises(ModelError) as error:
        dmn('<decision id="a" name="a"/>\n<decision id="a" name="b"/>')
    assert (error.value.code, error.value.line) == ("duplicate-id", 2)
