"""The table of commands: names, options and help; what they do lives beside.

Commands are loaded when called, so that `rowgate run` does not wait for the engine's modules.
"""

import gc
import importlib
from pathlib import Path
from typing import Annotated, Any

import typer

from rowgate import __version__
from rowgate.cli.desk import Desk, with_desk
from rowgate.cli.failures import OUTPUT, told_in_one_sentence
from rowgate.cli.flags import Flags
from rowgate.cli.metadata_commands import metadata
from rowgate.cli.migrate_commands import migrate
from rowgate.cli.options import Endpoint, Template, examples

application = typer.Typer(
    name="rowgate",
    help="A permissioned GraphQL API over Postgres, declared and not written.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
application.add_typer(metadata, name="metadata")
application.add_typer(migrate, name="migrate")

Url = Annotated[str | None, typer.Option(metavar="URL")]
State = Annotated[
    Path | None,
    typer.Option(
        envvar="ROWGATE_STATE_FOLDER",
        help="folder of data, keys and logs; .rowgate unless given, and then it holds .env, too",
    ),
]
FreePorts = Annotated[bool, typer.Option("--free-ports", help="take free ports instead of fixed")]
Watch = Annotated[
    bool, typer.Option("--watch/--no-watch", help="apply changes of files as they are saved")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="do not ask")]
NewFolder = Annotated[Path, typer.Argument(help="the folder to make, which must be new or empty")]
FromTemplate = Annotated[Template, typer.Option("--template", help="what the project starts from")]
InBrowser = Annotated[bool, typer.Option("--open", help="show it in a browser")]
Query = Annotated[str, typer.Argument(help="the query, a file that holds it, or `-` for stdin")]
Role = Annotated[str, typer.Option("--role", help="the role that asks")]
Session = Annotated[
    list[str] | None,
    typer.Option("--session", metavar="X-HASURA-NAME=VALUE", help="a session variable of it"),
]
Variables = Annotated[str, typer.Option(metavar="JSON", help="the query's variables")]


_YOUNG = 10_000
"""Objects made and kept after which garbage that refers to itself is looked for among the young.
Python's 700 are there two hundred times while modules are imported, and after a few dozen requests:
the looks cost a sixth of a command's start and a fifteenth of the engine's time, and find nothing,
since a request leaves no such garbage."""


def main() -> None:
    """Run the command line, and end the process."""
    gc.set_threshold(_YOUNG)
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


@application.command(epilog=examples("rowgate version"))
def version() -> None:
    """Print the version."""
    OUTPUT.print(__version__)


@application.command(epilog=examples("rowgate init shop", "rowgate init zoo --template shelter"))
def init(folder: NewFolder, template: FromTemplate = Template.EMPTY) -> None:
    """Make a new project: `empty` has one example table, `shelter` is the reference application."""
    with told_in_one_sentence():
        _module("scaffold").init(folder, template)


@application.command(epilog=examples("rowgate run", "rowgate run --free-ports"))
def run(
    state_folder: State = None,
    free_ports: FreePorts = False,  # noqa: FBT002
    watch: Watch = True,  # noqa: FBT002
) -> None:
    """Run everything for development, as rowgate.toml says, and apply changes as they are saved."""
    with told_in_one_sentence():
        supervisor = _module("development.supervisor")
        wanted = supervisor.Wanted(state_folder, free_ports=free_ports, watch=watch)
        raise typer.Exit(supervisor.run(wanted))


@application.command(epilog=examples("rowgate reset --yes"))
def reset(state_folder: State = None, yes: Yes = False) -> None:  # noqa: FBT002
    """Drop the data that `run` keeps, after asking."""
    with told_in_one_sentence():
        _module("development.reset").reset(state_folder, yes)


@application.command(epilog=examples("rowgate seed"))
def seed() -> None:
    """Insert the first rows, by the command of rowgate.toml or db/seeds, into DATABASE_URL, or into
    the database of the run of this folder.

    Rows that are there already are left alone.
    """
    with told_in_one_sentence():
        _module("seed").seed()


@application.command(epilog=examples("rowgate console", "rowgate console --open"))
def console(endpoint: Endpoint = None, open_it: InBrowser = False) -> None:  # noqa: FBT002
    """Print the address of the web console, and open it with `--open`."""
    with told_in_one_sentence():
        engine = _module("engine").engine_at(endpoint, "")
        _module("console").console(engine, in_browser=open_it)


@application.command(
    epilog=examples(
        "rowgate explain '{ notes { title } }' --role anonymous",
        "rowgate explain query.graphql --role user --session x-hasura-user-id=7 --output json",
    )
)
@with_desk()
def explain(
    desk: Desk,
    query: Query,
    role: Role = "admin",
    session: Session = None,
    variables: Variables = "",
) -> None:
    """Tell the SQL of a query as a role would run it, and Postgres' plan for it."""
    commands = _module("explain")
    question = commands.Question(query, role, session or (), variables)
    commands.explain(desk.engine, question, desk.output)


@application.command(
    "query",
    epilog=examples(
        "rowgate query '{ notes { title } }' --role anonymous",
        "rowgate query query.graphql --role user --session x-hasura-user-id=7",
    ),
)
@with_desk()
def run_query(
    desk: Desk,
    query: Query,
    role: Role = "admin",
    session: Session = None,
    variables: Variables = "",
) -> None:
    """Run a query as a role and print the answer; ends with 1 where it holds errors."""
    question = _module("explain").Question(query, role, session or (), variables)
    raise typer.Exit(_module("query").query(desk.engine, question))


@application.command(epilog=examples("rowgate doctor", "rowgate doctor --output json"))
@with_desk()
def doctor(desk: Desk) -> None:
    """Examine machine, project, database and engine; each finding says what to do.

    Ends with 1 where something does not work.
    """
    raise typer.Exit(_module("doctor.examine").doctor(desk.engine, desk.output))
