"""Several remedies at once: what goes together is written, what does not says why, and nothing gets lost."""

from __future__ import annotations

import itertools
import os
import random
from pathlib import Path

import pytest

from bpm.analyser.redesign import Redesign, redesign
from bpm.analyser.run import Reported, analyse
from bpm.decisions import decide, prepare
from bpm.errors import LichtungError, NotFound
from bpm.model.decision import DecisionModel, DecisionTable
from bpm.model.procedure import Procedure
from bpm.model.reader import read, read_dmn, read_files
from tests.unit.ablation.trials import VALUES, Trial, trial

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("BPM_CONFORMANCE_DATA", ROOT.parent / "shared" / "data")) / "dmn-tck"
FILES = int(os.environ.get("BPM_REDESIGN_FILES", "25"))

HEAD = (
    '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="T" namespace="urn:t">\n'
    '  <decision id="fee" name="Gebühr">\n    <variable name="fee"/>\n'
)


def file(rows: list[tuple[str, ...]], policy: str = "FIRST") -> bytes:
    """A DMN file with one table; rows are input cells and one output."""
    cells = "".join(
        f'    <input><inputExpression typeRef="number"><text>c{n}</text></inputExpression></input>\n'
        for n in range(len(rows[0]) - 1)
    )
    rules = "".join(
        "      <rule>"
        + "".join(f"<inputEntry><text><![CDATA[{cell}]]></text></inputEntry>" for cell in row[:-1])
        + f"<outputEntry><text>{row[-1]}</text></outputEntry></rule>\n"
        for row in rows
    )
    table = (
        f'    <decisionTable hitPolicy="{policy}">\n{cells}      <output name="euro"/>\n{rules}    </decisionTable>\n'
    )
    return f"{HEAD}{table}  </decision>\n</definitions>\n".encode()


def procedure(rows: list[tuple[str, ...]], policy: str = "FIRST") -> Procedure:
    return read_files({"t.dmn": file(rows, policy)})


def asked(of: Procedure, *wanted: Reported | str) -> Redesign:
    names = [one if isinstance(one, str) else one.fingerprint for one in wanted]
    return redesign(of, analyse(of).findings, names)


def found(of: Procedure, code: str) -> list[Reported]:
    return list(analyse(of, select=(code,)).findings)


def rows_of(result: Redesign) -> list[tuple[str, ...]]:
    logic = result.procedure.decisions[0].decisions[0].logic
    assert isinstance(logic, DecisionTable)
    return [(*rule.inputs, *rule.outputs) for rule in logic.rules]


TWINS = [("< 5", "1"), ("< 5", "1"), ("-", "2")]


def test_a_remedy_is_written_and_proven_again() -> None:
    of = procedure(TWINS)
    result = asked(of, *found(of, "RC04"))
    assert rows_of(result) == [("< 5", "1"), ("-", "2")]
    assert [table.as_json("de")["equivalent"] for table in result.tables] == [True]


def test_what_each_alone_may_do_but_not_both_together_excludes_each_other_with_a_case() -> None:
    of = procedure([("[0..4]", "1"), ("[6..10]", "1"), ("[1..7]", "1"), ("[3..9]", "1")], "ANY")
    first, second = found(of, "AB01")
    result = asked(of, first, second)
    assert [one.found.fingerprint for one in result.applied] == [first.fingerprint]
    (left,) = result.excluded
    assert (left.reason, left.others) == ("not-together", (first.fingerprint,))
    assert "c0" in left.as_json("de")["message"]


def test_edits_of_one_row_exclude_each_other() -> None:
    of = procedure([("[1..5]", "1", "1"), ("(5..9]", "1", "1"), ("[1..5]", "[0..2]", "1")], "ANY")
    (merge,), (drop,) = found(of, "RC07"), found(of, "RC04")
    result = asked(of, merge, drop)
    assert [one.found.fingerprint for one in result.applied] == [merge.fingerprint]
    (left,) = result.excluded
    assert (left.reason, left.others) == ("same-place", (merge.fingerprint,))


def test_what_the_board_chose_goes_first_and_the_rest_is_proven_on_top_of_it() -> None:
    of = procedure([("[0..3]", "1"), ("5", "1"), ("[4..6]", "1")], "UNIQUE")
    (gap,), (drop,) = found(of, "RC01"), found(of, "RC04")
    result = asked(of, drop, gap)
    assert [one.mechanical for one in result.applied] == [False, True]
    assert [row[0] for row in rows_of(result)][:2] == ["[0..3]", "[4..6]"]
    assert result.excluded == ()


def test_a_note_is_not_applied_and_says_so() -> None:
    of = procedure([("< 5", "1"), ("[0..9]", "2"), (">= 5", "1")], "UNIQUE")
    notes = found(of, "RC05")
    assert notes
    result = asked(of, *notes)
    assert [one.reason for one in result.excluded] == ["no-edits"]
    assert result.files == {}


def test_an_unknown_fingerprint_is_an_error() -> None:
    with pytest.raises(NotFound) as refused:
        asked(procedure(TWINS), "0123456789abcdef")
    assert refused.value.code == "unknown-fingerprint"


def test_all_mechanical_never_changes_a_decision() -> None:
    for seed in range(40):
        print("seed", seed)
        one = trial(seed)
        of = written(one)
        result = asked(of, "all-mechanical")
        old, new = of.decisions[0], result.procedure.decisions[0]
        names = [clause.expression for clause in one.at.table.inputs]
        for case in itertools.islice(itertools.product(*((*VALUES[kind], None) for kind in one.kinds)), 200):
            values = dict(zip(names, case, strict=True))
            assert outcome(old, values) == outcome(new, values), (seed, values)


def written(one: Trial) -> Procedure:
    """The random table as a file, so that it can be edited."""
    table = one.at.table

    def text(tag: str, value: str, rest: str = "") -> str:
        return f"<{tag}{rest}><text><![CDATA[{value}]]></text></{tag}>"

    inputs = "".join(
        f"<input>{text('inputExpression', it.expression, f' typeRef={chr(34)}{it.type}{chr(34)}')}</input>"
        for it in table.inputs
    )
    (out,) = table.outputs
    inner = text("outputValues", out.values) if out.values else ""
    inner += text("defaultOutputEntry", out.default) if out.default else ""
    rules = "\n".join(
        "<rule>"
        + "".join(text("inputEntry", cell) for cell in rule.inputs)
        + "".join(text("outputEntry", cell) for cell in rule.outputs)
        + "</rule>"
        for rule in table.rules
    )
    aggregation = f' aggregation="{table.aggregation}"' if table.aggregation else ""
    data = "".join(
        f'<inputData id="in_{it.expression}" name="{it.expression}">'
        f'<variable name="{it.expression}" typeRef="{it.type}"/></inputData>'
        for it in table.inputs
    )
    needs = "".join(
        f'<informationRequirement><requiredInput href="#in_{it.expression}"/></informationRequirement>'
        for it in table.inputs
    )
    body = (
        f'{HEAD}{needs}<decisionTable hitPolicy="{table.hit_policy}"{aggregation}>{inputs}'
        f'<output name="aus">{inner}</output>\n{rules}</decisionTable></decision>{data}</definitions>'
    )
    return read_files({"t.dmn": body.encode()})


def outcome(model: DecisionModel, values: dict[str, object]) -> object:
    try:
        return repr(decide(prepare(model), "fee", values).result)
    except LichtungError as error:
        return error.code in ("unique-violated", "any-violated") or error.code


def test_every_mechanical_edit_of_the_compatibility_kit_keeps_file_and_decisions() -> None:
    if not DATA.is_dir():
        pytest.skip(f"no compatibility kit at {DATA}")
    files = sorted(DATA.rglob("*.dmn"))
    seed = 7
    print("seed", seed)
    random.Random(seed).shuffle(files)
    offered = 0
    for path in files[:FILES]:
        for of in read(path):
            findings = analyse(of, select=("RC03", "RC04", "RC05", "RC07", "RC08", "AB01", "AB03")).findings
            result = redesign(of, findings, ["all-mechanical"])
            offered += len(result.applied)
            for name, data in result.files.items():
                read_dmn(data, name)
            assert all(table.as_json("de")["equivalent"] for table in result.tables)
    print("edits", offered)


def test_the_comparison_of_this_file_can_fail() -> None:
    one, other = procedure(TWINS), procedure([("-", "2")])
    assert outcome(one.decisions[0], {"c0": 1}) != outcome(other.decisions[0], {"c0": 1})
