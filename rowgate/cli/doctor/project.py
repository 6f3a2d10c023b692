"""The project's own files: secrets and their modes, settings, metadata."""

from collections.abc import Iterator
from pathlib import Path

from rowgate.base.errors import ApiError
from rowgate.base.json import Json
from rowgate.cli import running
from rowgate.cli.development.manifest import FILE
from rowgate.cli.development.manifest import read as read_manifest
from rowgate.cli.development.project import secret_names
from rowgate.cli.doctor.types import Examined, failed, ok, unknown, warning
from rowgate.cli.failures import CommandError
from rowgate.cli.fit import ask, inconsistencies
from rowgate.cli.writing import counted
from rowgate.metadata.directory import load
from rowgate.metadata.read import read
from rowgate.metadata.types import Metadata
from rowgate.settings import Settings, SettingsError

_PRIVATE = 0o077
_LISTED = 0o066
"""Who may read or change a folder; to come through it shows nothing."""
_METADATA = Path("metadata")
_ENGINE_URL = "HASURA_GRAPHQL_METADATA_DATABASE_URL"


def examine() -> Iterator[Examined]:
    """Everything about the files of the current folder."""
    yield _manifest()
    yield _secrets()
    yield _state()
    yield from _settings()
    yield _metadata()


def _manifest() -> Examined:
    if not FILE.is_file():
        return ok("manifest", f"there is no {FILE}: the engine and Postgres are run")
    found = read_manifest()
    names = ", ".join(one.name for one in found.processes) or "none"
    return ok("manifest", f"{found.name}; processes beside the engine: {names}")


def _secrets() -> Examined:
    file = running.secrets_file()
    if not file.is_file():
        return ok("secrets", f"{file} will be made by `rowgate run`")
    mode = file.stat().st_mode & 0o777
    if mode & _PRIVATE:
        told = f"{file} has mode {mode:04o}: others on this machine can read it"
        return failed("secrets", told, f"chmod 600 {file}")
    names = secret_names(read_manifest())
    weak = [name for name in names if 0 < len(running.values().get(name, "")) < 16]
    if weak:
        advice = "Delete their lines; `rowgate run` makes long ones."
        return warning("secrets", f"{', '.join(weak)} in {file} are short", advice)
    return ok("secrets", f"{file} is its owner's alone")


def _state() -> Examined:
    folder = running.state_folder()
    if not folder.is_dir():
        return ok("state folder", f"{folder} will be made by `rowgate run`")
    mode = folder.stat().st_mode & 0o777
    if mode & _LISTED:
        told = f"{folder} has mode {mode:04o}: others on this machine can look into it"
        return warning("state folder", told, f"chmod 700 {folder}")
    return ok("state folder", f"{folder} is its owner's alone")


def _settings() -> Iterator[Examined]:
    """The engine's settings as the environment has them; what `rowgate run` adds is taken as
    given."""
    values = dict(running.values())
    given = {name for name in values if name.startswith("HASURA_GRAPHQL_")}
    if not given - {"HASURA_GRAPHQL_ADMIN_SECRET"}:
        yield ok("settings", "nothing but what `rowgate run` sets")
        return
    url = running.database_url() or "postgresql:///"
    values.setdefault(_ENGINE_URL, url)
    try:
        settings = Settings.read(values, {})
    except SettingsError as error:
        yield failed("settings", str(error), "Correct the variable; docs/settings.md has them all.")
        return
    for told in settings.warnings:
        yield warning("settings", told, "docs/settings.md says more.")
    if not settings.warnings:
        yield ok("settings", f"{len(given)} variables, all understood")


def _metadata() -> Examined:
    if not _METADATA.is_dir():
        return unknown("metadata directory", "there is none here", "Go to the project's folder.")
    try:
        declared = read(load(_METADATA))
    except ApiError as error:
        return failed("metadata directory", error.message, "Correct that line.")
    if declared.problems:
        first = declared.problems[0].reason
        told = f"{len(declared.problems)} objects cannot be read: {first}"
        return failed("metadata directory", told, "`rowgate metadata lint` names file and line.")
    return _fitting(declared, load(_METADATA))


def _fitting(declared: Metadata, document: Json) -> Examined:
    """Whether the metadata fits the databases whose address is known here."""
    tables = sum(len(source.tables) for source in declared.sources)
    told = f"{counted(tables, 'table')}, {counted(len(declared.actions), 'action')}"
    if not running.database_url():
        return ok(
            "metadata directory", f"{told}; not compared with a database, since none is known"
        )
    try:
        wrong = list(inconsistencies(document, ask(document)))
    except CommandError as error:
        return unknown("metadata directory", f"{told}; not compared: {error}")
    if wrong:
        found = f"{counted(len(wrong), 'object')} do not fit: {wrong[0].name}: {wrong[0].reason}"
        return failed("metadata directory", found, "`rowgate metadata lint --database` lists all.")
    return ok("metadata directory", f"{told}; all fit the database")
