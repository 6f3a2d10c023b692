"""Running an application as a process: one uvicorn, JSON logs, requests finished on SIGTERM."""

import os
import sys
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from rowgate.protocol.limited import LimitedProtocol, limited
from rowgate.protocol.limits import Limits, raise_file_limit
from service.error_reports import report_errors
from service.failures import Refusal
from service.logs import configure
from service.settings import Environment, SettingsError


def serve(create: Callable[[Environment], FastAPI], default_port: int) -> None:
    """Read HOST, PORT, LOG_LEVEL and what `create` wants, then serve until SIGTERM or SIGINT;
    requests under way get ten seconds. A bad setting ends the process with one sentence."""
    environment = Environment(os.environ)
    try:
        host = environment.text("HOST", "127.0.0.1")
        port = environment.whole("PORT", default_port, 0, 65535)
        limits = _limits(environment)
        configure(environment.text("LOG_LEVEL", "info"))
        report_errors(environment)
        app = create(environment)
    except SettingsError as error:
        sys.exit(str(error))
    raise_file_limit()
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=10,
        http=limited(LimitedProtocol, limits, _shown),
    )


def _limits(environment: Environment) -> Limits:
    """What a connection may cost, from HEAD_LIMIT, HEAD_TIMEOUT, BODY_TIMEOUT, WRITE_TIMEOUT."""
    return Limits(
        environment.whole("HEAD_LIMIT", 64 * 1024, 0, 1024 * 1024 * 1024),
        environment.whole("HEAD_TIMEOUT", 10, 0, 86_400),
        environment.whole("BODY_TIMEOUT", 30, 0, 86_400),
        environment.whole("WRITE_TIMEOUT", 30, 0, 86_400),
    )


def _shown(reason: str) -> bytes:
    return bytes(JSONResponse(Refusal(400, "bad-request", reason).body()).body)
