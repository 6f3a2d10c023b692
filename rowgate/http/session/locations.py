"""Where a token stands in a request: the Authorization header, a cookie, a header of its own."""

from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

from rowgate.base.errors import ApiError
from rowgate.base.json import Json
from rowgate.http.types import Headers

LONGEST = 65_536
"""Characters that a token may have."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """`Authorization: Bearer TOKEN`."""


@dataclass(frozen=True, slots=True)
class Cookie:
    """The cookie `name`."""

    name: str


@dataclass(frozen=True, slots=True)
class CustomHeader:
    """The header `name` (lower case), which holds nothing but the token."""

    name: str


Location = Authorization | Cookie | CustomHeader


def read_location(value: Json) -> Location:
    """The location that the `header` of a JWT secret declares; raises `ValueError`."""
    match value:
        case None | {"type": "Authorization"}:
            return Authorization()
        case {"type": "Cookie", "name": str(name)} if name:
            return Cookie(name)
        case {"type": "CustomHeader", "name": str(name)} if name:
            return CustomHeader(name.lower())
    raise ValueError(
        "`header` must be of type Authorization, or of type Cookie or CustomHeader with a `name`"
    )


def find_token(location: Location, headers: Headers) -> str | None:
    """The token at `location`, if there is one; raises `ApiError` `invalid-headers`."""
    match location:
        case Authorization():
            token = _bearer(headers.get("authorization"))
        case Cookie(name):
            token = _cookie(headers.get("cookie"), name)
        case CustomHeader(name):
            token = headers.get(name)
    if token is not None and len(token) > LONGEST:
        raise _malformed()
    return token


def _bearer(value: str | None) -> str | None:
    if value is None:
        return None
    words = value.split()
    if len(words) != 2 or words[0] != "Bearer":
        raise _malformed()
    return words[1]


def _cookie(value: str | None, name: str) -> str | None:
    if value is None:
        return None
    for part in value.split(";"):
        key, _, content = part.strip().partition("=")
        if key == name:
            return _unquoted(content)
    return None


def _unquoted(content: str) -> str:
    if not content.startswith('"'):
        return content
    try:
        cookie: SimpleCookie = SimpleCookie(f"token={content}")
    except CookieError:
        return content
    return cookie["token"].value if "token" in cookie else content


def _malformed() -> ApiError:
    return ApiError("Malformed Authorization header", code="invalid-headers")
