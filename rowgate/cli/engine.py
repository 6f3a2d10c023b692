"""A running engine as commands see it: its address, its admin secret, one request at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from rowgate.base.json import Json
from rowgate.cli import running
from rowgate.cli.failures import CommandError

DEFAULT_ENDPOINT = "http://127.0.0.1:8080"
_PATIENCE = 120.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Engine:
    """A running engine: its base URL, and the admin secret it was started with, if any."""

    endpoint: str
    admin_secret: str

    def url(self, path: str) -> str:
        """The address of a path."""
        return self.endpoint.rstrip("/") + path

    def ask(self, kind: str, arguments: Json, version: int = 1) -> Json:
        """The answer of the metadata API. Raises `CommandError` where it refuses or is away."""
        request = {"type": kind, "version": version, "args": arguments}
        return self.post("/v1/metadata", request)

    def post(self, path: str, request: Json) -> Json:
        """The JSON answer to a request. Raises `CommandError` where it is refused."""
        status, body = self.send(path, request)
        if status != httpx.codes.OK:
            reason = body.get("error", body) if isinstance(body, Mapping) else body
            raise CommandError(f"The engine refused: {str(reason).rstrip('.')}.")
        return body

    def send(self, path: str, request: Json) -> tuple[int, Json]:
        """Status and JSON body. Raises `CommandError` where nothing answers as an engine does."""
        url = self.url(path)
        headers = {"x-hasura-admin-secret": self.admin_secret} if self.admin_secret else {}
        try:
            answer = httpx.post(url, json=request, headers=headers, timeout=_PATIENCE)
            return answer.status_code, answer.json()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CommandError(f"No engine answers at {url}: {error}.") from None
        except ValueError:
            raise CommandError(f"{url} does not answer as an engine does.") from None


def engine_at(endpoint: str | None, admin_secret: str) -> Engine:
    """The engine at `endpoint`; where none is given, that of the run in the current folder, else
    the one at its usual port. The secret of `.env` goes to this machine only.

    Raises `CommandError` where `.env` is malformed.
    """
    base = endpoint or str((running.told().get("urls") or {}).get("engine") or DEFAULT_ENDPOINT)
    if not admin_secret and _is_local(base):
        admin_secret = running.values().get("HASURA_GRAPHQL_ADMIN_SECRET", "")
    return Engine(base, admin_secret)


def _is_local(endpoint: str) -> bool:
    try:
        return urlsplit(endpoint).hostname in _LOOPBACK
    except ValueError:
        return False
