"""The order of decisions on who asks: admin secret, token or webhook, unauthorized role.

Apart from the means, each of which knows nothing of the others.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from rowgate.base.errors import AccessDenied, ApiError
from rowgate.base.json import Json
from rowgate.base.observation import Log
from rowgate.base.session import Session
from rowgate.base.webhook import new_client
from rowgate.http.session.key_source import KeySource
from rowgate.http.session.keys import Key, configured_key
from rowgate.http.session.locations import Authorization, Location, find_token
from rowgate.http.session.secret import (
    ROLE,
    SECRET_HEADERS,
    AdminSecrets,
    sent_secret,
    trusted_session,
    variables_of,
)
from rowgate.http.session.tokens import (
    Rules,
    TokenReader,
    WrongSignature,
    read_rules,
    unverified_issuer,
)
from rowgate.http.session.webhook import Method, Webhook
from rowgate.http.types import Headers, KnownHeaders, Pairs
from rowgate.settings import Settings, SettingsError

_BEARER = "Bearer "
_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, and headers (cookies of a webhook) that the answer must carry."""

    session: Session
    headers: Pairs = ()


@dataclass(frozen=True, slots=True)
class _Issuer:
    """One JWT secret at work; `source` where its keys are behind a URL."""

    reader: TokenReader
    source: KeySource | None


class Gate:
    """Turns headers into sessions, as the settings say. `open` before the first request.

    Raises `SettingsError` where a JWT secret is malformed.
    """

    def __init__(self, settings: Settings, log: Log) -> None:
        self._log = log
        self._client = new_client(_TIMEOUT)
        self._secrets = AdminSecrets(settings.admin_secrets)
        self._unauthorized = settings.unauthorized_role
        self._trusting = settings.trust_unauthorized_headers
        self._webhook = _webhook(settings)
        self._issuers = tuple(self._issuer(secret) for secret in settings.jwt_secrets)
        self._locations: tuple[Location, ...] = tuple(
            dict.fromkeys(issuer.reader.rules.location for issuer in self._issuers)
        )
        self._bearer = self._only_bearer()
        self._open_to_all = not self._secrets and not self._issuers and self._webhook is None

    async def open(self) -> None:
        """Fetch keys that are behind URLs, and go on looking for those that are not there yet."""
        sources = [issuer.source for issuer in self._issuers if issuer.source is not None]
        await asyncio.gather(*(source.open() for source in sources))

    async def refresh(self) -> None:
        """Fetch keys anew, those that were not fetched within the last minute."""
        sources = [issuer.source for issuer in self._issuers if issuer.source is not None]
        await asyncio.gather(*(source.look_again() for source in sources))

    async def close(self) -> None:
        """Stop renewing keys and close connections."""
        for issuer in self._issuers:
            if issuer.source is not None:
                await issuer.source.close()
        await self._client.aclose()

    def known(self, headers: Headers) -> Session | None:
        """The session, where it can be told without waiting or costly work; raises as `identify`.

        The fast path: admin secrets, tokens seen before, the unauthorized role.
        """
        kept = headers.kept(self) if isinstance(headers, KnownHeaders) else None
        return kept or self._known(headers)

    def _known(self, headers: Headers) -> Session | None:
        secret = sent_secret(headers)
        if self._open_to_all or secret is not None:
            return self._trusted(secret, headers)
        if self._bearer is not None:
            value = headers.get("authorization")
            if value is not None and value.startswith(_BEARER):
                return self._bearer.remembered(value[len(_BEARER) :], headers.get(ROLE))
        if self._webhook is not None:
            return None
        token = self._token(headers)
        if token is None:
            return self._unauthorized_session(headers)
        if len(self._issuers) == 1:
            return self._issuers[0].reader.remembered(token[1], headers.get(ROLE))
        return None

    def _trusted(self, secret: str | None, headers: Headers) -> Session:
        """What headers say that an admin secret comes with; a secret ends with the process."""
        if secret is not None and not self._open_to_all:
            self._secrets.check(secret)
        session = trusted_session(headers)
        if isinstance(headers, KnownHeaders):
            headers.keep(self, session)
        return session

    async def identify(self, headers: Headers, body: bytes | None = None) -> Identity:
        """Who asks; `body` is the raw GraphQL request, which a webhook may be shown.

        Raises `ApiError` of the contract's codes.
        """
        session = self.known(headers)
        if session is not None:
            return Identity(session)
        if self._webhook is not None:
            return Identity(*await self._webhook.ask(self._client, self._log, headers, body))
        token = self._token(headers)
        if token is None:
            return Identity(self._unauthorized_session(headers))
        candidates = self._candidates(*token)
        if not candidates:
            return Identity(self._unauthorized_session(headers))
        return Identity(await self._first_that_takes(candidates, token[1], headers.get(ROLE)))

    def _only_bearer(self) -> TokenReader | None:
        """The reader of all tokens, where there is but one and it reads the usual header."""
        readers = [issuer.reader for issuer in self._issuers]
        if len(readers) == 1 and isinstance(readers[0].rules.location, Authorization):
            return readers[0]
        return None

    def _token(self, headers: Headers) -> tuple[Location, str] | None:
        found = [
            (location, token)
            for location in self._locations
            if (token := find_token(location, headers)) is not None
        ]
        if len(found) > 1:
            raise ApiError("Could not verify JWT: Multiple JWTs found", code="invalid-headers")
        return found[0] if found else None

    def _candidates(self, location: Location, token: str) -> list[_Issuer]:
        here = [issuer for issuer in self._issuers if issuer.reader.rules.location == location]
        if len(self._issuers) == 1:
            return here
        claimed = unverified_issuer(token)
        named = [issuer for issuer in here if issuer.reader.rules.issuer == claimed]
        return named or [issuer for issuer in here if issuer.reader.rules.issuer is None]

    async def _first_that_takes(
        self, candidates: list[_Issuer], token: str, role: str | None
    ) -> Session:
        """The session by the first candidate whose key made the token's signature."""
        for issuer in candidates[:-1]:
            try:
                return await _read(issuer, token, role)
            except WrongSignature:
                continue
        return await _read(candidates[-1], token, role)

    def _unauthorized_session(self, headers: Headers) -> Session:
        role = self._unauthorized
        if role is None:
            raise self._nobody()
        variables = variables_of(headers, role) if self._trusting else {ROLE: role}
        return Session(role, variables)

    def _nobody(self) -> ApiError:
        if self._issuers:
            return ApiError(
                "Missing 'Authorization' or 'Cookie' header in JWT authentication mode",
                code="invalid-headers",
            )
        return AccessDenied("/".join(SECRET_HEADERS) + " required, but not found", status=401)

    def _issuer(self, secret: Mapping[str, Json]) -> _Issuer:
        try:
            return self._read_secret(secret)
        except ValueError as error:
            raise SettingsError(f"HASURA_GRAPHQL_JWT_SECRET: {error}.") from None

    def _read_secret(self, secret: Mapping[str, Json]) -> _Issuer:
        rules: Rules = read_rules(secret)
        match secret.get("key"), secret.get("jwk_url"):
            case None, str(url):
                source = KeySource(url, self._log, self._client)
                return _Issuer(TokenReader(rules, source.keys), source)
            case str(text), None:
                keys = (_configured(secret, text),)
                return _Issuer(TokenReader(rules, lambda: keys), None)
        raise ValueError("exactly one of `key` and `jwk_url` must be given, as a text")


async def _read(issuer: _Issuer, token: str, role: str | None) -> Session:
    try:
        return issuer.reader.read(token, role)
    except WrongSignature:
        if issuer.source is None or not await issuer.source.look_again():
            raise
    return issuer.reader.read(token, role)


def _configured(secret: Mapping[str, Json], text: str) -> Key:
    return configured_key(str(secret.get("type")), text)


def _webhook(settings: Settings) -> Webhook | None:
    if settings.auth_hook is None:
        return None
    method = Method(settings.auth_hook_mode)
    return Webhook(settings.auth_hook, method, settings.auth_hook_send_request_body)
