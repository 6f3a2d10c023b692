"""`rowgate query`: a query as a role runs it, and the engine's answer."""

from rowgate.base.json import Json
from rowgate.cli.engine import Engine
from rowgate.cli.explain import Question
from rowgate.cli.failures import CommandError
from rowgate.cli.writing import write_json

FAILED = 1


def query(engine: Engine, question: Question) -> int:
    """Write the engine's answer as JSON; the status is 1 where it holds errors.

    Raises `CommandError` where no engine answers, or there is no admin secret to choose a role by.
    """
    if not engine.admin_secret:
        raise CommandError(
            "A role is chosen with the admin secret: start `rowgate run` in this folder, or give "
            "--endpoint and --admin-secret."
        )
    status, body = engine.send("/v1/graphql", question.request, question.user)
    write_json(body)
    return FAILED if status != 200 or _has_errors(body) else 0


def _has_errors(body: Json) -> bool:
    return isinstance(body, dict) and "errors" in body
