"""From a source's `configuration` to a database URL and pool settings: environment variables and
connection parameters are resolved here and nowhere else."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

from rowgate.base.errors import ApiError
from rowgate.base.json import Json, encode
from rowgate.database.pool import PoolSettings

_TOP_KNOWN = frozenset({"connection_info", "extensions_schema"})
_KNOWN = frozenset({"database_url", "pool_settings", "use_prepared_statements", "isolation_level"})
_POOL_KNOWN = frozenset(
    {
        "max_connections",
        "idle_timeout",
        "retries",
        "pool_timeout",
        "connection_lifetime",
        "total_max_connections",
    }
)


def database_url(configuration: Json, environment: Mapping[str, str]) -> str:
    """The URL of a source's database; raises `ApiError` `invalid-configuration` where the
    configuration is not understood in full or an environment variable is missing."""
    info = _connection_info(configuration)
    _refuse_unknown(info, _KNOWN, "connection_info")
    if info.get("isolation_level") not in (None, "read-committed"):
        raise _invalid(f"isolation_level {info['isolation_level']} is not supported")
    return _resolve_url(info.get("database_url"), environment)


def pool_settings(configuration: Json, defaults: PoolSettings) -> PoolSettings:
    """The pool's size and waiting time; what is not configured is taken from `defaults`."""
    given = _connection_info(configuration).get("pool_settings") or {}
    _refuse_unknown(given, _POOL_KNOWN, "pool_settings")
    maximum = given.get("max_connections") or given.get("total_max_connections")
    timeout = given.get("pool_timeout")
    return replace(
        defaults,
        maximum=max(1, int(maximum)) if maximum is not None else defaults.maximum,
        timeout=float(timeout) if timeout is not None else defaults.timeout,
    )


def fingerprint(configuration: Json, environment: Mapping[str, str]) -> str:
    """A digest that changes where the connection that `configuration` describes would change;
    it holds no secret."""
    try:
        url = database_url(configuration, environment)
    except ApiError as error:
        url = error.message
    return hashlib.sha256(encode([configuration, url])).hexdigest()


def _connection_info(configuration: Json) -> dict[str, Json]:
    if not isinstance(configuration, dict):
        raise _invalid("the source has no configuration")
    _refuse_unknown(configuration, _TOP_KNOWN, "configuration")
    info = configuration.get("connection_info")
    if not isinstance(info, dict):
        raise _invalid("the configuration has no connection_info")
    return info


def _refuse_unknown(given: Json, known: frozenset[str], where: str) -> None:
    if not isinstance(given, dict):
        raise _invalid(f"{where} must be an object")
    unknown = {key for key in given if key not in known and given[key] is not None}
    if unknown:
        raise _invalid(f"{where}: {', '.join(sorted(unknown))} is not supported")


def _resolve_url(value: Json, environment: Mapping[str, str]) -> str:
    match value:
        case str():
            return value
        case {"from_env": str(name)}:
            return _variable(name, environment)
        case {"connection_parameters": dict(parameters)}:
            return _from_parameters(parameters, environment)
    raise _invalid("database_url must be a text, from_env or connection_parameters")


def _from_parameters(parameters: dict[str, Json], environment: Mapping[str, str]) -> str:
    _refuse_unknown(
        parameters,
        frozenset({"username", "password", "host", "port", "database"}),
        "connection_parameters",
    )
    parts = {key: _text(parameters.get(key), environment) for key in parameters}
    user = quote(parts.get("username", ""), safe="")
    if parts.get("password"):
        user += ":" + quote(parts["password"], safe="")
    port = parts.get("port") or "5432"
    database = quote(parts.get("database", ""), safe="")
    return f"postgresql://{user}@{parts.get('host', '')}:{port}/{database}"


def _text(value: Json, environment: Mapping[str, str]) -> str:
    if isinstance(value, dict) and isinstance(value.get("from_env"), str):
        return _variable(value["from_env"], environment)
    return "" if value is None else str(value)


def _variable(name: str, environment: Mapping[str, str]) -> str:
    if name not in environment:
        raise _invalid(f"environment variable '{name}' not set")
    return environment[name]


def _invalid(message: str) -> ApiError:
    return ApiError(message, code="invalid-configuration", path=("args",))
