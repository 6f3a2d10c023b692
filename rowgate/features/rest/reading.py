"""From a REST call to the stored operation's text and variables; the entry to this feature."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from rowgate.base.errors import ApiError
from rowgate.base.json import Json
from rowgate.features.rest.match import match
from rowgate.features.rest.types import Matched, RestCall
from rowgate.features.rest.variables import variables
from rowgate.snapshot.types import StoredEndpoint

_DELIBERATE = ("authorization", "x-hasura-admin-secret", "x-hasura-role", "x-requested-with")
"""Headers that no browser sends for a page of another site unless that site may ask."""


class Credentials(Protocol):
    """The settings that say how a client can be known."""

    @property
    def jwt_secrets(self) -> tuple[Json, ...]:
        """What tokens are checked with, and where they stand."""

    @property
    def auth_hook(self) -> str | None:
        """The webhook that is handed every header."""


def read(
    endpoints: Iterable[StoredEndpoint],
    call: RestCall,
    headers: Mapping[str, str],
    settings: Credentials,
) -> tuple[str, dict[str, Json]]:
    """The GraphQL text that `call` means, and its variables; raises `ApiError` as `match` and
    `variables` do, and for a mutation that a page of another site may have asked for."""
    matched = match(endpoints, call)
    _refuse_forgeable(matched, call, headers, settings)
    return matched.endpoint.query, variables(matched, call)


def _refuse_forgeable(
    matched: Matched, call: RestCall, headers: Mapping[str, str], settings: Credentials
) -> None:
    """Cookies go with every GET, wherever the link stands, and a GET names no origin."""
    if call.method != "GET" or not matched.endpoint.mutates or "cookie" not in headers:
        return
    if _reads_cookies(settings) and not any(name in headers for name in _DELIBERATE):
        raise ApiError(
            "a mutation by GET with a cookie needs a header that browsers do not send by "
            "themselves, such as x-requested-with"
        )


def _reads_cookies(settings: Credentials) -> bool:
    return settings.auth_hook is not None or any(
        isinstance(secret.get("header"), dict) and secret["header"].get("type") == "Cookie"
        for secret in settings.jwt_secrets
    )
