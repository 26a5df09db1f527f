"""A real OpenID Connect issuer on this machine: discovery, keys, authorization code with PKCE, and tokens on demand."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

AUDIENCE = "lichtung"
NOW = 1_772_442_000  # 2026-03-02T09:00:00Z, the time of the tests' clock
PERSON = {
    "sub": "4711",
    "preferred_username": "kim",
    "city": "muenchen",
    "office": "demo",
    "roles": ["clerk"],
    "groups": ["/Kasse"],
}


class TestIssuer:
    """Signs with `key`; publishes what `published` holds, so a test can rotate or hide keys."""

    __test__ = False

    def __init__(self, address: str) -> None:
        self.address = address
        self.key = RSAKey.generate_key(2048, {"kid": "k1"}, private=True)
        self.published: list[RSAKey] = [self.key]
        self.codes: dict[str, dict[str, str]] = {}
        self.claims: Mapping[str, Any] = PERSON
        self.asked: list[str] = []

    def token(self, key: Any = None, algorithm: str = "RS256", header: Any = None, **changed: Any) -> str:
        claims = {"iss": self.address, "aud": AUDIENCE, "iat": NOW, "exp": NOW + 300, **self.claims, **changed}
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": algorithm, "kid": "k1", **(header or {})}, claims, key or self.key)

    def answer(self, path: str, query: Mapping[str, str], form: Mapping[str, str]) -> tuple[int, Any]:
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            places = {"jwks_uri": "keys", "authorization_endpoint": "authorize", "token_endpoint": "token"}
            return 200, {"issuer": self.address, **{name: f"{self.address}/{one}" for name, one in places.items()}}
        if path == "/keys":
            return 200, KeySet(self.published).as_dict(private=False)
        if path == "/authorize":
            self.codes["c1"] = dict(query)
            return 302, f"{query['redirect_uri']}?{urlencode({'code': 'c1', 'state': query['state']})}"
        if path == "/token":
            asked = self.codes.pop(form["code"], None)
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            proven = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if asked is None or asked["code_challenge"] != proven:
                return 400, {"error": "invalid_grant"}
            return 200, {"id_token": self.token(nonce=asked["nonce"])}
        return 404, {}


@contextmanager
def issuing() -> Iterator[TestIssuer]:
    """An issuer that answers until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            form = {name: one[0] for name, one in parse_qs(self.rfile.read(length).decode()).items()}
            parts = urlsplit(self.path)
            query = {name: one[0] for name, one in parse_qs(parts.query).items()}
            status, body = issuer.answer(parts.path, query, form)
            self.send_response(status)
            if status == 302:
                self.send_header("Location", body)
            self.end_headers()
            self.wfile.write(b"" if status == 302 else json.dumps(body).encode())

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = TestIssuer(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()


SYMMETRIC = OctKey.generate_key(256)
