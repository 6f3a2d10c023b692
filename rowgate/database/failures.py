"""What a failure of Postgres or its driver means to a client: SQLSTATE → code, message, status.

The table is that of Hasura's error model; nothing of the SQL, of hidden names or of row values
that are not the client's own goes into a message: those stand under `internal`.
"""

import re
import ssl

import asyncpg

from rowgate.base.errors import ApiError, InPostgresWords, SchemaOutdated, Unexpected

CHECK_FAILED = "rowgate: check constraint of an insert/update permission has failed"
"""What a statement casts to boolean, so that it fails, where a permission's check does not hold."""

AWAY = "postgres-error"
"""The code of a database that cannot be reached."""

LOST = asyncpg.InternalClientError
"""What the driver raises where a connection ends between two of its messages."""

FAILURES = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, LOST)
"""What a statement, or the opening of a connection, ends with where Postgres, the network or the
driver refuses it."""

_CONSTRAINTS = {
    "23505": ("Uniqueness violation. ", "constraint-violation"),
    "23503": ("Foreign key violation. ", "constraint-violation"),
    "23502": ("Not-NULL violation. ", "constraint-violation"),
    "23001": (
        "Can not delete or update due to data being referred. ",
        "constraint-violation",
    ),
    "23P01": ("Exclusion violation. ", "constraint-violation"),
    "23514": ("Check constraint violation. ", "permission-error"),
    "44000": ("Check constraint violation. ", "permission-error"),
}

_TOOK_TOO_LONG = ("the statement took too long", "timeout")
_FIXED = {
    "22025": ("", "bad-request"),
    "42704": ("", "constraint-error"),
    "42P10": (
        "there is no unique or exclusion constraint on target column(s)",
        "constraint-error",
    ),
    "40001": ("serialization failure due to concurrent update", "concurrent-update"),
    "57014": _TOOK_TOO_LONG,
}
"""SQLSTATE → message and code; an empty message is Postgres' own."""
_MISSING = frozenset(("42703", "42P01", "42883", "3F000"))
"""SQLSTATE of a column, relation, function or schema that is not there."""
_NAMELESS = re.compile(
    r"(?<=\bfunction )([^(]+)\(.*\)|(?<=\bcolumn )(?:\w+\.)?([^\"]+)(?= does not)"
)
"""How Postgres names a function or an expression's column: without quotes."""
_UNAVAILABLE = {
    "53300": ("max connections reached on postgres", "postgres-max-connections-error"),
}


def as_api_error(error: Exception) -> ApiError:
    """The refusal that `error` is answered with; an `ApiError` comes back as it is."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, asyncpg.PostgresError):
        return _of_postgres(error)
    if isinstance(error, TimeoutError):
        return ApiError(_TOOK_TOO_LONG[0], code=_TOOK_TOO_LONG[1])
    if isinstance(error, OSError):
        return Unexpected("connection error", code="postgres-error", internal=_of_network(error))
    if isinstance(error, asyncpg.exceptions.DataError | ValueError | OverflowError):
        return InPostgresWords(str(error))
    if isinstance(error, asyncpg.InterfaceError | LOST):
        return Unexpected("connection error", code="postgres-error", internal=type(error).__name__)
    return Unexpected("internal error", internal=type(error).__name__)


def unreachable(error: Exception) -> ApiError:
    """The refusal of a request for which no connection could be opened, whatever stood in the
    way."""
    if isinstance(error, TimeoutError):
        return Unexpected("connection error", code=AWAY, internal=_of_network(error))
    refusal = as_api_error(error)
    if isinstance(error, ApiError) or refusal.code in (AWAY, _UNAVAILABLE["53300"][1]):
        return refusal
    return Unexpected("connection error", code=AWAY, internal=refusal.internal)


def reason(error: Exception) -> str:
    """Why a database cannot be reached, for those who administer it; no password is in it."""
    refusal = as_api_error(error)
    match refusal.internal:
        case str(detail) | {"error": {"message": str(detail)}}:
            return f"{refusal.message}: {detail}"
    return refusal.message


def _of_network(error: OSError) -> str:
    """The kind of failure, and of one of TLS what was found wrong with a certificate."""
    name = type(error).__name__
    if isinstance(error, ssl.SSLError):
        return f"{name}: {getattr(error, 'verify_message', '') or error.reason or 'TLS failed'}"
    return name


def _of_postgres(error: asyncpg.PostgresError) -> ApiError:
    state = error.sqlstate or "XX000"
    message = str(error.args[0]) if error.args else ""
    internal = describe(error)
    if state in _CONSTRAINTS:
        prefix, code = _CONSTRAINTS[state]
        return InPostgresWords(prefix + message, code=code)
    if state == "22P02" and CHECK_FAILED in message:
        text = CHECK_FAILED.removeprefix("rowgate: ")
        return ApiError(text, code="permission-error")
    return _by_class(state, message, internal)


def _by_class(state: str, message: str, internal: dict[str, object]) -> ApiError:
    if state in _FIXED:
        text, code = _FIXED[state]
        if state in ("42704", "42P10"):
            return SchemaOutdated(text or message, code=code, status=400)
        return ApiError(text, code=code) if text else InPostgresWords(message, code=code)
    if state in _MISSING:
        named = _NAMELESS.sub(lambda found: f'"{found[1] or found[2]}"', message)
        return SchemaOutdated(f"database query error: {named}", internal=internal)
    if state in _UNAVAILABLE or state.startswith(("08", "57P")):
        text, code = _UNAVAILABLE.get(state, ("connection error", "postgres-error"))
        return Unexpected(text, code=code, internal=internal)
    if state.startswith("22"):
        return InPostgresWords(message)
    if state.startswith("54"):
        return ApiError("the operation is too complex", code="bad-request", internal=internal)
    return Unexpected("database query error", internal=internal)


def describe(error: asyncpg.PostgresError) -> dict[str, object]:
    """Postgres' own words, for `internal`: message, SQLSTATE, hint, detail."""
    return {
        "error": {
            "message": str(error.args[0]) if error.args else "",
            "status_code": error.sqlstate,
            "hint": getattr(error, "hint", None),
            "description": getattr(error, "detail", None),
            "exec_status": "FatalError",
        }
    }
