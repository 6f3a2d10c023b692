"""From a source's `configuration` to addresses and pool settings: what it takes from the
environment and from files is looked up here and nowhere else."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from rowgate.base.errors import ApiError
from rowgate.base.json import Json, encode
from rowgate.database.connections.address import Address
from rowgate.database.connections.pool import ISOLATION_LEVELS, PoolSettings
from rowgate.database.connections.tls import MODES, Tls
from rowgate.settings.types import Settings

_TOP_KNOWN = frozenset({"connection_info", "read_replicas", "extensions_schema"})
_KNOWN = frozenset(
    {
        "database_url",
        "pool_settings",
        "use_prepared_statements",
        "isolation_level",
        "ssl_configuration",
    }
)
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
_SSL_KNOWN = ("sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword")
_PARAMETERS = ("username", "password", "host", "port", "database")
_MOST_BYTES = 64 * 1024
_MOST_RETRIES = 10
_PREPARED = PoolSettings().prepared


@dataclass(frozen=True, slots=True, repr=False)
class Lookup:
    """What a configuration may refer to: environment variables, files below `folder` (none where
    there is no folder), and how many processes share what is meant for all of them."""

    environment: Mapping[str, str]
    folder: Path | None = None
    processes: int = 1

    def variable(self, name: str) -> str:
        """A variable's value; raises `ApiError` `invalid-configuration` where it is not set."""
        if name not in self.environment:
            raise _invalid(f"environment variable '{name}' not set")
        return self.environment[name]

    def file(self, name: str) -> str:
        """What a file holds, without space around it. Raises `ApiError` `invalid-configuration`
        where it does not lie below the folder, wherever links lead, or cannot be read."""
        if self.folder is None:
            raise _invalid(
                "dynamic_from_file needs HASURA_GRAPHQL_DYNAMIC_SECRETS_ALLOWED_PATH_PREFIX"
            )
        try:
            path = Path(name).resolve(strict=True)
            if not path.is_relative_to(self.folder.resolve()):
                raise _invalid("dynamic_from_file names a file outside the allowed path prefix")
            with path.open("rb") as file:
                return file.read(_MOST_BYTES).decode().strip()
        except (OSError, ValueError, RuntimeError):
            raise _invalid("the file of dynamic_from_file cannot be read") from None


class FileUrl:
    """The URL in a file, read at each call; one that cannot be read leaves the last one."""

    def __init__(self, lookup: Lookup, name: str) -> None:
        """Raises `ApiError` `invalid-configuration` where it cannot be read at first."""
        self._lookup = lookup
        self._name = name
        self._last = lookup.file(name)

    def __call__(self) -> str:
        """The URL as it is now."""
        try:
            self._last = self._lookup.file(self._name) or self._last
        except ApiError:
            return self._last
        return self._last


@dataclass(frozen=True, slots=True)
class Wanted:
    """A database that a source wants: where, and with what pool."""

    address: Address
    settings: PoolSettings


def primary(configuration: Json, lookup: Lookup, defaults: PoolSettings) -> Wanted:
    """The database that a source is; raises `ApiError` `invalid-configuration` where the
    configuration is not understood in full or refers to what is not there."""
    return _wanted(_connection_info(configuration), lookup, defaults)


def replicas(configuration: Json, lookup: Lookup, defaults: PoolSettings) -> tuple[Wanted, ...]:
    """The databases that a source is read from; raises as `primary` does."""
    given = configuration.get("read_replicas")
    if given is None:
        return ()
    if not isinstance(given, list):
        raise _invalid("read_replicas must be a list")
    return tuple(_wanted(info, lookup, defaults) for info in given)


def fingerprint(configuration: Json, lookup: Lookup) -> str:
    """A digest that changes where the connections that `configuration` describes would change,
    rotations of files aside; it holds no secret."""
    return hashlib.sha256(encode([configuration, *_looked_up(configuration, lookup)])).hexdigest()


def defaults_of(settings: Settings) -> PoolSettings:
    """What a pool is like where a source does not say otherwise."""
    return PoolSettings(
        maximum=settings.connections,
        timeout=settings.pool_timeout,
        statement_timeout=settings.statement_timeout,
        prepared=_PREPARED if settings.prepared_statements else 0,
        retries=settings.connect_retries,
        idle_timeout=settings.idle_timeout,
        lifetime=settings.connection_lifetime,
        isolation=settings.isolation_level,
    )


def _looked_up(value: Json, lookup: Lookup) -> Iterator[str | None]:
    """The values of all variables that a configuration names."""
    match value:
        case {"from_env": str(name)}:
            yield lookup.environment.get(name)
        case dict():
            for one in value.values():
                yield from _looked_up(one, lookup)
        case list():
            for one in value:
                yield from _looked_up(one, lookup)


def _wanted(info: Json, lookup: Lookup, defaults: PoolSettings) -> Wanted:
    _refuse_unknown(info, _KNOWN, "connection_info")
    address = Address(_url(info.get("database_url"), lookup), _tls(info, lookup))
    return Wanted(address, _pool_settings(info, lookup, defaults))


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


def _pool_settings(info: Json, lookup: Lookup, defaults: PoolSettings) -> PoolSettings:
    given = info.get("pool_settings") or {}
    _refuse_unknown(given, _POOL_KNOWN, "pool_settings")
    level = info.get("isolation_level") or defaults.isolation
    if level not in ISOLATION_LEVELS:
        raise _invalid(f"isolation_level must be one of {', '.join(ISOLATION_LEVELS)}")
    prepares = info.get("use_prepared_statements")
    if prepares is None:
        prepares = defaults.prepared > 0
    return replace(
        defaults,
        maximum=_maximum(given, lookup.processes, defaults.maximum),
        timeout=_number(given, "pool_timeout", defaults.timeout),
        idle_timeout=_number(given, "idle_timeout", defaults.idle_timeout),
        lifetime=_number(given, "connection_lifetime", defaults.lifetime),
        retries=min(int(_number(given, "retries", defaults.retries)), _MOST_RETRIES),
        isolation=level,
        prepared=(defaults.prepared or _PREPARED) if prepares else 0,
    )


def _maximum(given: Json, processes: int, default: int) -> int:
    """The connections of one process; `total_max_connections` is for all that share a port."""
    most = int(_number(given, "max_connections", default))
    if given.get("total_max_connections") is None:
        return max(1, most)
    share = int(_number(given, "total_max_connections", 0)) // processes
    named = given.get("max_connections") is not None
    return max(1, min(most, share) if named else share)


def _number(given: Json, key: str, default: float) -> float:
    value = given.get(key)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise _invalid(f"pool_settings: {key} must be a number of at least 0")
    return float(value)


def _tls(info: Json, lookup: Lookup) -> Tls | None:
    given = info.get("ssl_configuration")
    if given is None:
        return None
    _refuse_unknown(given, frozenset(_SSL_KNOWN), "ssl_configuration")
    mode, root, certificate, key, password = (
        _text(given.get(name), lookup, f"ssl_configuration: {name}") for name in _SSL_KNOWN
    )
    if mode not in MODES:
        raise _invalid(f"ssl_configuration: sslmode must be one of {', '.join(MODES)}")
    return Tls(mode, root, certificate, key).unlocked(password)


def _url(value: Json, lookup: Lookup) -> Callable[[], str]:
    match value:
        case str():
            return lambda: value
        case {"from_env": str(name)}:
            fixed = lookup.variable(name)
            return lambda: fixed
        case {"connection_parameters": dict(parameters)}:
            made = _from_parameters(parameters, lookup)
            return lambda: made
        case {"dynamic_from_file": str(name)}:
            return FileUrl(lookup, name)
    raise _invalid(
        "database_url must be a text, from_env, connection_parameters or dynamic_from_file"
    )


def _from_parameters(parameters: dict[str, Json], lookup: Lookup) -> str:
    _refuse_unknown(parameters, frozenset(_PARAMETERS), "connection_parameters")
    parts = {
        key: _text(parameters.get(key), lookup, f"connection_parameters: {key}")
        for key in parameters
    }
    user = quote(parts.get("username", ""), safe="")
    if parts.get("password"):
        user += ":" + quote(parts["password"], safe="")
    port = parts.get("port") or "5432"
    database = quote(parts.get("database", ""), safe="")
    return f"postgresql://{user}@{parts.get('host', '')}:{port}/{database}"


def _text(value: Json, lookup: Lookup, where: str) -> str:
    match value:
        case None:
            return ""
        case {"from_env": str(name)} if len(value) == 1:
            return lookup.variable(name)
        case str() | int() if not isinstance(value, bool):
            return str(value)
    raise _invalid(f"{where} must be a text or from_env")


def _invalid(message: str) -> ApiError:
    return ApiError(message, code="invalid-configuration", path=("args",))
