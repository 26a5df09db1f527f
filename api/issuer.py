"""An OpenID Connect issuer: its keys, what its tokens say about a person, and signing in over it.

Only signed tokens with an asymmetric algorithm are read (OpenID Connect Core 1.0, section 3.1.3.7): issuer, audience,
expiry and the key it was signed with must fit. Addresses come from the issuer's own discovery document; nothing is
followed elsewhere. What a token does not say is not assumed: no city and office, nobody; no role, nothing is allowed.

Claims: `preferred_username` (else `sub`) names the person, so the issuer must keep it unique; `city` and `office` say
whose rows the person sees; `roles` (or Keycloak's `realm_access.roles`) and `groups` are lists of texts.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from api.problems import Unauthenticated
from bpm.errors import LichtungError, Unavailable
from bpm.service.access import Actor

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
LEEWAY_S = 30
"""Seconds by which the two clocks may differ."""
KEYS_LAST_S = 600
"""How long fetched keys are used."""
ASK_AGAIN_S = 30
"""How soon an unknown key makes us ask again: somebody may send any key's name."""
LARGEST = 1_000_000
PATIENCE_S = 5.0


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass(slots=True)
class Issuer:
    """One issuer, by its address, and the name (`audience`) under which it knows this service."""

    address: str
    audience: str
    _keys: KeySet | None = None
    _fetched: float = float("-inf")
    _places: Mapping[str, Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        _require_safe(self.address)

    def actor(self, token: str, now: float, *, nonce: str | None = None) -> Actor:
        """Who the bearer of a token is. Raises Unauthenticated; Unavailable while the issuer cannot be asked."""
        from joserfc import jws, jwt
        from joserfc.errors import JoseError

        try:
            header = jws.extract_compact(token.encode()).headers()
            keys = self._keys_for(header.get("kid"), now)
            claims = jwt.decode(token, keys, algorithms=ALGORITHMS).claims
            registry = jwt.JWTClaimsRegistry(
                now=int(now),
                leeway=LEEWAY_S,
                iss={"essential": True, "value": self.address},
                aud={"essential": True, "value": self.audience},
                exp={"essential": True},
            )
            registry.validate(claims)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise Unauthenticated(f"the token is not accepted: {getattr(error, 'error', 'malformed')}") from error
        if nonce is not None and claims.get("nonce") != nonce:
            raise Unauthenticated("the token belongs to another sign-in")
        return _actor(claims)

    def _keys_for(self, kid: str | None, now: float) -> KeySet:
        with self._lock:
            age = now - self._fetched
            known = self._keys is not None and any(key.kid == kid for key in self._keys.keys)
            if self._keys is None or age > KEYS_LAST_S or (not known and age > ASK_AGAIN_S):
                from joserfc.jwk import KeySet

                # private and symmetric keys have no business in a published set
                found = self._get(self._place("jwks_uri"))
                public = [key for key in found.get("keys", []) if key.get("kty") in ("RSA", "EC", "OKP")]
                self._keys, self._fetched = KeySet.import_key_set({"keys": public}), now
            return self._keys

    # --- signing in by the browser ---------------------------------------------------------------------------

    def begin(self, back: str) -> tuple[str, dict[str, str]]:
        """Where to send the browser, and what to remember until it is back (authorization code with PKCE)."""
        kept = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
        challenge = base64.urlsafe_b64encode(hashlib.sha256(kept["verifier"].encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": self.audience,
            "redirect_uri": back,
            "scope": "openid profile",
            "state": kept["state"],
            "nonce": kept["nonce"],
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{self._place('authorization_endpoint')}?{urlencode(query)}", kept

    def finish(self, code: str, back: str, kept: Mapping[str, str], now: float) -> Actor:
        """Who has signed in. Raises Unauthenticated."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "client_id": self.audience,
            "code_verifier": kept["verifier"],
        }
        answer = self._get(self._place("token_endpoint"), urlencode(form).encode())
        return self.actor(str(answer.get("id_token", "")), now, nonce=kept["nonce"])

    # --- asking the issuer -----------------------------------------------------------------------------------

    def _place(self, name: str) -> str:
        if not self._places:
            found = self._get(f"{self.address.rstrip('/')}/.well-known/openid-configuration")
            if found.get("issuer") != self.address:
                raise Unavailable("issuer-unavailable", "the issuer's description names another issuer")
            self._places = found
        place = str(self._places.get(name, ""))
        _require_safe(place)
        return place

    def _get(self, address: str, form: bytes | None = None) -> dict[str, Any]:
        try:
            with build_opener(_Stay).open(Request(address, form), timeout=PATIENCE_S) as answer:
                found = json.loads(answer.read(LARGEST))
        except HTTPError as error:
            if form is not None and error.code < 500:
                raise Unauthenticated("the issuer refused the sign-in") from error
            raise Unavailable("issuer-unavailable", "the issuer cannot be asked") from error
        except (OSError, ValueError) as error:
            raise Unavailable("issuer-unavailable", "the issuer cannot be asked") from error
        if not isinstance(found, dict):
            raise Unavailable("issuer-unavailable", "the issuer's answer is no object")
        return found


def is_loopback(host: str) -> bool:
    """Whether an address (or the name localhost) means this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _require_safe(address: str) -> None:
    """Keys that came over an open line could be anybody's; only this machine is spoken to without encryption."""
    parts = urlsplit(address)
    if not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))):
        raise LichtungError("unsafe-issuer", "the issuer's addresses must begin with https")


def _actor(claims: Mapping[str, Any]) -> Actor:
    name = claims.get("preferred_username") or claims.get("sub")
    city, office = claims.get("city"), claims.get("office")
    if not (_is_name(name) and _is_name(city) and _is_name(office)):
        raise Unauthenticated("the token does not say who, of which city and office")
    realm = claims.get("realm_access")
    roles = claims.get("roles") or (realm.get("roles") if isinstance(realm, dict) else None)
    groups = [one.removeprefix("/") for one in _texts(claims.get("groups"))]
    return Actor(str(name), frozenset(_texts(roles)), tuple(groups), str(city), str(office))


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 80 and value.isprintable()


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
