"""`rowgate run`: everything that development needs is started, watched and stopped."""

import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

import typer

from rowgate.cli.development.changes import Changes
from rowgate.cli.development.project import (
    Project,
    leash,
    locked,
    opened,
    ports_taken,
    taken_ports,
)
from rowgate.cli.development.report import announce, withdraw
from rowgate.cli.development.starting import Started, listening, start
from rowgate.cli.failures import OUTPUT
from rowgate.postgres.ports import free_port

_PULSE = 0.2
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(Exception):
    """Ctrl-C, or a signal that means the same."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What `rowgate run` is asked for: its state folder, free ports instead of the declared ones,
    and whether changes of files are applied as they are saved."""

    state: Path | None = None
    free_ports: bool = False
    watch: bool = True


def run(wanted: Wanted) -> int:
    """Run until Ctrl-C or until a process ends; the exit status is 0 after Ctrl-C.

    Raises `CommandError` or `LauncherError` where something cannot start, after stopping the rest.
    """
    for number in _SIGNALS:
        signal.signal(number, _interrupt)
    stops: list[tuple[str, Callable[[], None]]] = []
    try:
        project = opened(wanted.state, free_ports=wanted.free_ports)
        return _run(project, stops, watch=wanted.watch)
    except Interrupted:
        OUTPUT.print("\nStopping.")
        return 0
    finally:
        _stop(stops)


def _run(project: Project, stops: list[tuple[str, Callable[[], None]]], *, watch: bool) -> int:
    began = time.monotonic()
    locked(project.state)
    lease = leash(project.state, lambda: OUTPUT.print("Waiting for an earlier run to end …"))
    started = Started(_with_free_ports(project), lease, stops)
    start(started)
    changes = Changes(started)
    changes.apply_metadata()
    announce(started.project, started.databases, time.monotonic() - began)
    stops.append(("the report", lambda: withdraw(project)))
    changes.ask()
    while True:
        time.sleep(_PULSE)
        if watch:
            changes.look()
        started.require_alive()


def _with_free_ports(project: Project) -> Project:
    """The project, with free ports in the place of those that are taken, where somebody says yes.
    Raises `CommandError` otherwise."""
    taken = taken_ports(project, listening(project))
    if not taken:
        return project
    error = ports_taken(project, taken)
    if not sys.stdin.isatty():
        raise error
    OUTPUT.print(str(error), markup=False)
    if not typer.confirm("Take free ports for these now?", default=True):
        raise error
    return replace(project, ports={**project.ports, **{name: free_port() for name in taken}})


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise Interrupted


def _stop(stops: list[tuple[str, Callable[[], None]]]) -> None:
    """Stop everything in reverse order, each although an earlier one failed to."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    for name, stop in reversed(stops):
        try:
            stop()
        except OSError as error:
            OUTPUT.print(f"{name} did not stop: {error}", markup=False)
