"""The shape of the house, as far as a machine can see it: sizes, forbidden calls, names, lazy imports."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(
    path for room in ("bpm", "api") for path in (ROOT / room).rglob("*.py") if "node_modules" not in path.parts
)
TESTS = sorted((ROOT / "tests").rglob("*.py"))

LONGEST_FILE, LONGEST_FUNCTION, LONGEST_KERNEL = 600, 60, 150
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "manager", "base", "impl", "common", "misc"}
HEAVY = ("numba", "scipy", "z3", "typst", "SpiffWorkflow", "xlsxwriter")


def calls(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of every call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def is_kernel(function: ast.AST) -> bool:
    decorators = getattr(function, "decorator_list", [])
    return any("njit" in ast.unparse(decorator) for decorator in decorators)


def offences_of_size(source: str) -> list[str]:
    offences = [] if source.count("\n") <= LONGEST_FILE else [f"file of {source.count(chr(10))} lines"]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > (LONGEST_KERNEL if is_kernel(node) else LONGEST_FUNCTION):
                offences.append(f"line {node.lineno}: {node.name} has {length} lines")
    return offences


def offences_of_calls(source: str, name: str) -> list[str]:
    """What no file may call, and what only one file may."""
    found = []
    for line, call in calls(ast.parse(source)):
        last = call.rsplit(".", 1)[-1]
        if call in {"eval", "exec", "compile", "__import__", "os.system"} or call.startswith(("pickle.", "marshal.")):
            found.append(f"line {line}: {call}")
        if call in {"yaml.load", "yaml.unsafe_load"} or re.match(
            r"(np|numpy)\.random\.(seed|rand|randn|random)$", call
        ):
            found.append(f"line {line}: {call}")
        if call.startswith("random.") and last != "Random":
            found.append(f"line {line}: unseeded {call}")
        if name != "clock.py" and call in {
            "datetime.now",
            "datetime.utcnow",
            "date.today",
            "time.time",
            "datetime.datetime.now",
        }:
            found.append(f"line {line}: {call} outside clock.py")
        if name != "unit_of_work.py" and last == "commit":
            found.append(f"line {line}: commit outside unit_of_work.py")
    found += ["shell=True"] if re.search(r"shell\s*=\s*True", source) else []
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_small(path: Path) -> None:
    assert offences_of_size(path.read_text()) == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_forbidden_is_called(path: Path) -> None:
    assert offences_of_calls(path.read_text(), path.name) == []


def test_modules_are_named_after_things() -> None:
    assert [path.name for path in SOURCES if path.stem in FORBIDDEN_NAMES] == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_the_map_of_the_largest_room_names_every_module_and_no_other() -> None:
    room = ROOT / "bpm" / "analyser"
    named = set(re.findall(r"`(\w+)`", (room / "__init__.py").read_text(encoding="utf-8")))
    there = {path.stem for path in room.glob("*.py")} - {"__init__"}
    assert named - {"checks"} == there


def test_the_service_starts_without_the_heavy_libraries() -> None:
    script = f"import sys, api.app; print([name for name in {HEAVY!r} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_no_committed_file_names_a_machine_or_a_registry_host() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split(
        "\n"
    )
    hosts = re.compile(
        r"(pypi\.org|files\.pythonhosted\.org|registry\.npmjs\.org|deb\.debian\.org|/work/(main|shared|plan))"
    )
    named = []
    for name in filter(None, listed):
        path = ROOT / name
        if path.is_file() and path != Path(__file__).resolve() and hosts.search(path.read_text(errors="ignore")):
            named.append(name)
    assert named == []


def test_the_guards_of_this_file_can_fail() -> None:
    long_function = "def f():\n" + "    x = 1\n" * 70
    assert offences_of_size(long_function) == ["line 1: f has 71 lines"]
    assert offences_of_size("\n" * 700) == ["file of 700 lines"]
    bad = "import datetime\neval('1')\nsession.commit()\ndatetime.datetime.now()\nrandom.random()\nrun(shell=True)\n"
    assert len(offences_of_calls(bad, "x.py")) == 5
