"""`rowgate.toml`, the project's manifest: its processes, ports, secrets and health checks.

A project without the file has the engine and Postgres, and the seeds of `db/seeds` where they are.
"""

import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rowgate.cli.failures import CommandError

FILE = Path("rowgate.toml")
SEEDS = Path("db/seeds/__main__.py")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_RESERVED = frozenset({"engine", "postgres", "s3", "state", "database", "metadata"})
_PROCESS_KEYS = frozenset(
    {"command", "port", "health", "page", "after", "watch", "secrets", "environment"}
    | {"optional_secrets"}
)


@dataclass(frozen=True, slots=True)
class Process:
    """A process of the project. It is ready once `health`, a path of its `port`, answers 200; it
    starts after the processes of `after` are ready, and again when a file below `watch` changes.
    `page` is a path that people look at. Only the named `secrets` are passed to it, and of the
    `optional_secrets`, which are never generated, those that somebody gave."""

    name: str
    command: tuple[str, ...]
    port: int
    health: str = "/healthz"
    page: str = ""
    after: tuple[str, ...] = ()
    watch: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    optional_secrets: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """The S3 server that is started; its key and secret are the values of two secrets."""

    port: int
    access_key: str
    secret_key: str


@dataclass(frozen=True, slots=True)
class Seeds:
    """The command that inserts the project's first rows, and the secrets it gets."""

    command: tuple[str, ...]
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """A project's declaration of what `rowgate run` starts. `environment` holds the defaults of
    variables for every process; `sign_in` and `query` are shown once everything is ready."""

    name: str
    engine: Process
    postgres_port: int = 5433
    s3: ObjectStore | None = None
    seeds: Seeds | None = None
    processes: tuple[Process, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    sign_in: str = ""
    query: str = ""

    @property
    def ports(self) -> Mapping[str, int]:
        """The port of everything that listens, by name."""
        ports = {"engine": self.engine.port, "postgres": self.postgres_port}
        if self.s3:
            ports["s3"] = self.s3.port
        return ports | {one.name: one.port for one in self.processes}

    @property
    def optional_secrets(self) -> tuple[str, ...]:
        """The names of the secrets that are never generated, each once."""
        found = [name for one in (self.engine, *self.processes) for name in one.optional_secrets]
        return tuple(dict.fromkeys(found))

    @property
    def secrets(self) -> tuple[str, ...]:
        """The names of all secrets that the project declares, each once."""
        names = [name for one in (self.engine, *self.processes) for name in one.secrets]
        if self.s3:
            names += [self.s3.access_key, self.s3.secret_key]
        return tuple(dict.fromkeys([*names, *(self.seeds.secrets if self.seeds else ())]))


def read(file: Path = FILE) -> Manifest:
    """The manifest of the current folder. Raises `CommandError`, naming the key, where it cannot
    be understood."""
    try:
        document = tomllib.loads(file.read_text())
    except FileNotFoundError:
        document = {}
    except (OSError, ValueError) as error:
        raise CommandError(f"{file} cannot be read: {error}.") from None
    return _manifest(_Table(document, str(file), ""), file.absolute().parent.name)


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of the file, and where it stands, for messages."""

    values: Mapping[str, Any]
    file: str
    place: str

    def refuse(self, key: str, wanted: str) -> CommandError:
        """An error that names file, key and what is wanted."""
        return CommandError(f"{self.file}: {self._name(key)} {wanted}.")

    def _name(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key

    def only(self, keys: Collection[str]) -> None:
        """Refuse a key that is none of `keys`."""
        for key in self.values:
            if key not in keys:
                raise self.refuse(key, f"is unknown; known are {', '.join(sorted(keys))}")

    def table(self, key: str) -> "_Table":
        """The table below a key; empty where there is none."""
        found = self.values.get(key, {})
        if not isinstance(found, dict):
            raise self.refuse(key, "is not a table")
        return _Table(found, self.file, self._name(key))

    def text(self, key: str, default: str = "") -> str:
        """A text."""
        found = self.values.get(key, default)
        if not isinstance(found, str):
            raise self.refuse(key, f"is {found!r}, not a text")
        return found

    def port(self, default: int | None = None) -> int:
        """The key `port`."""
        found = self.values.get("port", default)
        if not isinstance(found, int) or isinstance(found, bool) or not 0 < found < 65536:
            raise self.refuse("port", f"is {found!r}, not a port from 1 to 65535")
        return found

    def texts(self, key: str, default: Sequence[str] = ()) -> tuple[str, ...]:
        """A list of texts."""
        found = self.values.get(key, list(default))
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            raise self.refuse(key, f"is {found!r}, not a list of texts")
        return tuple(found)

    def variables(self) -> Mapping[str, str]:
        """The key `environment`: names to texts."""
        table = self.table("environment")
        return {name: table.text(name).strip() for name in table.values}


def _manifest(top: _Table, folder: str) -> Manifest:
    top.only({"name", "environment", "engine", "postgres", "s3", "seeds", "processes", "welcome"})
    engine, welcome = top.table("engine"), top.table("welcome")
    engine.only({"port", "after", "secrets", "optional_secrets", "environment"})
    welcome.only({"sign_in", "query"})
    top.table("postgres").only({"port"})
    manifest = Manifest(
        name=top.text("name", folder),
        engine=_process("engine", engine, ("rowgate", "serve"), 8080),
        postgres_port=top.table("postgres").port(5433),
        s3=_object_store(top.table("s3")) if "s3" in top.values else None,
        seeds=_seeds(top),
        processes=tuple(_processes(top.table("processes"))),
        environment=top.variables(),
        sign_in=welcome.text("sign_in"),
        query=welcome.text("query"),
    )
    _require_names(manifest, top.file)
    return manifest


def _processes(table: _Table) -> list[Process]:
    found = []
    for name in table.values:
        one = table.table(name)
        if not _NAME.fullmatch(name) or name in _RESERVED:
            raise table.refuse(
                name, "is no name of a process: a-z, 0-9 and _, none of the engine's"
            )
        one.only(_PROCESS_KEYS)
        command = one.texts("command")
        if not command:
            raise one.refuse("command", "is missing: the words to start the process with")
        found.append(_process(name, one, command, None))
    return found


def _process(name: str, table: _Table, command: tuple[str, ...], port: int | None) -> Process:
    return Process(
        name=name,
        command=command,
        port=table.port(port),
        health=table.text("health", "/healthz"),
        page=table.text("page"),
        after=table.texts("after"),
        watch=table.texts("watch"),
        secrets=table.texts("secrets"),
        optional_secrets=table.texts("optional_secrets"),
        environment=table.variables(),
    )


def _object_store(table: _Table) -> ObjectStore:
    table.only({"port", "access_key", "secret_key"})
    names = (table.text("access_key", "S3_ACCESS_KEY"), table.text("secret_key", "S3_SECRET_KEY"))
    return ObjectStore(table.port(8333), *names)


def _seeds(top: _Table) -> Seeds | None:
    if "seeds" not in top.values:
        return Seeds(("python", "-m", "db.seeds")) if SEEDS.is_file() else None
    table = top.table("seeds")
    table.only({"command", "secrets"})
    return Seeds(table.texts("command", ("python", "-m", "db.seeds")), table.texts("secrets"))


def _require_names(manifest: Manifest, file: str) -> None:
    """Refuse an `after` that names nothing, and processes that wait for each other."""
    known = {"engine", *(("s3",) if manifest.s3 else ()), *(p.name for p in manifest.processes)}
    waiting = {one.name: set(one.after) for one in (manifest.engine, *manifest.processes)}
    for name, after in waiting.items():
        for other in sorted(after - known):
            raise CommandError(f"{file}: {name} starts after {other}, which is no process of it.")
    while waiting:
        free = [name for name, after in waiting.items() if not after & set(waiting)]
        if not free:
            raise CommandError(f"{file}: {', '.join(waiting)} wait for each other (after).")
        for name in free:
            del waiting[name]
