"""Starts what the manifest declares, in order, and remembers how to stop it."""

import hashlib
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from rowgate.cli.development import environments
from rowgate.cli.development.children import Child, wait_for
from rowgate.cli.development.database import (
    Databases,
    embedded,
    given,
    prepared,
    require_answer,
)
from rowgate.cli.development.object_store import object_store
from rowgate.cli.development.project import Project
from rowgate.cli.failures import OUTPUT, CommandError
from rowgate.cli.metadata_changes import follow_all
from rowgate.cli.options import METADATA
from rowgate.cli.revisions import bring_up, current_revisions, last_line, pending
from rowgate.postgres import EmbeddedPostgres

T = TypeVar("T")


@dataclass(slots=True)
class Started:
    """What runs: Postgres, unless one was given, and a child for every process. `lease` is the lock
    that every child holds; `stops` ends what was started, to be called in reverse order."""

    project: Project
    lease: int
    stops: list[tuple[str, Callable[[], None]]]
    children: dict[str, Child] = field(default_factory=dict)
    server: EmbeddedPostgres | None = None
    databases: Databases = field(default_factory=lambda: Databases("", ""))
    waiting: Sequence[Path] = ()
    """Migrations that lose data and wait for a yes."""

    def require_alive(self) -> None:
        """Raise `CommandError` where Postgres or a process has ended by itself."""
        if self.server and self.server.process_id is None:
            raise CommandError(
                f"Postgres has ended: it was killed or failed. Its log is {self.server.log}; "
                "start again with `rowgate run`, the data is kept."
            )
        for child in self.children.values():
            child.require_alive()


def start(started: Started) -> None:
    """Start everything; what has been started is in `stops`, whatever happens."""
    project = started.project
    outside = given(project)
    store = _store(project)
    if store:
        _begin(started, store)
    if outside:
        shown("Connecting to the database of DATABASE_URL", _reachable(outside))
        started.databases = outside
    else:
        started.databases = _embedded(started)
    started.waiting = migrated(started)
    waiting = {
        one.name: (one.after, environments.child(project, one, started.databases))
        for one in (*project.manifest.processes, project.manifest.engine)
    }
    if store:
        waiting["s3"] = ((), store)
    while waiting:
        free = [name for name, (after, _) in waiting.items() if not set(after) & set(waiting)]
        wave = [waiting.pop(name)[1] for name in free]
        for child in wave:
            _begin(started, child)
        shown(f"Starting {', '.join(child.name for child in wave)}", partial(wait_for, wave))


def _begin(started: Started, child: Child) -> None:
    if child.name in started.children:
        return
    started.stops.append((child.name, child.stop))
    started.children[child.name] = child
    child.start(started.lease)


def listening(project: Project) -> set[str]:
    """The names of what is going to listen on ports of the project."""
    names = set(project.ports)
    if given(project):
        names.discard("postgres")
    if project.values.get("S3_ENDPOINT_URL"):
        names.discard("s3")
    return names


def _store(project: Project) -> Child | None:
    """The object store, where one is declared and the environment names none."""
    declared = project.manifest.s3
    if declared is None or project.values.get("S3_ENDPOINT_URL"):
        return None
    keys = (project.values[declared.access_key], project.values[declared.secret_key])
    log = project.logs / "s3.log"
    return object_store(project.state / "objects", project.ports["s3"], keys, log)


def _reachable(databases: Databases) -> Callable[[], None]:
    return lambda: require_answer(databases.application)


def _embedded(started: Started) -> Databases:
    project = started.project
    server = started.server = embedded(project)
    started.stops.append(("Postgres", server.stop))
    shown("Starting Postgres", server.start)
    return prepared(server, project.values["ROWGATE_DATABASE_PASSWORD"])


def migrated(started: Started) -> Sequence[Path]:
    """Apply migrations and seeds, unless the database is where they left it when applied last. On
    a database with data, migrations that lose data are left out and returned.

    Raises `CommandError` where a migration or the seeds fail.
    """
    project, databases = started.project, started.databases
    mark = project.state / "migrated"
    intended = _digest(project, databases.application)
    at = _position(databases.application)
    if mark.exists() and mark.read_text() == f"{intended} {at}":
        return ()
    environment = environments.seeding(project, databases)
    log = project.logs / "migrations.log"
    steps = pending(databases.application)
    held = [step.file for step in steps if at and step.losses]
    if held:
        return held
    if steps:
        shown("Applying migrations", lambda: bring_up(environment, log))
        follow_all(steps, METADATA)
    if words := environments.seed_command(project):
        shown("Inserting seeds", lambda: _seed(project, words, environment))
    mark.write_text(f"{intended} {_position(databases.application)}")
    return ()


def _position(url: str) -> str:
    """Where the database stands among the migrations; empty where there was none yet."""
    return " ".join(sorted(current_revisions(url)))


def _seed(project: Project, words: Sequence[str], environment: Mapping[str, str]) -> None:
    log = project.logs / "seeds.log"
    with log.open("wb") as out:
        answer = subprocess.run(
            words, env=dict(environment), stdout=out, stderr=subprocess.STDOUT, check=False
        )
    if answer.returncode != 0:
        reason = last_line(log.read_text(errors="replace"))
        raise CommandError(
            f"The seeds do not fit the tables: {reason} Change db/seeds, or remove that folder "
            f"and [seeds] from rowgate.toml. The whole output is in {log}."
        )


def _digest(project: Project, database_url: str) -> str:
    """A fingerprint of what migrations and seeds would do, and to which database."""
    secrets = [project.values[name] for name in project.manifest.secrets]
    hashed = hashlib.sha256(f"{database_url} {secrets}".encode())
    for file in sorted(Path("db").rglob("*.py")):
        hashed.update(str(file).encode() + b"\0" + file.read_bytes())
    return hashed.hexdigest()


def shown(what: str, work: Callable[[], T]) -> T:
    """Do `work` while its name is shown, with a spinner on a terminal; then the seconds that it
    took."""
    began = time.monotonic()
    if OUTPUT.is_terminal:
        with OUTPUT.status(f"{what} …"):
            result = work()
        OUTPUT.print(f"{what}: {time.monotonic() - began:.1f} s", markup=False)
        return result
    OUTPUT.print(f"{what}: ", end="", markup=False)
    try:
        return work()
    finally:
        OUTPUT.print(f"{time.monotonic() - began:.1f} s", markup=False)
