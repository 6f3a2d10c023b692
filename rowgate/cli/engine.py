"""A running engine as commands see it: its address, its admin secret, one request at a time."""

import os
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
        return accepted(*self.send(path, request))

    def send(
        self, path: str, request: Json, more: Mapping[str, str] | None = None
    ) -> tuple[int, Json]:
        """Status and JSON body of a request with the headers `more`. Raises `CommandError` where
        nothing answers as an engine does."""
        url = self.url(path)
        secret = {"x-hasura-admin-secret": self.admin_secret} if self.admin_secret else {}
        headers = {**secret, **(more or {})}
        try:
            answer = httpx.post(url, json=request, headers=headers, timeout=_PATIENCE)
            return answer.status_code, answer.json()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            advice = "Start one with `rowgate run`, or name another with --endpoint"
            raise CommandError(f"No engine answers at {url}: {error}. {advice}.") from None
        except ValueError:
            raise CommandError(f"{url} does not answer as an engine does.") from None


def engine_at(endpoint: str | None, admin_secret: str) -> Engine:
    """The engine at `endpoint`; where none is given, that of the run in the current folder, else
    the one at its usual port. The secret of `.env` goes to the run of this folder, and to an
    endpoint on this machine that was named; never to whoever listens at the usual port.

    Raises `CommandError` where `.env` is malformed.
    """
    own = (running.told().get("urls") or {}).get("engine")
    base = endpoint or str(own or DEFAULT_ENDPOINT)
    if not admin_secret and (own or endpoint) and _is_local(base):
        admin_secret = running.values().get("HASURA_GRAPHQL_ADMIN_SECRET", "")
    return Engine(base, admin_secret)


def running_engine() -> Engine | None:
    """The engine of the run in the current folder, or the one that HASURA_GRAPHQL_ENDPOINT names;
    None where there is neither."""
    endpoint = os.environ.get("HASURA_GRAPHQL_ENDPOINT")
    if not endpoint and not running.told():
        return None
    return engine_at(endpoint, os.environ.get("HASURA_GRAPHQL_ADMIN_SECRET", ""))


def accepted(status: int, body: Json) -> Json:
    """The body of an answer; raises `CommandError`, with every object and its reason, where the
    engine refused."""
    if status != httpx.codes.OK:
        raise CommandError("\n".join(_refusal(body)))
    return body


def _refusal(body: Json) -> list[str]:
    """What the engine says against a request: its error, then each object with its reason."""
    if not isinstance(body, Mapping):
        return [f"The engine refused: {body}."]
    error = str(body.get("error", body)).rstrip(".")
    path = f" (at {body['path']})" if body.get("path") not in (None, "$", "$.args") else ""
    found = body.get("internal")
    objects = found if isinstance(found, list) else []
    return [f"The engine refused: {error}{path}.", *(f"  {sentence(one)}" for one in objects)]


def sentence(inconsistent: Json) -> str:
    """An inconsistent object as the metadata API gives it: kind, name and reason."""
    if not isinstance(inconsistent, Mapping):
        return str(inconsistent)
    reason = inconsistent.get("reason") or inconsistent.get("message") or ""
    name = inconsistent.get("name") or ""
    return f"{inconsistent.get('type', '')} {name}: {reason}".strip()


def _is_local(endpoint: str) -> bool:
    try:
        return urlsplit(endpoint).hostname in _LOOPBACK
    except ValueError:
        return False
