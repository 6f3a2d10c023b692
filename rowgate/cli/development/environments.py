"""What each process is told: its environment, and no secret that it did not ask for.

A manifest's values may hold `${auth.url}` and `${auth.address}` (where a process answers),
`${state}`, `${database.url}`, `${metadata.url}` and `${NAME}`, another variable that is no secret.
"""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from rowgate.cli.development.children import Child
from rowgate.cli.development.database import Databases
from rowgate.cli.development.manifest import FILE, Process
from rowgate.cli.development.project import Project
from rowgate.cli.failures import CommandError

_REFERENCE = re.compile(r"\$\{([A-Za-z0-9_.]*)\}")
_NESTED = 8
"""How deep variables may refer to variables."""


def child(project: Project, process: Process, databases: Databases) -> Child:
    """A process of the manifest, ready to start."""
    port = project.ports[process.name]
    listening: Mapping[str, str] = {"HOST": "127.0.0.1", "PORT": str(port)}
    if process is project.manifest.engine:
        listening = _engine(project, databases)
    secrets = (*process.secrets, *process.optional_secrets)
    environment = environment_of(project, databases, process.environment, secrets)
    scope = _Scope(project, databases, {**project.manifest.environment, "PORT": str(port)})
    return Child(
        name=process.name,
        command=command_of(tuple(scope.resolved(word) for word in process.command)),
        environment={**environment, **listening},
        port=port,
        log=project.logs / f"{process.name}.log",
        health=process.health,
    )


def seeding(project: Project, databases: Databases) -> Mapping[str, str]:
    """The environment of migrations and seeds."""
    secrets = project.manifest.seeds.secrets if project.manifest.seeds else ()
    return environment_of(project, databases, {}, secrets)


def seed_command(project: Project) -> tuple[str, ...]:
    """The words of the command that inserts the first rows; none where there is no such command."""
    return command_of(project.manifest.seeds.command) if project.manifest.seeds else ()


def environment_of(
    project: Project, databases: Databases, own: Mapping[str, str], secrets: tuple[str, ...]
) -> dict[str, str]:
    """What the user set but for secrets, over `own`, over the manifest's `environment`; and the
    values of the named `secrets`. Raises `CommandError` for a reference to nothing."""
    kept = {name: value for name, value in project.values.items() if name not in project.secrets}
    given = {name: value for name, value in kept.items() if value}
    declared = {**project.manifest.environment, **own}
    scope = _Scope(project, databases, {**declared, **given})
    resolved = {name: scope.resolved(value) for name, value in declared.items()}
    return {
        **resolved,
        **given,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), given.get("PATH", os.defpath)]),
        "PYTHONUNBUFFERED": "1",
        "DATABASE_URL": databases.application,
        **{name: project.values[name] for name in secrets if project.values.get(name)},
    }


def store_url(project: Project) -> str:
    """Where the object store answers: the one given, or the one that is started."""
    return project.values.get("S3_ENDPOINT_URL") or project.url("s3")


def resolved(project: Project, databases: Databases, text: str) -> str:
    """A text of the manifest with its references replaced."""
    return _Scope(project, databases, project.manifest.environment).resolved(text)


class _Scope:
    """What references of the manifest's values stand for."""

    def __init__(
        self, project: Project, databases: Databases, variables: Mapping[str, str]
    ) -> None:
        self._variables = variables
        self._known = {f"{name}.url": project.url(name) for name in project.ports}
        self._known |= {f"{name}.address": f"127.0.0.1:{p}" for name, p in project.ports.items()}
        self._known |= {
            "state": str(project.state),
            "database.url": databases.application,
            "metadata.url": databases.metadata,
        }

    def resolved(self, text: str, depth: int = _NESTED) -> str:
        """`text` with every reference replaced."""
        return _REFERENCE.sub(lambda found: self._value(found[1], depth), text)

    def _value(self, name: str, depth: int) -> str:
        if name in self._known:
            return self._known[name]
        if name in self._variables and depth:
            return self.resolved(self._variables[name], depth - 1)
        known = ", ".join(sorted(self._known))
        raise CommandError(
            f"{FILE}: ${{{name}}} refers to nothing; there are {known} and variables."
        )


def _engine(project: Project, databases: Databases) -> Mapping[str, str]:
    """What the product itself tells the engine."""
    return {
        "HASURA_GRAPHQL_METADATA_DATABASE_URL": databases.metadata,
        "HASURA_GRAPHQL_SERVER_HOST": "127.0.0.1",
        "HASURA_GRAPHQL_SERVER_PORT": str(project.ports["engine"]),
        "HASURA_GRAPHQL_ENABLE_CONSOLE": project.values.get("HASURA_GRAPHQL_ENABLE_CONSOLE")
        or "true",
        "HASURA_GRAPHQL_ADMIN_SECRET": project.values["HASURA_GRAPHQL_ADMIN_SECRET"],
    }


def command_of(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a command to start; `python` and `rowgate` are those of this environment."""
    match words:
        case ("python", *rest):
            return (sys.executable, *rest)
        case ("rowgate", *rest):
            return (sys.executable, "-m", "rowgate", *rest)
        case _:
            return words
