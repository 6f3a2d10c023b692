"""`rowgate seed`: the command of the manifest that inserts the first rows."""

import os
import subprocess

from rowgate.cli import running
from rowgate.cli.development.environments import command_of
from rowgate.cli.development.manifest import read
from rowgate.cli.failures import OUTPUT, CommandError
from rowgate.cli.revisions import last_line


def seed() -> None:
    """Insert the rows of db/seeds into DATABASE_URL, or into the database of the run under way.

    Raises `CommandError` outside a project, without a database, and where a row does not fit.
    """
    declared = read().seeds
    if declared is None:
        raise CommandError(
            "This project has no seeds: neither db/seeds/__main__.py nor [seeds] in rowgate.toml."
        )
    url = running.database_url()
    if not url:
        raise CommandError(
            "DATABASE_URL is not set, and nothing runs here: it names the database to insert into."
        )
    answer = subprocess.run(
        command_of(declared.command),
        env={**os.environ, **_secrets(declared.secrets), "DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise CommandError(f"the seeds were not inserted: {last_line(answer.stdout)}")
    OUTPUT.print(answer.stdout.strip() or "The seeds have nothing to tell.", markup=False)


def _secrets(names: tuple[str, ...]) -> dict[str, str]:
    values = running.values()
    return {name: values[name] for name in names if values.get(name)}
