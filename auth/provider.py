"""An OpenID provider (OpenID Connect Core 1.0): where people are sent, and what it says of them.

The issuer is pinned by AUTH_OIDC_ISSUER: its discovery document, its ID tokens and its answers must
name that very issuer. The authorisation code is bound by PKCE, state and nonce.
"""

from dataclasses import dataclass
from typing import Any

import httpx
import jwt
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc.errors import JoseError

from service.failures import Refusal, busy
from service.settings import SettingsError

_SECONDS = 10
_ALGORITHMS = ["RS256", "ES256"]
_REQUIRED = ["iss", "sub", "aud", "exp", "iat", "nonce"]
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Proof:
    """What binds an answer of the provider to the browser that was sent there."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Person:
    """Whom the provider speaks of; `email` is None where it has not verified the address."""

    subject: str
    email: str | None


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider, and this service as its client."""

    issuer: str
    client_id: str
    client_secret: str
    redirect_url: str

    def check(self) -> None:
        """That nothing goes unencrypted to another machine. Raises `SettingsError`."""
        for name, text in (
            ("AUTH_OIDC_ISSUER", self.issuer),
            ("AUTH_OIDC_REDIRECT_URL", self.redirect_url),
        ):
            url = httpx.URL(text)
            if url.scheme != "https" and not (url.scheme == "http" and url.host in _LOOPBACK):
                raise SettingsError(f"{name} must be an https:// URL, or one of this machine.")

    async def address(self, proof: Proof) -> str:
        """Where the browser is sent. Raises `Refusal` 503."""
        document = await self._discovered()
        address: str = prepare_grant_uri(
            document["authorization_endpoint"],
            self.client_id,
            "code",
            redirect_uri=self.redirect_url,
            scope="openid email",
            state=proof.state,
            nonce=proof.nonce,
            code_challenge=create_s256_code_challenge(proof.verifier),
            code_challenge_method="S256",
        )
        return address

    async def person(self, code: str, proof: Proof) -> Person:
        """Who came back with `code`. Raises `Refusal`: 401 where it proves nothing, 503."""
        document = await self._discovered()
        async with httpx.AsyncClient(timeout=_SECONDS) as client:
            answer = await _asked(
                client.post(
                    document["token_endpoint"],
                    auth=(self.client_id, self.client_secret),
                    data={
                        "grant_type": "authorization_code",
                        "code": code,
                        "redirect_uri": self.redirect_url,
                        "code_verifier": proof.verifier,
                    },
                )
            )
            keys = await _asked(client.get(document["jwks_uri"]))
        return self._read(answer.get("id_token"), keys, proof)

    def _read(self, token: object, keys: dict[str, Any], proof: Proof) -> Person:
        try:
            header = jwt.get_unverified_header(str(token))
            key = jwt.PyJWKSet.from_dict(keys)[str(header.get("kid"))]
            claims = jwt.decode(
                str(token),
                key,
                algorithms=_ALGORITHMS,
                issuer=self.issuer,
                audience=self.client_id,
                options={"require": _REQUIRED},
            )
            parameters = {"nonce": proof.nonce, "client_id": self.client_id}
            CodeIDToken(claims, header, params=parameters).validate()
        except (jwt.PyJWTError, JoseError, KeyError, ValueError) as error:
            raise not_proved() from error
        verified = claims.get("email_verified") is True
        return Person(claims["sub"], str(claims.get("email")) if verified else None)

    async def _discovered(self) -> dict[str, Any]:
        async with httpx.AsyncClient(timeout=_SECONDS) as client:
            url = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
            document = await _asked(client.get(url))
        named = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if document.get("issuer") != self.issuer or not all(one in document for one in named):
            raise busy("provider-unavailable", "the OpenID provider names another issuer")
        return document


def not_proved() -> Refusal:
    """401: the browser came back without a proof of who it is."""
    return Refusal(401, "invalid-sign-in", "the OpenID provider proved nobody; start again")


async def _asked(asking: Any) -> dict[str, Any]:
    try:
        answer = await asking
        content = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise busy("provider-unavailable", "the OpenID provider does not answer") from error
    if answer.status_code in (400, 401):
        raise not_proved()
    if not answer.is_success or not isinstance(content, dict):
        raise busy("provider-unavailable", "the OpenID provider does not answer")
    return content
