"""The embedded Postgres: start, stop, crash and recovery, and the sentences of its refusals."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from rowgate.cli.development.project import opened
from rowgate.postgres import EmbeddedPostgres, LauncherError
from rowgate.postgres.binaries import chosen
from rowgate.postgres.ports import answers, free_port

ROOT = Path(__file__).parents[2]
NOBODY = 65534

HOLDER = """
import sys, time
from pathlib import Path
from rowgate.postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print(server.url, server.process_id, flush=True)
time.sleep(120)
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that each test copies, since making one takes longest."""
    folder = tmp_path_factory.mktemp("launcher") / "template"
    with EmbeddedPostgres(folder, durable=False) as server, psycopg.connect(server.url) as one:
        one.execute("create table kept (id int)")
    return folder


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "postgres"))


def is_running(process: int) -> bool:
    """Whether a process exists and is no zombie that nobody has waited for."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes() != b""
    except FileNotFoundError:
        return False


def count(server: EmbeddedPostgres) -> int:
    with psycopg.connect(server.url) as connection:
        row = connection.execute("select count(*) from kept").fetchone()
    assert row is not None
    return int(row[0])


def test_it_listens_on_loopback_with_scram_and_a_private_password(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        assert (folder / "password").stat().st_mode & 0o777 == 0o600
        assert folder.joinpath("data").stat().st_mode & 0o077 == 0
        with psycopg.connect(server.url) as connection:
            listening = connection.execute("show listen_addresses").fetchone()
            sockets = connection.execute("show unix_socket_directories").fetchone()
        assert (listening, sockets) == (("127.0.0.1",), ("",))
        wrong = server.url.replace(server.password, "wrong")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)


def test_what_was_acknowledged_survives_a_stop_and_a_second_start(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server, psycopg.connect(server.url) as connection:
        connection.execute("insert into kept values (1)")
    assert server.process_id is None
    assert not answers(server.port)
    with EmbeddedPostgres(folder) as server:
        assert count(server) == 1


def test_stopping_ends_sessions_that_are_open(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    server.start()
    connection = psycopg.connect(server.url)
    started = time.monotonic()
    server.stop()
    server.stop()
    assert time.monotonic() - started < 5
    with pytest.raises(psycopg.OperationalError):
        connection.execute("select 1")


def test_it_recovers_from_kill_9_of_the_postmaster(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    server.start()
    with psycopg.connect(server.url) as connection:
        connection.execute("insert into kept values (1)")
    lingering = psycopg.connect(server.url)
    assert server.process_id is not None
    os.kill(server.process_id, signal.SIGKILL)
    server.stop()
    assert (folder / "data" / "postmaster.pid").exists()
    with EmbeddedPostgres(folder) as again:
        assert count(again) == 1
    lingering.close()


def test_a_reused_process_id_in_the_lock_file_does_not_stop_it(folder: Path) -> None:
    stale = folder / "data" / "postmaster.pid"
    stale.write_text(f"{os.getppid()}\n{folder / 'data'}\n0\n5432\n\n127.0.0.1\n\nready\n")
    with EmbeddedPostgres(folder) as server:
        assert count(server) == 0


@pytest.fixture
def holder(folder: Path) -> subprocess.Popen[str]:
    """Another process that has started the server in `folder`."""
    return subprocess.Popen(
        (sys.executable, "-c", HOLDER, str(folder)), stdout=subprocess.PIPE, text=True, cwd=ROOT
    )


def test_it_recovers_from_kill_9_of_its_parent(folder: Path, holder: subprocess.Popen[str]) -> None:
    assert holder.stdout is not None
    url, postmaster = holder.stdout.readline().split()
    with psycopg.connect(url) as connection:
        connection.execute("insert into kept values (1)")
    holder.kill()
    holder.communicate()
    with EmbeddedPostgres(folder) as server:
        assert count(server) == 1
        assert server.process_id != int(postmaster)
    assert not is_running(int(postmaster))


def test_a_second_start_of_the_same_folder_names_the_first(
    folder: Path, holder: subprocess.Popen[str]
) -> None:
    assert holder.stdout is not None
    url = holder.stdout.readline().split()[0]
    with pytest.raises(LauncherError, match=f"already in use by process {holder.pid}"):
        EmbeddedPostgres(folder).start()
    psycopg.connect(url).close()
    holder.terminate()
    holder.communicate()


def test_another_major_is_refused_in_one_sentence(folder: Path) -> None:
    (folder / "data" / "PG_VERSION").write_text("12\n")
    with pytest.raises(LauncherError, match=r"belongs to Postgres 12, .* `rowgate reset`"):
        EmbeddedPostgres(folder).start()


def test_a_busy_port_is_named(folder: Path) -> None:
    port = free_port()
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(LauncherError, match=f"Port {port} is in use"),
    ):
        EmbeddedPostgres(folder, port=port).start()
    with EmbeddedPostgres(folder, port=port) as server:
        assert server.port == port


def test_an_initialisation_that_was_cut_short_starts_over(tmp_path: Path) -> None:
    draft = tmp_path / "postgres" / "data.new"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("15\n")
    with EmbeddedPostgres(tmp_path / "postgres", durable=False) as server:
        psycopg.connect(server.url).close()
    assert not draft.exists()


def test_without_any_postgres_the_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(LauncherError, match="install the Debian package `postgresql`"):
        chosen(None, system=tmp_path)


def test_it_starts_for_the_other_kind_of_user_too(tmp_path: Path) -> None:
    """Root starts it as a normal user would: inside a user namespace of its own."""
    if os.geteuid() != 0:
        pytest.skip("the run is a normal user's already; every other test here shows that case")
    command = """
import os, sys
from pathlib import Path
import psycopg
from rowgate.postgres import EmbeddedPostgres
from rowgate.postgres.binaries import Account, account
assert os.geteuid() == 1000 and account() == Account()
with EmbeddedPostgres(Path(sys.argv[1])) as server, psycopg.connect(server.url) as one:
    print(one.execute("select 41 + 1").fetchone()[0])
"""
    answer = subprocess.run(
        (
            "unshare",
            "-U",
            "--map-user=1000",
            "--map-group=1000",
            sys.executable,
            "-c",
            command,
            str(tmp_path / "postgres"),
        ),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    if "Operation not permitted" in answer.stderr:
        pytest.skip("this machine forbids user namespaces; every other test here shows that case")
    assert (answer.stdout, answer.stderr) == ("42\n", "")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter, as those of tests are not."""
    folder = Path(tempfile.mkdtemp(prefix="launcher-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def no_namespaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine, and root on it, where `unshare` is refused."""
    if os.geteuid() != 0:
        pytest.skip("only root has to become somebody else")
    refusing = tmp_path / "programs" / "unshare"
    refusing.parent.mkdir()
    refusing.write_text("#!/bin/sh\necho 'unshare failed: Operation not permitted' >&2\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setenv("PATH", f"{refusing.parent}:{os.environ['PATH']}")


def user_of(server: EmbeddedPostgres) -> int:
    return Path(f"/proc/{server.process_id}").stat().st_uid


@pytest.mark.usefixtures("no_namespaces")
def test_without_user_namespaces_root_starts_it_as_nobody(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = open_folder / "postgres"
    with EmbeddedPostgres(place, durable=False) as server:
        assert user_of(server) == NOBODY
        assert (place / "password").stat().st_mode & 0o777 == 0o600
        with psycopg.connect(server.url) as connection:
            connection.execute("create table kept (id int); insert into kept values (1)")
    monkeypatch.undo()
    with EmbeddedPostgres(place, durable=False) as again:
        assert user_of(again) == NOBODY
        assert count(again) == 1


@pytest.mark.usefixtures("no_namespaces")
def test_without_user_namespaces_root_hands_over_what_it_had(
    template: Path, open_folder: Path
) -> None:
    place = shutil.copytree(template, open_folder / "postgres")
    assert (place / "data").stat().st_uid == 0
    with EmbeddedPostgres(place, durable=False) as server:
        assert user_of(server) == NOBODY
        assert count(server) == 0
        lingering = psycopg.connect(server.url)
        assert server.process_id is not None
        os.kill(server.process_id, signal.SIGKILL)
    with EmbeddedPostgres(place, durable=False) as again:
        assert count(again) == 0
    lingering.close()


@pytest.mark.usefixtures("no_namespaces")
def test_the_folder_of_a_run_lets_nobody_through_and_shows_nothing(open_folder: Path) -> None:
    project = opened(open_folder / "state", free_ports=True)
    assert project.state.stat().st_mode & 0o777 == 0o711
    assert project.secrets_file.stat().st_mode & 0o777 == 0o600
    with EmbeddedPostgres(project.state / "postgres", durable=False) as server:
        assert user_of(server) == NOBODY


@pytest.mark.usefixtures("no_namespaces")
def test_a_folder_that_nobody_may_enter_is_named(open_folder: Path) -> None:
    open_folder.chmod(0o700)
    place = open_folder / "postgres"
    with pytest.raises(LauncherError, match=f"user {NOBODY} may not enter {place}: start as a"):
        EmbeddedPostgres(place).start()
