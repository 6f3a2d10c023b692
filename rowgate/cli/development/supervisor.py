"""`rowgate run`: everything that development needs, started in order, stopped in reverse."""

import hashlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn, TypeVar

from rowgate.cli.development import environments
from rowgate.cli.development.children import Child, wait_for
from rowgate.cli.development.database import (
    Databases,
    embedded,
    given,
    prepared,
    require_answer,
    revision,
)
from rowgate.cli.development.object_store import object_store
from rowgate.cli.development.project import (
    SERVICES,
    Project,
    leash,
    locked,
    opened,
    refuse_taken,
)
from rowgate.cli.development.report import announce, withdraw
from rowgate.cli.engine import Engine
from rowgate.cli.failures import OUTPUT, CommandError
from rowgate.cli.metadata import replaced
from rowgate.cli.migrate import bring_up, last_line

T = TypeVar("T")
_PULSE = 0.2
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(Exception):
    """Ctrl-C, or a signal that means the same."""


def run(state: Path | None, free_ports: bool) -> int:  # noqa: FBT001 - straight from the flag
    """Run until Ctrl-C or until a process ends; the exit status is 0 after Ctrl-C.

    Raises `CommandError` or `LauncherError` where something cannot start, after stopping the rest.
    """
    for number in _SIGNALS:
        signal.signal(number, _interrupt)
    stops: list[tuple[str, Callable[[], None]]] = []
    try:
        project = opened(state, free_ports=free_ports)
        locked(project.state)
        held = leash(project.state, lambda: OUTPUT.print("Waiting for an earlier run to end …"))
        children = _start(project, stops, held)
        while True:
            time.sleep(_PULSE)
            for child in children:
                child.require_alive()
    except Interrupted:
        OUTPUT.print("\nStopping.")
        return 0
    finally:
        _stop(stops)


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise Interrupted


def _start(
    project: Project, stops: list[tuple[str, Callable[[], None]]], held: int
) -> Sequence[Child]:
    """Start everything; what has been started is in `stops`, whatever happens."""
    began = time.monotonic()
    outside = given(project)
    store = _store(project) if "actions" in project.services else None
    names = {"engine", *project.services, *({"s3"} if store else ())}
    refuse_taken(project, names if outside else names | {"postgres"})
    if store:
        stops.append((store.name, store.stop))
        store.start(held)
    databases = _given(outside) if outside else _embedded(project, stops)
    _migrate(project, databases)
    made = {"auth": environments.auth, "actions": environments.actions}
    services = {
        name: made[name](project, databases) for name in SERVICES if name in project.services
    }
    engine = environments.engine(project, databases)
    stops.extend((child.name, child.stop) for child in (*services.values(), engine))
    actions = services.pop("actions", None)
    _come_up("auth and the object store", (*services.values(), *([store] if store else ())), held)
    _come_up("the engine and actions", (*([actions] if actions else ()), engine), held)
    odd = _shown("Applying metadata", lambda: _apply_metadata(project))
    announce(project, databases, odd, time.monotonic() - began)
    stops.append(("the report", lambda: withdraw(project)))
    return [child for child in (*services.values(), store, actions, engine) if child]


def _come_up(what: str, children: Sequence[Child], held: int) -> None:
    """Start those that are not started yet, and wait until all are well."""
    for child in children:
        if child.process is None:
            child.start(held)
    if children:
        _shown(f"Starting {what}", lambda: wait_for(children))


def _store(project: Project) -> Child | None:
    """The object store, unless the environment names one."""
    if project.values.get("S3_ENDPOINT_URL"):
        return None
    keys = (project.values["S3_ACCESS_KEY"], project.values["S3_SECRET_KEY"])
    log = project.logs / "s3.log"
    return object_store(project.state / "objects", project.ports["s3"], keys, log)


def _given(databases: Databases) -> Databases:
    _shown("Asking the database of DATABASE_URL", lambda: require_answer(databases.application))
    return databases


def _embedded(project: Project, stops: list[tuple[str, Callable[[], None]]]) -> Databases:
    server = embedded(project)
    stops.append(("Postgres", server.stop))
    _shown("Starting Postgres", server.start)
    return prepared(server, project.values["ROWGATE_DATABASE_PASSWORD"])


def _migrate(project: Project, databases: Databases) -> None:
    """Migrations and seeds, unless the database is where they left it when applied last."""
    mark = project.state / "migrated"
    intended = _digest(project, databases.application)
    if mark.exists() and mark.read_text() == f"{intended} {revision(databases.application)}":
        return
    environment = environments.seeding(project, databases)
    log = project.logs / "migrations.log"
    _shown("Applying migrations", lambda: bring_up(environment, log))
    _shown("Sowing seeds", lambda: _sow(project, environment))
    mark.write_text(f"{intended} {revision(databases.application)}")


def _sow(project: Project, environment: Mapping[str, str]) -> None:
    log = project.logs / "seeds.log"
    with log.open("wb") as out:
        answer = subprocess.run(
            (sys.executable, "-m", "db.seeds"),
            env=dict(environment),
            stdout=out,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if answer.returncode != 0:
        reason = last_line(log.read_text(errors="replace"))
        raise CommandError(f"The seeds do not fit the tables: {reason} See {log}.")


def _digest(project: Project, database_url: str) -> str:
    """A fingerprint of what migrations and seeds would do, and to which database."""
    hashed = hashlib.sha256(f"{database_url} {project.values['SEED_PASSWORD']}".encode())
    for file in sorted(Path("db").rglob("*.py")):
        hashed.update(str(file).encode() + b"\0" + file.read_bytes())
    return hashed.hexdigest()


def _apply_metadata(project: Project) -> Sequence[str]:
    secret = project.values["HASURA_GRAPHQL_ADMIN_SECRET"]
    engine = Engine(project.url("engine"), secret)
    return replaced(engine, Path("metadata"), allow_inconsistent=True)


def _shown(what: str, work: Callable[[], T]) -> T:
    """Do `work`, telling what takes so long: a spinner on a terminal, a line elsewhere."""
    if OUTPUT.is_terminal:
        with OUTPUT.status(f"{what} …"):
            return work()
    OUTPUT.print(f"{what} …")
    return work()


def _stop(stops: list[tuple[str, Callable[[], None]]]) -> None:
    """Stop everything in reverse order, each although an earlier one failed to."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    for name, stop in reversed(stops):
        try:
            stop()
        except OSError as error:
            OUTPUT.print(f"{name} did not stop: {error}", markup=False)
