"""Hasura's server flags: switches, values after a space or an equals sign."""

import pytest

from rowgate.cli.flags import parsed
from rowgate.settings import Settings, SettingsError
from rowgate.settings.declaration import declared_by

DECLARED = declared_by(Settings)


@pytest.mark.parametrize(
    ("line", "flags"),
    [
        ("--server-port 80", {"server-port": "80"}),
        ("--server-port=80", {"server-port": "80"}),
        ("--stringify-numeric-types", {"stringify-numeric-types": True}),
        (
            "--stringify-numeric-types --admin-secret x",
            {"stringify-numeric-types": True, "admin-secret": "x"},
        ),
        ("--enable-console false", {"enable-console": "false"}),
        ("--enable-console=true", {"enable-console": "true"}),
        ("--enable-telemetry=false", {"enable-telemetry": "false"}),
        ("--enable-telemetry false --dev-mode", {"enable-telemetry": "false", "dev-mode": True}),
        ("--use-prepared-statements", {"use-prepared-statements": True}),
        ("--admin-secret=a=b", {"admin-secret": "a=b"}),
        ("--admin-secret=", {"admin-secret": ""}),
    ],
)
def test_forms_of_flags(line: str, flags: dict[str, object]) -> None:
    assert parsed(line.split(), DECLARED) == flags


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("server", "'server' belongs to no flag"),
        ("--dev-mode console", "'console' belongs to no flag"),
        ("--server-port", "--server-port needs a value"),
        ("--server-port --dev-mode", "--server-port needs a value"),
    ],
)
def test_forms_that_are_refused(line: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        parsed(line.split(), DECLARED)
