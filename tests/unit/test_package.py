"""Packages: the same files, the same bytes; changes on the way are noticed."""

from __future__ import annotations

import io
import zipfile

import pytest

from bpm.errors import ModelError
from bpm.package import content_digest, pack, safe_name, unpack

FILES = {"a.bpmn": b"<a/>", "forms/x.json": b"{}"}


def test_a_package_comes_back_as_it_went() -> None:
    packed = pack("k", 3, FILES)
    assert unpack(packed, "k.zip") == FILES
    assert packed == pack("k", 3, dict(reversed(FILES.items())))


def test_a_changed_file_is_noticed() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(pack("k", 3, FILES))) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            new.writestr(name, b"<b/>" if name == "a.bpmn" else old.read(name))
    with pytest.raises(ModelError, match="not those of the manifest"):
        unpack(buffer.getvalue(), "k.zip")


def test_one_folder_around_everything_is_dropped() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in FILES.items():
            archive.writestr(f"antrag/{name}", content)
    assert unpack(buffer.getvalue(), "k.zip") == FILES


def test_the_digest_depends_on_names_and_contents_only() -> None:
    assert content_digest(FILES) == content_digest(dict(reversed(FILES.items())))
    assert content_digest(FILES) != content_digest({**FILES, "a.bpmn": b"<b/>"})
    assert content_digest(FILES) != content_digest({"b.bpmn": b"<a/>", "forms/x.json": b"{}"})


@pytest.mark.parametrize("name", ["", "../x", "/x", "a//b", "a/./b", "c:x", "a\\b", "a\0b", "a\nb", "x" * 300])
def test_names_that_could_lead_outside_are_refused(name: str) -> None:
    with pytest.raises(ModelError, match="not allowed"):
        safe_name(name)


@pytest.mark.parametrize("name", ["a.bpmn", "forms/antrag.json", "Größe (1).dmn"])
def test_plain_names_stay(name: str) -> None:
    assert safe_name(name) == name
