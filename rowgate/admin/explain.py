"""`POST /v1/graphql/explain`: the SQL of a query as a role would run it, and Postgres' plan."""

from collections.abc import Mapping
from typing import Protocol

from rowgate.admin.api import Answer, refusal
from rowgate.admin.arguments import Arguments
from rowgate.base.errors import AccessDenied, ApiError, NotSupported
from rowgate.base.json import Json, decode, encode
from rowgate.base.session import ADMIN, Session
from rowgate.database.bind import arguments as bind
from rowgate.database.connections.pool import Database
from rowgate.database.failures import FAILURES, as_api_error
from rowgate.features.tables.fields import Ran, TableField, plan_field, prepare
from rowgate.operation.document import Limits, parse, require_object, variable_values
from rowgate.operation.select import Reader
from rowgate.operation.types import Introspect, Operation, Selected
from rowgate.schema.types import RoleSchema
from rowgate.settings import Settings
from rowgate.snapshot.types import Options, Snapshot

_INVALID = "invalid-params"


class Generation(Protocol):
    """What explaining needs of a generation."""

    @property
    def snapshot(self) -> Snapshot:
        """The resolved world."""

    @property
    def settings(self) -> Options:
        """The settings that decide what schemas look like."""

    def known(self, role: str) -> str:
        """`role`, or the name that all roles without any permission share."""

    def schema(self, key: tuple[str, bool, bool]) -> RoleSchema:
        """The schema of a role: whether it is Relay's, whether backend-only permissions count."""


class World(Protocol):
    """What explaining needs of the world."""

    @property
    def current(self) -> Generation:
        """The generation that is served."""

    @property
    def databases(self) -> Mapping[str, Database]:
        """The pools of the reachable sources."""


async def explain_api(world: World, settings: Settings, body: bytes, session: Session) -> Answer:
    """`{query: {query, variables, operationName}, user, is_relay}` → for a query a list of
    `{field, sql, plan}`, for a subscription one such object with its variables. For admins."""
    try:
        if not session.is_admin:
            raise AccessDenied("restricted access : admin only")
        given = Arguments.of(decode(body))
        return 200, encode(await _explain(world, settings, given))
    except ApiError as error:
        return refusal(error, settings, session)
    except RecursionError:
        return refusal(ApiError("the operation is nested too deeply"), settings, session)
    except FAILURES as error:
        return refusal(as_api_error(error), settings, session)


async def _explain(world: World, settings: Settings, given: Arguments) -> Json:
    asked = given.inner("query")
    session = _session_of(given)
    limits = Limits.of(settings, session.role)
    document = parse(asked.text("query"), asked.text_or_none("operationName"), limits)
    values = variable_values(document, require_object(asked.get("variables")))
    generation = world.current
    role = generation.known(session.role)
    schema = generation.schema((role, given.flag("is_relay"), False))
    operation = Reader(document, schema, values, limits).read()
    if operation.kind == "mutation":
        raise ApiError("only queries can be explained", code=_INVALID)
    explainer = _Explainer(world, (generation, role), session, values)
    explained = [await explainer.field(one, operation) for one in operation.fields]
    if operation.kind == "query":
        return explained
    variables = {"synthetic": [], "query": dict(values), "session": dict(session.variables)}
    first = explained[0]
    return {"sql": first["sql"], "plan": first["plan"], "variables": variables}


def _session_of(given: Arguments) -> Session:
    """The session that `user` describes; an admin's where it is not given."""
    user = given.inner("user").values if given.has("user") else {}
    variables = {name.lower(): str(value) for name, value in user.items()}
    return Session(variables.get("x-hasura-role", ADMIN), variables)


class _Explainer:
    """Explains the fields of one operation."""

    def __init__(
        self,
        world: World,
        seen: tuple[Generation, str],
        session: Session,
        values: Mapping[str, Json],
    ) -> None:
        self._world = world
        self._generation, self._role = seen
        self._session = session
        self._values = values

    async def field(self, field: Selected, operation: Operation) -> Json:
        """One root field: its SQL and the plan; nulls where it asks no database."""
        if field.field is None or isinstance(field.field.meaning, Introspect):
            return {"field": field.key, "sql": None, "plan": None}
        generation = self._generation
        plan = plan_field(
            field, operation.kind, generation.snapshot, self._role, generation.settings
        )
        if plan is None:
            text = "explain of this field is not supported: it does not read from a database"
            raise ApiError(text, code=_INVALID)
        sql, lines = await self._plan(prepare(plan, operation.kind, generation.snapshot))
        return {"field": field.key, "sql": sql, "plan": lines}

    async def _plan(self, field: TableField) -> tuple[str, list[str]]:
        step = field.step
        if not isinstance(step, Ran):
            raise NotSupported("this field is no single statement")
        database = self._world.databases.get(field.source)
        if database is None:
            raise ApiError(f'source "{field.source}" is not connected', code="postgres-error")
        values = bind(step.statement.binders, self._values, self._session)
        async with database.connection() as connection:
            rows = await connection.fetch(
                "explain (verbose off, costs on) " + step.statement.text, *values
            )
        return step.statement.text, [row[0] for row in rows]
