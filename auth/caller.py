"""Whose tries are counted: an address that cannot be forged, or the actions service.

# Note [Addresses]
`X-Forwarded-For` is read only where the peer is one of AUTH_TRUSTED_PROXIES, from right to left, as
far as trust goes. The actions service shows its shared secret, and so is read as a trusted proxy:
the engine tells it whom it asks for. Where that is not told, all GraphQL clients have one limit.
"""

import hashlib
import hmac
from dataclasses import dataclass
from ipaddress import ip_address

from fastapi import Request

from auth.attempts import Subject
from auth.settings import AuthSettings

GATEWAY_HEADER = "x-actions-secret"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking: whose tries are counted, and a digest of the address for the audit log."""

    subject: Subject
    address_hash: str


def caller_of(request: Request, settings: AuthSettings, kind: str) -> Caller:
    """Who is asking, for limits of `kind` (`login`, `register`)."""
    limits = settings.limits
    hops = _hops(request)
    is_gateway = _is_gateway(request, settings)
    if is_gateway and not hops:
        return Caller(Subject.of(kind, "gateway", limits.per_gateway), _digest("gateway"))
    most = limits.per_address if kind == "login" else limits.registrations
    peer = request.client.host if request.client else "unknown"
    address = _farthest(hops.pop() if is_gateway else peer, hops, settings)
    return Caller(Subject.of(kind, address, most), _digest(address))


def _digest(address: str) -> str:
    return hashlib.sha256(f"address:{address}".encode("utf-8", "replace")).hexdigest()


def _hops(request: Request) -> list[str]:
    forwarded = request.headers.getlist("x-forwarded-for")
    return [hop.strip() for line in forwarded for hop in line.split(",") if hop.strip()]


def _farthest(address: str, hops: list[str], settings: AuthSettings) -> str:
    """The caller's address (see Note [Addresses]), from `address` on through those before it."""
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
