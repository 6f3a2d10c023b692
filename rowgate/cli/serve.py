"""`rowgate serve`: the engine as a process, its port open only when it is able to answer."""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Sequence
from functools import partial

import uvicorn

from rowgate.app import create
from rowgate.base.observation import Level, Log
from rowgate.cli.failures import OUTPUT
from rowgate.cli.flags import Flags, described, parsed
from rowgate.cli.workers import Lines, Workers
from rowgate.http.direct import speaking
from rowgate.protocol.limits import Limits, raise_file_limit
from rowgate.settings import Settings, SettingsError
from rowgate.settings.declaration import declared_by

STARTUP_FAILED = 1
_UVICORN_FAILED_TO_START = 3


def serve(arguments: Sequence[str], given_before: Flags) -> int:
    """Serve until SIGTERM or SIGINT, and return the exit status.

    `given_before` are the flags that stood before the word `serve`. A setting that is missing or
    wrong is one JSON line of type `startup`, as every line of the log is JSON.
    """
    declared = declared_by(Settings)
    if "--help" in arguments or "-h" in arguments:
        OUTPUT.print(described(declared), markup=False)
        return 0
    try:
        flags = given_before | parsed(arguments, declared)
        settings = Settings.read(os.environ, flags)
        listener = _bound(settings)
        if settings.workers == 1:
            return _run(settings, listener)
        return Workers(settings.workers, listener, partial(_run, settings, listener)).run()
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


class _Worker(uvicorn.Server):
    """A server that tells its parent when it can answer, and ends when the parent has."""

    def __init__(self, config: uvicorn.Config, lines: Lines) -> None:
        super().__init__(config)
        self._lines = lines

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As any server's."""
        await super().startup(sockets)
        if self.started:
            self._lines.tell()
            asyncio.get_running_loop().add_reader(self._lines.lifeline, self._orphaned)

    def _orphaned(self) -> None:
        asyncio.get_running_loop().remove_reader(self._lines.lifeline)
        self.should_exit = True


def _run(settings: Settings, listener: socket.socket, lines: Lines | None = None) -> int:
    engine = create(settings)
    config = uvicorn.Config(
        engine,
        loop="uvloop",
        http=speaking(lambda: engine.direct, _limits(settings)),
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=max(1, round(settings.graceful_shutdown_timeout)),
    )
    raise_file_limit()
    logging.getLogger("uvicorn.error").addFilter(_tells_more)
    server = uvicorn.Server(config) if lines is None else _Worker(config, lines)
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    signal.signal(signal.SIGHUP, lambda *_: engine.refresh())
    try:
        server.run(sockets=[listener])
    except SystemExit as end:
        if end.code != _UVICORN_FAILED_TO_START:
            raise
    return 0 if server.started else STARTUP_FAILED


def _tells_more(record: logging.LogRecord) -> bool:
    """Whether a line of uvicorn says more than the engine's own on a failed start."""
    return record.msg != "Application startup failed. Exiting."


def _limits(settings: Settings) -> Limits:
    return Limits(
        settings.head_limit, settings.head_timeout, settings.body_timeout, settings.write_timeout
    )


def _leave(_number: int, _frame: object) -> None:
    """An orderly end before and after uvicorn, which repeats the signal once all is closed."""
    raise SystemExit(0)
