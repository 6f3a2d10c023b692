"""The legacy API's `select`, `insert`, `update`, `delete` and `count`, for every role: a thin front
over the plans, the renderer and the pool that GraphQL uses.
"""

from collections.abc import Callable
from dataclasses import replace

import orjson

from rowgate.admin import row_queries as asked
from rowgate.admin.arguments import Arguments, expect_object
from rowgate.admin.draft import Draft, Task
from rowgate.admin.row_plans import ARGS, COUNT_KEY, Planner
from rowgate.base.errors import ApiError
from rowgate.base.json import Json, decode
from rowgate.database.bind import arguments as bind
from rowgate.database.run import fetch
from rowgate.operation.shape import size
from rowgate.plan.scope import Scope
from rowgate.plan.types import Aggregate, ReadRows, Write
from rowgate.snapshot.types import Table
from rowgate.sql.render import render

Work = ReadRows | Aggregate | Write
_UPDATE_KEYS = ("set", "inc", "mul")
_DEFAULT = "default"
_ROWS = "objects"


def select(arguments: Json) -> Task:
    """`select {source, table, columns, where, order_by, limit, offset}` → a list of rows."""
    given = Arguments.of(arguments)
    query = asked.row_query(given)
    return _task(given, lambda planner, table: planner.select(table, query))


def count(arguments: Json) -> Task:
    """`count {source, table, where, distinct}` → `{"count": n}`."""
    given = Arguments.of(arguments)
    where = expect_object(given.get("where", {}), given.at("where"))
    distinct = given.texts("distinct") if given.has("distinct") else []

    async def run(draft: Draft) -> Json:
        def plan(planner: Planner, table: Table) -> Work:
            return planner.count(table, where, distinct)

        answer = decode(await _execute(draft, given, plan))
        return {"count": answer[COUNT_KEY]["count"]}

    return Task(run)


def insert(arguments: Json) -> Task:
    """`insert {source, table, objects, on_conflict, returning}`."""
    given = Arguments.of(arguments)
    objects = asked.objects(given)
    conflict = asked.on_conflict(given)
    return _write(given, lambda planner, table: planner.insert(table, objects, conflict))


def update(arguments: Json) -> Task:
    """`update {source, table, where, $set, $inc, $mul, $default, returning}`; `$default` is a list
    of columns. `_set` is the same as `$set`, and so on."""
    given = Arguments.of(arguments)
    where = expect_object(given.need("where"), given.at("where"))
    changes = [
        (operator, expect_object(given.get(sign + operator), given.at(sign + operator)))
        for operator in _UPDATE_KEYS
        for sign in "$_"
        if given.has(sign + operator)
    ]
    changes += [
        (_DEFAULT, dict.fromkeys(given.texts(sign + _DEFAULT)))
        for sign in "$_"
        if given.has(sign + _DEFAULT)
    ]
    return _write(given, lambda planner, table: planner.update(table, where, changes))


def delete(arguments: Json) -> Task:
    """`delete {source, table, where, returning}`."""
    given = Arguments.of(arguments)
    where = expect_object(given.need("where"), given.at("where"))
    return _write(given, lambda planner, table: planner.delete(table, where))


def _write(given: Arguments, plan: Callable[[Planner, Table], Write]) -> Task:
    returning = asked.returning(given)

    def whole(planner: Planner, table: Table) -> Write:
        response = planner.response(table, returning)
        return replace(plan(planner, table), response=response)

    return _task(given, whole)


def _task(given: Arguments, plan: Callable[[Planner, Table], Work]) -> Task:
    asked.target(given)

    async def run(draft: Draft) -> Json:
        return orjson.Fragment(await _execute(draft, given, plan))

    return Task(run)


async def _execute(draft: Draft, given: Arguments, plan: Callable[[Planner, Table], Work]) -> bytes:
    target, role = asked.target(given), draft.session.role
    try:
        limits = draft.tools.limits(role)
        _check_size(given, limits.tokens)
        database = draft.database(target.source)
        scope = Scope(draft.generation.snapshot, target.source, role)
        planner = Planner(scope, draft.tools.options, limits.relationships or None)
        statement = render(plan(planner, planner.table(target.table)))
        values = bind(statement.binders, {}, draft.session)
        async with database.connection() as connection:
            return await fetch(connection, statement.text, values, ARGS)
    except ApiError as error:
        raise error if error.path else error.under(*ARGS) from None


def _check_size(given: Arguments, most: int) -> None:
    """Refuse a query that is longer than a GraphQL document may be, its rows to insert left out."""
    if 0 < most < size({key: one for key, one in given.values.items() if key != _ROWS}):
        text = f"the query has more than {most} tokens"
        raise ApiError(text, code="validation-failed")
