"""Running an application as a process: one uvicorn, JSON logs, requests finished on SIGTERM."""

import os
import sys
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from service.logs import configure
from service.settings import Environment, SettingsError


def serve(create: Callable[[Environment], FastAPI], default_port: int) -> None:
    """Read HOST, PORT, LOG_LEVEL and what `create` wants, then serve until SIGTERM or SIGINT;
    requests under way get ten seconds. A bad setting ends the process with one sentence."""
    environment = Environment(os.environ)
    try:
        host = environment.text("HOST", "127.0.0.1")
        port = environment.whole("PORT", default_port, 0, 65535)
        configure(environment.text("LOG_LEVEL", "info"))
        app = create(environment)
    except SettingsError as error:
        sys.exit(str(error))
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=10,
    )
