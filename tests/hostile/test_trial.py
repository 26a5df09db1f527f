"""Reading an upload is fenced in: memory and processor time are limited where the reader's own gates would fail."""

from __future__ import annotations

import pytest

from bpm.errors import ModelError
from bpm.model.reader import read_files
from bpm.service import trial
from tests.unit.model.texts import PASS


def wide(rules: int) -> bytes:
    row = (
        '<rule id="r{0}"><inputEntry><text>&lt; {0}</text></inputEntry>'
        "<outputEntry><text>{0}</text></outputEntry></rule>"
    )
    return (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="urn:x">'
        '<decision id="a" name="a"><variable name="a"/><decisionTable hitPolicy="FIRST">'
        '<input><inputExpression typeRef="number"><text>x</text></inputExpression></input><output/>'
        + "".join(row.format(number) for number in range(rules))
        + "</decisionTable></decision></definitions>"
    ).encode()


FILES = {"procedure.bpmn": PASS, "rules.dmn": wide(4000)}


def test_a_large_upload_that_reads_well_comes_through() -> None:
    assert sum(map(len, FILES.values())) > trial.SMALL
    trial.try_reading(FILES)
    assert read_files(FILES).decisions


@pytest.mark.parametrize("limits", [{"memory": 48 * 2**20}, {"seconds": 1}], ids=["memory", "time"])
def test_an_upload_that_takes_too_much_is_refused_and_named(limits: dict[str, int]) -> None:
    files = {"procedure.bpmn": PASS, "rules.dmn": wide(30_000)}
    with pytest.raises(ModelError) as refused:
        trial.try_reading(files, **limits)
    assert (refused.value.code, refused.value.path) == ("too-costly", "rules.dmn")


def test_a_refusal_of_the_reader_is_left_to_the_reader() -> None:
    files = {"procedure.bpmn": PASS[:-30] + b" " * trial.SMALL}
    trial.try_reading(files)
    with pytest.raises(ModelError, match="unclosed"):
        read_files(files)
