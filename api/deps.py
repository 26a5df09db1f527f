"""What endpoints ask for: the services, who is signed in, and the headers of a command.

With an issuer configured, callers bring its bearer tokens and browsers sign in there. Without one there are demo users
only: they sign in with HTTP Basic, and only over the loopback address: both ends of the connection are looked at, so a
server that was bound elsewhere by mistake lets nobody in. Pages use a signed cookie; a command that comes with the
cookie must carry its CSRF token, a command with Basic credentials needs none.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, NamedTuple, ParamSpec, TypeVar
from urllib.parse import quote

from fastapi import Depends, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from api.issuer import Issuer, is_loopback
from api.problems import Unauthenticated
from bpm.errors import Forbidden, Stale
from bpm.service import people
from bpm.service.access import Actor
from bpm.service.context import Services, to_json

COOKIE = "session"
CSRF_HEADER = "X-CSRF-Token"
SESSION_LIFE = timedelta(hours=10)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

P = ParamSpec("P")
T = TypeVar("T")


def services(request: Request) -> Services:
    """The process's services."""
    opened: Services = request.app.state.services
    return opened


# --- who is signed in ----------------------------------------------------------------------------------------


def _users(request: Request) -> dict[str, Actor]:
    users: dict[str, Actor] = request.app.state.users
    return users


def issuer(request: Request) -> Issuer | None:
    """Whose tokens are accepted; None where the demo users are."""
    found: Issuer | None = request.app.state.issuer
    return found


def check_password(request: Request, name: str, password: str) -> Actor | None:
    """The demo user of that name and password, if the connection is local; else None."""
    if not is_local(request):
        return None
    actor = _users(request).get(name)
    return actor if actor is not None and hmac.compare_digest(name.encode(), password.encode()) else None


def person(request: Request, asking: Actor, name: str) -> Actor | None:
    """Whoever signs in under this name, or None; with an issuer, who of the asking person's office has done so."""
    if issuer(request) is None:
        return _users(request).get(name)
    return people.find(services(request), asking.city, asking.office, name)


def is_local(request: Request) -> bool:
    """Whether both ends of the connection are this machine."""
    ends = (request.client.host if request.client else None, (request.scope.get("server") or (None,))[0])
    return all(end is not None and is_loopback(end) for end in ends)


def signed_in(request: Request) -> Actor | None:
    """Who sent this request, by Basic credentials or session cookie; None when nobody is signed in.

    Raises Unauthenticated for wrong credentials and Forbidden for a command without its CSRF token.
    """
    header = request.headers.get("Authorization")
    if header is not None and (known := issuer(request)) is not None:
        return _bearer(request, known, header)
    if header is not None:
        actor = _basic(request, header)
        if actor is None:
            raise Unauthenticated("name or password is wrong, or the connection is not local")
        return actor
    actor = session_actor(request)
    if actor is not None and request.method not in SAFE_METHODS:
        token = request.headers.get(CSRF_HEADER, "")
        if not same_token(token, session(request).csrf):
            raise Forbidden("csrf", "the page is too old; load it again")
    return actor


def _bearer(request: Request, known: Issuer, header: str) -> Actor:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated("this service accepts bearer tokens")
    actor = known.actor(token.strip(), services(request).database.clock.now().timestamp())
    people.remember(services(request), actor)
    return actor


def _basic(request: Request, header: str) -> Actor | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return check_password(request, name, password)


def _actor(request: Request) -> Actor:
    actor = signed_in(request)
    if actor is None:
        raise Unauthenticated("sign in first")
    return actor


# --- sessions of pages ---------------------------------------------------------------------------------------


def session_key(folder: Path) -> bytes:
    """The secret that signs sessions, made on first use; only its owner may read it."""
    path = folder / "session.key"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(descriptor, "wb") as file:
        key = secrets.token_bytes(32)
        file.write(key)
    return key


class Who(NamedTuple):
    """A person as a session names them."""

    name: str
    city: str
    office: str


NOBODY = Who("", "", "")


@dataclass(frozen=True, slots=True)
class Session:
    """A browser's session: who is signed in (an empty name: nobody), and the token that its forms carry. All of it
    stands signed in the cookie; the server keeps nothing. A `fresh` one has still to be given to the browser."""

    value: str
    who: Who
    csrf: str
    fresh: bool
    secure: bool


def session(request: Request) -> Session:
    """The session of this request, or a fresh one of nobody."""
    value = request.cookies.get(COOKIE, "")
    who = _who_in(request, value)
    return _new_session(request, NOBODY) if who is None else _session(request, value, who, fresh=False)


def session_actor(request: Request) -> Actor | None:
    """Who is signed in by cookie; demo users over a local connection only."""
    who = _who_in(request, request.cookies.get(COOKIE, ""))
    if who is None or not who.name:
        return None
    if issuer(request) is not None:
        return people.find(services(request), who.city, who.office, who.name)
    return _users(request).get(who.name) if is_local(request) else None


def keep_session(response: Response, kept: Session) -> None:
    """Give a fresh session to the browser."""
    if kept.fresh:
        life = int(SESSION_LIFE.total_seconds())
        response.set_cookie(COOKIE, kept.value, max_age=life, httponly=True, samesite="lax", secure=kept.secure)


def sign_in(response: Response, request: Request, actor: Actor) -> None:
    """Begin a session of this person; the one before ends, so nobody can plant one."""
    keep_session(response, _new_session(request, Who(actor.name, actor.city, actor.office)))


def sign_out(response: Response) -> None:
    """Take the session away."""
    response.delete_cookie(COOKIE)


def same_token(given: str, expected: str) -> bool:
    """Compare two tokens without telling by the time taken how far they agree."""
    return hmac.compare_digest(given.encode(), expected.encode())


def new_key() -> str:
    """An Idempotency-Key for a form: sent twice, it is carried out once."""
    return secrets.token_urlsafe(18)


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function of the service from an async endpoint without holding up the others."""
    return await run_in_threadpool(function, *args, **kwargs)


def _new_session(request: Request, who: Who) -> Session:
    return _session(request, seal(request, list(who), SESSION_LIFE), who, fresh=True)


def _session(request: Request, value: str, who: Who, *, fresh: bool) -> Session:
    return Session(value, who, _sign(request, f"csrf:{value}"), fresh, request.url.scheme == "https")


def _who_in(request: Request, value: str) -> Who | None:
    """Who stands in a cookie that is whole and not over; None for any other."""
    content = unseal(request, value)
    return Who(*content) if isinstance(content, list) and len(content) == 3 else None


def seal(request: Request, content: Any, life: timedelta) -> str:
    """A JSON value as the signed text of a cookie that is good for `life`."""
    ends = services(request).database.clock.now() + life
    text = f"{base64.urlsafe_b64encode(to_json(content).encode()).decode()}.{int(ends.timestamp())}"
    text = f"{text}.{secrets.token_hex(8)}"
    return f"{text}.{_sign(request, text)}"


def unseal(request: Request, value: str) -> Any:
    """What was sealed, if it is whole and not over; None for anything else."""
    text, _, signature = value.rpartition(".")
    if not text.isascii() or not same_token(signature, _sign(request, text)):
        return None
    content, ends, _ = text.split(".")
    now = services(request).database.clock.now()
    return json.loads(base64.urlsafe_b64decode(content)) if now.timestamp() < int(ends) else None


def _sign(request: Request, text: str) -> str:
    key: bytes = request.app.state.session_key
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


# --- headers and answers -------------------------------------------------------------------------------------


def _if_match(if_match: Annotated[str | None, Header(alias="If-Match", max_length=100)] = None) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    text = if_match.strip().removeprefix("W/").strip('"')
    if not text.isdecimal() or not text.isascii() or len(text) > 9:
        raise Stale("stale", "If-Match names no revision of this resource")
    return int(text)


Serving = Annotated[Services, Depends(services)]
SignedIn = Annotated[Actor, Depends(_actor)]
IfMatch = Annotated[int | None, Depends(_if_match)]
Key = Annotated[
    str | None,
    Header(alias="Idempotency-Key", min_length=1, max_length=200, description="the same key replays the first answer"),
]
Cursor = Annotated[str | None, Query(max_length=36, description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=500)]


def as_download(content: bytes, name: str) -> Response:
    """A file that the browser saves and never shows, whatever it is."""
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return Response(content, 200, headers, media_type="application/octet-stream")


def reply(body: Any, status: int = 200) -> Response:
    """A JSON answer: canonical text, with its revision (or its digest) as ETag."""
    content = to_json(body).encode()
    revision = body.get("revision") if isinstance(body, dict) else None
    tag = str(revision) if revision is not None else hashlib.sha256(content).hexdigest()[:32]
    return Response(content, status, {"ETag": f'"{tag}"'}, media_type="application/json")
