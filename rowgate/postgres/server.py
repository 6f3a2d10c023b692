"""One embedded server: its data directory, password, port, start, recovery and stop."""

import contextlib
import fcntl
import os
import secrets
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import TypedDict
from urllib.parse import quote

from rowgate.postgres.binaries import (
    SYSTEM,
    Account,
    Binaries,
    LauncherError,
    account,
    chosen,
    dying_with_parent,
)
from rowgate.postgres.ports import LOOPBACK, free_port, is_free
from rowgate.postgres.remnants import clear

SUPERUSER = "postgres"
_TO_START = 60.0
_TO_STOP = ((signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))
_ATTEMPTS_AT_A_FREE_PORT = 3
_UNSAFE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_wal_size=2GB")


class _Ids(TypedDict, total=False):
    user: int
    group: int | None
    extra_groups: tuple[int, ...]


class EmbeddedPostgres:
    """A server with its files below `directory`, listening on the loopback interface only.

    `port` 0 takes a free one at each start. `durable=False` trades safety against a power cut for
    speed: for tests. `system` is where the system's own versions are; where there is none, the
    wheel's is run. Used as `with EmbeddedPostgres(folder) as server: server.url`, or by `start`
    and `stop`. The server ends with the thread that started it, where the kernel offers that.
    """

    def __init__(
        self, directory: Path, *, port: int = 0, durable: bool = True, system: Path = SYSTEM
    ) -> None:
        self.directory = directory.absolute()
        self.port = port
        self._wanted_port = port
        self._durable = durable
        self._system = system
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None
        self._account = Account()

    @property
    def data(self) -> Path:
        """The data directory, of one Postgres major."""
        return self.directory / "data"

    @property
    def log(self) -> Path:
        """What the server wrote since it was started last."""
        return self.directory / "postgres.log"

    @property
    def password(self) -> str:
        """The superuser's password, generated with the data directory."""
        return (self.directory / "password").read_text().strip()

    @property
    def url(self) -> str:
        """The superuser's URL of the database `postgres`."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """The superuser's URL of one database."""
        return f"postgresql://{SUPERUSER}:{self.password}@{LOOPBACK}:{self.port}/{quote(database)}"

    @property
    def process_id(self) -> int | None:
        """The postmaster's process id while it runs."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if self._process is not None and running else None

    def start(self) -> None:
        """Start the server, initialising the data directory first where there is none.

        What an earlier crash left is cleared; Postgres then replays its log. Returns when the
        server accepts connections. Raises `LauncherError`.
        """
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._take_lock()
        try:
            binaries = chosen(self._major(), self._system)
            self._account = account(self._owner())
            self._hand_over(binaries)
            if self._major() is None:
                self._initialise(binaries)
            clear(self.data)
            self._run(binaries)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server: sessions are ended, everything acknowledged is kept. Idempotent."""
        process = self._process
        if process is not None:
            for number, patience in _TO_STOP:
                if process.poll() is None:
                    process.send_signal(number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(patience)
                    break
        self._process = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> "EmbeddedPostgres":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _take_lock(self) -> None:
        lock = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(lock, 32).decode(errors="replace").strip()
            os.close(lock)
            raise LauncherError(
                f"The database in {self.directory} is already in use by process {holder}: stop "
                "that one first."
            ) from None
        os.truncate(lock, 0)
        os.write(lock, str(os.getpid()).encode())
        self._lock = lock

    def _major(self) -> int | None:
        """The major that made the data directory, or nothing where there is none."""
        try:
            return int((self.data / "PG_VERSION").read_text())
        except FileNotFoundError:
            return None
        except ValueError:
            raise LauncherError(
                f"{self.data / 'PG_VERSION'} is not readable as a version: drop the data with "
                "`rowgate reset`."
            ) from None

    def _owner(self) -> int | None:
        """The user whom the data directory belongs to; none where there is none."""
        try:
            return self.data.stat().st_uid
        except FileNotFoundError:
            return None

    def _ids(self) -> "_Ids":
        """As whom a program is run, for `subprocess`."""
        if self._account.user is None:
            return {}
        return {"user": self._account.user, "group": self._account.group, "extra_groups": ()}

    def _hand_over(self, binaries: Binaries) -> None:
        """Let the files belong to whom Postgres is run as, where that is somebody else. Raises
        `LauncherError` where that one may not come to them."""
        if self._account.user is None:
            return
        self._give(self.directory)
        if self._owner() == 0:
            for folder, _, files in os.walk(self.data):
                for one in (Path(folder), *(Path(folder, name) for name in files)):
                    self._give(one)
        for place in (self.directory, binaries.folder):
            asked = ("sh", "-c", 'cd "$0"', str(place))
            if subprocess.run(asked, capture_output=True, check=False, **self._ids()).returncode:
                raise LauncherError(
                    f"Postgres refuses to run as root, this machine forbids user namespaces, and "
                    f"user {self._account.user} may not enter {place}: start as a normal user, "
                    "move the project below a folder that everybody may enter, or set "
                    "DATABASE_URL."
                )

    def _give(self, path: Path) -> None:
        user, group = self._account.user, self._account.group
        if user is not None and group is not None:
            os.chown(path, user, group, follow_symlinks=False)

    def _initialise(self, binaries: Binaries) -> None:
        """`initdb` beside the final place and rename, so that a kill half-way leaves no half."""
        draft = self.directory / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        secret = self.directory / "password"
        secret.unlink(missing_ok=True)
        handle = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
        self._give(secret)
        answer = subprocess.run(
            (
                *self._account.prefix,
                binaries.program("initdb"),
                f"--pgdata={draft}",
                f"--username={SUPERUSER}",
                f"--pwfile={secret}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                *(() if self._durable else ("--no-sync",)),
            ),
            capture_output=True,
            env=_environment(),
            cwd="/",
            check=False,
            **self._ids(),
        )
        if answer.returncode != 0:
            lines = answer.stderr.decode(errors="replace").strip().splitlines() or ["no reason"]
            raise LauncherError(f"initdb failed: {lines[0]}")
        draft.rename(self.data)

    def _run(self, binaries: Binaries) -> None:
        for attempt in range(1, _ATTEMPTS_AT_A_FREE_PORT + 1):
            self.port = self._wanted_port or free_port()
            if not is_free(self.port):
                raise LauncherError(
                    f"Port {self.port} is in use by another program: stop it, or choose another "
                    "port for Postgres."
                )
            self._spawn(binaries)
            if self._accepts():
                return
            reason = self._reason()
            lost_race = "could not bind" in reason or "Address already in use" in reason
            if not (lost_race and self._wanted_port == 0 and attempt < _ATTEMPTS_AT_A_FREE_PORT):
                raise LauncherError(f"Postgres did not start: {reason} ({self.log})")

    def _spawn(self, binaries: Binaries) -> None:
        options = [
            f"listen_addresses={LOOPBACK}",
            f"port={self.port}",
            "unix_socket_directories=",
            "password_encryption=scram-sha-256",
            "max_connections=200",
            "timezone=UTC",
            "log_timezone=UTC",
            *(() if self._durable else _UNSAFE),
        ]
        in_main_thread = threading.current_thread() is threading.main_thread()
        command = (
            *self._account.prefix,
            *(dying_with_parent() if in_main_thread else ()),
            binaries.program("postgres"),
            "-D",
            str(self.data),
            *(word for option in options for word in ("-c", option)),
        )
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=_environment(),
                cwd="/",
                start_new_session=True,
                **self._ids(),
            )

    def _accepts(self) -> bool:
        """Wait until the lock file says `ready`; false where the server ended first."""
        deadline = time.monotonic() + _TO_START
        while self._process is not None and self._process.poll() is None:
            with contextlib.suppress(OSError):
                lines = (self.data / "postmaster.pid").read_text().splitlines()
                if len(lines) > 7 and lines[7].strip() == "ready":
                    return True
            if time.monotonic() > deadline:
                raise LauncherError(
                    f"Postgres did not answer within {_TO_START:.0f} s ({self.log})"
                )
            time.sleep(0.01)
        return False

    def _reason(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        told = [line for line in lines if "FATAL" in line or "could not bind" in line]
        return (told or lines or ["it wrote no reason"])[-1].strip()


def _environment() -> dict[str, str]:
    """What Postgres needs of the environment, and no PG* variable that would mislead it."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
