"""Requirement graphs, types of inputs, knowledge models, services, boxed expressions."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from bpm.decisions import decide
from bpm.errors import BudgetExceeded, DecisionError
from bpm.model.decision import Decision, InputData, ItemDefinition, OutputClause
from tests.unit.decisions.models import decision, dmn, literal, model, number_input, table


def test_required_decisions_come_first_and_are_shown():
    found = decide(
        model(
            decision("gebühr", literal("satz * 2"), "satz"),
            decision("satz", table("FIRST", [(["> 1"], ["10"]), (["-"], ["5"])]), "x"),
            inputs=[number_input("x")],
        ),
        "gebühr",
        {"x": 3},
    )
    assert found.result == 20
    assert found.requirements["satz"].result == 10
    assert found.requirements["satz"].matched == (1,)
    assert found.as_json() == {
        "decision": "gebühr",
        "matched": [],
        "requirements": {"satz": {"matched": [1], "result": 10}},
        "result": 20,
        "warnings": [],
    }


def test_a_chain_of_thousands_needs_no_stack():
    chain = [decision("d0", literal("1"))]
    chain += [decision(f"d{at}", literal(f"d{at - 1} + 1"), f"d{at - 1}") for at in range(1, 3_000)]
    assert decide(model(*chain), "d2999", {}).result == 3_000


def test_a_shared_requirement_is_evaluated_once():
    logic = table("UNIQUE", [(["-"], ["1"])], inputs=["1"])
    found = decide(
        model(
            decision("top", literal("left + right"), "left", "right"),
            decision("left", literal("base"), "base"),
            decision("right", literal("base"), "base"),
            decision("base", logic),
        ),
        "top",
        {},
    )
    assert (found.result, len(found.tables)) == (2, 1)


def test_a_cycle_is_an_error_that_names_its_members():
    circle = model(decision("a", literal("b"), "b"), decision("b", literal("c"), "c"), decision("c", literal("a"), "a"))
    with pytest.raises(DecisionError) as error:
        decide(circle, "a", {})
    assert error.value.code == "decision-cycle"
    assert "a -> b -> c -> a" in error.value.message


def test_a_dangling_requirement_and_an_unknown_decision_are_errors():
    with pytest.raises(DecisionError) as error:
        decide(model(decision("a", literal("1"), "nirgends")), "a", {})
    assert error.value.code == "decision-dangling"
    with pytest.raises(DecisionError) as error:
        decide(model(), "a", {})
    assert error.value.code == "decision-unknown"


def test_a_decision_is_found_by_id_or_by_a_name_that_is_one():
    two = dmn(
        '<decision id="a" name="Wie hoch?"><literalExpression><text>1</text></literalExpression></decision>'
        '<decision id="b" name="Gleich"><literalExpression><text>2</text></literalExpression></decision>'
        '<decision id="c" name="Gleich"><literalExpression><text>3</text></literalExpression></decision>'
    )
    assert decide(two, "Wie hoch?", {}).decision == "a"
    assert decide(two, "c", {}).result == 3
    with pytest.raises(DecisionError) as error:
        decide(two, "Gleich", {})
    assert error.value.code == "decision-ambiguous"


def test_inputs_follow_their_declared_type():
    typed = model(
        decision("d", literal("tag"), "tag"), decision("e", literal("frei")), inputs=[InputData("tag", "tag", "date")]
    )
    assert decide(typed, "d", {"tag": "2024-02-29"}).result == date(2024, 2, 29)
    assert decide(typed, "e", {"frei": "2024-02-29"}).result == "2024-02-29"
    wrong = decide(typed, "d", {"tag": "heute"})
    assert wrong.result is None
    assert any("tag: a string is not a date" in warning for warning in wrong.warnings)


def test_an_input_that_is_not_given_is_null_with_a_warning():
    found = decide(model(decision("d", literal("x"), "x"), inputs=[number_input("x")]), "d", {})
    assert found.result is None
    assert "x is not given" in found.warnings[0]


def test_a_declared_input_is_seen_only_where_it_is_required():
    found = decide(model(decision("d", literal("x")), inputs=[number_input("x")]), "d", {"x": 1})
    assert found.result is None


def test_names_with_blanks_and_operators_are_those_of_the_requirements():
    found = decide(
        model(
            decision("d", literal("Einkommen (netto) - Freibetrag-2024"), "a", "b"),
            inputs=[InputData("a", "Einkommen (netto)", "number"), InputData("b", "Freibetrag-2024", "number")],
        ),
        "d",
        {"Einkommen (netto)": 100, "Freibetrag-2024": 1.5},
    )
    assert found.result == Decimal("98.5")


def test_item_definitions_allow_values_and_describe_contexts_and_lists():
    items = (
        ItemDefinition("z", "Zone", "string", allowed='"A", "B"'),
        ItemDefinition("zs", "Zonen", "Zone", collection=True),
        ItemDefinition(
            "p",
            "Person",
            components=(ItemDefinition("n", "Name des Hundes", "string"), ItemDefinition("a", "seit", "date")),
        ),
    )
    typed = model(
        decision("d", literal("zone"), "zone"),
        decision("e", literal("zonen"), "zonen"),
        decision("f", literal("person.seit.year + string length(person.Name des Hundes)"), "person"),
        inputs=[
            InputData("zone", "zone", "Zone"),
            InputData("zonen", "zonen", "Zonen"),
            InputData("person", "person", "Person"),
        ],
        items=items,
    )
    assert decide(typed, "d", {"zone": "A"}).result == "A"
    assert decide(typed, "d", {"zone": "C"}).result is None
    assert decide(typed, "e", {"zonen": ["A", "B"]}).result == ["A", "B"]
    assert decide(typed, "e", {"zonen": ["A", "C"]}).result is None
    assert decide(typed, "f", {"person": {"Name des Hundes": "Bello", "seit": "2024-01-01"}}).result == 2029


def test_outputs_and_ids_of_required_tables_are_names_too_after_declared_variables():
    season = table("UNIQUE", [(["-"], ['"Winter"'])], inputs=["1"], outputs=[OutputClause("o", "season")])
    required = Decision("Decision_1", "Which season?", "Which season?", None, season)
    for name in ("season", "Decision_1", "Which season?"):
        dish = decision("dish", literal(name), "Decision_1")
        assert decide(model(dish, required), "dish", {}).result == "Winter"
    own = model(decision("dish", literal("season"), "Decision_1", "season"), required, decision("season", literal("1")))
    assert decide(own, "dish", {}).result == 1


def test_item_definitions_that_share_parts_are_built_once():
    items = [
        ItemDefinition(
            f"i{at}",
            f"T{at}",
            components=(ItemDefinition("a", "a", f"T{at + 1}"), ItemDefinition("b", "b", f"T{at + 1}")),
        )
        for at in range(28)
    ]
    typed = model(
        decision("d", literal("x"), "x"),
        inputs=[InputData("x", "x", "T0")],
        items=(*items, ItemDefinition("e", "T28", "number")),
    )
    assert decide(typed, "d", {"x": {"a": None, "b": None}}).result == {"a": None, "b": None}


def test_an_item_definition_that_rests_on_itself_ends():
    items = (ItemDefinition("a", "A", "B"), ItemDefinition("b", "B", "A"))
    typed = model(decision("d", literal("x"), "x"), inputs=[InputData("x", "x", "A")], items=items)
    assert decide(typed, "d", {"x": 1}).result == 1


BOXED = """
<businessKnowledgeModel id="bkm" name="Zuschlag">
  <encapsulatedLogic><formalParameter name="betrag" typeRef="number"/><formalParameter name="satz"/>
    <context>
      <contextEntry><variable name="anteil"/><literalExpression><text>betrag * satz</text></literalExpression>
  </contextEntry>
      <contextEntry><literalExpression><text>betrag + anteil</text></literalExpression></contextEntry>
    </context></encapsulatedLogic></businessKnowledgeModel>
<decision id="aufruf" name="aufruf"><knowledgeRequirement><requiredKnowledge href="#bkm"/></knowledgeRequirement>
  <invocation><literalExpression><text>Zuschlag</text></literalExpression>
    <binding><parameter name="satz"/><literalExpression><text>0.5</text></literalExpression></binding>
    <binding><parameter name="betrag"/><literalExpression><text>10</text></literalExpression></binding>
  </invocation></decision>
<decision id="direkt" name="direkt"><knowledgeRequirement><requiredKnowledge href="#bkm"/></knowledgeRequirement>
  <literalExpression><text>Zuschlag(10, 0.1)</text></literalExpression></decision>
<decision id="liste" name="liste"><list><literalExpression><text>1</text></literalExpression>
  <literalExpression><text>2</text></literalExpression></list></decision>
<decision id="tafel" name="tafel"><relation><column name="a"/><column name="b"/><row><literalExpression><text>1</text>
  </literalExpression><literalExpression><text>2</text></literalExpression></row></relation></decision>
<decision id="wenn" name="wenn"><conditional><if><literalExpression><text>x > 1</text></literalExpression></if>
  <then><literalExpression><text>"ja"</text></literalExpression></then>
  <else><literalExpression><text>"nein"</text></literalExpression></else></conditional></decision>
<decision id="sieb" name="sieb"><filter><in><literalExpression><text>[1, 2, 3]</text></literalExpression></in>
  <match><literalExpression><text>item > 1</text></literalExpression></match></filter></decision>
<decision id="lauf" name="lauf"><for iteratorVariable="i"><in><literalExpression><text>[1, 2]</text>
  </literalExpression></in>
  <return><literalExpression><text>i * 10</text></literalExpression></return></for></decision>
<decision id="alle" name="alle"><every iteratorVariable="i"><in><literalExpression><text>[1, 2]</text>
  </literalExpression></in>
  <satisfies><literalExpression><text>i > 0</text></literalExpression></satisfies></every></decision>
<decision id="quadrat" name="quadrat"><functionDefinition><formalParameter name="n"/>
  <literalExpression><text>n * n</text></literalExpression></functionDefinition></decision>
<decision id="nutzt" name="nutzt"><informationRequirement><requiredDecision href="#quadrat"/></informationRequirement>
  <literalExpression><text>quadrat(4)</text></literalExpression></decision>
<decision id="fremd" name="fremd"><literalExpression expressionLanguage="javascript"><text>1</text>
  </literalExpression></decision>
<decisionService id="dienst" name="dienst"><outputDecision href="#nutzt"/><encapsulatedDecision href="#quadrat"/>
  </decisionService>
<decision id="leer" name="leer"/>
"""


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("aufruf", 15),
        ("direkt", 11),
        ("liste", [1, 2]),
        ("tafel", [{"a": 1, "b": 2}]),
        ("wenn", "ja"),
        ("sieb", [2, 3]),
        ("lauf", [10, 20]),
        ("alle", True),
        ("nutzt", 16),
        ("dienst", 16),
        ("leer", None),
    ],
)
def test_boxed_expressions_give_their_values(name, result):
    assert decide(dmn(BOXED), name, {"x": 2}).result == result


def test_another_language_is_refused_not_guessed():
    with pytest.raises(DecisionError) as error:
        decide(dmn(BOXED), "fremd", {})
    assert error.value.code == "expression-language"


def test_knowledge_that_calls_itself_for_ever_ends_in_its_budget():
    endless = dmn(
        '<businessKnowledgeModel id="f" name="f"><encapsulatedLogic><formalParameter name="n"/><literalExpression>'
        "<text>f(n + 1)</text></literalExpression></encapsulatedLogic>"
        '<knowledgeRequirement><requiredKnowledge href="#f"/></knowledgeRequirement></businessKnowledgeModel>'
        '<decision id="d" name="d"><knowledgeRequirement><requiredKnowledge href="#f"/></knowledgeRequirement>'
        "<literalExpression><text>f(1)</text></literalExpression></decision>"
    )
    with pytest.raises(BudgetExceeded):
        decide(endless, "d", {})
