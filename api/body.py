"""No request is read without end: bodies beyond a limit are refused while they arrive."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem

UPLOAD = 64 * 1024 * 1024
"""Bytes of an upload of procedures: a zip and its frame."""

ATTACHMENT = 11 * 1024 * 1024
"""Bytes of a file put to a task and its frame."""

JSON = 2 * 1024 * 1024
"""Bytes of any other request."""


LIMITS = {"/procedures": UPLOAD, "/attachments": ATTACHMENT}


class _TooLarge(Exception):
    pass


class LimitBody:
    """ASGI middleware that answers 413 to a body larger than its kind may be."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what arrives."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = next((most for end, most in LIMITS.items() if scope["path"].endswith(end)), JSON)
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        refused = problem(413, "too-large", f"at most {limit} bytes are read")
        if not declared.isdigit() or len(declared) > 18 or int(declared) > limit:
            await refused(scope, receive, send)
            return
        arrived = 0
        answered = False

        async def counting() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > limit:
                raise _TooLarge
            return message

        async def sending(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self.app(scope, counting, sending)
        except _TooLarge:
            if not answered:
                await refused(scope, receive, send)
