"""Admin secrets and the session variables of a request that carries one."""

import hashlib
import hmac
from collections.abc import Iterable

from rowgate.base.errors import AccessDenied, ApiError
from rowgate.base.session import ADMIN, Session
from rowgate.http.types import Headers

ROLE = "x-hasura-role"
PREFIX = "x-hasura-"
SECRET_HEADERS = ("x-hasura-admin-secret", "x-hasura-access-key")
BACKEND_ONLY = "x-hasura-use-backend-only-permissions"

_TRUE = frozenset({"true", "t", "yes", "y", "1"})
_FALSE = frozenset({"false", "f", "no", "n", "0"})


class AdminSecrets:
    """The secrets, of which only SHA-512 digests are kept."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._digests = tuple(_digest(secret) for secret in secrets)

    def __bool__(self) -> bool:
        """Whether there is one."""
        return bool(self._digests)

    def check(self, given: str) -> None:
        """Raise `AccessDenied` (401) where `given` is none of them; takes equal time for any."""
        digest = _digest(given)
        matches = [hmac.compare_digest(digest, known) for known in self._digests]
        if not any(matches):
            raise AccessDenied(f'invalid "{SECRET_HEADERS[0]}"/"{SECRET_HEADERS[1]}"', status=401)


def sent_secret(headers: Headers) -> str | None:
    """The admin secret that a request carries, right or wrong."""
    given = headers.get(SECRET_HEADERS[0])
    return given if given is not None else headers.get(SECRET_HEADERS[1])


def trusted_session(headers: Headers) -> Session:
    """The session that trusted headers ask for: any role, else `admin`; any variable.

    Raises `ApiError` where the backend-only header is no boolean.
    """
    role = headers.get(ROLE) or ADMIN
    return Session(role, variables_of(headers, role), _backend_only(headers), by_secret=True)


def variables_of(headers: Headers, role: str) -> dict[str, str]:
    """The `x-hasura-*` headers as session variables, secrets left out, the role as decided."""
    variables = {
        name: value
        for name, value in headers.items()
        if name.startswith(PREFIX) and name not in SECRET_HEADERS
    }
    variables[ROLE] = role
    return variables


def _backend_only(headers: Headers) -> bool:
    given = headers.get(BACKEND_ONLY)
    if given is None:
        return False
    word = given.strip().lower()
    if word not in _TRUE | _FALSE:
        raise ApiError(
            f"{BACKEND_ONLY}:  Not a valid boolean text. True values are "
            '["true","t","yes","y"] and  False values are ["false","f","no","n"]. All values are '
            "case insensitive"
        )
    return word in _TRUE


def _digest(secret: str) -> bytes:
    return hashlib.sha512(secret.encode()).digest()
