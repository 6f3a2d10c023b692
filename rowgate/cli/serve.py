"""`rowgate serve`: the engine as a process, its port open only when it is able to answer."""

import os
import signal
import socket
from collections.abc import Sequence
from contextlib import suppress

import uvicorn

from rowgate.app import create
from rowgate.base.observation import Level, Log
from rowgate.cli.failures import OUTPUT
from rowgate.cli.flags import Flags, described, parsed
from rowgate.http.direct import speaking
from rowgate.settings import Settings, SettingsError
from rowgate.settings.declaration import declared_by

STARTUP_FAILED = 1


def serve(arguments: Sequence[str], given_before: Flags) -> int:
    """Serve until SIGTERM or SIGINT, and return the exit status.

    `given_before` are the flags that stood before the word `serve`. A setting that is missing or
    wrong is one JSON line of type `startup`, as every line of the log is JSON.
    """
    declared = declared_by(Settings)
    if "--help" in arguments or "-h" in arguments:
        OUTPUT.print(described(declared))
        return 0
    try:
        flags = given_before | parsed(arguments, declared)
        settings = Settings.read(os.environ, flags)
        listener = _bound(settings)
        return _run(settings, listener) if settings.workers == 1 else _share(settings, listener)
    except SettingsError as error:
        Log().write("startup", {"kind": "failed", "message": str(error)}, Level.ERROR)
        return STARTUP_FAILED


def _bound(settings: Settings) -> socket.socket:
    """The port, taken and not yet listened on: callers are refused until the engine can answer."""
    family = socket.AF_INET6 if ":" in settings.server_host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.server_host, settings.server_port))
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"HASURA_GRAPHQL_SERVER_PORT (--server-port): cannot listen on "
            f"{settings.server_host}:{settings.server_port}: {error.strerror}."
        ) from None
    listener.set_inheritable(True)
    return listener


def _run(settings: Settings, listener: socket.socket) -> int:
    engine = create(settings)
    server = uvicorn.Server(
        uvicorn.Config(
            engine,
            loop="uvloop",
            http=speaking(lambda: engine.direct),
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=max(1, round(settings.graceful_shutdown_timeout)),
        )
    )
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    server.run(sockets=[listener])
    return 0 if server.started else STARTUP_FAILED


def _leave(_number: int, _frame: object) -> None:
    """An orderly end before and after uvicorn, which repeats the signal once all is closed."""
    raise SystemExit(0)


def _share(settings: Settings, listener: socket.socket) -> int:
    """Processes that accept from one socket; when one ends, so do the others."""
    children: set[int] = set()
    told: set[int] = set()
    for _ in range(settings.workers):
        child = os.fork()
        if child == 0:
            return _run(settings, listener)
        children.add(child)
    listener.close()

    def end_all(_number: int, _frame: object) -> None:
        for one in children - told:
            told.add(one)
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGTERM)

    signal.signal(signal.SIGTERM, end_all)
    signal.signal(signal.SIGINT, end_all)
    worst = 0
    while children:
        ended, status = os.wait()
        children.discard(ended)
        worst = max(worst, abs(os.waitstatus_to_exitcode(status)))
        end_all(signal.SIGTERM, None)
    return STARTUP_FAILED if worst else 0
