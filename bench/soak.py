"""Memory over many requests: `python -m bench.soak [requests]` gives the growth after a warming."""

import sys
import tempfile
from pathlib import Path

from bench.__main__ import fill
from bench.install import install
from bench.measure import Load, load_server, memory
from bench.operations import OPERATIONS
from bench.servers import start_engine, with_role
from rowgate.postgres import EmbeddedPostgres

_REQUESTS = 1_000_000
_WARMING = 3.0
_PIECE = 5.0
_MOST = 0.05
_ASKED = ("by primary key", "simple list", "nested two levels", "aggregate", "mutation")


def main() -> int:
    """Print the figures; 1 where the growth is beyond its bound."""
    install()
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else _REQUESTS
    operations = [one for one in OPERATIONS if one.name in _ASKED]
    with tempfile.TemporaryDirectory(prefix="rowgate-soak-") as scratch:
        folder = Path(scratch)
        with EmbeddedPostgres(folder / "postgres", durable=False) as postgres:
            fill(postgres.url)
            engine = start_engine(postgres.url, folder / "engine.log")
            asked = with_role(engine)
            process = postgres.process_id or 0
            try:
                for one in operations:
                    load_server(asked, one, Load(16, _WARMING, process, folder))
                before, done = memory(engine.process.pid), 0
                while done < wanted:
                    for one in operations:
                        load = Load(16, _PIECE, process, folder)
                        done += int(load_server(asked, one, load).rate * _PIECE)
                after = memory(engine.process.pid)
            finally:
                engine.stop()
    growth = after / before - 1
    print(f"{done:,} requests: {before:.1f} MB before, {after:.1f} MB after ({growth:+.1%})")
    return 0 if growth < _MOST else 1


if __name__ == "__main__":
    sys.exit(main())
