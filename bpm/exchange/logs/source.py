"""The bytes of a log: opened once, unpacked as they are read, counted, hashed; a bomb never gets to explode."""

from __future__ import annotations

import gzip
import hashlib
import re
import zlib
from pathlib import Path
from types import TracebackType

from bpm.errors import ModelError

LARGEST = 1024 * 1024 * 1024
"""Unpacked bytes that are read of one log."""

RATIO = 200
"""So many times the packed size may come out; logs of offices pack about 1 to 20, repetitive ones 1 to 60."""

_FREE = 16 * 1024 * 1024
"""Below this size the ratio does not matter."""

_HEAD = 64 * 1024


class Source:
    """A binary stream with limits; `head` are its first unpacked bytes, which `read` gives again."""

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        self._hash = hashlib.sha256()
        self._count = 0
        try:
            self._packed = Path(path).stat().st_size
            self._file = open(path, "rb")  # noqa: SIM115 - closed by __exit__
        except OSError as error:
            raise ModelError("no-such-path", error.strerror or str(error), path=self.path) from None
        magic = self._file.peek(4)[:4]
        if magic.startswith(b"PK"):
            self._file.close()
            raise ModelError("log-format", "an archive is no log; unpack it first", path=self.path)
        self._gzipped = magic.startswith(b"\x1f\x8b")
        self._stream = gzip.GzipFile(fileobj=self._file) if self._gzipped else self._file
        try:
            self.head = self._read(_HEAD)
        except ModelError:
            self._file.close()
            raise
        self._pending = self.head

    def __enter__(self) -> Source:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def read(self, size: int = _HEAD) -> bytes:
        """The next bytes, at most `size`; empty at the end.

        Raises ModelError `log-too-large`, `log-bomb` or `log-gzip`.
        """
        if self._pending:
            taken, self._pending = self._pending[:size], self._pending[size:]
            return taken
        return self._read(size)

    def digest(self) -> str:
        """`sha256:<hex>` of what was read, unpacked: a log and its packed copy are the same log."""
        return f"sha256:{self._hash.hexdigest()}"

    def looks_like_xml(self) -> bool:
        """Whether the content starts as XML does, in any encoding that XML may have."""
        start = self.head.lstrip(b"\xef\xbb\xbf \t\r\n")
        return start.startswith((b"<", b"\xff\xfe<", b"\xfe\xff\x00<"))

    def root(self) -> str:
        """The local name of the first element in the head; empty if there is none."""
        text = re.sub(rb"<!--.*?-->", b"", self.head, flags=re.DOTALL)
        found = re.search(rb"<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)", text)
        return found[1].decode("ascii", "replace") if found else ""

    def _read(self, size: int) -> bytes:
        try:
            data = self._stream.read(size)
        except (OSError, EOFError, zlib.error) as error:
            raise ModelError("log-gzip", f"the packed log is damaged: {error}", path=self.path) from None
        self._count += len(data)
        self._hash.update(data)
        if self._count > LARGEST:
            raise ModelError("log-too-large", f"more than {LARGEST} bytes of content", path=self.path)
        if self._gzipped and self._count > max(_FREE, RATIO * self._packed):
            raise ModelError("log-bomb", f"unpacks to more than {RATIO} times its size", path=self.path)
        return data
