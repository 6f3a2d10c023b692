"""`rowgate run`: everything starts and answers, keeps data, tells no secret, and all of it ends.

Each test runs the command as a user does, on free ports and with a state folder of its own.
"""

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from rowgate.cli.development.manifest import FILE, read
from rowgate.cli.development.project import read_env, secret_names
from rowgate.postgres import EmbeddedPostgres
from rowgate.postgres.ports import answers

ROOT = Path(__file__).parents[2]
PARTS = ("rowgate", "service", "auth", "actions", "db", "metadata", "deploy", "rowgate.toml")
PATIENCE = 60.0
SECOND_START = 5.0
TRIES = 4


class Run:
    """A `rowgate run` under way, its output in a file."""

    def __init__(self, state: Path, project: Path = ROOT, **environment: str) -> None:
        self.state = state
        self.output = state.with_suffix(".out")
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        command = (sys.executable, "-m", "rowgate", "run", "--free-ports")
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                (*command, "--state-folder", str(state)),
                cwd=project,
                env=kept | environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.began = time.monotonic()

    def ready(self) -> dict[str, Any]:
        """What `run.json` tells once everything is up."""
        file = self.state / "run.json"
        while time.monotonic() - self.began < PATIENCE:
            if self.process.poll() is not None:
                raise AssertionError(self.output.read_text())
            if file.exists():
                told = json.loads(file.read_text())
                if told["process"] == self.process.pid:
                    return dict(told)
            time.sleep(0.02)
        raise AssertionError(f"not ready: {self.output.read_text()}")

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(30)

    def failed(self) -> str:
        """The output of a run that could not start."""
        assert self.process.wait(PATIENCE) == 1
        return self.output.read_text()

    def told_secrets(self) -> list[str]:
        """Secrets that are in its output or in a log."""
        secrets = read_env(self.state / ".env")
        files = [self.output, *(self.state / "logs").iterdir()]
        written = "".join(file.read_text(errors="replace") for file in files)
        names = secret_names(read(ROOT / FILE))
        return [name for name in names if secrets[name] in written]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "state"
    with EmbeddedPostgres(tmp_path / "state" / "postgres") as server:
        assert server.process_id, "a stopped run leaves a database that starts"


def as_curl_sends(line: str) -> Any:
    """The answer to a `curl -s URL -d BODY` line, sent with curl's own content type."""
    _, _, url, _, body = shlex.split(line)
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return httpx.post(url, content=body, headers=kind).json()


def row_count(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("select count(*) from kept").fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.alone
def test_a_run_answers_keeps_its_data_and_ends(state: Path) -> None:
    first = Run(state)
    told = first.ready()
    check_answers(first, told)
    check_it_is_the_only_one(first)
    with psycopg.connect(told["database_url"]) as connection:
        connection.execute("create table kept as select 1 as id")
        superuser = "select rolsuper from pg_roles where rolname = current_user"
        assert connection.execute(superuser).fetchone() == (False,)
    assert first.stop() == 0
    assert not any(answers(port) for port in ports(told))
    assert not (state / "run.json").exists()
    assert first.told_secrets() == []

    second, told = started_soon(state)
    assert row_count(told["database_url"]) == 1
    os.kill(process_of(told["urls"]["auth"]), signal.SIGKILL)
    assert second.process.wait(30) == 1
    assert "rowgate: auth was killed by signal 9" in second.output.read_text()
    assert not any(answers(port) for port in ports(told))


def started_soon(state: Path) -> tuple[Run, dict[str, Any]]:
    """A further run of `state` that was ready in time; a busy machine may need a few tries."""
    for _ in range(TRIES):
        run = Run(state)
        told = run.ready()
        if time.monotonic() - run.began < SECOND_START:
            return run, told
        assert run.stop() == 0
    raise AssertionError(f"not ready within {SECOND_START} s, {TRIES} times")


def check_answers(run: Run, told: dict[str, Any]) -> None:
    """Every process is well, and the request to paste is answered with seeded rows."""
    for name, url in told["urls"].items():
        assert httpx.get(f"{url}/healthz").status_code == 200, name
    output = run.output.read_text()
    (line,) = [line for line in output.splitlines() if line.startswith("  curl ")]
    assert told["pages"]["graphql"] in line
    answer = as_curl_sends(line)
    assert answer["data"]["shelter_animals"], answer
    assert "test_user" in output


def check_it_is_the_only_one(run: Run) -> None:
    """Neither another run nor a reset of the same state begins."""
    for words in (("run", "--free-ports"), ("reset", "--yes")):
        other = subprocess.run(
            (sys.executable, "-m", "rowgate", *words, "--state-folder", str(run.state)),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert other.returncode == 1
        assert f"It runs already, as process {run.process.pid}" in other.stderr


def ports(told: dict[str, Any]) -> list[int]:
    return [int(url.rsplit(":", 1)[1]) for url in told["urls"].values()]


def process_of(url: str) -> int:
    """The process whose environment says that it listens on the port of `url`."""
    port = url.rsplit(":", 1)[1]
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            environment = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"PORT={port}".encode() in environment:
            return int(entry.name)
    raise AssertionError(f"nobody listens at {url}")


def test_a_killed_supervisor_leaves_nothing_that_hinders_the_next_start(state: Path) -> None:
    first = Run(state)
    told = first.ready()
    first.process.kill()
    first.process.wait()
    again = Run(state)
    again.ready()
    assert again.stop() == 0
    assert not any(answers(port) for port in ports(told))


def test_a_busy_port_is_named_with_its_setting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        output = Run(tmp_path / "state", ROWGATE_ACTIONS_PORT=port).failed()
    assert f"in use by another program: {port} (actions)" in output
    assert "ROWGATE_ACTIONS_PORT" in output
    assert "Traceback" not in output


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project that a test may spoil."""
    copy = tmp_path / "project"
    for part in PARTS:
        ignored = shutil.ignore_patterns("__pycache__", "console_static")
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, copy / part, ignore=ignored)
        else:
            shutil.copy(ROOT / part, copy / part)
    return copy


def test_a_broken_migration_is_one_sentence(state: Path, project: Path) -> None:
    versions = project / "db" / "migrations" / "versions"
    newest = max(versions.glob("[0-9]*.py")).read_text()
    head = newest.split("\nrevision")[1].split('"')[1]
    (versions / "zzzz_broken.py").write_text(
        f'revision = "zzzz"\ndown_revision = "{head}"\nfrom alembic import op\n'
        'def upgrade():\n    op.execute("select 1 from nowhere_at_all")\n'
        "def downgrade():\n    op.execute('select 1')\n"
    )
    output = Run(state, project).failed()
    assert "The migration failed: db/migrations/versions/zzzz_broken.py:5" in output
    assert "nowhere_at_all" in output
    assert "Traceback" not in output


def test_data_of_another_major_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "state" / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")
    output = Run(tmp_path / "state").failed()
    assert "The data directory belongs to Postgres 9" in output
    assert "rowgate reset" in output


def test_a_database_that_is_given_is_used_and_none_started(
    tmp_path: Path, database_url: str
) -> None:
    run = Run(tmp_path / "state", DATABASE_URL=database_url)
    told = run.ready()
    assert told["database_url"] == database_url
    assert not (tmp_path / "state" / "postgres").exists()
    assert run.stop(signal.SIGTERM) == 0


def test_a_database_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    output = Run(tmp_path / "state", DATABASE_URL="postgresql://u:p@127.0.0.1:1/x").failed()
    assert "The database of DATABASE_URL does not answer" in output
    assert "Traceback" not in output


def test_reset_asks_and_drops(tmp_path: Path) -> None:
    state = tmp_path / "state"
    (state / "postgres").mkdir(parents=True)
    (state / "keys").mkdir()
    command = (sys.executable, "-m", "rowgate", "reset", "--state-folder", str(state))
    asked = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    assert (asked.returncode, "rowgate reset --yes" in asked.stderr) == (1, True)
    assert (state / "postgres").exists()
    subprocess.run((*command, "--yes"), cwd=ROOT, capture_output=True, check=True)
    assert not (state / "postgres").exists()
    assert (state / "keys").exists()
