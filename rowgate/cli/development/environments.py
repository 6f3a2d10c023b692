"""What each process is told: its environment and nothing that is another's secret."""

import json
import sys
from collections.abc import Mapping

from rowgate.cli.development.children import Child
from rowgate.cli.development.database import Databases
from rowgate.cli.development.project import SECRETS, Project

AUDIENCE = "rowgate"
BUCKET = "images"


def engine(project: Project, databases: Databases) -> Child:
    """The engine, with the auth service's keys and the actions service's secret; without an auth
    service, tokens are verified as the environment says."""
    told = {
        "HASURA_GRAPHQL_METADATA_DATABASE_URL": databases.metadata,
        "HASURA_GRAPHQL_SERVER_HOST": "127.0.0.1",
        "HASURA_GRAPHQL_SERVER_PORT": str(project.ports["engine"]),
        "HASURA_GRAPHQL_UNAUTHORIZED_ROLE": "anonymous",
        "HASURA_GRAPHQL_ENABLE_CONSOLE": "true",
        "DATABASE_URL": databases.application,
        "ACTIONS_BASE_URL": project.url("actions"),
    }
    if "auth" in project.services:
        told["HASURA_GRAPHQL_JWT_SECRET"] = json.dumps(_tokens(project))
    secrets = _secrets(project, "HASURA_GRAPHQL_ADMIN_SECRET", "ACTIONS_SECRET")
    return _child(project, "engine", ("rowgate", "serve"), told | secrets)


def _tokens(project: Project) -> dict[str, str]:
    """How the tokens of the auth service are verified."""
    return {
        "jwk_url": f"{project.url('auth')}/.well-known/jwks.json",
        "issuer": _issuer(project),
        "audience": AUDIENCE,
    }


def auth(project: Project, databases: Databases) -> Child:
    """The auth service; its signing keys lie in the state folder."""
    told = {
        "DATABASE_URL": databases.application,
        "AUTH_PRIVATE_KEY_DIR": str(project.state / "keys"),
        "AUTH_ISSUER": _issuer(project),
        "AUTH_AUDIENCE": AUDIENCE,
    }
    secrets = _secrets(project, "ACTIONS_SECRET")
    return _child(project, "auth", ("auth",), told | secrets)


def actions(project: Project, databases: Databases) -> Child:
    """The actions service, with the object store's keys."""
    told = {
        "DATABASE_URL": databases.application,
        "AUTH_URL": project.url("auth"),
        "ROWGATE_ENGINE_URL": project.url("engine"),
        "ACTIONS_PUBLIC_URL": project.values.get("ACTIONS_PUBLIC_URL") or project.url("actions"),
        "S3_ENDPOINT_URL": store_url(project),
        "S3_BUCKET": project.values.get("S3_BUCKET") or BUCKET,
    }
    secrets = _secrets(project, "ACTIONS_SECRET", "S3_ACCESS_KEY", "S3_SECRET_KEY")
    return _child(project, "actions", ("actions",), told | secrets)


def seeding(project: Project, databases: Databases) -> Mapping[str, str]:
    """The environment of migrations and seeds."""
    told = {"DATABASE_URL": databases.application}
    return _shared(project) | told | _secrets(project, "SEED_PASSWORD")


def store_url(project: Project) -> str:
    """Where the object store answers: the one given, or the one that is started."""
    return project.values.get("S3_ENDPOINT_URL") or project.url("s3")


def _issuer(project: Project) -> str:
    return project.values.get("AUTH_ISSUER") or project.url("auth")


def _secrets(project: Project, *names: str) -> dict[str, str]:
    return {name: project.values[name] for name in names}


def _shared(project: Project) -> dict[str, str]:
    """Everything the user set, but for secrets: those go to whom they concern, by name."""
    kept = {name: value for name, value in project.values.items() if name not in SECRETS}
    return kept | {"PYTHONUNBUFFERED": "1"}


def _child(project: Project, name: str, module: tuple[str, ...], told: Mapping[str, str]) -> Child:
    port = project.ports[name]
    return Child(
        name=name,
        command=(sys.executable, "-m", *module),
        environment=_shared(project) | {"HOST": "127.0.0.1", "PORT": str(port)} | dict(told),
        port=port,
        log=project.logs / f"{name}.log",
    )
