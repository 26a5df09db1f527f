"""An audit hook that hears when a payload comes alive.

Hooks cannot be taken off again, so one is installed for the whole process and listens only inside `listening`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.hostile.files import CANARY

_heard: list[str] | None = None
_NEVER = ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn")
_TEXT = ("compile", "exec", "open", "import", "os.listdir", "urllib.Request")


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if _heard is None:
        return
    if event in _NEVER or (event in _TEXT and any(CANARY in _shown(argument) for argument in arguments)):
        _heard.append(event)


def _shown(argument: object) -> str:
    if isinstance(argument, bytes):
        return argument.decode("latin-1")
    constants = getattr(argument, "co_consts", None)
    return repr(constants) if constants is not None else str(argument)


sys.addaudithook(_hook)


@contextmanager
def listening() -> Iterator[list[str]]:
    """The events heard inside the block: processes, sockets, and any code or file that carries the canary's name."""
    global _heard
    before, _heard = _heard, []
    try:
        yield _heard
    finally:
        _heard = before
