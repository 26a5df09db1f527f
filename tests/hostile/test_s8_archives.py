"""S8: packages from strangers: nothing is expanded before names and sizes are judged, and nothing touches the disk."""

from __future__ import annotations

import base64
import io
import random
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bpm.errors import ModelError
from bpm.model.reader import read, read_files
from bpm.model.reader.archive import read_archive
from bpm.service.reading import procedures_at
from tests.hostile.canary import listening
from tests.unit.model.texts import PASS

PLACEHOLDER = "N" * 24


def archive(*members: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members:
            file.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def named(name: str) -> bytes:
    """A zip whose member has exactly these bytes as its name, whatever zipfile would make of it."""
    raw = name.encode()
    return archive((PLACEHOLDER[: len(raw)], b"x")).replace(PLACEHOLDER[: len(raw)].encode(), raw)


BAD_NAMES = [
    "../a.bpmn",
    "a/../../b.bpmn",
    "..",
    "a/..",
    "/etc/passwd",
    "//host/share",
    "C:/a.bpmn",
    "c:a.bpmn",
    "Z:\\a.bpmn",
    "..\\a.bpmn",
    "a\\b.bpmn",
    "\\\\host\\share",
    "./a.bpmn",
    "a/./b.bpmn",
    "a//b.bpmn",
    "a\x00.bpmn",
    "a.bpmn\x00.txt",
    "\x00",
    "a\nb.bpmn",
    "a\rb.bpmn",
    "a\tb.bpmn",
    "\x1b[2Ja.bpmn",
    "\x7f/../a",
]


@pytest.mark.parametrize("name", BAD_NAMES, ids=[repr(name) for name in BAD_NAMES])
def test_a_name_that_could_leave_its_folder_refuses_the_archive(name: str) -> None:
    with pytest.raises(ModelError) as refused:
        read_archive(named(name), "up.zip")
    assert refused.value.code == "archive-path"
    assert "\n" not in str(refused.value)
    assert "\x00" not in str(refused.value)


def test_a_name_longer_than_a_file_system_takes_is_refused() -> None:
    with pytest.raises(ModelError) as refused:
        read_archive(archive(("a" * 256, b"x")), "up.zip")
    assert refused.value.code == "archive-path"


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK])
def test_links_and_devices_are_no_files(mode: int) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        info = zipfile.ZipInfo("link.bpmn")
        info.external_attr = (mode | 0o777) << 16
        file.writestr(info, "/etc/passwd")
    with pytest.raises(ModelError) as refused:
        read_archive(buffer.getvalue(), "up.zip")
    assert refused.value.code == "archive-link"


def _with_flag(data: bytes, flag: int) -> bytes:
    at = data.index(b"PK\x01\x02") + 8
    return data[:at] + struct.pack("<H", flag) + data[at + 2 :]


def _with_size(data: bytes, size: int) -> bytes:
    at = data.index(b"PK\x01\x02") + 24
    return data[:at] + struct.pack("<I", size) + data[at + 4 :]


MEGABYTE = 1024 * 1024


def _halving(size: int) -> bytes:
    """Bytes that a zip makes half as long: below the ratio of a bomb."""
    return random.Random(8).randbytes(size // 2).hex().encode()


BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "ratio": (lambda: archive(("a.bpmn", b"0" * (15 * MEGABYTE))), "archive-ratio"),
    "sum": (lambda: archive(*((f"{n}.json", _halving(4 * MEGABYTE)) for n in range(6))), "archive-too-large"),
    "many": (lambda: archive(*((f"{n}.json", b"{}") for n in range(1_001))), "archive-too-many"),
    "case": (lambda: archive(("a.bpmn", PASS), ("A.BPMN", PASS)), "archive-duplicate"),
    "sharp s": (lambda: archive(("straße.bpmn", PASS), ("STRASSE.bpmn", PASS)), "archive-duplicate"),
    "encrypted": (lambda: _with_flag(archive(("a.bpmn", PASS)), 0x1), "archive-encrypted"),
    "lying header": (lambda: _with_size(archive(("a.bpmn", PASS)), 10), "archive-malformed"),
    "not an archive": (lambda: b"PK\x03\x04" + b"\x00" * 100, "archive-malformed"),
    "cut": (lambda: archive(("a.bpmn", PASS))[:-30], "archive-malformed"),
    "too many bytes": (lambda: b"PK\x03\x04" + b"\x00" * (20 * MEGABYTE), "archive-too-large"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_and_broken_archives_are_refused_by_their_code(name: str) -> None:
    make, code = BOMBS[name]
    data = make()
    with listening() as heard, pytest.raises(ModelError) as refused:
        read_archive(data, "up.zip")
    assert refused.value.code == code
    assert heard == []


def test_a_good_package_is_one_procedure_wherever_its_files_lie() -> None:
    files = [("procedure.bpmn", PASS), ("forms/antrag.json", b'{"components": []}'), ("cases/a.json", b'{"x": 1}')]
    plain = read_files({"up.zip": archive(*files)})
    wrapped = read_files({"up.zip": archive(*((f"parken/{name}", content) for name, content in files))})
    assert plain.process is not None
    assert plain.process.digest == wrapped.process.digest  # type: ignore[union-attr]
    assert plain.forms == wrapped.forms == {"forms/antrag.json": {"components": []}}
    assert plain.cases == {"a": {"x": 1}}


def test_inner_files_are_named_behind_an_exclamation_mark(tmp_path: Path) -> None:
    (tmp_path / "paket.zip").write_bytes(archive(("a.bpmn", PASS), ("bad.bpmn", b"<x")))
    found = read(tmp_path)
    assert sorted(path for procedure in found for path in _paths(procedure)) == [
        f"{tmp_path}/paket.zip!a.bpmn",
        f"{tmp_path}/paket.zip!bad.bpmn",
    ]


def _paths(procedure: object) -> list[str]:
    process = procedure.process  # type: ignore[attr-defined]
    errors = procedure.errors  # type: ignore[attr-defined]
    return [*([process.path] if process else []), *(error.path for error in errors)]


def _export(content: bytes) -> bytes:
    inner = base64.b64encode(content).decode()
    return f"""<x:alleInhalte.export.0303 xmlns:x="http://www.regierung-mv.de/xprozess/2"><x:prozess><x:id>1</x:id>
      <x:prozessmodell><x:prozessmodelldatei><x:dateiname>M</x:dateiname><x:inhalt>{inner}</x:inhalt>
      </x:prozessmodelldatei></x:prozessmodell></x:prozess></x:alleInhalte.export.0303>""".encode()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (archive(("../m.xml", PASS)), "archive-path"),
        (archive(("m.xml", b"0" * (15 * MEGABYTE))), "archive-ratio"),
        (archive(("m.xml", b"<!DOCTYPE x><x/>")), "xml-doctype"),
        (archive(("m.pdf", b"%PDF-1.4")), "xprozess-no-model"),
        (b"", "xprozess-no-model"),
    ],
)
def test_exports_of_others_pass_the_same_gates(tmp_path: Path, content: bytes, code: str) -> None:
    (tmp_path / "export.xml").write_bytes(_export(content))
    (procedure,) = procedures_at(tmp_path / "export.xml")
    assert [error.code for error in procedure.errors] == [code]


def test_an_export_with_broken_base64_says_so(tmp_path: Path) -> None:
    data = _export(PASS).replace(b"<x:inhalt>", b"<x:inhalt>***")
    (tmp_path / "export.xml").write_bytes(data)
    (procedure,) = procedures_at(tmp_path / "export.xml")
    assert [error.code for error in procedure.errors] == ["xprozess-base64"]
