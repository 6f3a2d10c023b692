"""Whose request it is: access tokens, checked by the keys that the auth service publishes."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import jwt

from actions.calls import Person
from actions.signing_in import AuthService
from service.failures import Refusal, busy
from service.logs import say

HASURA = "https://hasura.io/jwt/claims"
_ROLE = "user"
_ALGORITHM = "RS256"
_REQUIRED = ["exp", "iat", "iss", "aud", "sub"]
_KEEP_SECONDS, _PAUSE_SECONDS, _READ_SECONDS = 300.0, 2.0, 5.0


@dataclass(slots=True)
class PublicKeys:
    """The auth service's keys: read when first needed, every five minutes, and where a token names
    one that is not known, though not more often than every two seconds."""

    client: httpx.AsyncClient
    _keys: dict[str, jwt.PyJWK] = field(default_factory=dict)
    _read_at: float = float("-inf")
    _tried_at: float = float("-inf")
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def find(self, kid: str) -> jwt.PyJWK | None:
        """That key. Raises `Refusal` 503 where no key could ever be read."""
        if self._is_due(kid):
            async with self._turn:
                if self._is_due(kid):
                    await self._read()
        if not self._keys:
            raise busy("auth-unavailable", "tokens cannot be checked right now")
        return self._keys.get(kid)

    def _is_due(self, kid: str) -> bool:
        now = time.monotonic()
        is_wanted = kid not in self._keys or now - self._read_at > _KEEP_SECONDS
        return is_wanted and now - self._tried_at > _PAUSE_SECONDS

    async def _read(self) -> None:
        try:
            answer = await self.client.get("/.well-known/jwks.json", timeout=_READ_SECONDS)
            answer.raise_for_status()
            keys = jwt.PyJWKSet.from_dict(answer.json()).keys
            self._keys = {key.key_id: key for key in keys if key.key_id}
            self._read_at = time.monotonic()
        except (httpx.HTTPError, ValueError, AttributeError, jwt.PyJWTError) as error:
            say("auth-service", "no keys", reason=type(error).__name__)
        self._tried_at = time.monotonic()


@dataclass(frozen=True, slots=True)
class Bearers:
    """Tells who sends a request."""

    auth: AuthService
    keys: PublicKeys
    issuer: str
    audience: str

    async def by_token(self, token: str) -> Person:
        """Whose access token it is. Raises `Refusal`: 401 where it is not valid, 403 where it is
        not good for the role `user`."""
        try:
            claims = await self._claims(token)
            user_id, roles = UUID(claims["sub"]), claims[HASURA]["x-hasura-allowed-roles"]
        except (jwt.PyJWTError, ValueError, LookupError, TypeError) as error:
            raise Refusal(
                401,
                "invalid-token",
                "the access token is not valid",
                {"www-authenticate": "Bearer"},
            ) from error
        if _ROLE not in roles:
            raise Refusal(403, "access-denied", "this token is not good for the role user")
        return Person(user_id, is_admin=False)

    async def by_api_key(self, text: str) -> Person:
        """Whose API key it is. Raises `Refusal`: 401, 403."""
        answer = await self.auth.ask("/api-keys/exchange", {"api_key": text})
        return await self.by_token(str(answer["access_token"]))

    async def _claims(self, token: str) -> dict[str, Any]:
        key = await self.keys.find(str(jwt.get_unverified_header(token).get("kid")))
        if key is None:
            raise jwt.InvalidKeyError
        return jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            issuer=self.issuer,
            audience=self.audience,
            options={"require": _REQUIRED},
        )
