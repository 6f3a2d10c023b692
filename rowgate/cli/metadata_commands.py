"""The commands below `rowgate metadata`: names, options and help."""

import importlib
from typing import Annotated, Any

import typer

from rowgate.cli.desk import Desk, with_desk
from rowgate.cli.failures import TROUBLE, told_in_one_sentence
from rowgate.cli.options import (
    METADATA,
    Findings,
    Folder,
    Format,
    examples,
)

metadata = typer.Typer(
    help="Move metadata between a directory and a running engine.", no_args_is_help=True
)
inconsistency = typer.Typer(
    help="What of the metadata the engine cannot serve.", no_args_is_help=True
)
metadata.add_typer(inconsistency, name="inconsistency")

AllowInconsistent = Annotated[
    bool, typer.Option("--allow-inconsistent", help="apply what fits, and list what does not")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="tell what would change; change nothing")]
Databases = Annotated[
    bool, typer.Option("--database", help="ask the sources' databases for tables and indexes, too")
]
UnauthorizedRole = Annotated[
    str,
    typer.Option(
        envvar="HASURA_GRAPHQL_UNAUTHORIZED_ROLE",
        metavar="ROLE",
        help="the role of requests without a token",
    ),
]


def _commands() -> Any:
    return importlib.import_module("rowgate.cli.metadata")


@metadata.command(
    epilog=examples(
        "rowgate metadata apply",
        "rowgate metadata apply --dry-run",
        "rowgate metadata apply --endpoint https://graphql.example.org --allow-inconsistent",
    )
)
@with_desk()
def apply(
    desk: Desk,
    directory: Folder = METADATA,
    allow_inconsistent: AllowInconsistent = False,  # noqa: FBT002
    dry_run: DryRun = False,  # noqa: FBT002
) -> None:
    """Replace the metadata of a running engine by a directory."""
    if dry_run:
        raise typer.Exit(_commands().preview(desk.engine, directory, desk.output))
    _commands().apply(desk.engine, directory, desk.output, allow_inconsistent=allow_inconsistent)


@metadata.command(epilog=examples("rowgate metadata export --directory metadata"))
@with_desk()
def export(desk: Desk, directory: Folder = METADATA) -> None:
    """Write the metadata of a running engine into a directory."""
    _commands().export(desk.engine, directory)


@metadata.command(
    epilog=examples("rowgate metadata diff", "rowgate metadata diff --output json | jq length")
)
@with_desk(TROUBLE)
def diff(desk: Desk, directory: Folder = METADATA) -> None:
    """Tell what `apply` would change, whatever the order and the spelling.

    Ends with 0 where nothing differs, 1 where something does, 2 where it cannot be told.
    """
    raise typer.Exit(_commands().differences(desk.engine, directory, desk.output))


@metadata.command(
    epilog=examples(
        "rowgate metadata lint",
        "rowgate metadata lint --database",
        "rowgate metadata lint --output sarif > lint.sarif",
    )
)
def lint(
    directory: Folder = METADATA,
    output: Findings = Format.TEXT,
    unauthorized_role: UnauthorizedRole = "anonymous",
    database: Databases = False,  # noqa: FBT002
) -> None:
    """Find what opens more than was meant, or costs more; a comment allows what was meant.

    Ends with 0 where nothing is found, 1 where something is, 2 where it cannot be told.
    """
    with told_in_one_sentence(TROUBLE):
        commands = importlib.import_module("rowgate.cli.lint")
        status = commands.lint(directory, output, unauthorized_role, ask_databases=database)
        raise typer.Exit(status)


@metadata.command(epilog=examples("rowgate metadata reload"))
@with_desk(TROUBLE)
def reload(desk: Desk) -> None:
    """Have the engine read its databases and remote schemas again.

    Ends with 0 where all is consistent, 1 where something is not, 2 where it refuses.
    """
    raise typer.Exit(_commands().reload(desk.engine, desk.output))


@inconsistency.command("list", epilog=examples("rowgate metadata inconsistency list --output json"))
@with_desk(TROUBLE)
def list_inconsistent(desk: Desk) -> None:
    """List what cannot be served, and why.

    Ends with 0 where there is nothing, 1 where there is something, 2 where it cannot be told.
    """
    raise typer.Exit(_commands().inconsistent(desk.engine, desk.output))


@inconsistency.command(epilog=examples("rowgate metadata inconsistency drop"))
@with_desk()
def drop(desk: Desk) -> None:
    """Take what cannot be served out of the engine's metadata."""
    _commands().drop_inconsistent(desk.engine, desk.output)
