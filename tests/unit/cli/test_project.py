"""The project folder: `.env` and its secrets, ports, the lock, and last words of logs."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest

from rowgate.cli.development.children import last_words
from rowgate.cli.development.project import (
    locked,
    opened,
    ports_taken,
    read_env,
    secret_names,
    taken_ports,
)
from rowgate.cli.failures import CommandError
from rowgate.cli.revisions import last_line
from rowgate.postgres import ports
from rowgate.postgres.binaries import account
from rowgate.postgres.ports import free_port

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder with the reference application's manifest, and none of the variables that a run
    reads."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "rowgate.toml", tmp_path)
    for name in list(os.environ):
        if name.startswith(("ROWGATE_", "HASURA_", "S3_", "ACTIONS_", "SEED_", "DATABASE_")):
            monkeypatch.delenv(name)


def test_secrets_are_generated_once_into_a_private_file() -> None:
    first = opened(None, free_ports=True)
    generated = secret_names(first.manifest)
    assert Path(".env").stat().st_mode & 0o777 == 0o600
    assert all(len(first.values[name]) >= 32 for name in generated)
    assert len({first.values[name] for name in generated}) == len(generated)
    again = opened(None, free_ports=True)
    names = generated
    assert [again.values[name] for name in names] == [first.values[name] for name in names]


def test_what_the_user_gave_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("# mine\nSEED_PASSWORD='with spaces'\nexport MORE=1\n")
    monkeypatch.setenv("ACTIONS_SECRET", "from-the-environment")
    project = opened(None, free_ports=True)
    text = Path(".env").read_text()
    assert text.startswith("# mine\nSEED_PASSWORD='with spaces'\nexport MORE=1\n")
    assert "ACTIONS_SECRET" not in text
    assert project.values["SEED_PASSWORD"] == "with spaces"
    assert project.values["ACTIONS_SECRET"] == "from-the-environment"
    assert project.values["MORE"] == "1"
    assert Path(".env").stat().st_mode & 0o777 == 0o600


def test_a_state_folder_of_its_own_holds_its_own_secrets(tmp_path: Path) -> None:
    project = opened(tmp_path / "state", free_ports=True)
    assert (tmp_path / "state" / ".env").exists()
    assert not Path(".env").exists()
    assert project.state.stat().st_mode & 0o777 == (0o700 if account().user is None else 0o711)


def test_a_malformed_line_is_named() -> None:
    Path(".env").write_text("A=1\nno equals sign\n")
    with pytest.raises(CommandError, match=r"\.env:2 is not a line of the form NAME=value"):
        read_env(Path(".env"))


def test_every_port_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("engine", "auth", "actions", "postgres", "s3", "front")
    for number, name in enumerate(names, start=2001):
        monkeypatch.setenv(f"ROWGATE_{name.upper()}_PORT", str(number))
    assert opened(None, free_ports=True).ports == dict(zip(names, range(2001, 2007), strict=True))
    monkeypatch.setenv("ROWGATE_AUTH_PORT", "0")
    assert opened(None, free_ports=False).ports["auth"] > 0
    monkeypatch.setenv("ROWGATE_AUTH_PORT", "eighty")
    with pytest.raises(CommandError, match="ROWGATE_AUTH_PORT is 'eighty', not a port"):
        opened(None, free_ports=False)


def test_all_taken_ports_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as first,
        socket.create_server(("127.0.0.1", 0)) as second,
    ):
        one, two = first.getsockname()[1], second.getsockname()[1]
        monkeypatch.setenv("ROWGATE_S3_PORT", str(one))
        monkeypatch.setenv("ROWGATE_AUTH_PORT", str(two))
        project = opened(None, free_ports=True)
        taken = taken_ports(project, {"engine", "s3", "auth"})
        assert set(taken) == {"s3", "auth"}
        told = str(ports_taken(project, taken))
        assert f"{one} (s3)" in told
        assert f"{two} (auth)" in told
        assert "ROWGATE_S3_PORT=" in told
        assert "`rowgate run --free-ports`" in told
        assert taken_ports(project, {"engine"}) == []
        assert free_port() not in (one, two)


def test_a_port_is_given_once_among_all_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_CHOICE", range(22_528, 22_548))
    monkeypatch.setattr(ports, "_TRIES", 20)
    look = (
        "from rowgate.postgres import ports; ports._CHOICE = range(22_528, 22_548)\n"
        "ports._TRIES = 20; print(*(ports.free_port() for _ in range(5)), flush=True); input()"
    )
    command = (sys.executable, "-c", look)
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True) as other:
        assert other.stdout is not None
        theirs = {int(port) for port in other.stdout.readline().split()}
        ours = {free_port() for _ in range(10)}
        assert len(theirs) == 5
        assert len(ours) == 10
        assert not ours & theirs
        other.communicate("\n")


def test_a_state_folder_is_held_by_one(tmp_path: Path) -> None:
    handle = locked(tmp_path)
    with pytest.raises(CommandError, match=f"It runs already, as process {os.getpid()}"):
        locked(tmp_path)
    os.close(handle)
    os.close(locked(tmp_path))


@pytest.mark.parametrize(
    ("log", "sentence"),
    [
        ("", "it wrote nothing."),
        ("one\ntwo\n", "two."),
        ('{"type": "startup", "detail": {"message": "no database"}}\n', "no database."),
        ('{"message": "no key."}\n', "no key."),
        ("[1]\n", "[1]."),
    ],
)
def test_last_words_are_a_sentence(tmp_path: Path, log: str, sentence: str) -> None:
    file = tmp_path / "x.log"
    file.write_text(log)
    assert last_words(file) == sentence


def test_the_last_line_of_a_traceback_is_the_error_itself() -> None:
    output = (
        "Traceback (most recent call last):\n"
        'psycopg.errors.UndefinedTable: relation "x" does not exist\n'
        'sqlalchemy.exc.ProgrammingError: (UndefinedTable) relation "x" does not exist\n'
        "LINE 1: select 1 from x\n                      ^\n"
        "[SQL: select 1 from x]\n(Background on this error at: elsewhere)\n"
    )
    assert last_line(output).startswith("sqlalchemy.exc.ProgrammingError: (UndefinedTable)")
    assert last_line("") == "it gave no reason."
