"""Workers over cores: `python -m bench.workers` gives what N processes answer to what one does.

Asked is what costs the engine alone, since on few cores Postgres and the load generator would be
measured with it: many fields that need no database.
"""

import contextlib
import os
import statistics
import sys
import tempfile
from pathlib import Path

from bench.install import install
from bench.measure import Load, load_server
from bench.operations import Operation
from bench.servers import Server, engine_environment, launch
from rowgate.postgres import EmbeddedPostgres
from rowgate.postgres.ports import free_port

_FIELDS = 400
_ROUNDS = 5
_SECONDS = 2.0
_CONNECTIONS = 64
_SHARE = 0.8
"""Of a core, what each further worker must add while there are cores for them."""
_ASKED = "{ " + " ".join(f"a{number}: __typename" for number in range(_FIELDS)) + " }"


def main() -> int:
    """Print the figures; 1 where they do not grow with the cores."""
    install()
    counts = [1, *range(2, min(os.cpu_count() or 1, 8) + 1)]
    operation = Operation("the engine alone", _ASKED, "", "")
    rates: dict[int, list[float]] = {count: [] for count in counts}
    with tempfile.TemporaryDirectory(prefix="rowgate-workers-") as scratch:
        folder = Path(scratch)
        with EmbeddedPostgres(folder / "postgres", durable=False) as postgres:
            load = Load(_CONNECTIONS, _SECONDS, postgres.process_id or 0, folder)
            with contextlib.ExitStack() as stack:
                servers = {}
                for count in counts:
                    servers[count] = _started(count, postgres.url, folder)
                    stack.callback(servers[count].stop)
                for _ in range(_ROUNDS):
                    for count, server in servers.items():
                        rates[count].append(load_server(server, operation, load).rate)
    alone = statistics.median(rates[1])
    print(f"{os.cpu_count()} cores, {_FIELDS} fields a request, {_CONNECTIONS} connections")
    for count in counts:
        rate = statistics.median(rates[count])
        print(f"{count} workers: {rate:,.0f} requests a second, {rate / alone:.2f} times one")
    most = statistics.median(rates[counts[-1]]) / alone
    return 0 if most >= 1 + _SHARE * (counts[-1] - 1) else 1


def _started(count: int, url: str, folder: Path) -> Server:
    port = free_port()
    environment = engine_environment(url, port, ROWGATE_WORKERS=str(count))
    command = [sys.executable, "-m", "rowgate", "serve"]
    server = launch(f"{count} workers", command, environment, port, folder / f"{count}.log")
    server.headers = {"x-hasura-admin-secret": environment["HASURA_GRAPHQL_ADMIN_SECRET"]}
    server.url = server.url.replace("/graphql", "/v1/graphql")
    return server


if __name__ == "__main__":
    sys.exit(main())
