"""The commands below `rowgate migrate`: names, options and help."""

import importlib
from typing import Annotated, Any

import typer

from rowgate.cli.failures import told_in_one_sentence
from rowgate.cli.options import METADATA, Folder, Output, Written, examples

migrate = typer.Typer(
    help="Change the tables of DATABASE_URL by the migrations in db/migrations.",
    no_args_is_help=True,
)

Revision = Annotated[str, typer.Argument(help="a revision, `head`, `base`, `+1` or `-1`")]
Message = Annotated[str, typer.Argument(help="what it changes")]
Renames = Annotated[
    list[str] | None,
    typer.Option("--rename", metavar="TABLE.COLUMN=NAME", help="what is renamed, not dropped"),
]
Empty = Annotated[bool, typer.Option("--empty", help="write one to fill in by hand")]
Source = Annotated[str, typer.Option(help="the source of the metadata that the database is")]


def _commands() -> Any:
    return importlib.import_module("rowgate.cli.migrate")


@migrate.command(epilog=examples("rowgate migrate up", "rowgate migrate up +1"))
def up(revision: Revision = "head", directory: Folder = METADATA) -> None:
    """Apply migrations up to a revision, and the metadata that belongs to them; tell the engine."""
    with told_in_one_sentence():
        _commands().up(revision, directory)


@migrate.command(epilog=examples("rowgate migrate down", "rowgate migrate down base"))
def down(revision: Revision = "-1", directory: Folder = METADATA) -> None:
    """Take migrations back down to a revision, with the metadata that belongs to them."""
    with told_in_one_sentence():
        _commands().down(revision, directory)


@migrate.command(epilog=examples("rowgate migrate status --output json"))
def status(output: Written = Output.TEXT) -> None:
    """List the migrations, and which is applied."""
    with told_in_one_sentence():
        _commands().status(output)


@migrate.command(epilog=examples("rowgate migrate history"))
def history(output: Written = Output.TEXT) -> None:
    """Tell every migration with its file and what it does, newest first."""
    with told_in_one_sentence():
        _commands().history(output)


@migrate.command(
    "create",
    epilog=examples(
        'rowgate migrate create "visits of a vet"',
        'rowgate migrate create "body is text" --rename notes.body=text',
        'rowgate migrate create "a trigger" --empty',
    ),
)
def create_migration(
    message: Message,
    directory: Folder = METADATA,
    source: Source = "default",
    rename: Renames = None,
    empty: Empty = False,  # noqa: FBT002
) -> None:
    """Write a migration from the difference between db/models and the database, and beside it
    the change of metadata that goes with it.

    Asks whether a column or table was renamed, and tells which data would be lost.
    """
    with told_in_one_sentence():
        commands = _commands()
        wanted = commands.Wanted(message, directory, source, tuple(rename or ()), is_empty=empty)
        commands.create(wanted)
