"""What a run tells once it is up: a table of URLs, how to sign in, a request to paste.

The same, for programs, is in `run.json` of the state folder while it runs.
"""

import json
import os

from rich.table import Table

from rowgate.cli.development.database import Databases
from rowgate.cli.development.environments import resolved, store_url
from rowgate.cli.development.project import Project
from rowgate.cli.failures import OUTPUT

_QUERY = "{ __typename }"
"""What every role may ask, in a project that declares no query."""


def announce(project: Project, databases: Databases, seconds: float) -> None:
    """Print the table and write `run.json`, readable by its owner only."""
    urls = {
        "graphql": f"{project.url('engine')}/v1/graphql",
        "console": f"{project.url('engine')}/console",
    }
    urls |= {
        one.name: project.url(one.name) + one.page for one in project.manifest.processes if one.page
    }
    if project.manifest.s3:
        urls["objects"] = store_url(project)
    table = Table("what", "where", box=None, pad_edge=False)
    for what, url in urls.items():
        table.add_row(what, url)
    table.add_row("database", _without_password(databases.application))
    OUTPUT.print()
    OUTPUT.print(table)
    OUTPUT.print(f"\nSecrets are in {project.secrets_file}.", markup=False)
    if project.manifest.sign_in:
        OUTPUT.print(f"  sign in  {resolved(project, databases, project.manifest.sign_in)}")
    OUTPUT.print("  admin    HASURA_GRAPHQL_ADMIN_SECRET, in the header x-hasura-admin-secret")
    body = json.dumps({"query": project.manifest.query or _QUERY})
    OUTPUT.print(f"\n  curl -s {urls['graphql']} -d '{body}'\n", markup=False)
    _write(project, databases, urls)
    OUTPUT.print(
        f"Ready after {seconds:.1f} s. Ctrl-C stops everything; logs: {project.logs}",
        markup=False,
    )


def withdraw(project: Project) -> None:
    """Remove `run.json`: nothing runs any more."""
    (project.state / "run.json").unlink(missing_ok=True)


def _write(project: Project, databases: Databases, urls: dict[str, str]) -> None:
    names = ("engine", *(one.name for one in project.manifest.processes))
    told = {
        "process": os.getpid(),
        "urls": {name: project.url(name) for name in names},
        "pages": urls,
        "database_url": databases.application,
        "metadata_database_url": databases.metadata,
    }
    draft = project.state / "run.json.new"
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(told, file, indent=2)
    draft.replace(project.state / "run.json")


def _without_password(url: str) -> str:
    before, at, after = url.rpartition("@")
    return f"{before.rpartition(':')[0]}@{after}" if at else url
