"""Services stop in time also when Postgres stands still at that moment."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.integration.services.conftest import ObjectStore, free_ports
from tests.processes import frozen

ROOT = Path(__file__).parents[3]
TO_STOP = 12.0
"""Seconds: those that requests get, and a little."""


@pytest.fixture
def start(
    migrated_url: str, key_directory: Path, object_store: ObjectStore, tmp_path: Path
) -> Iterator[Callable[[str], "subprocess.Popen[bytes]"]]:
    """Starts a service, which answers that it is well."""
    started = []

    def starting(service: str) -> "subprocess.Popen[bytes]":
        [port] = free_ports(1)
        environment = {
            "PATH": os.environ["PATH"],
            "PORT": str(port),
            "DATABASE_URL": migrated_url,
            "AUTH_PRIVATE_KEY_DIR": str(key_directory),
            "AUTH_ISSUER": "https://auth.test",
            "AUTH_URL": "http://127.0.0.1:1",
            "ACTIONS_SECRET": "a-secret-of-tests-with-32-characters",
            "ACTIONS_PUBLIC_URL": f"http://127.0.0.1:{port}",
            **object_store.environment(),
        }
        with (tmp_path / "log").open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", service], cwd=ROOT, env=environment, stdout=out, stderr=out
            )
        started.append(process)
        until_well(f"http://127.0.0.1:{port}/healthz", tmp_path / "log")
        return process

    yield starting
    for one in started:
        one.kill()
        one.wait()


def until_well(url: str, log: Path) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)


@pytest.mark.parametrize("service", ["auth", "actions"])
def test_a_service_stops_while_postgres_stands_still(
    service: str,
    start: Callable[[str], "subprocess.Popen[bytes]"],
    migrated_url: str,
) -> None:
    process = start(service)
    with frozen(migrated_url) as sessions:
        assert sessions
        process.terminate()
        assert process.wait(TO_STOP) in (0, -signal.SIGTERM)
