"""One engine for the sources of a module, which name their addresses by environment variables."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes import SECRET, Serving, starting

Json = Any
Add = Callable[..., Json]


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    """The engine's variables; a module overrides this."""
    return {}


@pytest.fixture(scope="module")
def engine(
    module_database_url: str,
    environment: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Serving]:
    """An engine whose metadata database is the module's."""
    with starting(module_database_url, tmp_path_factory.mktemp("engine")) as start:
        one = start("--admin-secret", SECRET, **environment)
        one.wait()
        yield one
        one.lines()
        assert "Traceback" not in one.log.read_text()


@pytest.fixture
def folder(environment: dict[str, str]) -> Path:
    """Where files may be that `dynamic_from_file` names."""
    return Path(environment["HASURA_GRAPHQL_DYNAMIC_SECRETS_ALLOWED_PATH_PREFIX"])


@pytest.fixture
def add(engine: Serving) -> Iterator[Add]:
    """Adds the source `default` with a `connection_info`, for one test."""

    def adding(info: Json, **members: Json) -> Json:
        configuration = {"connection_info": info, **members}
        return engine.ask("pg_add_source", {"name": "default", "configuration": configuration})

    yield adding
    engine.do("replace_metadata", {"version": 3, "sources": []})
