"""Settings: one table, flags over variables, every mistake named, secrets never told."""

import json
from pathlib import Path

import pytest

from rowgate.settings import Settings, SettingsError
from rowgate.settings.declaration import declared_by
from rowgate.settings.reading import ONLY_REPORTED, WITHOUT_EFFECT

URL = "postgresql://u@localhost/db"
SECRET = "s" * 32
LEAST = {"HASURA_GRAPHQL_DATABASE_URL": URL, "HASURA_GRAPHQL_ADMIN_SECRET": SECRET}
KEY = json.dumps({"type": "HS256", "key": "k" * 40})


def test_defaults_are_safe() -> None:
    settings = Settings.read(LEAST)
    assert settings.metadata_database_url == settings.database_url == URL
    assert settings.admin_secrets == (SECRET,)
    assert settings.enabled_apis == {"metadata", "graphql", "pgdump", "config"}
    assert settings.cors_domain is None
    assert not settings.enable_console
    assert not settings.trust_unauthorized_headers
    assert (settings.body_limit, settings.pool_timeout) == (10 * 1024 * 1024, 10.0)
    assert settings.warnings == ()


def test_every_default_could_have_been_given() -> None:
    """No two settings share a variable or a flag, and each says what it means."""
    origins = [origin for one in declared_by(Settings) for origin in one.origins]
    assert len({origin.variable for origin in origins}) == len(origins)
    assert len({origin.flag for origin in origins}) == len(origins)
    assert not WITHOUT_EFFECT & {origin.variable for origin in origins}
    assert all(one.meaning for one in declared_by(Settings))


def test_flags_win_over_variables() -> None:
    environ = LEAST | {"HASURA_GRAPHQL_SERVER_PORT": "1", "HASURA_GRAPHQL_DEV_MODE": "false"}
    settings = Settings.read(environ, {"server-port": "2", "dev-mode": True, "log-level": None})
    assert (settings.server_port, settings.dev_mode, settings.log_level) == (2, True, "info")


def test_the_drop_in_command_line_is_taken_as_it_is() -> None:
    flags: dict[str, str | bool | None] = {
        "metadata-database-url": URL,
        "enable-telemetry": "false",
        "server-port": "8123",
        "stringify-numeric-types": True,
        "admin-secret": SECRET,
    }
    settings = Settings.read({}, flags)
    assert (settings.database_url, settings.metadata_database_url) == (None, URL)
    assert (settings.server_port, settings.stringify_numeric_types) == (8123, True)
    assert settings.warnings == ()


def test_several_admin_secrets_override_the_single_one() -> None:
    several = {"HASURA_GRAPHQL_ADMIN_SECRETS": json.dumps(["a" * 32, "b" * 32])}
    assert Settings.read(LEAST | several).admin_secrets == ("a" * 32, "b" * 32)


def test_without_an_admin_secret_it_does_not_start() -> None:
    environ = {"HASURA_GRAPHQL_DATABASE_URL": URL}
    with pytest.raises(SettingsError, match=r"HASURA_GRAPHQL_ADMIN_SECRET .* everyone is admin"):
        Settings.read(environ)


def test_unless_told_to_and_then_it_is_loud_and_keeps_to_the_loopback() -> None:
    environ = {"HASURA_GRAPHQL_DATABASE_URL": URL, "ROWGATE_ALLOW_NO_ADMIN_SECRET": "true"}
    settings = Settings.read(environ)
    assert settings.server_host == "127.0.0.1"
    assert any("NO ADMIN SECRET" in warning for warning in settings.warnings)
    told = Settings.read(environ | {"HASURA_GRAPHQL_SERVER_HOST": "0.0.0.0"})
    assert told.server_host == "0.0.0.0"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"HASURA_GRAPHQL_DATABASE_URL": ""}, "HASURA_GRAPHQL_DATABASE_URL .* is empty"),
        ({"HASURA_GRAPHQL_ADMIN_SECRET": ""}, "HASURA_GRAPHQL_ADMIN_SECRET .* is empty"),
        ({"HASURA_GRAPHQL_SERVER_PORT": "http"}, "SERVER_PORT .* is 'http', not a whole number"),
        ({"HASURA_GRAPHQL_SERVER_PORT": "65536"}, "SERVER_PORT .* not between 0 and 65535"),
        ({"HASURA_GRAPHQL_DEV_MODE": "maybe"}, "DEV_MODE .* neither true nor false"),
        ({"HASURA_GRAPHQL_ENABLED_APIS": "graphql,soap"}, "ENABLED_APIS .* names 'soap'"),
        ({"HASURA_GRAPHQL_LOG_LEVEL": "loud"}, "LOG_LEVEL .* is 'loud'; one of debug"),
        ({"HASURA_GRAPHQL_AUTH_HOOK_MODE": "PUT"}, "AUTH_HOOK_MODE .* one of GET, POST"),
        ({"HASURA_GRAPHQL_JWT_SECRET": "[]"}, "JWT_SECRET .* is not a JSON object"),
        ({"HASURA_GRAPHQL_JWT_SECRETS": "{}"}, "JWT_SECRETS .* is not a JSON array of objects"),
        ({"HASURA_GRAPHQL_ADMIN_SECRETS": "[]"}, "ADMIN_SECRETS .* is not a JSON array of texts"),
        ({"HASURA_GRAPHQL_PG_POOL_TIMEOUT": "nan"}, "PG_POOL_TIMEOUT .* is not|not a duration"),
        ({"HASURA_GRAPHQL_PG_POOL_TIMEOUT": "-1"}, "PG_POOL_TIMEOUT .* not a duration"),
        ({"ROWGATE_METADATA_DIRECTORY": "/nowhere"}, "METADATA_DIRECTORY .* not a directory"),
        (
            {"HASURA_GRAPHQL_JWT_SECRET": KEY, "HASURA_GRAPHQL_AUTH_HOOK": "http://hook"},
            "JWT_SECRET and HASURA_GRAPHQL_AUTH_HOOK exclude each other",
        ),
        (
            {"HASURA_GRAPHQL_UNAUTHORIZED_ROLE": "x", "HASURA_GRAPHQL_AUTH_HOOK": "http://hook"},
            "UNAUTHORIZED_ROLE does not go with HASURA_GRAPHQL_AUTH_HOOK",
        ),
        ({"HASURA_GRAPHQL_ADMIN_SECRET": "myadminsecretkey"}, "printed in public examples"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_the_variable(
    given: dict[str, str], sentence: str
) -> None:
    with pytest.raises(SettingsError, match=sentence):
        Settings.read(LEAST | given)


def test_tokens_need_an_admin_secret_too() -> None:
    environ = {"HASURA_GRAPHQL_DATABASE_URL": URL, "ROWGATE_ALLOW_NO_ADMIN_SECRET": "true"}
    with pytest.raises(SettingsError, match="JWT_SECRET needs HASURA_GRAPHQL_ADMIN_SECRET"):
        Settings.read(environ | {"HASURA_GRAPHQL_JWT_SECRET": KEY})


def test_without_a_database_the_sentence_names_both_variables() -> None:
    with pytest.raises(SettingsError, match=r"DATABASE_URL or HASURA_GRAPHQL_METADATA_DATABASE"):
        Settings.read({"HASURA_GRAPHQL_ADMIN_SECRET": SECRET})


def test_an_unknown_flag_is_refused_and_an_unknown_variable_named() -> None:
    with pytest.raises(SettingsError, match="There is no flag --sever-port"):
        Settings.read(LEAST, {"sever-port": "1"})
    odd = {"HASURA_GRAPHQL_SEVER_PORT": "1", "HASURA_GRAPHQL_PG_STRIPES": "2"}
    warnings = Settings.read(LEAST | odd).warnings
    assert [warning.split()[0] for warning in warnings] == sorted(odd)
    assert "has no effect" in warnings[0]


def test_what_nothing_obeys_yet_is_named() -> None:
    name = "HASURA_GRAPHQL_ENABLE_REMOTE_SCHEMA_PERMISSIONS"
    (warning,) = Settings.read(LEAST | {name: "true"}).warnings
    assert warning == f"{name} is accepted and has no effect."
    declared = {origin.variable for one in declared_by(Settings) for origin in one.origins}
    assert declared > ONLY_REPORTED


def test_no_secret_is_in_a_message_or_a_representation(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.read(LEAST | {"HASURA_GRAPHQL_JWT_SECRET": '{"key": "canary-in-a-mine"'})
    assert "canary" not in str(refused.value)
    settings = Settings.read(LEAST | {"ROWGATE_METADATA_DIRECTORY": str(tmp_path)})
    assert SECRET not in repr(settings) + str(settings.warnings)
    assert settings.metadata_directory == tmp_path


def test_a_short_secret_is_advised_against() -> None:
    warnings = Settings.read(LEAST | {"HASURA_GRAPHQL_ADMIN_SECRET": "short-one"}).warnings
    assert warnings == ("An admin secret is shorter than the advised 32 characters.",)


def test_the_environment_is_kept_for_metadata_that_names_it() -> None:
    assert Settings.read(LEAST | {"MY_URL": "x"}).environment["MY_URL"] == "x"
