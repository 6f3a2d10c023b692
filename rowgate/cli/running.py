"""What the project in the current folder tells about itself: its run under way, its secrets.

So that a command beside `rowgate run` needs neither address nor secret to be said again.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rowgate.cli.development.project import DEFAULT_STATE, read_env


def state_folder() -> Path:
    """The folder of data, keys and logs."""
    return Path(os.environ.get("ROWGATE_STATE_FOLDER") or DEFAULT_STATE)


def secrets_file() -> Path:
    """The `.env` that belongs to that folder."""
    given = os.environ.get("ROWGATE_STATE_FOLDER")
    return Path(given, ".env") if given else Path(".env")


def told() -> Mapping[str, Any]:
    """What a run under way has written into `run.json`; nothing where none runs."""
    try:
        found = json.loads((state_folder() / "run.json").read_text())
        os.kill(int(found["process"]), 0)
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return dict(found)


def values() -> Mapping[str, str]:
    """The variables of `.env`, with the environment over them. Raises `CommandError` where the
    file is malformed."""
    file = secrets_file()
    return {**(read_env(file) if file.is_file() else {}), **os.environ}


def database_url() -> str | None:
    """DATABASE_URL, or the database of the run under way; a variable that is set counts, even to
    nothing."""
    if "DATABASE_URL" in os.environ:
        return os.environ["DATABASE_URL"] or None
    return values().get("DATABASE_URL") or told().get("database_url")
