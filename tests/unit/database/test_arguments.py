"""Values as the texts that Postgres reads; failures as the contract's codes."""

from typing import Any

import asyncpg
import pytest

from rowgate.algebra.types import Constant, SessionValue, Value, Variable, WholeSession
from rowgate.base.errors import ApiError, NotFound, SchemaOutdated
from rowgate.base.session import Session
from rowgate.catalog.types import BOOL, FLOAT8, INT4, JSONB, NUMERIC, TEXT, PgType, builtin
from rowgate.database.bind import arguments, array_elements, text_of
from rowgate.database.failures import CHECK_FAILED, as_api_error, unreachable

SESSION = Session("user", {"x-hasura-user-id": "7", "x-hasura-ids": '{1,"a,b",NULL}'})


def bound(binder: Value, variables: Any = None) -> Any:
    return arguments([binder], variables or {}, SESSION)[0]


@pytest.mark.parametrize(
    ("value", "type_", "text"),
    [
        (None, INT4, None),
        (1, INT4, "1"),
        (1.5, FLOAT8, "1.5"),
        (True, BOOL, "true"),
        (10**30, NUMERIC, "1" + "0" * 30),
        ("x", TEXT, "x"),
        ("x", JSONB, '"x"'),
        (1, JSONB, "1"),
        ({"a": [None]}, JSONB, '{"a":[null]}'),
        ([1, 2], builtin("_int4"), '{"1","2"}'),
        ([], builtin("_text"), "{}"),
        (
            ["a,b", 'c"d', "e\\f", None, "NULL"],
            builtin("_text"),
            '{"a,b","c\\"d","e\\\\f",NULL,"NULL"}',
        ),
        ([[1], [2]], builtin("_int4"), '{{"1"},{"2"}}'),
        ([{"a": 1}], builtin("_jsonb"), '{"{\\"a\\":1}"}'),
        ("{raw}", builtin("_text"), "{raw}"),
    ],
)
def test_a_value_as_text(value: Any, type_: PgType, text: str | None) -> None:
    assert text_of(value, type_) == text


def test_a_list_is_no_number() -> None:
    with pytest.raises(ApiError):
        text_of([1], INT4)


@pytest.mark.parametrize(
    ("literal", "elements"),
    [
        ("{}", []),
        ("{ }", []),
        ("{1,2}", ["1", "2"]),
        (" { 1 , 2 } ", ["1", "2"]),
        ('{"a,b","c\\"d","e\\\\f"}', ["a,b", 'c"d', "e\\f"]),
        ('{NULL,null,"NULL",""}', [None, None, "NULL", ""]),
        ("{a b}", ["a b"]),
    ],
)
def test_array_literals(literal: str, elements: list[str | None]) -> None:
    assert array_elements(literal) == elements


@pytest.mark.parametrize("literal", ["", "1", "{", "}", "{1", '{"a}', "{{1}}", '{a"b}', '{"a"b}'])
def test_wrong_array_literals(literal: str) -> None:
    with pytest.raises(ApiError) as error:
        array_elements(literal)
    assert error.value.code == "data-exception"


def test_binders() -> None:
    assert bound(Constant(1, INT4)) == "1"
    assert bound(Constant([1, None], INT4, as_array=True)) == ["1", None]
    assert bound(Variable(("a", 1, "b"), TEXT), {"a": [0, {"b": "x"}]}) == "x"
    assert bound(Variable(("a",), INT4, as_array=True), {"a": [1, 2]}) == ["1", "2"]
    assert bound(Variable(("a",), INT4, as_array=True), {"a": 1}) == ["1"]
    assert bound(SessionValue("x-hasura-user-id", INT4)) == "7"
    assert bound(SessionValue("x-hasura-ids", TEXT, as_array=True)) == ["1", "a,b", None]
    assert bound(SessionValue("x-hasura-role", TEXT)) == "user"
    assert bound(WholeSession()) == (
        '{"x-hasura-user-id":"7","x-hasura-ids":"{1,\\"a,b\\",NULL}","x-hasura-role":"user"}'
    )


def test_a_variable_is_checked_when_it_is_bound() -> None:
    def refuse(value: Any) -> Any:
        raise ApiError(f"no {value}", code="validation-failed")

    with pytest.raises(ApiError, match="no 5"):
        bound(Variable(("a",), INT4, check=refuse), {"a": 5})


def test_a_missing_session_variable() -> None:
    with pytest.raises(ApiError) as error:
        bound(SessionValue("x-hasura-none", TEXT))
    assert (error.value.code, error.value.message) == (
        "not-found",
        'missing session variable: "x-hasura-none"',
    )


def failure(state: str, message: str = "words of Postgres") -> ApiError:
    error = asyncpg.PostgresError(message)
    error.__dict__["sqlstate"] = state
    return as_api_error(error)


@pytest.mark.parametrize(
    ("state", "code", "message", "status"),
    [
        ("23505", "constraint-violation", "Uniqueness violation. words of Postgres", 400),
        ("23503", "constraint-violation", "Foreign key violation. words of Postgres", 400),
        ("23502", "constraint-violation", "Not-NULL violation. words of Postgres", 400),
        (
            "23001",
            "constraint-violation",
            "Can not delete or update due to data being referred. words of Postgres",
            400,
        ),
        ("23P01", "constraint-violation", "Exclusion violation. words of Postgres", 400),
        ("23514", "permission-error", "Check constraint violation. words of Postgres", 400),
        ("22P02", "data-exception", "words of Postgres", 400),
        ("22003", "data-exception", "words of Postgres", 400),
        ("22025", "bad-request", "words of Postgres", 400),
        ("42704", "constraint-error", "words of Postgres", 400),
        (
            "42P10",
            "constraint-error",
            "there is no unique or exclusion constraint on target column(s)",
            400,
        ),
        (
            "40001",
            "concurrent-update",
            "serialization failure due to concurrent update",
            400,
        ),
        (
            "53300",
            "postgres-max-connections-error",
            "max connections reached on postgres",
            500,
        ),
        ("08006", "postgres-error", "connection error", 500),
        ("57P01", "postgres-error", "connection error", 500),
        ("42P01", "unexpected", "database query error: words of Postgres", 500),
        ("P0001", "unexpected", "database query error", 500),
        ("54001", "bad-request", "the operation is too complex", 400),
    ],
)
def test_sqlstates(state: str, code: str, message: str, status: int) -> None:
    error = failure(state)
    assert (error.code, error.message, error.status) == (code, message, status)


def test_a_failed_check_of_a_permission() -> None:
    error = failure("22P02", f'invalid input syntax for type boolean: "{CHECK_FAILED}"')
    assert error.code == "permission-error"
    assert error.message == "check constraint of an insert/update permission has failed"


def test_postgres_words_are_internal_where_they_may_tell() -> None:
    error = failure("XX000", 'relation "hidden" is broken')
    assert "hidden" not in str(error.as_graphql())
    assert "hidden" in str(error.as_graphql(with_internal=True))


@pytest.mark.parametrize(
    ("state", "words", "message"),
    [
        ("42703", "column t0.c does not exist", 'column "c" does not exist'),
        ("42703", "column t0.a b does not exist", 'column "a b" does not exist'),
        ("42703", 'column "c" of relation "t" does not exist', None),
        ("42P01", 'relation "public.t" does not exist', None),
        (
            "42883",
            "function public.f(public.t) does not exist",
            'function "public.f" does not exist',
        ),
        ("42883", "operator does not exist: text = integer", None),
        ("3F000", 'schema "s" does not exist', None),
    ],
)
def test_what_a_database_lacks_is_said(state: str, words: str, message: str | None) -> None:
    error = failure(state, words)
    assert isinstance(error, SchemaOutdated)
    assert error.message == f"database query error: {message or words}"
    assert error.internal["error"]["message"] == words


def test_failures_of_the_driver() -> None:
    assert as_api_error(OSError("refused")).code == "postgres-error"
    assert as_api_error(TimeoutError()).code == "timeout"
    assert unreachable(TimeoutError()).message == "connection error"
    assert unreachable(TimeoutError()).code == "postgres-error"
    assert as_api_error(asyncpg.InterfaceError("closed")).code == "postgres-error"
    assert as_api_error(asyncpg.InternalClientError("cannot switch")).code == "postgres-error"
    assert as_api_error(ZeroDivisionError()).message == "internal error"
    known = NotFound("x")
    assert as_api_error(known) is known
