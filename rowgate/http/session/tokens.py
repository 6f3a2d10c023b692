"""A token's signature, times, issuer and audience (RFC 7519), stricter than PyJWT's own checks.

See Note [What a token must prove].
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import jwt

from rowgate.base.errors import ApiError, InvalidJwt
from rowgate.base.json import Json, decode
from rowgate.base.session import Session
from rowgate.http.session.claims import Claims, Grant, grant, read_claims
from rowgate.http.session.keys import Key
from rowgate.http.session.locations import Location, read_location
from rowgate.http.session.secret import ROLE

# Note [What a token must prove]
# ------------------------------
# The key decides on the algorithm, never the token's header: each key is tried only for its own
# kind. `jku`, `x5u` and `jwk` of the header are never read; `kid` only chooses among known keys.
# `exp`, `nbf` and `iat` must be NumericDates (a finite number between 1970 and 9999; PyJWT also
# takes texts and 10**30); `iss`, `sub`, `jti` and `aud` are texts where they are not null, and
# `aud` may be a list of texts. A configured issuer or audience must be there, not only not differ.

LATEST = 253_402_300_799
"""The last second of the year 9999, as Unix time: no token outlives it."""

REMEMBERED = 4_096
"""Tokens whose verdict is kept."""

_ALGORITHMS = (
    *("HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
)
_JWS = jwt.PyJWS(algorithms=list(_ALGORITHMS))


class WrongSignature(InvalidJwt):
    """No known key made this signature; a newer key set might."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What one JWT secret demands of a token, and where the token stands."""

    location: Location
    claims: Claims
    audience: frozenset[str] | None
    issuer: str | None
    skew: float


def read_rules(secret: Mapping[str, Json]) -> Rules:
    """The rules that a JWT secret declares; raises `ValueError` where they cannot be kept."""
    issuer, skew = secret.get("issuer"), secret.get("allowed_skew") or 0
    if not isinstance(issuer, str | None):
        raise ValueError("`issuer` is a text")
    if isinstance(skew, bool) or not isinstance(skew, int | float) or not 0 <= skew < math.inf:
        raise ValueError("`allowed_skew` is a number of seconds")
    return Rules(
        location=read_location(secret.get("header")),
        claims=read_claims(secret),
        audience=_read_audience(secret.get("audience")),
        issuer=issuer,
        skew=skew,
    )


def _read_audience(value: Json) -> frozenset[str] | None:
    match value:
        case None:
            return None
        case str():
            return frozenset({value})
        case list() if all(isinstance(item, str) for item in value):
            return frozenset(value)
    raise ValueError("`audience` is a text or a list of texts")


@dataclass(slots=True)
class _Verdict:
    """What a verified token grants, until when, and the sessions made of it so far."""

    grant: Grant
    expires_at: float | None
    good_until: float
    sessions: dict[str, Session]


class TokenReader:
    """Reads the tokens of one JWT secret, and remembers the verdicts while the keys stay the same.

    `keys` gives the keys of now; a verdict is kept only for the very tuple it was found with.
    """

    def __init__(self, rules: Rules, keys: Callable[[], tuple[Key, ...]]) -> None:
        self.rules = rules
        self._keys = keys
        self._known: tuple[Key, ...] = ()
        self._verdicts: dict[str, _Verdict] = {}

    def remembered(self, token: str, role: str | None) -> Session | None:
        """The session of a token seen before and still good; raises as `read` does."""
        if self._keys() is not self._known:
            return None
        verdict = self._verdicts.get(token)
        if verdict is None or verdict.good_until <= time.time():
            return None
        return _as_role(verdict, role)

    def read(self, token: str, role: str | None) -> Session:
        """The session of `token`, under `role` where it is asked for.

        Raises `WrongSignature`, `InvalidJwt`, or `ApiError` of the contract's codes on claims.
        """
        keys = self._keys()
        if keys is not self._known:
            self._verdicts.clear()
            self._known = keys
        payload = _verified(token, keys)
        expires_at = self._check(payload, time.time())
        good_until = math.inf if expires_at is None else expires_at + self.rules.skew
        verdict = _Verdict(grant(self.rules.claims, payload), expires_at, good_until, {})
        if len(self._verdicts) >= REMEMBERED:
            del self._verdicts[next(iter(self._verdicts))]
        self._verdicts[token] = verdict
        return _as_role(verdict, role)

    def _check(self, payload: dict[str, Json], now: float) -> float | None:
        expires_at = _numeric_date(payload, "exp")
        if expires_at is not None and expires_at + self.rules.skew <= now:
            raise _invalid("JWTExpired")
        issued_at = _numeric_date(payload, "iat")
        if issued_at is not None and issued_at - self.rules.skew > now:
            raise _invalid("JWTIssuedAtFuture")
        not_before = _numeric_date(payload, "nbf")
        if not_before is not None and not_before - self.rules.skew > now:
            raise _invalid("JWTNotYetValid")
        if self.rules.issuer is not None and payload.get("iss") != self.rules.issuer:
            raise _invalid("JWTNotInIssuer")
        if self.rules.audience is not None and not self._in_audience(payload.get("aud")):
            raise _invalid("JWTNotInAudience")
        _check_texts(payload)
        return expires_at

    def _in_audience(self, given: Json) -> bool:
        listed = given if isinstance(given, list) else [given]
        return any(isinstance(one, str) and one in (self.rules.audience or ()) for one in listed)


def unverified_issuer(token: str) -> str | None:
    """The issuer that a token claims, unproven: good for choosing the secret to check it with."""
    try:
        loaded = _JWS.decode_complete(token, options={"verify_signature": False})
        payload = decode(loaded["payload"])
    except (jwt.PyJWTError, ApiError, ValueError, TypeError, RecursionError):
        return None
    issuer = payload.get("iss") if isinstance(payload, dict) else None
    return issuer if isinstance(issuer, str) else None


def _verified(token: str, keys: tuple[Key, ...]) -> dict[str, Json]:
    parts = token.count(".") + 1
    if parts != 3:
        found = f"Invalid number of parts: Expected 3 parts; got {parts}"
        raise _invalid(f"JWSError (CompactDecodeError {found})")
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise _invalid("JWSError (JSONDecodeError invalid header)") from None
    if not keys:
        raise WrongSignature(
            "Could not verify JWT: the keys of its jwk_url could not be fetched yet"
        )
    for key in _candidates(header, keys):
        payload = _payload(token, key)
        if payload is not None:
            return _object(payload)
    raise WrongSignature("Could not verify JWT: JWSError JWSInvalidSignature")


def _candidates(header: Mapping[str, Json], keys: tuple[Key, ...]) -> list[Key]:
    algorithm, identity = header.get("alg"), header.get("kid")
    fitting = [key for key in keys if isinstance(algorithm, str) and algorithm in key.algorithms]
    return [key for key in fitting if identity is None or key.id in (None, identity)]


def _payload(token: str, key: Key) -> bytes | None:
    try:
        loaded = _JWS.decode_complete(token, key.material, algorithms=list(key.algorithms))
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        return None
    payload: bytes = loaded["payload"]
    return payload


def _object(payload: bytes) -> dict[str, Json]:
    try:
        value = decode(payload)
    except ApiError:
        value = None
    if not isinstance(value, dict):
        raise _invalid("JWTClaimsSetDecodeError")
    return value


def _check_texts(payload: Mapping[str, Json]) -> None:
    for name in ("iss", "sub", "jti"):
        if not isinstance(payload.get(name), str | None):
            raise _invalid(f"JWTClaimsSetDecodeError {name} is no text")
    audience = payload.get("aud")
    listed = audience if isinstance(audience, list) else ["" if audience is None else audience]
    if not all(isinstance(one, str) for one in listed):
        raise _invalid("JWTClaimsSetDecodeError aud is no text and no list of texts")


def _numeric_date(payload: Mapping[str, Json], name: str) -> float | None:
    value = payload.get(name)
    if value is None and name not in payload:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LATEST:
        raise _invalid(f"JWTClaimsSetDecodeError {name} is no NumericDate")
    return float(value)


def _as_role(verdict: _Verdict, asked: str | None) -> Session:
    role = asked or verdict.grant.default
    session = verdict.sessions.get(role)
    if session is None:
        if role not in verdict.grant.allowed:
            message = "Your requested role is not in allowed roles"
            raise ApiError(message, code="access-denied")
        variables = {**verdict.grant.variables, ROLE: role}
        session = Session(role, variables, expires_at=verdict.expires_at)
        verdict.sessions[role] = session
    return session


def _invalid(reason: str) -> InvalidJwt:
    return InvalidJwt(f"Could not verify JWT: {reason}")
