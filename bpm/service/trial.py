"""Read an upload once in a process of its own that may use little memory and little time.

The reader refuses what is hostile by its own gates. This is the fence behind them: what a gate forgot costs a child its
life and nobody else theirs. The child tells only whether it came through; the caller reads again itself, since what
passed within the limits passes again. Small files are read without one: the gates count elements, depth and text, so
that their cost follows their size.

Code: ``too-costly``.
"""

from __future__ import annotations

import base64
import json
import resource
import subprocess
import sys
from collections.abc import Mapping

from bpm.errors import LichtungError, ModelError

SMALL = 256 * 1024
"""Bytes of an upload that are read without a trial; reading that much takes a fraction of a second."""
MEMORY = 512 * 1024 * 1024
"""Bytes of address space that reading may use."""
SECONDS = 10
"""Seconds of processor time that reading may use."""


def try_reading(files: Mapping[str, bytes], *, memory: int = MEMORY, seconds: int = SECONDS) -> None:
    """Come back if `files` can be read, or be refused, within the limits.

    Raises:
        ModelError: `too-costly`.
    """
    if sum(map(len, files.values())) <= SMALL:
        return
    sent = json.dumps({name: base64.b64encode(data).decode("ascii") for name, data in files.items()})
    command = [sys.executable, "-m", __name__, str(memory), str(seconds)]
    # waiting is bounded too, with time for a busy machine
    try:
        done = subprocess.run(command, input=sent.encode(), capture_output=True, timeout=6 * seconds, check=False)
    except subprocess.TimeoutExpired:
        refused = True
    else:
        refused = done.returncode != 0
    if refused:
        name = max(files, key=lambda one: len(files[one]))
        told = f"reading takes more than {seconds} s of processor time or {memory // 2**20} MB of memory"
        raise ModelError("too-costly", told, path=name)


def _read(arguments: list[str]) -> None:
    memory, seconds = map(int, arguments)
    sent = sys.stdin.buffer.read()
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    from bpm.model.reader import read_files

    files = {name: base64.b64decode(data) for name, data in json.loads(sent).items()}
    del sent
    # a refusal is an answer within the limits: the caller hears it again, with its place. The XML library calls a lack
    # of memory an unknown error at no line
    try:
        read_files(files)
    except LichtungError as error:
        sys.exit(error.code == "xml-malformed" and not getattr(error, "line", None))


if __name__ == "__main__":
    _read(sys.argv[1:])
