"""One golden case: its request, and what every stage makes of it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from rowgate.base.session import Session
from rowgate.features.tables.fields import plan_field
from rowgate.operation.document import Limits, parse, variable_values
from rowgate.operation.select import Reader
from rowgate.pipeline import Endpoint
from tests.golden.printing import plan_text, statement_text
from tests.library.opening import ROWS
from tests.serving import Ran, Served

FOLDER = Path(__file__).parent
CASES = sorted(one.parent for one in FOLDER.glob("*/request.yaml"))
ARTEFACTS = ("plan.txt", "statement.sql", "response.json")
_LIMITS = Limits()


@dataclass(frozen=True)
class Request:
    """What a case asks, and as whom."""

    query: str
    variables: Any
    session: Session
    endpoint: Endpoint


def read_request(case: Path) -> Request:
    """The request of a case's folder."""
    given = YAML(typ="safe").load(case / "request.yaml")
    session = Session(given.get("role", "admin"), given.get("session", {}))
    endpoint = Endpoint[given.get("endpoint", "GRAPHQL")]
    return Request(given["query"], given.get("variables"), session, endpoint)


def record(library: Served, case: Path) -> dict[str, str]:
    """The artefacts of a case, made anew over fresh rows."""
    request = read_request(case)
    library.sql(ROWS)
    with library.watched() as ran:
        answer = library.ask(request.query, request.variables, request.session, request.endpoint)
    return {
        "plan.txt": _plans(library, request),
        "statement.sql": "\n".join(_statement(one) for one in ran),
        "response.json": json.dumps(answer, indent=2, ensure_ascii=False) + "\n",
    }


def _plans(library: Served, request: Request) -> str:
    generation = library.engine.world.current
    role = request.session.role
    relay = request.endpoint is Endpoint.RELAY
    document = parse(request.query, None, _LIMITS)
    values = variable_values(document, request.variables)
    schema = generation.schema((role, relay, False))
    operation = Reader(document, schema, values, _LIMITS).read()
    plans = [
        plan_field(one, operation.kind, generation.snapshot, role, generation.settings)
        for one in operation.fields
    ]
    return "\n".join(plan_text(one) for one in plans)


def _statement(ran: Ran) -> str:
    arguments = "".join(
        f"-- ${number} = {json.dumps(one, ensure_ascii=False)}\n"
        for number, one in enumerate(ran.arguments, 1)
    )
    return statement_text(ran.text) + arguments
