"""S1: no uploaded file can run code, open a socket or read a file; each is met by a code of its own, at once."""

from __future__ import annotations

import random
import subprocess
import sys
import textwrap
import time
from copy import deepcopy
from pathlib import Path

import pytest
from lxml import etree

from bpm.engine.readiness import assess
from bpm.errors import ModelError
from bpm.model.reader import read_bpmn, read_dmn, read_files
from bpm.model.writer import write_bpmn
from bpm.service.inspect import inspect
from tests.hostile.canary import listening
from tests.hostile.files import CANARY, EVIL, Hostile, blocked, refused
from tests.unit.model.texts import PASS, bpmn

CANARY_FILE = str(Path("/tmp") / CANARY)
REFUSED = refused(CANARY_FILE)
BLOCKED = blocked(CANARY_FILE)
PROCESSES = Path(__file__).resolve().parents[2] / "processes"
SECONDS = 1.0
MEGABYTES = 64


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    # libraries compile on their own at first use; that is not what we listen for
    assess(read_bpmn(PASS, "warm.bpmn"), ())


def test_there_are_enough_of_them() -> None:
    assert len(REFUSED) + len(BLOCKED) >= 60
    assert len({hostile.name for hostile in REFUSED}) == len(REFUSED)


@pytest.mark.parametrize("hostile", REFUSED, ids=[hostile.name for hostile in REFUSED])
def test_a_hostile_file_is_refused_by_its_code_at_once_and_nothing_comes_alive(hostile: Hostile) -> None:
    data = hostile.make()
    with listening() as heard:
        started = time.process_time()
        with pytest.raises(ModelError) as error:
            read_bpmn(data, "upload.bpmn")
        elapsed = time.process_time() - started
    assert error.value.code == hostile.code
    assert error.value.path == "upload.bpmn"
    assert "\n" not in str(error.value)
    assert elapsed <= SECONDS
    assert heard == []


@pytest.mark.parametrize("name", BLOCKED)
def test_a_model_with_code_is_read_shown_and_blocked_at_its_element(name: str) -> None:
    data, element = BLOCKED[name]
    with listening() as heard:
        started = time.process_time()
        model = read_bpmn(data, "upload.bpmn")
        readiness = assess(model, ())
        write_bpmn(model)
        elapsed = time.process_time() - started
    assert not readiness.ready
    assert element in [blocker.element for blocker in readiness.blockers]
    assert all(blocker.line for blocker in readiness.blockers)
    assert elapsed <= SECONDS
    assert heard == []


def test_a_schema_location_is_never_fetched() -> None:
    hint = f'xsi:schemaLocation="urn:x http://127.0.0.1:1/{CANARY}.xsd"'
    with listening() as heard:
        assert read_bpmn(bpmn('<task id="t"/>', attributes=hint), "t.bpmn").processes[0].nodes
    assert heard == []


def test_a_form_key_cannot_leave_its_procedure() -> None:
    task = '<userTask id="t" camunda:formKey="../../../etc/passwd"/>'
    procedure = read_files({"a.bpmn": bpmn(task), "forms/antrag.json": b'{"components": []}'})
    assert procedure.form("forms/antrag.json") == {"components": []}
    assert all(procedure.form(key) is None for key in ("../../../etc/passwd", "/etc/passwd", "forms/../antrag.json"))


@pytest.mark.parametrize("fan", [10, 1_000])
def test_gateway_bombs_are_read_and_judged_within_a_second(fan: int) -> None:
    levels = 10_000 // fan
    gates = "".join(f'<parallelGateway id="g{n}"/>' for n in range(levels + 1))
    flows = "".join(f'<sequenceFlow sourceRef="g{n}" targetRef="g{n + 1}"/>' * fan for n in range(levels))
    data = bpmn(gates + flows)
    with listening() as heard:
        started = time.process_time()
        model = read_bpmn(data, "bomb.bpmn")
        assess(model, ())
        elapsed = time.process_time() - started
    assert len(model.processes[0].flows) == levels * fan
    assert elapsed <= SECONDS
    assert heard == []


@pytest.mark.parametrize("element", ["<task/>", "<sequenceFlow/>", "<laneSet><lane/></laneSet>", "<unknown/>"])
def test_elements_without_ids_are_named_in_linear_time(element: str) -> None:
    data = bpmn(element * (9_000 if "lane" in element else 19_000))
    started = time.process_time()
    read_bpmn(data, "nameless.bpmn")
    assert time.process_time() - started <= SECONDS * 2


def test_many_lanes_and_many_loose_ends_take_linear_time(tmp_path: Path) -> None:
    lanes = "".join(f'<lane id="l{n}"><flowNodeRef>t{n}</flowNodeRef></lane>' for n in range(6_000))
    tasks = "".join(f'<task id="t{n}"/>' for n in range(6_000))
    flows = "".join(f'<sequenceFlow id="f{n}" sourceRef="t{n}" targetRef="gone"/>' for n in range(1_500))
    path = tmp_path / "wide.bpmn"
    path.write_bytes(bpmn(f"<laneSet>{lanes}</laneSet>{tasks}{flows}"))
    started = time.process_time()
    (inspection,) = inspect(path)
    assert len(inspection.errors) == 1_500
    assert time.process_time() - started <= SECONDS * 4


def test_processes_that_call_themselves_and_each_other_are_read_and_judged_within_a_second() -> None:
    calls = "".join(f'<callActivity id="c{n}" calledElement="p"/>' for n in range(500))
    with listening() as heard:
        started = time.process_time()
        assess(read_bpmn(bpmn(calls), "self.bpmn"), ())
        assert time.process_time() - started <= SECONDS
    assert heard == []


def test_bad_files_in_a_folder_are_located_and_the_good_ones_still_shown(tmp_path: Path) -> None:
    for number, hostile in enumerate(REFUSED):
        if "50 MB" not in hostile.name:
            (tmp_path / f"{number:03}.bpmn").write_bytes(hostile.make())
    (tmp_path / "good.bpmn").write_bytes(PASS)
    with listening() as heard:
        found = inspect(tmp_path)
    good = [inspection for inspection in found if inspection.digest]
    assert [Path(inspection.path).name for inspection in good] == ["good.bpmn"]
    assert all(inspection.errors for inspection in found if not inspection.digest)
    assert len(found) == len(REFUSED)
    assert heard == []


def test_refusing_takes_little_memory() -> None:
    """In a process of its own: what the largest files add to the peak, apart from their own bytes."""
    script = f"""
        import resource
        from bpm.errors import ModelError
        from bpm.model.reader import read_bpmn
        from tests.hostile.files import refused

        def peak():
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

        hostile = [(h.name, h.make()) for h in refused("/nowhere")]
        before = peak()
        for name, data in hostile:
            try:
                read_bpmn(data, name)
            except ModelError:
                pass
            assert peak() - before <= {MEGABYTES}, (name, peak() - before)
    """
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=root, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


MUTATIONS = 2_000
SEED = 20_261_123


def _mutated(random_: random.Random, data: bytes) -> bytes:
    """A few small harms: flipped, cut, doubled, swapped pieces, and pieces of hostile markup put in."""
    pieces = [b"<!DOCTYPE x>", b"&x;", b"<?p?>", b"\x00", b'id="p"', b"<", b">", b'"', b"]]>", b"\xff", b"<task/>"]
    changed = bytearray(data)
    for _ in range(random_.randint(1, 6)):
        at = random_.randrange(len(changed) + 1)
        end = min(len(changed), at + random_.randint(1, 40))
        kind = random_.randrange(5)
        if kind == 0 and at < len(changed):
            changed[at] = random_.randrange(256)
        elif kind == 1:
            del changed[at:end]
        elif kind == 2:
            changed[at:at] = changed[at:end]
        elif kind == 3:
            changed[at:at] = random_.choice(pieces)
        else:
            other = random_.randrange(len(changed) + 1)
            changed[at:end] = changed[other : other + (end - at)]
    return bytes(changed)


def _rearranged(random_: random.Random, data: bytes) -> bytes:
    """Harms that stay well-formed: elements removed, doubled, moved, renamed; values of attributes exchanged."""
    root = etree.fromstring(data)
    for _ in range(random_.randint(1, 4)):
        elements = [element for element in root.iter() if isinstance(element.tag, str) and element is not root]
        if not elements:
            break
        one, other = random_.choice(elements), random_.choice([root, *elements])
        kind = random_.randrange(5)
        if kind == 0:
            one.getparent().remove(one)
        elif kind == 1:
            other.append(deepcopy(one))
        elif kind == 2 and one not in other.iterancestors() and one is not other:
            other.append(one)
        elif kind == 3:
            one.tag = other.tag
        elif one.attrib:
            name = random_.choice(sorted(one.attrib))
            one.set(name, random_.choice(["", "p", "t:", "∞", "-1", "9" * 400, "P", *other.attrib.values()]))
    return etree.tostring(root, encoding="UTF-8")


def test_mutated_models_raise_model_errors_only() -> None:
    print(f"seed {SEED}")
    random_ = random.Random(SEED)
    rich = bpmn(
        '<subProcess id="s"><task id="t"><multiInstanceLoopCharacteristics camunda:collection="c"/></task></subProcess>'
        '<boundaryEvent id="b" attachedToRef="s"><timerEventDefinition><timeDuration>P1D</timeDuration>'
        "</timerEventDefinition></boundaryEvent><laneSet><lane id='l'><flowNodeRef>t</flowNodeRef></lane></laneSet>"
        '<userTask id="u"><extensionElements><li:step minutes="3"/><li:deadline length="P3M"/></extensionElements>'
        "</userTask>"
    )
    outcomes = {"read": 0, "refused": 0}
    for number in range(MUTATIONS):
        harm = _mutated if number % 4 < 2 else _rearranged
        data = harm(random_, (PASS, rich)[number % 2])
        with listening() as heard:
            try:
                assess(read_bpmn(data, "mutated.bpmn"), ())
                outcomes["read"] += 1
            except ModelError:
                outcomes["refused"] += 1
        assert heard == [], data
    assert min(outcomes.values()) > MUTATIONS // 20, outcomes


GATES = {"xml-doctype", "xml-encoding", "xml-nul", "xml-processing-instruction", "xml-xinclude", "xml-version"}
SAME = [hostile for hostile in REFUSED if hostile.code in GATES]


@pytest.mark.parametrize("hostile", SAME, ids=[hostile.name for hostile in SAME])
def test_decisions_pass_the_same_gates(hostile: Hostile) -> None:
    data = hostile.make()
    with listening() as heard, pytest.raises(ModelError) as error:
        read_dmn(data, "upload.dmn")
    assert error.value.code == hostile.code
    assert heard == []


def test_mutated_decisions_raise_model_errors_only() -> None:
    print(f"seed {SEED}")
    random_ = random.Random(SEED)
    ours = [path.read_bytes() for path in sorted(PROCESSES.rglob("*.dmn"))]
    assert ours, "the procedures of the project have decisions"
    outcomes = {"read": 0, "refused": 0}
    for number in range(MUTATIONS // 4):
        data = (_mutated if number % 4 < 2 else _rearranged)(random_, ours[number % len(ours)])
        with listening() as heard:
            try:
                read_dmn(data, "mutated.dmn")
                outcomes["read"] += 1
            except ModelError:
                outcomes["refused"] += 1
        assert heard == [], data
    assert min(outcomes.values()) > MUTATIONS // 80, outcomes


# --- negative controls: the same payloads do come alive where nobody stands guard ----------------------------------


def test_control_a_parser_with_entities_reads_the_file_that_ours_refuses(tmp_path: Path) -> None:
    secret = tmp_path / CANARY
    secret.write_text("the content of the canary file")
    data = next(h for h in refused(str(secret)) if h.name == "external file entity").make()
    careless = etree.XMLParser(resolve_entities=True, load_dtd=True)
    assert b"the content of the canary file" in etree.tostring(etree.fromstring(data, careless))
    with pytest.raises(ModelError):
        read_bpmn(data, "upload.bpmn")


def test_control_the_stock_engine_runs_what_ours_blocks() -> None:
    from SpiffWorkflow.bpmn.parser import BpmnParser
    from SpiffWorkflow.bpmn.workflow import BpmnWorkflow

    data, _ = BLOCKED["Python in a condition"]
    parser = BpmnParser()
    parser.add_bpmn_xml(etree.fromstring(data))
    workflow = BpmnWorkflow(parser.get_spec("p"))
    with listening() as heard:
        workflow.do_engine_steps()
    assert "os.system" in heard
    assert {"compile", "exec"} <= set(heard)


def test_control_the_hook_hears_code_files_and_processes() -> None:
    with listening() as heard:
        compile(f"'{CANARY}'", "x", "eval")
        Path(CANARY_FILE).exists()
        with pytest.raises(FileNotFoundError):
            open(CANARY_FILE)  # noqa: SIM115
        subprocess.run(["true"], check=True)
    assert set(heard) >= {"compile", "open", "subprocess.Popen"}
    assert EVIL.count(CANARY) == 1
