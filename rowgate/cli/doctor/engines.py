"""The engine: whether it answers, takes the admin secret, and serves all of its metadata."""

from collections.abc import Iterator

import httpx

from rowgate.cli import running
from rowgate.cli.doctor.types import Examined, failed, ok, unknown, warning
from rowgate.cli.engine import Engine
from rowgate.cli.failures import CommandError


def examine(engine: Engine) -> Iterator[Examined]:
    """Everything about a running engine; that none runs is no fault."""
    try:
        status, body = engine.send(
            "/v1/metadata", {"type": "get_inconsistent_metadata", "args": {}}
        )
    except CommandError as error:
        yield unknown("engine", str(error), "`rowgate run`, or give --endpoint.")
        return
    if not engine.admin_secret and not running.told():
        told = f"something answers at {engine.endpoint}; nothing of this folder runs"
        yield unknown("engine", told, "Give --endpoint and --admin-secret where it is yours.")
        return
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN) or _is_denied(body):
        advice = "Give --admin-secret, or set HASURA_GRAPHQL_ADMIN_SECRET."
        yield failed("engine", f"{engine.endpoint} refuses the admin secret", advice)
        return
    if status != httpx.codes.OK:
        yield failed("engine", f"{engine.endpoint} answers with status {status}", "See its log.")
        return
    yield ok("engine", f"{engine.endpoint} answers")
    objects = body.get("inconsistent_objects") or ()
    if objects:
        advice = "`rowgate metadata inconsistency list` names them; mend the metadata or tables."
        yield warning("metadata of the engine", f"{len(objects)} objects are inconsistent", advice)
    else:
        yield ok("metadata of the engine", "all of it is served")


def _is_denied(body: object) -> bool:
    return isinstance(body, dict) and body.get("code") == "access-denied"
