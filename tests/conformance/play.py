"""Replays recorded cases against this engine: `play.py FOLDER [arguments of FOLDER/run.py]`.

Starts a Postgres for them, and compares with the list of those that are known not to hold.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from rowgate.postgres import EmbeddedPostgres

BASELINE = Path(__file__).with_name("known-failures.txt")


def main(folder: Path, arguments: list[str]) -> int:
    """The exit status of the replay: 0 where nothing outside the list fails and nothing on it
    holds."""
    engine = Path(sys.executable).with_name("rowgate")
    rewriting = "--write-baseline" in arguments
    compared = [] if rewriting else ["--baseline", str(BASELINE)]
    with (
        tempfile.TemporaryDirectory(prefix="conformance-") as data,
        EmbeddedPostgres(Path(data) / "postgres", durable=False) as server,
    ):
        command = [sys.executable, str(folder / "run.py"), "--postgres", server.url]
        command += ["--engine", f"env ROWGATE_ALLOW_NO_ADMIN_SECRET=true {engine}"]
        status = subprocess.run([*command, *compared, *arguments], check=False).returncode
        return 0 if rewriting else status


if __name__ == "__main__":
    if len(sys.argv) < 2 or not Path(sys.argv[1], "run.py").is_file():
        sys.exit("usage: play.py FOLDER [arguments]; FOLDER holds run.py and cases/")
    sys.exit(main(Path(sys.argv[1]).absolute(), sys.argv[2:]))
