"""What views and functions reach, asked of a real server."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from rowgate.base.names import QualifiedName
from rowgate.catalog.reach import reach
from rowgate.catalog.types import FunctionReach

DDL = """
set check_function_bodies = off;
create schema app;
create table app.author (id int primary key, name text, secret text);
create table app.article (id int primary key, author_id int, title text);
create table app."we""ird, name" (id int);
create view app.names as select a.id, a.name from app.author a where a.secret is null;
create view app.titles as
    select n.name, t.title from app.names n join app.article t on t.author_id = n.id;
create materialized view app.kept as select * from app.titles;
create view app.numbers as select 1 as one;
create schema hdb_catalog;
create view hdb_catalog.hidden as select * from app.author;
create function app.plain() returns int language sql stable as 'select 1';
create function app.reading(a int) returns setof app.article language sql stable security definer
    as 'select t.* from app.author a, only_here b join "app"."article" as t on true -- from x.y';
create function app.reading() returns int language plpgsql security definer
    set search_path = app, pg_temp
    as $$ begin return (select count(*) FROM app."we""ird, name"); end $$;
create function app.standard() returns bigint language sql stable
    begin atomic select count(*) from app.author join app.article on true; end;
create function app.near() returns bigint language sql as 'select count(*) from pg_class, Article';
create function app.quiet() returns int language plpgsql security definer set search_path = ''
    as 'begin return extract(year from now()); end';
create procedure app.doing() language sql as 'select 1 from app.author';
"""


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    await connection.execute(DDL)
    yield connection
    await connection.close()


def app(name: str) -> QualifiedName:
    return QualifiedName("app", name)


async def test_views_reach_through_views(connection: asyncpg.Connection) -> None:
    views = (await reach(connection)).views
    author = frozenset({"id", "name", "secret"})
    assert views == {
        app("names"): {app("author"): author},
        app("titles"): {
            app("names"): frozenset({"id", "name"}),
            app("author"): author,
            app("article"): frozenset({"author_id", "title"}),
        },
        app("kept"): {
            app("titles"): frozenset({"name", "title"}),
            app("names"): frozenset({"id", "name"}),
            app("author"): author,
            app("article"): frozenset({"author_id", "title"}),
        },
    }


async def test_functions(connection: asyncpg.Connection) -> None:
    functions = (await reach(connection)).functions
    assert set(functions) == {
        app(name) for name in ("plain", "reading", "standard", "near", "quiet")
    }
    assert functions[app("plain")] == FunctionReach(frozenset())
    reading = functions[app("reading")]
    assert (reading.definer, reading.has_path) == (True, False), "one overload is enough"
    assert {app("author"), app("article")} <= reading.reads
    assert QualifiedName("x", "y") not in reading.reads, "comments read nothing"
    assert {app("author"), app("article")} <= functions[app("standard")].reads
    near = functions[app("near")].reads
    assert {app("article"), QualifiedName("public", "article")} <= near
    quiet = functions[app("quiet")]
    assert (quiet.definer, quiet.has_path) == (True, True)


async def test_quoted_names(connection: asyncpg.Connection) -> None:
    reads = (await reach(connection)).functions[app("reading")].reads
    assert app('we"ird, name') in reads
