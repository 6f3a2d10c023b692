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
Apply = Annotated[bool, typer.Option("--apply", help="write the suggested metadata, too")]
Source = Annotated[str, typer.Option(help="the source of the metadata that the database is")]


def _commands() -> Any:
    return importlib.import_module("rowgate.cli.migrate")


@migrate.command(epilog=examples("rowgate migrate up", "rowgate migrate up +1"))
def up(revision: Revision = "head") -> None:
    """Apply migrations up to a revision."""
    with told_in_one_sentence():
        _commands().alembic("upgrade", revision)


@migrate.command(epilog=examples("rowgate migrate down", "rowgate migrate down base"))
def down(revision: Revision = "-1") -> None:
    """Take migrations back down to a revision."""
    with told_in_one_sentence():
        _commands().alembic("downgrade", revision)


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
        'rowgate migrate create "visits of a vet" --apply',
    ),
)
def create_migration(
    message: Message,
    directory: Folder = METADATA,
    source: Source = "default",
    apply: Apply = False,  # noqa: FBT002
) -> None:
    """Write a migration from the difference between db/models.py and the database.

    Tells the metadata that its new tables and foreign keys suggest, and writes it with `--apply`.
    """
    with told_in_one_sentence():
        _commands().create(message, directory, source, write=apply)
