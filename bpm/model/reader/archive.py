"""Zip archives from strangers: every name and size is judged before a byte is expanded, and nothing touches the disk.

Codes: ``archive-malformed``, ``archive-too-many``, ``archive-too-large``, ``archive-ratio``, ``archive-path``,
``archive-link``, ``archive-encrypted``, ``archive-duplicate``.
"""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib

from bpm.errors import ModelError
from bpm.model.reader.guard import MEGABYTE

MEMBERS = 1_000
TOTAL = 20 * MEGABYTE
RATIO = 100
_SMALL = 64 * 1024
"""Ratios mean nothing below this: an empty form of blanks is no bomb."""

_DRIVE = re.compile(r"[A-Za-z]:")


def read_archive(data: bytes, path: str) -> dict[str, bytes]:
    """The files of a zip by name. Raises ModelError before expanding anything that is not allowed."""
    if len(data) > TOTAL:
        raise ModelError("archive-too-large", f"{len(data)} bytes, at most {TOTAL} are read", path=path)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _judge(archive.infolist(), path)
            return {info.filename: _expand(archive, info, path) for info in archive.infolist() if not info.is_dir()}
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError, zlib.error, ValueError) as error:
        raise ModelError("archive-malformed", " ".join(str(error).split())[:200], path=path) from None


def _judge(members: list[zipfile.ZipInfo], path: str) -> None:
    if len(members) > MEMBERS:
        raise ModelError("archive-too-many", f"{len(members)} members, at most {MEMBERS} are read", path=path)
    seen: set[str] = set()
    for info in members:
        inner = f"{path}!{printable(info.filename)}"
        _judge_name(info, inner)
        folded = info.filename.rstrip("/").casefold()
        if folded in seen:
            raise ModelError("archive-duplicate", "two members differ only in case, or not at all", path=inner)
        seen.add(folded)
        if info.flag_bits & 0x1:
            raise ModelError("archive-encrypted", "an encrypted member is not read", path=inner)
        if info.file_size > _SMALL and info.file_size > RATIO * max(1, info.compress_size):
            raise ModelError("archive-ratio", f"would expand more than {RATIO} times", path=inner)
    total = sum(info.file_size for info in members)
    if total > TOTAL:
        raise ModelError("archive-too-large", f"{total} bytes unpacked, at most {TOTAL} are read", path=path)


def _judge_name(info: zipfile.ZipInfo, inner: str) -> None:
    # zipfile cuts the name at a NUL and turns backslashes round on some systems; the name as stored is judged
    name = info.orig_filename
    parts = name.rstrip("/").split("/")
    if "\x00" in name or "\\" in name or _DRIVE.match(name) or name.startswith("/"):
        raise ModelError("archive-path", "an absolute path, drive, backslash or NUL in a name", path=inner)
    if any(part in ("", ".", "..") for part in parts) or len(name) > 255:
        raise ModelError("archive-path", "a name that leaves its folder, is empty or too long", path=inner)
    if any(ord(character) < 32 for character in name):
        raise ModelError("archive-path", "a control character in a name", path=inner)
    mode = info.external_attr >> 16
    if mode and not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_IFMT(mode) == 0):
        raise ModelError("archive-link", "a link or device is not a file", path=inner)


def _expand(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: str) -> bytes:
    # the header's size may lie: read one byte more than it says, never more
    with archive.open(info) as stream:
        content = stream.read(info.file_size + 1)
    if len(content) != info.file_size:
        inner = f"{path}!{printable(info.filename)}"
        raise ModelError("archive-malformed", "a member is not as long as its header says", path=inner)
    return content


def printable(name: str) -> str:
    """A stranger's name, safe to print on one line."""
    return "".join(character if character.isprintable() else "?" for character in name)[:120]
