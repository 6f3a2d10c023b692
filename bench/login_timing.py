"""Whether login takes longer for a known name: `python -m bench.login_timing [pairs]`.

Two hundred pairs of logins, an unknown user and a wrong password in turn, and the ratio of the
medians. 1 where it is beyond 0.95 to 1.05.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import httpx
from alembic import command
from alembic.config import Config

from rowgate.postgres import EmbeddedPostgres
from rowgate.postgres.ports import free_port

ROOT = Path(__file__).parents[1]
_PAIRS = 200
_WARMING = 20
_LEAST, _MOST = 0.95, 1.05


def main() -> int:
    """Print the medians and their ratio."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else _PAIRS
    with tempfile.TemporaryDirectory(prefix="rowgate-login-") as scratch:
        folder = Path(scratch)
        with EmbeddedPostgres(folder / "postgres") as postgres, _auth(postgres.url, folder) as url:
            unknown, wrong = _measured(url, pairs)
    ratio = wrong / unknown
    print(
        f"{pairs} pairs: unknown user {unknown * 1000:.2f} ms, wrong password"
        f" {wrong * 1000:.2f} ms, ratio {ratio:.3f}"
    )
    return 0 if _LEAST <= ratio <= _MOST else 1


@contextmanager
def _auth(database: str, folder: Path) -> Iterator[str]:
    config = Config(str(ROOT / "db" / "alembic.ini"))
    config.set_main_option("sqlalchemy.url", database.replace("%", "%%"))
    command.upgrade(config, "head")
    port = free_port()
    environment = {
        **os.environ,
        "PORT": str(port),
        "LOG_LEVEL": "warning",
        "DATABASE_URL": database,
        "AUTH_PRIVATE_KEY_DIR": str(folder / "keys"),
        "AUTH_ISSUER": "https://auth.bench",
        "AUTH_ATTEMPTS_PER_ACCOUNT": "1000000",
        "AUTH_ATTEMPTS_PER_ADDRESS": "1000000",
    }
    process = subprocess.Popen([sys.executable, "-m", "auth"], cwd=ROOT, env=environment)
    try:
        url = f"http://127.0.0.1:{port}"
        _await(url)
        yield url
    finally:
        process.terminate()
        process.wait()


def _await(url: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/healthz").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise SystemExit("the auth service did not start")


def _measured(url: str, pairs: int) -> tuple[float, float]:
    """The medians of an unknown user and of a wrong password, in seconds."""
    unknown: list[float] = []
    wrong: list[float] = []
    with httpx.Client(base_url=url) as client:
        known = {"username": "somebody", "password": "a right password", "email": "a@bench.test"}
        client.post("/register", json=known).raise_for_status()
        for at in range(_WARMING + pairs):
            order = [(f"unknown_{at}", unknown), ("somebody", wrong)]
            for name, times in order if at % 2 else reversed(order):
                times.append(_login(client, name))
    return median(unknown[_WARMING:]), median(wrong[_WARMING:])


def _login(client: httpx.Client, name: str) -> float:
    began = time.perf_counter()
    answer = client.post("/login", json={"username": name, "password": "a wrong password"})
    seconds = time.perf_counter() - began
    if answer.status_code != 401:
        raise SystemExit(f"a login was answered {answer.status_code}")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
