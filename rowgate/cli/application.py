"""The table of commands: names, options and help; what they do lives beside.

Commands are loaded when called, so that `rowgate run` does not wait for the engine's modules.
"""

import importlib
from pathlib import Path
from typing import Annotated, Any

import typer

from rowgate import __version__
from rowgate.cli.failures import OUTPUT, told_in_one_sentence
from rowgate.cli.flags import Flags

application = typer.Typer(
    name="rowgate",
    help="A permissioned GraphQL API over Postgres, declared and not written.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
metadata = typer.Typer(help="Move metadata between a directory and a running engine.")
migrate = typer.Typer(help="Change the tables of DATABASE_URL by the migrations in db/migrations.")
application.add_typer(metadata, name="metadata")
application.add_typer(migrate, name="migrate")

Url = Annotated[str | None, typer.Option(metavar="URL")]
Endpoint = Annotated[
    str, typer.Option(envvar="HASURA_GRAPHQL_ENDPOINT", help="where the engine answers")
]
Secret = Annotated[
    str,
    typer.Option(envvar="HASURA_GRAPHQL_ADMIN_SECRET", help="its admin secret", show_default=False),
]
Folder = Annotated[Path, typer.Option(help="the metadata directory")]
AllowInconsistent = Annotated[
    bool, typer.Option("--allow-inconsistent", help="apply what fits, and list what does not")
]
Revision = Annotated[str, typer.Argument(help="a revision, `head`, `base`, `+1` or `-1`")]
State = Annotated[
    Path | None,
    typer.Option(
        envvar="ROWGATE_STATE_FOLDER",
        help="folder of data, keys and logs; .rowgate unless given, and then it holds .env, too",
    ),
]
FreePorts = Annotated[bool, typer.Option("--free-ports", help="take free ports instead of fixed")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="do not ask")]
DEFAULT_ENDPOINT = "http://127.0.0.1:8080"
METADATA = Path("metadata")


def main() -> None:
    """Run the command line, and end the process."""
    application()


def _module(name: str) -> Any:
    return importlib.import_module(f"rowgate.cli.{name}")


@application.callback()
def before(
    context: typer.Context, metadata_database_url: Url = None, database_url: Url = None
) -> None:
    """Take the flags that Hasura puts before the command."""
    flags: Flags = {}
    if metadata_database_url is not None:
        flags["metadata-database-url"] = metadata_database_url
    if database_url is not None:
        flags["database-url"] = database_url
    context.obj = flags


@application.command(
    context_settings={
        "allow_extra_args": True,
        "ignore_unknown_options": True,
        "help_option_names": [],
    },
)
def serve(context: typer.Context) -> None:
    """Serve GraphQL; takes Hasura's server flags (`serve --help` lists them)."""
    raise typer.Exit(_module("serve").serve(context.args, context.obj))


@application.command()
def version() -> None:
    """Print the version."""
    OUTPUT.print(__version__)


@application.command()
def run(state_folder: State = None, free_ports: FreePorts = False) -> None:  # noqa: FBT002
    """Run everything for development: Postgres, object store, engine, auth, actions."""
    with told_in_one_sentence():
        raise typer.Exit(_module("development.supervisor").run(state_folder, free_ports))


@application.command()
def reset(state_folder: State = None, yes: Yes = False) -> None:  # noqa: FBT002
    """Drop the data that `run` keeps, after asking."""
    with told_in_one_sentence():
        _module("development.reset").reset(state_folder, yes)


@metadata.command("apply")
def apply(
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    admin_secret: Secret = "",
    directory: Folder = METADATA,
    allow_inconsistent: AllowInconsistent = False,  # noqa: FBT002
) -> None:
    """Replace the metadata of a running engine by a directory."""
    with told_in_one_sentence():
        commands = _module("metadata")
        engine = commands.Engine(endpoint, admin_secret)
        commands.apply(engine, directory, allow_inconsistent=allow_inconsistent)


@metadata.command()
def export(
    endpoint: Endpoint = DEFAULT_ENDPOINT, admin_secret: Secret = "", directory: Folder = METADATA
) -> None:
    """Write the metadata of a running engine into a directory."""
    with told_in_one_sentence():
        commands = _module("metadata")
        commands.export(commands.Engine(endpoint, admin_secret), directory)


@migrate.command()
def up(revision: Revision = "head") -> None:
    """Apply migrations up to a revision."""
    with told_in_one_sentence():
        _module("migrate").alembic("upgrade", revision)


@migrate.command()
def down(revision: Revision = "-1") -> None:
    """Take migrations back down to a revision."""
    with told_in_one_sentence():
        _module("migrate").alembic("downgrade", revision)


@migrate.command()
def status() -> None:
    """List the migrations, and which is applied."""
    with told_in_one_sentence():
        _module("migrate").alembic("history", "--indicate-current")


@migrate.command("create")
def create_migration(message: Annotated[str, typer.Argument(help="what it changes")]) -> None:
    """Write a migration from the difference between db/models.py and the database."""
    with told_in_one_sentence():
        _module("migrate").alembic("revision", "--autogenerate", "-m", message)
