"""From environment and flags to checked values, and what of them deserves a warning.

Apart from the table: it holds rules over settings, not settings.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from rowgate.settings.declaration import HASURA, Declaration, Origin
from rowgate.settings.values import SettingsError

if TYPE_CHECKING:
    from rowgate.settings.types import Settings

Flags = Mapping[str, str | bool | None]

EXAMPLES = frozenset({"myadminsecretkey", "mysecretkey", "adminsecret"})
EXAMPLE_KEYS = frozenset({"ultra-secret-very-secret-super-secret-key"})
ADVISED_LENGTH = 32

WITHOUT_EFFECT = frozenset(
    HASURA + name
    for name in (
        "ASYNC_ACTIONS_FETCH_BATCH_SIZE",
        "ASYNC_ACTIONS_FETCH_INTERVAL",
        "BACKWARDS_COMPAT_NULL_IN_NONNULLABLE_VARIABLES",
        "CONFIGURED_HEADER_PRECEDENCE",
        "CONNECTION_COMPRESSION",
        "CONSOLE_ASSETS_DIR",
        "DISABLE_EVENTING",
        "ENABLE_MAINTENANCE_MODE",
        "ENABLE_METADATA_QUERY_LOGGING",
        "ENABLE_QUERY_TRACING",
        "ENABLE_TRIGGERS_ERROR_LOG_LEVEL",
        "EVENTS_FETCH_BATCH_SIZE",
        "EVENTS_FETCH_INTERVAL",
        "EVENTS_HTTP_POOL_SIZE",
        "HTTP_LOG_QUERY_ONLY_ON_ERROR",
        "LOG_MASKED_VARIABLES",
        "MAX_TOTAL_HEADER_LENGTH",
        "METADATA_DATABASE_EXTENSIONS_SCHEMA",
        "METADATA_DEFAULTS",
        "METRICS_SECRET",
        "PG_STRIPES",
        "REMOTE_SCHEMA_PRIORITIZE_DATA",
        "SERVER_TIMEOUT",
        "SSO_PROVIDERS",
        "STREAMING_QUERIES_MULTIPLEXED_BATCH_SIZE",
        "STREAMING_QUERIES_MULTIPLEXED_REFETCH_INTERVAL",
    )
)
"""Hasura's variables that are accepted, and named in a warning since they change nothing."""

ONLY_REPORTED = frozenset(
    HASURA + name
    for name in (
        "ENABLE_REMOTE_SCHEMA_PERMISSIONS",
        "LIVE_QUERIES_MULTIPLEXED_BATCH_SIZE",
    )
)
"""Read, and told by /v1alpha1/config, while nothing obeys them yet: named in a warning too."""

NOTHING_TO_SWITCH_OFF = frozenset({HASURA + "ENABLE_TELEMETRY"})
"""Accepted without a word: there is no telemetry."""

_OTHER_FLAGS = {"PG_STRIPES": "stripes"}


def flags_without_effect() -> frozenset[str]:
    """The flags, without dashes, of Hasura's variables that change nothing here."""
    names = (name.removeprefix(HASURA) for name in WITHOUT_EFFECT | NOTHING_TO_SWITCH_OFF)
    return frozenset(_OTHER_FLAGS.get(name, name.lower().replace("_", "-")) for name in names)


def collect(
    declared: Iterable[Declaration], environ: Mapping[str, str], flags: Flags
) -> dict[str, Any]:
    """The values that were given, by field; flags win over variables.

    Raises `SettingsError` for a value that cannot be read and for a flag that nobody knows.
    """
    declared = tuple(declared)
    known = {origin.flag for one in declared for origin in one.origins} | flags_without_effect()
    for flag in flags:
        if flag not in known:
            raise SettingsError(f"There is no flag --{flag}; `serve --help` lists those there are.")
    values: dict[str, Any] = {}
    for one in declared:
        for origin, given in _given(one.origins, environ, flags):
            values[one.name] = _parsed(origin, given)
            break
    return values


def _given(
    origins: tuple[Origin, ...], environ: Mapping[str, str], flags: Flags
) -> Iterable[tuple[Origin, str]]:
    for origin in origins:
        value = flags.get(origin.flag)
        if value is not None:
            yield origin, value if isinstance(value, str) else str(value).lower()
    for origin in origins:
        if origin.variable in environ:
            yield origin, environ[origin.variable]


def _parsed(origin: Origin, given: str) -> Any:
    try:
        return origin.parse(given)
    except ValueError as error:
        raise SettingsError(f"{origin.variable} (--{origin.flag}) {error}.") from None


def check(settings: "Settings") -> None:
    """Refuse what may not stand together, with the sentence that says what to do."""
    if not settings.metadata_database_url:
        raise SettingsError(
            "No database: set HASURA_GRAPHQL_DATABASE_URL or HASURA_GRAPHQL_METADATA_DATABASE_URL "
            "(--database-url or --metadata-database-url) to a Postgres URL."
        )
    if not settings.admin_secrets and not settings.allow_no_admin_secret:
        raise SettingsError(
            "HASURA_GRAPHQL_ADMIN_SECRET (--admin-secret) is not set, and without one everyone is "
            "admin; set it, or ROWGATE_ALLOW_NO_ADMIN_SECRET=true on a machine of your own."
        )
    _check_authentication(settings)
    if not settings.dev_mode:
        _refuse_examples(settings)


def _check_authentication(settings: "Settings") -> None:
    if settings.jwt_secrets and settings.auth_hook:
        raise SettingsError(
            "HASURA_GRAPHQL_JWT_SECRET and HASURA_GRAPHQL_AUTH_HOOK exclude each other; set one."
        )
    if settings.auth_hook and settings.unauthorized_role:
        raise SettingsError(
            "HASURA_GRAPHQL_UNAUTHORIZED_ROLE does not go with HASURA_GRAPHQL_AUTH_HOOK: the "
            "webhook decides on every role; unset one."
        )
    for name, value in (
        ("HASURA_GRAPHQL_JWT_SECRET", settings.jwt_secrets),
        ("HASURA_GRAPHQL_AUTH_HOOK", settings.auth_hook),
        ("HASURA_GRAPHQL_UNAUTHORIZED_ROLE", settings.unauthorized_role),
    ):
        if value and not settings.admin_secrets:
            raise SettingsError(f"{name} needs HASURA_GRAPHQL_ADMIN_SECRET (--admin-secret), too.")


def _refuse_examples(settings: "Settings") -> None:
    if EXAMPLES.intersection(settings.admin_secrets):
        raise SettingsError(
            "HASURA_GRAPHQL_ADMIN_SECRET is the one printed in public examples; choose another "
            "(HASURA_GRAPHQL_DEV_MODE=true lets it pass)."
        )
    if any(str(secret.get("key")) in EXAMPLE_KEYS for secret in settings.jwt_secrets):
        raise SettingsError(
            "HASURA_GRAPHQL_JWT_SECRET holds the key printed in public examples; choose another "
            "(HASURA_GRAPHQL_DEV_MODE=true lets it pass)."
        )


def notices(
    settings: "Settings", declared: Iterable[Declaration], environ: Mapping[str, str]
) -> tuple[str, ...]:
    """What deserves a line in the log: no or short secrets, variables unknown or without effect."""
    found: list[str] = []
    if not settings.admin_secrets:
        found.append("There is NO ADMIN SECRET: whoever reaches this port is admin.")
    if any(len(secret) < ADVISED_LENGTH for secret in settings.admin_secrets):
        found.append(f"An admin secret is shorter than the advised {ADVISED_LENGTH} characters.")
    known = {origin.variable for one in declared for origin in one.origins}
    for name in sorted(environ):
        if not name.startswith(HASURA) or name in (known | NOTHING_TO_SWITCH_OFF) - ONLY_REPORTED:
            continue
        if name in WITHOUT_EFFECT | ONLY_REPORTED:
            found.append(f"{name} is accepted and has no effect.")
        else:
            found.append(f"{name} is no setting; only metadata that names it reads it.")
    return tuple(found)
