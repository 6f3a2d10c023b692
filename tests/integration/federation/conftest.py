"""An engine over a real Postgres whose tables are entities of a federated graph."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.serving import Served, serving, source

SCRIPT = """
create table author (id int primary key, name text not null, secret text not null default 's');
create table article (
    author_id int not null references author, nr int not null, title text, size numeric,
    primary key (author_id, nr)
);
create table plain (id int primary key);
create table keyless (id int);
create type mood as enum ('good', 'bad');
create table mooded (mood mood primary key, id uuid not null default gen_random_uuid());
insert into author (id, name) select n, 'a' || n from generate_series(1, 5) n;
insert into article values (1, 1, 'x', 1.10), (1, 2, 'y', null), (2, 1, 'z', 3);
insert into plain values (1);
insert into mooded values ('good');
"""
ENABLED = {"enable": "v1"}
OWN = {"id": {"_eq": "X-Hasura-User-Id"}}


def _select(role: str, columns: list[str], rows: Any, **more: Any) -> Any:
    return {"role": role, "permission": {"columns": columns, "filter": rows, **more}}


def _table(name: str, *permissions: Any, **more: Any) -> Any:
    table = {"schema": "public", "name": name}
    return {"table": table, "select_permissions": list(permissions), **more}


def document(url: str) -> Any:
    """Metadata in which `user` sees itself and all titles, and `blind` no key of an author."""
    author = _table(
        "author",
        _select("user", ["id", "name"], OWN, limit=1),
        _select("blind", ["name"], {}),
        apollo_federation_config=ENABLED,
        array_relationships=[
            {
                "name": "articles",
                "using": {
                    "foreign_key_constraint_on": {
                        "table": {"schema": "public", "name": "article"},
                        "column": "author_id",
                    }
                },
            }
        ],
    )
    article = _table(
        "article",
        _select("user", ["author_id", "nr", "title"], {}),
        apollo_federation_config=ENABLED,
        configuration={"column_config": {"nr": {"custom_name": "number"}}},
    )
    keyless = _table("keyless", apollo_federation_config=ENABLED)
    mooded = _table("mooded", apollo_federation_config=ENABLED)
    return source(url, [author, article, _table("plain"), keyless, mooded])


@pytest.fixture(scope="module")
def engine(module_database_url: str) -> Iterator[Served]:
    """An engine with federation switched on."""
    options = {"HASURA_GRAPHQL_ENABLE_APOLLO_FEDERATION": "true"}
    made = document(module_database_url)
    with serving(module_database_url, SCRIPT, made, options=options) as served:
        yield served
