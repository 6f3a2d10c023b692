"""The table of settings: each field with its variable, flag, default and meaning, and nothing else.

The one source of the start-up checks, of `serve --help` and of `docs/settings.md`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rowgate.settings.declaration import declared_by, hasura, own, setting
from rowgate.settings.reading import check, collect, notices
from rowgate.settings.values import (
    directory,
    document,
    documents,
    one_of,
    seconds,
    some_of,
    switch,
    text,
    texts,
    whole,
    words,
)

APIS = ("metadata", "graphql", "pgdump", "config", "developer", "metrics")
LOG_TYPES = "startup,http-log,webhook-log,websocket-log,jwk-refresh-log"


def _single(parse: Callable[[str], Any]) -> Callable[[str], tuple[Any, ...]]:
    return lambda value: (parse(value),)


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """Everything the engine was told at its start. Durations are seconds unless named `_ms`."""

    metadata_database_url: str = setting(
        "",
        "Postgres URL of the database that keeps the metadata; the database URL where not given",
        hasura("METADATA_DATABASE_URL", text),
    )
    database_url: str | None = setting(
        None,
        "Postgres URL of the source `default`, added where the metadata has no source yet",
        hasura("DATABASE_URL", text),
    )
    server_host: str = setting(
        "0.0.0.0",  # noqa: S104 - Hasura's default, and what a container needs
        "address that is listened on; `127.0.0.1` where there is no admin secret",
        hasura("SERVER_HOST", text),
    )
    server_port: int = setting(8080, "TCP port", hasura("SERVER_PORT", whole(0, 65535)))
    workers: int = setting(1, "engine processes that share the port", own("WORKERS", whole(1, 64)))

    admin_secrets: tuple[str, ...] = setting(
        (),
        "secrets that make a request an admin's; at least 32 characters each are advised",
        hasura("ADMIN_SECRETS", texts),
        hasura("ADMIN_SECRET", _single(text)),
        hasura("ACCESS_KEY", _single(text)),
    )
    allow_no_admin_secret: bool = setting(
        False,
        "start without an admin secret: everyone is admin; for tests on one machine",
        own("ALLOW_NO_ADMIN_SECRET", switch),
    )
    jwt_secrets: tuple[Any, ...] = setting(
        (),
        "how tokens are verified, as Hasura's JSON (`type` and `key`, or `jwk_url`)",
        hasura("JWT_SECRETS", documents),
        hasura("JWT_SECRET", _single(document)),
    )
    unauthorized_role: str | None = setting(
        None, "role of requests without a token", hasura("UNAUTHORIZED_ROLE", text)
    )
    trust_unauthorized_headers: bool = setting(
        False,
        "take session variables of the unauthorized role from client headers, as Hasura does",
        own("TRUST_UNAUTHORIZED_HEADERS", switch),
    )
    auth_hook: str | None = setting(
        None, "URL of the webhook that authenticates requests", hasura("AUTH_HOOK", text)
    )
    auth_hook_mode: str = setting(
        "GET", "method of the webhook", hasura("AUTH_HOOK_MODE", one_of("GET", "POST"))
    )
    auth_hook_send_request_body: bool = setting(
        True,
        "send the GraphQL request to the webhook, in POST mode",
        hasura("AUTH_HOOK_SEND_REQUEST_BODY", switch),
    )
    preserve_401_errors: bool = setting(
        False, "keep status 401 on /v1/graphql", hasura("PRESERVE_401_ERRORS", switch)
    )
    cors_domain: str | None = setting(
        None,
        "origins that browsers may call from, comma-separated, `*` as a wildcard; none unless set",
        hasura("CORS_DOMAIN", text),
    )
    disable_cors: bool = setting(False, "no CORS headers at all", hasura("DISABLE_CORS", switch))
    ws_read_cookie: bool = setting(
        False,
        "read the cookie of a websocket handshake even where CORS is disabled",
        hasura("WS_READ_COOKIE", switch),
    )

    enabled_apis: frozenset[str] = setting(
        frozenset(APIS[:4]), "APIs that are served", hasura("ENABLED_APIS", some_of(*APIS))
    )
    openapi_documents: tuple[str, ...] = setting(
        (),
        "addresses of OpenAPI documents (a JSON array; `/auth=URL` where its paths have a prefix) "
        "that `/openapi.json` holds beside the RESTified endpoints; without them it is not served",
        own("OPENAPI_DOCUMENTS", texts),
    )
    enable_console: bool = setting(
        False, "serve the console at /console", hasura("ENABLE_CONSOLE", switch)
    )
    enable_relay: bool = setting(True, "serve /v1beta1/relay", hasura("ENABLE_RELAY", switch))
    enable_allowlist: bool = setting(
        False, "answer only listed queries", hasura("ENABLE_ALLOWLIST", switch)
    )
    enable_apollo_federation: bool = setting(
        False, "serve Apollo federation's fields", hasura("ENABLE_APOLLO_FEDERATION", switch)
    )
    enable_remote_schema_permissions: bool = setting(
        False,
        "hide remote schemas from roles without a permission",
        hasura("ENABLE_REMOTE_SCHEMA_PERMISSIONS", switch),
    )
    infer_function_permissions: bool = setting(
        True,
        "let a role call the functions whose table it may select from",
        hasura("INFER_FUNCTION_PERMISSIONS", switch),
    )
    stringify_numeric_types: bool = setting(
        False,
        "write bigint, numeric, float8 as JSON strings",
        hasura("STRINGIFY_NUMERIC_TYPES", switch),
    )
    disable_native_query_validation: bool = setting(
        False,
        "take native queries as they are, without having Postgres prepare them first",
        hasura("DISABLE_NATIVE_QUERY_VALIDATION", switch),
    )
    v1_boolean_null_collapse: bool = setting(
        False,
        "read null in a `where` of /v1/graphql as true, as Hasura 1 did",
        hasura("V1_BOOLEAN_NULL_COLLAPSE", switch),
    )
    default_naming_convention: str = setting(
        "hasura-default",
        "naming convention of sources that declare none",
        hasura("DEFAULT_NAMING_CONVENTION", one_of("hasura-default", "graphql-default")),
    )
    experimental_features: frozenset[str] = setting(
        frozenset(), "Hasura's experimental features", hasura("EXPERIMENTAL_FEATURES", words)
    )
    dev_mode: bool = setting(
        False, "show internals of errors to every role", hasura("DEV_MODE", switch)
    )
    admin_internal_errors: bool = setting(
        True, "show internals of errors to admins", hasura("ADMIN_INTERNAL_ERRORS", switch)
    )
    metadata_directory: Path | None = setting(
        None,
        "Hasura v3 metadata directory that replaces the stored metadata at the start",
        own("METADATA_DIRECTORY", directory),
    )

    connections: int = setting(
        50,
        "connections to a source at most",
        hasura("PG_CONNECTIONS", whole(1, 10_000), "connections"),
    )
    pool_timeout: float = setting(
        10.0,
        "longest wait for a free connection",
        hasura("PG_POOL_TIMEOUT", seconds, "pool-timeout"),
    )
    idle_timeout: float = setting(
        180.0,
        "seconds without work after which a connection is closed; 0 never",
        hasura("PG_TIMEOUT", seconds, "timeout"),
    )
    connection_lifetime: float = setting(
        600.0,
        "age in seconds at which a connection is closed, once idle; 0 never",
        hasura("PG_CONN_LIFETIME", seconds, "conn-lifetime"),
    )
    connect_retries: int = setting(
        1,
        "further tries to open a connection where nobody answers",
        hasura("NO_OF_RETRIES", whole(0, 10), "retries"),
    )
    isolation_level: str = setting(
        "read-committed",
        "isolation level of sources that declare none",
        hasura(
            "TX_ISOLATION", one_of("read-committed", "repeatable-read", "serializable"), "tx-iso"
        ),
    )
    prepared_statements: bool = setting(
        True,
        "keep prepared statements, for sources that do not say",
        hasura("USE_PREPARED_STATEMENTS", switch),
    )
    dynamic_secrets_allowed_path_prefix: Path | None = setting(
        None,
        "folder below which files may be named by `dynamic_from_file`",
        hasura("DYNAMIC_SECRETS_ALLOWED_PATH_PREFIX", directory),
    )
    statement_timeout: float = setting(
        60.0, "longest run of one SQL statement; 0 is no limit", own("STATEMENT_TIMEOUT", seconds)
    )
    script_timeout: float = setting(
        3_600.0,
        "longest run of a script of `run_sql`, or of `pg_dump`; 0 is no limit",
        own("SCRIPT_TIMEOUT", seconds),
    )
    preparation_timeout: float = setting(
        30.0,
        "longest wait until a large request is read and planned, or an introspection is answered; "
        "0 is no limit",
        own("PREPARATION_TIMEOUT", seconds),
    )
    introspection_limit: int = setting(
        30,
        "fields of an introspection answer at most, for each type, field, argument and value of "
        "the role's schema; the whole schema takes about 10; 0 is no limit",
        own("INTROSPECTION_LIMIT", whole()),
    )
    head_limit: int = setting(
        64 * 1024,
        "bytes of a request's line and headers at most; 0 is no limit",
        own("HEAD_LIMIT", whole()),
    )
    head_timeout: float = setting(
        10.0,
        "seconds in which the head of a request must come; 0 is no limit",
        own("HEAD_TIMEOUT", seconds),
    )
    body_timeout: float = setting(
        30.0,
        "seconds in which each 128 KiB of a request's body must come; 0 is no limit",
        own("BODY_TIMEOUT", seconds),
    )
    write_timeout: float = setting(
        30.0,
        "seconds after which a client is cut off that reads nothing of its answer; 0 is no limit",
        own("WRITE_TIMEOUT", seconds),
    )
    body_limit: int = setting(
        10 * 1024 * 1024, "bytes of a request at most; 0 is no limit", own("BODY_LIMIT", whole())
    )
    batch_limit: int = setting(
        100, "operations of a batch at most; 0 is no limit", own("BATCH_LIMIT", whole())
    )
    document_limit: int = setting(
        256 * 1024,
        "characters of a document at most; 0 is no limit",
        own("DOCUMENT_LIMIT", whole()),
    )
    depth_limit: int = setting(
        100,
        "nesting of selections and input objects at most; 0 is no limit",
        own("DEPTH_LIMIT", whole()),
    )
    relationship_limit: int = setting(
        12,
        "levels of relationships at most, for roles other than admin; 0 is no limit",
        own("RELATIONSHIP_LIMIT", whole()),
    )
    token_limit: int = setting(
        15_000,
        "tokens of a document at most, and of an operation's inputs with variables and fragments "
        "filled in, rows to insert left out; 0 is no limit",
        own("TOKEN_LIMIT", whole()),
    )
    node_limit: int = setting(
        1_000,
        "fields of an operation at most, fragments expanded; 0 is no limit",
        own("NODE_LIMIT", whole()),
    )
    subscription_limit: int = setting(
        100,
        "subscriptions of a websocket at most; 0 is no limit",
        own("SUBSCRIPTION_LIMIT", whole()),
    )

    log_level: str = setting(
        "info", "least level logged", hasura("LOG_LEVEL", one_of("debug", "info", "warn", "error"))
    )
    enabled_log_types: frozenset[str] = setting(
        words(LOG_TYPES), "kinds of log lines written", hasura("ENABLED_LOG_TYPES", words)
    )
    schema_sync_poll_interval: int = setting(
        1_000,
        "milliseconds between looks for another engine's change of metadata; 0 never looks",
        hasura("SCHEMA_SYNC_POLL_INTERVAL", whole()),
    )
    reintrospection_interval: float = setting(
        10.0,
        "seconds between two introspections because a statement named what a database no longer "
        "has; 0: never for that reason",
        own("REINTROSPECTION_INTERVAL", seconds),
    )
    websocket_keepalive: float = setting(
        5.0, "seconds between keep-alive messages", hasura("WEBSOCKET_KEEPALIVE", seconds)
    )
    websocket_init_timeout: float = setting(
        3.0,
        "seconds within which a websocket must send connection_init",
        hasura("WEBSOCKET_CONNECTION_INIT_TIMEOUT", seconds),
    )
    live_queries_refetch_interval: int = setting(
        1_000,
        "milliseconds between two polls of a live query",
        hasura("LIVE_QUERIES_MULTIPLEXED_REFETCH_INTERVAL", whole(1)),
    )
    live_queries_batch_size: int = setting(
        100,
        "subscribers that share one SQL statement at most",
        hasura("LIVE_QUERIES_MULTIPLEXED_BATCH_SIZE", whole(1)),
    )
    close_websockets_on_metadata_change: bool = setting(
        True,
        "close websockets with 1012 when the metadata changes",
        hasura("CLOSE_WEBSOCKETS_ON_METADATA_CHANGE", switch),
    )
    graceful_shutdown_timeout: float = setting(
        60.0,
        "seconds that requests under way get at SIGTERM",
        hasura("GRACEFUL_SHUTDOWN_TIMEOUT", seconds),
    )

    environment: Mapping[str, str] = field(default_factory=dict)
    """The process environment, for `{{VAR}}` templates and `from_env` of the metadata."""
    warnings: tuple[str, ...] = ()
    """What deserves a line in the log at the start: unknown variables, weak or missing secrets."""

    @classmethod
    def read(
        cls, environ: Mapping[str, str], flags: Mapping[str, str | bool | None] | None = None
    ) -> "Settings":
        """Settings from the environment, flags (name without dashes) winning over it.

        Raises `SettingsError`, naming the variable, where one is missing, malformed or in conflict.
        """
        values = collect(declared_by(cls), environ, flags or {})
        settings = cls(**values, environment=dict(environ))
        if not settings.metadata_database_url:
            settings = replace(settings, metadata_database_url=settings.database_url or "")
        if settings.allow_no_admin_secret and not settings.admin_secrets:
            settings = replace(settings, server_host=values.get("server_host", "127.0.0.1"))
        check(settings)
        return replace(settings, warnings=notices(settings, declared_by(cls), environ))
