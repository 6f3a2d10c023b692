"""What each process of a manifest is told, and which secrets it is not told."""

import os
from pathlib import Path

import pytest

from rowgate.cli.development.database import Databases
from rowgate.cli.development.environments import child
from rowgate.cli.development.project import Project, opened
from rowgate.cli.failures import CommandError

DATABASES = Databases("postgresql://a", "postgresql://m")
MANIFEST = """
[environment]
GREETING = "hello from ${web.url}"
[engine]
secrets = ["SHARED"]
[engine.environment]
HOOK = "${web.url}/hook?${GREETING}"
[processes.web]
command = ["python", "-m", "web", "--port", "${PORT}"]
port = 9000
secrets = ["SHARED", "OWN"]
[processes.web.environment]
KEYS = "${state}/keys"
TABLES = "${database.url} ${metadata.url}"
[processes.other]
command = ["other"]
port = 9001
"""


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Project:
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(("ROWGATE_", "HASURA_", "DATABASE_")):
            monkeypatch.delenv(name)
    (tmp_path / "rowgate.toml").write_text(MANIFEST)
    return opened(None, free_ports=False)


def told(project: Project, name: str) -> dict[str, str]:
    """The environment of a process."""
    found = {one.name: one for one in (*project.manifest.processes, project.manifest.engine)}
    return dict(child(project, found[name], DATABASES).environment)


def test_references_are_filled_in(project: Project, tmp_path: Path) -> None:
    web = told(project, "web")
    assert web["GREETING"] == "hello from http://127.0.0.1:9000"
    assert web["KEYS"] == f"{tmp_path}/.rowgate/keys"
    assert web["TABLES"] == "postgresql://a postgresql://m"
    assert (web["PORT"], web["HOST"]) == ("9000", "127.0.0.1")
    hook = "http://127.0.0.1:9000/hook?hello from http://127.0.0.1:9000"
    assert told(project, "engine")["HOOK"] == hook
    [first, *_] = project.manifest.processes
    assert child(project, first, DATABASES).command[1:] == ("-m", "web", "--port", "9000")


def test_a_secret_goes_to_those_that_name_it(project: Project) -> None:
    secrets = {name: project.values[name] for name in project.secrets}
    own = ("HASURA_GRAPHQL_ADMIN_SECRET", "SHARED")
    for name, wanted in {"engine": own, "web": ("SHARED", "OWN"), "other": ()}.items():
        values = set(told(project, name).values())
        assert {key for key, value in secrets.items() if value in values} == set(wanted), name


def test_the_user_counts_more_than_the_manifest(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GREETING", "good day")
    assert told(opened(None, free_ports=False), "engine")["HOOK"].endswith("/hook?good day")
    assert project.url("web") == "http://127.0.0.1:9000"


def test_an_optional_secret_is_not_generated(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = MANIFEST.replace("port = 9001", 'port = 9001\noptional_secrets = ["OUTSIDE"]')
    (tmp_path / "rowgate.toml").write_text(text)
    assert "OUTSIDE" not in told(opened(None, free_ports=False), "other")
    monkeypatch.setenv("OUTSIDE", "given")
    given = opened(None, free_ports=False)
    assert told(given, "other")["OUTSIDE"] == "given"
    assert "OUTSIDE" not in told(given, "web")
    assert project.url("other") == "http://127.0.0.1:9001"


@pytest.mark.parametrize("reference", ["${nobody.url}", "${NOTHING}", "${OWN}", "${LOOP}"])
def test_a_reference_to_nothing_is_refused(
    project: Project, tmp_path: Path, reference: str
) -> None:
    text = MANIFEST.replace('HOOK = "', f'LOOP = "${{LOOP}}"\nHOOK = "{reference}')
    (tmp_path / "rowgate.toml").write_text(text)
    with pytest.raises(CommandError, match="refers to nothing"):
        told(opened(None, free_ports=False), "engine")
