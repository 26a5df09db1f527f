"""The zip one city hands to another: a procedure's files and a manifest of their digests.

Names, sizes and links are judged by the reader's archive gate before anything is expanded; here the content is held
against the manifest, so that a package changed on its way is noticed.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import PurePosixPath

from bpm.errors import ModelError
from bpm.model.contents import content_digest, digest
from bpm.model.reader.archive import read_archive

__all__ = ["EPOCH", "MANIFEST", "content_digest", "pack", "safe_name", "unpack"]

MANIFEST = "package.json"
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can hold; the same for every member, so that the same content gives the same bytes."""


def safe_name(name: str) -> str:
    """A file name relative to its procedure. Raises ModelError for one that could lead outside."""
    path = PurePosixPath(name)
    hostile = not name or any(one in name for one in ("\\", "\0", ":")) or path.is_absolute() or len(name) > 255
    if hostile or any(part in ("", "..", ".") for part in name.split("/")) or not name.isprintable():
        raise ModelError("unsafe-name", f"the file name {name[:80]!r} is not allowed")
    return str(path)


def unpack(data: bytes, path: str) -> dict[str, bytes]:
    """The files of a package by name, without one folder that holds them all. Raises ModelError."""
    files = read_archive(data, path)
    tops = {name.partition("/")[0] for name in files}
    if len(tops) == 1 and all("/" in name for name in files):
        files = {name.partition("/")[2]: content for name, content in files.items()}
    if MANIFEST in files:
        _verify(files.pop(MANIFEST), files, f"{path}!{MANIFEST}")
    return files


def _verify(manifest: bytes, files: Mapping[str, bytes], path: str) -> None:
    try:
        digests = dict(json.loads(manifest)["files"])
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError("bad-manifest", "the manifest cannot be read", path=path) from error
    if digests != {name: digest(content) for name, content in files.items()}:
        raise ModelError("bad-manifest", "the files are not those of the manifest", path=path)


def pack(key: str, version: int, files: Mapping[str, bytes]) -> bytes:
    """A package: the same files, the same bytes."""
    digests = {name: digest(content) for name, content in files.items()}
    manifest = {"format": 1, "key": key, "version": version, "files": digests}
    text = json.dumps(manifest, sort_keys=True, ensure_ascii=False, indent=1) + "\n"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted({**files, MANIFEST: text.encode()}.items()):
            member = zipfile.ZipInfo(name, EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            archive.writestr(member, content)
    return buffer.getvalue()
