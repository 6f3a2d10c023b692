"""Builds the marts: `python dbt/build.py`, with DATABASE_URL, or beside a `rowgate run`.

Runs `dbt build` (or what is given instead of `build`) over this folder, in its own environment.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

FOLDER = Path(__file__).parent


def main() -> int:
    """The exit status of dbt."""
    url = os.environ.get("DATABASE_URL") or _running()
    if not url:
        sys.exit("DATABASE_URL is not set, and nothing runs here: start `rowgate run`, or set it.")
    program = Path(sys.executable).with_name("dbt")
    if not program.exists():
        sys.exit("dbt is missing: `make marts` installs it, or pip install 'rowgate[dbt]'.")
    words = sys.argv[1:] or ["build"]
    folders = ("--project-dir", str(FOLDER), "--profiles-dir", str(FOLDER))
    told = {**os.environ, **_connection(url), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    command = (str(program), *words, *folders)
    return subprocess.run(command, env=told, check=False).returncode  # noqa: S603 - no shell


def _running() -> str:
    """The database of the run in the current folder; empty where nothing runs."""
    try:
        return str(json.loads(Path(".rowgate/run.json").read_text())["database_url"])
    except (OSError, ValueError, KeyError):
        return ""


def _connection(url: str) -> dict[str, str]:
    """The variables that profiles.yml reads."""
    parts = urlsplit(url)
    return {
        "PGHOST": parts.hostname or "127.0.0.1",
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.removeprefix("/")),
    }


if __name__ == "__main__":
    sys.exit(main())
