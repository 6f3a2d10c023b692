"""Whose tries are counted: an address that cannot be forged, or the actions service.

# Note [Addresses]
`X-Forwarded-For` is read only where the peer is one of AUTH_TRUSTED_PROXIES, from right to left, as
far as trust goes. The actions service shows its shared secret: behind it stand all GraphQL clients,
whose addresses it does not know, so that it has a limit of its own beside that of each account.
"""

import hmac
from ipaddress import ip_address

from fastapi import Request

from auth.attempts import Subject
from auth.settings import AuthSettings

GATEWAY_HEADER = "x-actions-secret"


def subject_of(request: Request, settings: AuthSettings, kind: str) -> Subject:
    """Who is asking, for limits of `kind` (`login`, `register`)."""
    limits = settings.limits
    if _is_gateway(request, settings):
        return Subject.of(kind, "gateway", limits.per_gateway)
    most = limits.per_address if kind == "login" else limits.registrations
    return Subject.of(kind, address_of(request, settings), most)


def address_of(request: Request, settings: AuthSettings) -> str:
    """The caller's address (see Note [Addresses]); `unknown` where there is no peer."""
    address = request.client.host if request.client else "unknown"
    forwarded = request.headers.getlist("x-forwarded-for")
    hops = [hop.strip() for line in forwarded for hop in line.split(",")]
    while hops and _is_trusted(address, settings):
        address = hops.pop()
    return address


def _is_trusted(address: str, settings: AuthSettings) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in settings.trusted_proxies)


def _is_gateway(request: Request, settings: AuthSettings) -> bool:
    given = request.headers.get(GATEWAY_HEADER, "").encode("utf-8", "replace")
    secret = settings.gateway_secret
    return secret is not None and hmac.compare_digest(given, secret.encode())
