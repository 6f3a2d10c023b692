"""Which sites' scripts may call: CORS headers, and whether a cookie may say who asks.

See Note [Cookies of foreign sites].
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from rowgate.http.exchange import RawHeaders
from rowgate.http.types import Headers
from rowgate.settings import Settings, SettingsError

# Note [Cookies of foreign sites]
# -------------------------------
# A browser sends cookies along with whatever a foreign page makes it request, a websocket's
# handshake included, and names the page's site in `Origin`. So a cookie counts as a credential only
# where the site is our own (same host) or is on the explicit list; `*` allows reading, never with
# credentials. It is left out otherwise, and the request goes on as one without it.

_DOMAIN = re.compile(
    r"(?P<scheme>https?)://(?P<wild>\*\.)?(?P<host>[^*/:\s]+)(:(?P<port>\d+))?/?\Z"
)
_METHODS = b"GET,POST,PUT,PATCH,DELETE,OPTIONS"
_AGE = b"1728000"


@dataclass(frozen=True, slots=True)
class Origins:
    """The sites that are let in: exactly those in `exact`, any one label below those in `wild`
    (`https://*.foo.com`), or `everyone`, who then has no credentials."""

    exact: frozenset[str]
    wild: frozenset[str]
    everyone: bool
    reads_cookies: bool
    """Whether a socket's cookie is read although CORS is disabled."""
    disabled: bool

    @classmethod
    def read(cls, settings: Settings) -> "Origins":
        """As the settings declare; raises `SettingsError` for a domain that is none."""
        exact: set[str] = set()
        wild: set[str] = set()
        listed = (settings.cors_domain or "").split(",")
        words = [word.strip().lower() for word in listed if word.strip()]
        for word in words:
            if word == "*":
                continue
            found = _DOMAIN.match(word)
            if found is None:
                raise SettingsError(
                    f"HASURA_GRAPHQL_CORS_DOMAIN: {word!r} is not of the form "
                    "http(s)://[*.]host[:port]."
                )
            port = f":{found['port']}" if found["port"] else ""
            base = f"{found['scheme']}://{found['host']}{port}"
            (wild if found["wild"] else exact).add(base)
        enabled = not settings.disable_cors
        return cls(
            frozenset(exact if enabled else ()),
            frozenset(wild if enabled else ()),
            everyone="*" in words and enabled,
            reads_cookies=settings.ws_read_cookie,
            disabled=settings.disable_cors,
        )

    @property
    def restricted(self) -> bool:
        """Whether there is a list, and no `*` on it."""
        return bool(self.exact or self.wild) and not self.everyone

    def lists(self, origin: str) -> bool:
        """Whether `origin` is on the explicit list."""
        origin = origin.lower()
        if origin in self.exact:
            return True
        scheme, separator, host = origin.partition("://")
        _, dot, parent = host.partition(".")
        return bool(separator and dot) and f"{scheme}://{parent}" in self.wild

    def response_headers(self, headers: Headers) -> RawHeaders:
        """The CORS headers of an answer to a request with `headers`."""
        origin = headers.get("origin")
        if origin is None:
            return []
        if self.lists(origin):
            return [
                (b"access-control-allow-origin", origin.encode("latin-1", "replace")),
                (b"access-control-allow-credentials", b"true"),
                (b"access-control-allow-methods", _METHODS),
                (b"vary", b"Origin"),
            ]
        if self.everyone:
            return [
                (b"access-control-allow-origin", b"*"),
                (b"access-control-allow-methods", _METHODS),
            ]
        return []

    def preflight_headers(self, headers: Headers) -> RawHeaders:
        """The headers that answer an OPTIONS request."""
        allowed = self.response_headers(headers)
        if not allowed:
            return []
        wished = headers.get("access-control-request-headers", "")
        allowed.append((b"access-control-max-age", _AGE))
        allowed.append((b"access-control-allow-headers", wished.encode("latin-1", "replace")))
        return allowed

    def refuses_socket(self, headers: Headers) -> bool:
        """Whether a socket's handshake comes from a site that the explicit list leaves out."""
        origin = headers.get("origin")
        if origin is None or not self.restricted:
            return False
        return not self.lists(origin) and not _is_own(origin, headers)

    def drop_foreign_cookie(self, headers: dict[str, str], *, socket: bool = False) -> None:
        """Take the cookie out of `headers` where it may not count (see the note)."""
        origin = headers.get("origin")
        if origin is None:
            return
        if socket and self.disabled:
            keep = self.reads_cookies
        else:
            keep = self.lists(origin) or _is_own(origin, headers)
        if not keep:
            headers.pop("cookie", None)


def _is_own(origin: str, headers: Headers) -> bool:
    host = headers.get("host", "")
    try:
        return bool(host) and urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:  # brackets that hold no address
        return False
