"""`make bench`: every system on one machine in one run, interleaved, after their answers agreed."""

import argparse
import contextlib
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg

from bench import install, report
from bench.measure import Load, Sample, load_limit, load_server
from bench.operations import OPERATIONS, Operation, plain
from bench.report import LIMIT, LIMIT_FILTERED
from bench.servers import (
    Server,
    start_engine,
    start_postgraphile,
    start_python_peer,
    with_role,
)
from rowgate.postgres import EmbeddedPostgres

RESULTS = install.HERE / "results"
_QUOTED = 16
"""The number of connections that ratios are quoted at; it is measured in every round."""


def main() -> int:
    """Measure, write bench/results, and say where; 1 where the answers do not agree."""
    asked = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    install.install()
    with tempfile.TemporaryDirectory(prefix="rowgate-bench-") as scratch:
        folder = Path(scratch)
        with EmbeddedPostgres(folder / "postgres", durable=False) as postgres:
            fill(postgres.url)
            with _servers(postgres.url, folder, only=asked.only) as servers:
                if not _agree(servers, postgres.url):
                    return 1
                results = _measured(servers, postgres, folder, asked)
    systems = [LIMIT, LIMIT_FILTERED, *(one.name for one in servers)]
    written = report.write(RESULTS, results, systems)
    print(f"\n{written.read_text()}\nwritten to {written.parent.relative_to(Path.cwd())}")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved, medians are shown")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 16, 64])
    parser.add_argument("--quick", action="store_true", help="one round of a second, 16 alone")
    parser.add_argument("--only", nargs="+", help="systems by name")
    parser.add_argument("--operations", nargs="+", help="operations by a part of their names")
    asked = parser.parse_args()
    if asked.quick:
        asked.seconds, asked.rounds, asked.connections = 1.0, 1, [_QUOTED]
    return asked


def fill(url: str) -> None:
    """Make the data set in the empty database at `url`."""
    script = str(install.HERE / "data.sql")
    command = ["psql", "-q", "-v", "ON_ERROR_STOP=1", "-f", script, "-c", "vacuum analyze", url]
    subprocess.run(command, check=True)


@contextlib.contextmanager
def _servers(url: str, folder: Path, only: Sequence[str] | None) -> Iterator[list[Server]]:
    """Every system that is to be measured, running."""
    starts: dict[str, Callable[[], Server]] = {
        "Rowgate": lambda: start_engine(url, folder / "engine.log"),
        "PostGraphile": lambda: start_postgraphile(url, folder / "postgraphile.log"),
        "Graphene": lambda: start_python_peer(
            "Graphene", "graphene_server", url, folder / "graphene.log"
        ),
        "Strawberry": lambda: start_python_peer(
            "Strawberry", "strawberry_server", url, folder / "strawberry.log"
        ),
    }
    with contextlib.ExitStack() as stack:
        servers: list[Server] = []
        for name, start in starts.items():
            if only and name not in only:
                continue
            server = start()
            stack.callback(server.stop)
            servers.append(server)
            if name == "Rowgate":
                servers.append(with_role(server))
        yield servers


def _agree(servers: Sequence[Server], url: str) -> bool:
    """Whether all systems and the ideal statements answer the same to every operation."""
    agree = True
    with psycopg.connect(url, autocommit=True) as connection:
        for operation in OPERATIONS:
            given = operation.variables(5)
            answers = {one.name: plain(one.ask(one.text(operation), given)) for one in servers}
            (root,) = next(iter(answers.values()))
            for name, filtered in ((LIMIT, False), (LIMIT_FILTERED, True)):
                answers[name] = {root: plain(_ideal(connection, operation, filtered=filtered))}
            expected = answers[LIMIT]
            for name, answer in answers.items():
                if answer != expected:
                    agree = False
                    print(f"{name} answers {operation.name} otherwise: {str(answer)[:300]}")
    return agree


def _ideal(connection: psycopg.Connection[Any], operation: Operation, *, filtered: bool) -> Any:
    statement = operation.sql(filtered=filtered)
    for name, value in operation.variables(5).items():
        statement = statement.replace(f":{name}", repr(value))
    row = connection.execute(statement.encode()).fetchone()
    return row[0] if row else None


def _measured(
    servers: Sequence[Server], postgres: EmbeddedPostgres, folder: Path, asked: Any
) -> dict[report.Key, Sample]:
    """The medians of all rounds; a round goes through all systems before the next begins."""
    samples: dict[report.Key, list[Sample]] = {}
    if postgres.process_id is None:
        raise RuntimeError("Postgres is gone")
    for operation in OPERATIONS:
        if asked.operations and not any(part in operation.name for part in asked.operations):
            continue
        for count in asked.connections:
            load = Load(count, asked.seconds, postgres.process_id, folder)
            for _ in range(asked.rounds if count == _QUOTED else 1):
                for name, sample in _round(servers, operation, load, postgres.url):
                    samples.setdefault((operation.name, count, name), []).append(sample)
                    _progress(operation.name, count, name, sample)
    return {key: report.middle(found) for key, found in samples.items()}


def _round(
    servers: Sequence[Server], operation: Operation, load: Load, url: str
) -> Iterator[tuple[str, Sample]]:
    yield LIMIT, load_limit(url, operation, load, filtered=False)
    yield LIMIT_FILTERED, load_limit(url, operation, load, filtered=True)
    for server in servers:
        yield server.name, load_server(server, operation, load)


def _progress(operation: str, connections: int, system: str, sample: Sample) -> None:
    print(
        f"{operation:32} {connections:3}  {system:24} {sample.rate:9,.0f}/s "
        f"{sample.p50:7.2f} ms {sample.server_cpu:7.0f} + {sample.postgres_cpu:.0f} µs",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
