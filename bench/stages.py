"""The hot path by stage: samples of a running engine under load, summed by room of the source tree.

`python -m bench.stages [operation]`; py-spy looks from outside, so nothing is slowed by counting.
"""

import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from bench.__main__ import fill
from bench.install import VENV, install
from bench.measure import Load, load_server
from bench.operations import OPERATIONS, Operation
from bench.servers import Server, start_engine, with_role
from rowgate.postgres import EmbeddedPostgres

_SECONDS = 5
_SAMPLES = 400
_LOOP = "event loop, sockets, parsers and drivers in C"
_ROOMS = (
    (r"rowgate/http/session/", "http/session: who asks"),
    (r"rowgate/http/", "http: headers, body, reply"),
    (r"rowgate/(pipeline|app|generation)", "pipeline: program found, rooms called"),
    (r"rowgate/operation/", "operation: variables and their shape"),
    (r"rowgate/(plan|schema|snapshot|sql)/", "plan, schema, snapshot, sql"),
    (r"rowgate/features/", "features/tables: fields run"),
    (r"rowgate/database/", "database: connection, arguments"),
    (r"rowgate/response/", "response: bytes assembled"),
    (r"rowgate/base/", "base: JSON of the request"),
    (r"asyncpg/", "asyncpg"),
    (r"uvicorn/", "uvicorn"),
)


def main() -> int:
    """Print a table for each operation asked for by a part of its name; else for the first."""
    install()
    wanted = sys.argv[1:] or [OPERATIONS[0].name]
    with tempfile.TemporaryDirectory(prefix="rowgate-stages-") as scratch:
        folder = Path(scratch)
        with EmbeddedPostgres(folder / "postgres", durable=False) as postgres:
            fill(postgres.url)
            engine = start_engine(postgres.url, folder / "engine.log")
            try:
                for operation in OPERATIONS:
                    if any(part in operation.name for part in wanted):
                        _print(operation, _sampled(with_role(engine), operation, postgres, folder))
            finally:
                engine.stop()
    return 0


def _sampled(
    server: Server, operation: Operation, postgres: EmbeddedPostgres, folder: Path
) -> Counter[str]:
    """Samples of a room's own code, by room."""
    if postgres.process_id is None:
        raise RuntimeError("Postgres is gone")
    output = folder / "stacks"
    command = [str(VENV / "bin" / "py-spy"), "record", "--format", "raw", "--output", str(output)]
    command += ["--rate", str(_SAMPLES), "--duration", str(_SECONDS)]
    load = Load(16, _SECONDS + 2, postgres.process_id, folder)
    with subprocess.Popen(
        [*command, "--pid", str(server.process.pid)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as looking:
        load_server(server, operation, load)
        looking.wait(60)
    return _summed(output.read_text().splitlines())


def _summed(lines: Iterable[str]) -> Counter[str]:
    rooms: Counter[str] = Counter()
    for line in lines:
        stack, _, count = line.rpartition(" ")
        rooms[_room(stack.split(";"))] += int(count)
    return rooms


def _room(stack: list[str]) -> str:
    """The room of the innermost frame that has one."""
    for frame in reversed(stack):
        for pattern, room in _ROOMS:
            if re.search(pattern, frame):
                return room
    return _LOOP


def _print(operation: Operation, rooms: Counter[str]) -> None:
    total = rooms.total()
    print(f"\n{operation.name}\n\n| stage | share of the engine's time |\n|---|---|")
    for room, count in rooms.most_common():
        print(f"| {room} | {count / total:.0%} |")


if __name__ == "__main__":
    sys.exit(main())
