"""`rowgate migrate`: migrations by Alembic over db/alembic.ini, and the metadata that follows."""

import contextlib
import io
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer
from alembic import command
from alembic.config import Config

from rowgate.base.json import Json
from rowgate.cli import running
from rowgate.cli.autogenerate import Corrections, Rename, rename_of
from rowgate.cli.comparison import tell_places
from rowgate.cli.engine import Engine, running_engine
from rowgate.cli.failures import OUTPUT, CommandError
from rowgate.cli.fit import catalog_of
from rowgate.cli.losses import losses_of
from rowgate.cli.metadata import problems, replaced
from rowgate.cli.metadata_changes import Planned, Shift, follow_all, planned, write_beside
from rowgate.cli.migration_source import dropped_columns, growth_of
from rowgate.cli.options import Output
from rowgate.cli.revisions import (
    CONFIGURATION,
    Step,
    bring_up,
    last_line,
    require_project,
    steps,
    take_down,
)
from rowgate.cli.writing import write_json
from rowgate.metadata.directory import load


def up(revision: str, directory: Path) -> None:
    """Apply migrations up to a revision, then the metadata that belongs to them, and tell a running
    engine. Raises `CommandError` where one fails; those before it stay applied."""
    url = _url()
    before = {step.revision for step in steps(url) if step.is_applied}
    bring_up(_environment(url), to=revision)
    made = [step for step in reversed(steps(url)) if step.is_applied]
    _followed([step for step in made if step.revision not in before], directory)


def down(revision: str, directory: Path) -> None:
    """Take migrations back to a revision, with the metadata that belongs to them, and tell a
    running engine. Raises `CommandError`."""
    url = _url()
    before = [step for step in steps(url) if step.is_applied]
    take_down(_environment(url), revision)
    after = {step.revision for step in steps(url) if step.is_applied}
    _followed([step for step in before if step.revision not in after], directory, back=True)


def _followed(changed: Sequence[Step], directory: Path, *, back: bool = False) -> None:
    follow_all(changed, directory, back=back)
    if not changed:
        OUTPUT.print("The database is there already: no migration was run.")
        return
    engine = running_engine()
    if engine is not None and directory.is_dir():
        _tell_engine(engine, directory)


def _tell_engine(engine: Engine, directory: Path) -> None:
    """Have the engine read the tables again, and take the directory's metadata."""
    engine.ask("reload_metadata", {"reload_sources": True})
    replaced(engine, directory, allow_inconsistent=True)
    OUTPUT.print(f"The engine at {engine.endpoint} serves the new tables.", markup=False)
    for one in problems(engine):
        OUTPUT.print(f"  problem: {one}", style="red", markup=False)


def status(output: Output) -> None:
    """Tell which migrations are applied. Raises `CommandError` where they cannot be read."""
    found = steps(_url())
    match output:
        case Output.TEXT:
            for step in found:
                mark = "current" if step.is_current else "applied" if step.is_applied else "pending"
                OUTPUT.print(f"{mark:8} {step.revision}  {step.message}", markup=False)
            if not found:
                OUTPUT.print("There is no migration yet: `rowgate migrate create` writes one.")
        case Output.JSON:
            pending = [step.revision for step in reversed(found) if not step.is_applied]
            current = [step.revision for step in found if step.is_current]
            write_json({"current": current, "pending": pending})


def history(output: Output) -> None:
    """Tell every migration, newest first. Raises `CommandError` where they cannot be read."""
    found = steps(_url())
    match output:
        case Output.TEXT:
            for step in found:
                mark = " (current)" if step.is_current else ""
                OUTPUT.print(f"{step.revision}{mark}  {step.message}", markup=False)
                OUTPUT.print(f"    {step.file}", markup=False)
        case Output.JSON:
            write_json([_as_json(step) for step in found])


def _as_json(step: Step) -> dict[str, Json]:
    return {
        "revision": step.revision,
        "down_revision": step.based_on[0] if step.based_on else None,
        "message": step.message,
        "file": str(step.file),
        "is_current": step.is_current,
        "is_applied": step.is_applied,
    }


@dataclass(frozen=True, slots=True)
class Wanted:
    """What `migrate create` is asked for: a message, the metadata directory and its source, renames
    written `table.column=name`, and whether nothing needs to differ."""

    message: str
    directory: Path
    source: str
    renames: Sequence[str] = ()
    is_empty: bool = False


def create(wanted: Wanted) -> None:
    """Write a migration from the difference between models and database, and beside it the
    metadata that follows.

    Raises `CommandError` where the models or the database cannot be read, or nothing differs.
    """
    require_project()
    url = _url()
    if any(not step.is_applied for step in steps(url)):
        raise CommandError(
            "There are migrations that are not applied: `rowgate migrate up` first, so that the "
            "new one starts from their tables."
        )
    catalog = catalog_of(url)
    corrections = Corrections([rename_of(one) for one in wanted.renames], _asked)
    corrections.require_change = not wanted.is_empty
    file = _generated(wanted.message, url, corrections)
    OUTPUT.print(f"Wrote {file}. Read it before you apply it.", markup=False)
    for loss in losses_of(file):
        OUTPUT.print(f"  data loss: it {loss}", style="yellow", markup=False)
    for one in corrections.doubtful:
        OUTPUT.print(f"  if it is a rename: --rename {_written(one)}", markup=False)
    if wanted.directory.is_dir():
        shift = Shift(growth_of(file), corrections.made, dropped_columns(file))
        document = load(wanted.directory)
        _plan_metadata(planned(document, wanted.source, shift, catalog), file)


def _plan_metadata(plan: Planned, file: Path) -> None:
    for note in plan.notes:
        OUTPUT.print(f"  needs you: {note}", style="yellow", markup=False)
    if not plan.changes:
        OUTPUT.print("The metadata needs no change.")
        return
    beside = write_beside(file, plan.changes)
    OUTPUT.print(f"Wrote {beside}, the metadata that goes with it:", markup=False)
    tell_places(plan.changes)
    OUTPUT.print("`rowgate migrate up` applies both. Permissions of new tables are yours to write.")


def _asked(rename: Rename) -> bool:
    """Whether a person says that it is a rename; nobody is asked where no terminal is."""
    if not sys.stdin.isatty():
        return False
    return typer.confirm(f"Is this a rename, {rename}? (No: the old one and its data go)")


def _written(rename: Rename) -> str:
    place = f"{rename.table}.{rename.column}" if rename.column else str(rename.table)
    return f"{place}={rename.to}"


def _generated(message: str, url: str, corrections: Corrections) -> Path:
    """The file that Alembic writes. Raises `CommandError`."""
    os.environ["DATABASE_URL"] = url
    sys.path.insert(0, str(Path.cwd()))
    written = io.StringIO()
    configuration = Config(str(CONFIGURATION), stdout=written)
    try:
        with contextlib.redirect_stdout(written):
            script = command.revision(
                configuration, message, autogenerate=True, process_revision_directives=corrections
            )
    except CommandError:
        raise
    except Exception as error:  # noqa: BLE001 - models are the user's own, and may raise anything
        raise CommandError(f"The models cannot be read: {_place(error)}{_reason(error)}") from None
    assert script is not None
    assert not isinstance(script, list)
    return Path(os.path.relpath(script.path))


def _place(error: Exception) -> str:
    """File and line of the project where an error arose."""
    here = str(Path.cwd())
    frames = traceback.extract_tb(error.__traceback__)
    own = [one for one in frames if one.filename.startswith(here) and "/.venv/" not in one.filename]
    return f"{os.path.relpath(own[-1].filename)}:{own[-1].lineno}: " if own else ""


def _reason(error: Exception) -> str:
    return last_line(f"{type(error).__name__}: {error}".splitlines()[0])


def _url() -> str:
    require_project()
    url = running.database_url()
    if not url:
        raise CommandError(
            "DATABASE_URL is not set, and nothing of this folder runs: start `rowgate run` in "
            "another terminal, or set DATABASE_URL to the database to migrate."
        )
    return url


def _environment(url: str) -> dict[str, str]:
    return os.environ | {"DATABASE_URL": url}
