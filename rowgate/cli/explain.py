"""`rowgate explain`: the SQL of a query as a role would run it, and Postgres' plan for it."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rowgate.base.errors import ApiError
from rowgate.base.json import Json, decode
from rowgate.cli.engine import Engine
from rowgate.cli.failures import OUTPUT, CommandError
from rowgate.cli.options import Output
from rowgate.cli.writing import write_json


@dataclass(frozen=True, slots=True)
class Question:
    """What is explained: a query's text, file or `-` for stdin; who asks (`session` holds
    `name=value` lines); its variables as JSON, where it needs some."""

    query: str
    role: str
    session: Sequence[str] = ()
    variables: str = ""

    @property
    def request(self) -> Json:
        """The body of a GraphQL request. Raises `CommandError` where a value has another form."""
        return {"query": _text(self.query), "variables": _variables(self.variables)}

    @property
    def user(self) -> Mapping[str, str]:
        """The role and its session variables. Raises `CommandError`."""
        return {"x-hasura-role": self.role, **_session(self.session)}


def explain(engine: Engine, question: Question, output: Output) -> None:
    """Write SQL and plan of every root field. Raises `CommandError` where a value has another form,
    or where the engine refuses."""
    body = {"query": question.request, "user": question.user}
    answer = engine.post("/v1/graphql/explain", body)
    match output:
        case Output.JSON:
            write_json(answer)
        case Output.TEXT:
            _tell(answer if isinstance(answer, list) else [answer])


def _tell(fields: Sequence[Json]) -> None:
    for field in fields:
        if name := field.get("field"):
            OUTPUT.print(f"[bold]{name}[/bold]")
        OUTPUT.print(field.get("sql") or "asks no database", markup=False)
        OUTPUT.print("\n".join(field.get("plan") or ()), markup=False)


def _text(query: str) -> str:
    if query == "-":
        return sys.stdin.read()
    if "{" in query:
        return query
    file = Path(query)
    if not file.is_file():
        raise CommandError(f"{query!r} is neither a query nor a file.")
    return file.read_text()


def _variables(text: str) -> Json:
    try:
        found = decode(text) if text else {}
    except ApiError as error:
        raise CommandError(f"--variables is no JSON: {error.message}.") from None
    if not isinstance(found, dict):
        raise CommandError("--variables is not a JSON object.")
    return found


def _session(lines: Sequence[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        name, equals, value = line.partition("=")
        if not equals or not name.lower().startswith("x-hasura-"):
            raise CommandError(f"--session {line!r} is not of the form x-hasura-NAME=VALUE.")
        found[name.lower()] = value
    return found
