"""Which sites may call, and whose cookies count."""

from typing import Any

import pytest

from rowgate.http.origins import Origins
from rowgate.settings import SettingsError
from tests import http_doubles as doubles

LISTED = "http://*.localhost, http://localhost:3000, https://*.foo.bar.com, https://exact.com"


def origins(**given: Any) -> Origins:
    return Origins.read(doubles.settings(**given))


def allowed(which: Origins, origin: str) -> dict[bytes, bytes]:
    return dict(which.response_headers({"origin": origin}))


@pytest.mark.parametrize(
    "origin",
    ["http://app.localhost", "http://localhost:3000", "https://a.foo.bar.com", "https://EXACT.com"],
)
def test_listed_sites_are_let_in_with_credentials(origin: str) -> None:
    headers = allowed(origins(cors_domain=LISTED), origin)
    assert headers[b"access-control-allow-origin"] == origin.encode()
    assert headers[b"access-control-allow-credentials"] == b"true"
    assert headers[b"access-control-allow-methods"] == b"GET,POST,PUT,PATCH,DELETE,OPTIONS"


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost",
        "http://localhost:3001",
        "https://app.localhost",
        "https://foo.bar.com",
        "https://a.b.foo.bar.com",
        "https://evilfoo.bar.com",
        "https://exact.com.evil.net",
        "https://exact.com:8443",
        "null",
        "",
    ],
)
def test_other_sites_are_not(origin: str) -> None:
    assert allowed(origins(cors_domain=LISTED), origin) == {}


def test_nobody_is_let_in_unless_set() -> None:
    assert allowed(origins(), "https://a.com") == {}
    assert allowed(origins(cors_domain="https://a.com", disable_cors=True), "https://a.com") == {}


def test_everyone_is_never_let_in_with_credentials() -> None:
    headers = allowed(origins(cors_domain="*"), "https://a.com")
    assert headers[b"access-control-allow-origin"] == b"*"
    assert b"access-control-allow-credentials" not in headers


@pytest.mark.parametrize("domain", ["foo.com", "ftp://foo.com", "http://a.*.com", "http://*"])
def test_a_domain_that_is_none_is_named(domain: str) -> None:
    with pytest.raises(SettingsError, match="HASURA_GRAPHQL_CORS_DOMAIN"):
        origins(cors_domain=domain)


def keeps(which: Origins, origin: str | None, *, socket: bool = False) -> bool:
    headers = {"cookie": "a=b", "host": "engine.com"}
    if origin is not None:
        headers["origin"] = origin
    which.drop_foreign_cookie(headers, socket=socket)
    return "cookie" in headers


def test_whose_cookies_count() -> None:
    for socket in (False, True):
        assert keeps(origins(), None, socket=socket)
        assert keeps(origins(), "https://engine.com", socket=socket)
        assert not keeps(origins(), "https://evil.com", socket=socket)
        assert not keeps(origins(cors_domain="*"), "https://evil.com", socket=socket)
        assert keeps(origins(cors_domain=LISTED), "https://exact.com", socket=socket)
        assert not keeps(origins(), "null", socket=socket)
        assert not keeps(origins(), "http://[::1", socket=socket)


def test_a_socket_reads_cookies_without_cors_only_where_told_to() -> None:
    assert not keeps(origins(disable_cors=True), "https://engine.com", socket=True)
    assert keeps(origins(disable_cors=True, ws_read_cookie=True), "https://x.com", socket=True)


def test_sockets_of_sites_that_are_not_listed_are_refused() -> None:
    which = origins(cors_domain=LISTED)
    assert which.refuses_socket({"origin": "https://evil.com", "host": "engine.com"})
    assert not which.refuses_socket({"origin": "https://exact.com", "host": "engine.com"})
    assert not which.refuses_socket({"origin": "https://engine.com", "host": "engine.com"})
    assert not which.refuses_socket({"host": "engine.com"})
    assert not origins().refuses_socket({"origin": "https://evil.com", "host": "engine.com"})
