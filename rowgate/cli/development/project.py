"""The folder that is run: its state, its settings and secrets in `.env`, its ports."""

import fcntl
import os
import secrets
import signal
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rowgate.cli.development.manifest import Manifest, read
from rowgate.cli.failures import CommandError
from rowgate.postgres.binaries import account
from rowgate.postgres.ports import free_port, is_free

OWN_SECRETS = ("HASURA_GRAPHQL_ADMIN_SECRET", "ROWGATE_DATABASE_PASSWORD")
"""The secrets of every project; the manifest declares more."""

TO_END = 4.0
DEFAULT_STATE = Path(".rowgate")


@dataclass(frozen=True, slots=True)
class Project:
    """A project as it is run: `manifest` says what; `state` holds data, keys and logs;
    `secrets_file` is its `.env`; `values` is the environment over that; `ports` are those that its
    processes listen on."""

    manifest: Manifest
    state: Path
    secrets_file: Path
    values: Mapping[str, str]
    ports: Mapping[str, int]

    @property
    def logs(self) -> Path:
        """The folder of one log a process."""
        return self.state / "logs"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The names of the project's secrets, those that are never generated among them."""
        return (*secret_names(self.manifest), *self.manifest.optional_secrets)

    def url(self, name: str) -> str:
        """The base URL of one process."""
        return f"http://127.0.0.1:{self.ports[name]}"


def secret_names(manifest: Manifest) -> tuple[str, ...]:
    """The names of the secrets that are generated where nobody gives them."""
    return tuple(dict.fromkeys((*OWN_SECRETS, *manifest.secrets)))


def opened(state: Path | None, *, free_ports: bool) -> Project:
    """The project in the current folder; secrets that are missing are generated into `.env`.

    Raises `CommandError` for a malformed manifest, `.env` or port.
    """
    manifest = read()
    folder = (state or DEFAULT_STATE).absolute()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if account().user is not None:
        # Postgres is run as somebody else, who has to come through, and sees nothing on the way.
        folder.chmod(0o711)
    (folder / "logs").mkdir(exist_ok=True, mode=0o700)
    file = folder / ".env" if state else Path(".env").absolute()
    values = _with_secrets(file, secret_names(manifest)) | dict(os.environ)
    ports = {
        name: _port(name, values, None if free_ports else port)
        for name, port in manifest.ports.items()
    }
    return Project(manifest, folder, file, values, ports)


def locked(state: Path) -> int:
    """Hold the state folder until this process ends. Raises `CommandError` where another does."""
    handle = os.open(state / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = os.read(handle, 32).decode(errors="replace")
        os.close(handle)
        raise CommandError(
            f"It runs already, as process {holder}: stop that one first (Ctrl-C, or kill {holder})."
        ) from None
    os.truncate(handle, 0)
    os.write(handle, str(os.getpid()).encode())
    return handle


def leash(state: Path, tell: Callable[[], None]) -> int:
    """A lock that children inherit: it comes free when the last of an earlier run has ended, also
    where their supervisor was killed. `tell` is called before waiting for that; those that take
    longer than `TO_END` seconds are killed.

    Raises `CommandError` where even that does not help.
    """
    file = state / "children.lock"
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    if _acquired(handle, 0.0):
        return handle
    tell()
    if _acquired(handle, TO_END):
        return handle
    for process in _holding(file):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    if _acquired(handle, TO_END):
        return handle
    os.close(handle)
    raise CommandError(f"Processes of an earlier run do not end; see who holds {file}.")


def _acquired(handle: int, patience: float) -> bool:
    """Whether the lock was had within `patience` seconds; it is tried once in any case."""
    deadline = time.monotonic() + patience
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.05)


def _holding(file: Path) -> Iterator[int]:
    """The other processes that have `file` open."""
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            opened_files = {one.readlink() for one in (entry / "fd").iterdir()}
            if file in opened_files and int(entry.name) != os.getpid():
                yield int(entry.name)


def taken_ports(project: Project, names: Collection[str]) -> list[str]:
    """The names of the processes, among those given, on whose ports something else listens."""
    return [name for name in project.ports if name in names and not is_free(project.ports[name])]


def ports_taken(project: Project, taken: Collection[str]) -> CommandError:
    """An error that lists the ports of the processes `taken`, and settings that are free."""
    listed = ", ".join(f"{project.ports[name]} ({name})" for name in taken)
    settings = " ".join(f"{port_variable(name)}={free_port()}" for name in taken)
    return CommandError(
        f"These ports are in use by another program: {listed}. Stop that program, take free ports "
        f"with `rowgate run --free-ports`, or set {settings} in .env."
    )


def port_variable(name: str) -> str:
    """The variable that sets the port of a process."""
    return f"ROWGATE_{name.upper()}_PORT"


def _port(name: str, values: Mapping[str, str], default: int | None) -> int:
    variable = port_variable(name)
    given = values.get(variable, "")
    if not given:
        return default or free_port()
    if not given.isdecimal() or not 0 <= int(given) <= 65535:
        raise CommandError(f"{variable} is {given!r}, not a port.")
    return int(given) or free_port()


def _with_secrets(file: Path, names: Collection[str]) -> dict[str, str]:
    """The values of `.env`, after adding the secrets that nobody gave."""
    values = read_env(file) if file.exists() else {}
    missing = [name for name in names if not (values.get(name) or os.environ.get(name))]
    if missing:
        made = {name: secrets.token_urlsafe(32) for name in missing}
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "w") as out:
            out.writelines(f"{name}={value}\n" for name, value in made.items())
        values |= made
    if file.exists() and file.stat().st_mode & 0o077:
        file.chmod(0o600)
    return values


def read_env(file: Path) -> dict[str, str]:
    """The `NAME=value` lines of a file; quotes around a value and `#` lines are left out.

    Raises `CommandError`, naming file and line, for anything else.
    """
    values: dict[str, str] = {}
    for number, line in enumerate(file.read_text().splitlines(), start=1):
        text = line.strip().removeprefix("export ")
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        if not equals or not name.strip().replace("_", "a").isalnum():
            raise CommandError(f"{file}:{number} is not a line of the form NAME=value.")
        values[name.strip()] = _unquoted(value.strip())
    return values


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value
