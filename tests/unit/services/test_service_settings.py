"""Settings of the services: every mistake is a sentence that names the variable."""

import subprocess
import sys
from pathlib import Path

import pytest

from actions.settings import ActionsSettings
from auth.settings import AuthSettings
from service.settings import Environment, SettingsError

AUTH = {
    "DATABASE_URL": "postgresql://db",
    "AUTH_PRIVATE_KEY_DIR": "/nowhere",
    "AUTH_ISSUER": "https://auth.test",
}
ACTIONS = {
    "DATABASE_URL": "postgresql://db",
    "AUTH_URL": "http://auth/",
    "AUTH_ISSUER": "https://auth.test",
    "ACTIONS_SECRET": "0123456789abcdef",
    "ACTIONS_PUBLIC_URL": "http://actions/",
    "S3_ENDPOINT_URL": "http://s3",
    "S3_ACCESS_KEY": "key",
    "S3_SECRET_KEY": "secret",
    "S3_BUCKET": "photos",
}
ROOT = Path(__file__).parents[3]


def test_defaults_are_the_safe_ones() -> None:
    settings = AuthSettings.read(Environment(AUTH))
    assert settings.access_seconds == 900
    assert settings.limits.per_account == 5
    assert settings.limits.per_address == 20
    assert settings.gateway_secret is None
    assert settings.trusted_proxies == ()


@pytest.mark.parametrize("name", sorted(AUTH))
def test_auth_names_what_is_missing(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        AuthSettings.read(Environment({**AUTH, name: ""}))


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_actions_names_what_is_missing(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        ActionsSettings.read(Environment({key: ACTIONS[key] for key in ACTIONS if key != name}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AUTH_ACCESS_SECONDS", "901"),
        ("AUTH_ACCESS_SECONDS", "0"),
        ("AUTH_ACCESS_SECONDS", "-1"),
        ("AUTH_ACCESS_SECONDS", "1e3"),
        ("AUTH_HASH_WORKERS", "many"),
        ("AUTH_TRUSTED_PROXIES", "everybody"),
        ("ACTIONS_SECRET", "hunter2"),
    ],
)
def test_auth_names_what_makes_no_sense(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name) as caught:
        AuthSettings.read(Environment({**AUTH, name: value}))
    assert "hunter2" not in str(caught.value)


def test_the_public_endpoint_of_the_store_can_be_another() -> None:
    plain = ActionsSettings.read(Environment(ACTIONS))
    assert plain.storage.public_endpoint == "http://s3"
    public = ActionsSettings.read(Environment({**ACTIONS, "S3_PUBLIC_URL": "https://cdn"}))
    assert public.storage.public_endpoint == "https://cdn"
    assert public.public_url == "http://actions"


@pytest.mark.parametrize("module", ["auth", "actions"])
def test_a_process_ends_with_one_sentence(module: str) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", module],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert answer.stderr == "DATABASE_URL is not set; this service cannot start without it.\n"
