"""Many rows in one insert: each costs the same, and each is written under `hasura.user`."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from rowgate.base.session import Session
from tests.library.opening import open_library
from tests.serving import Served

EDITOR = Session("editor", {"x-hasura-user-id": "u1"})
QUERY = """mutation ($o: [article_insert_input!]!) {
    insert_article(objects: $o) { affected_rows }
}"""
NOTED = """
    create function note_user() returns trigger language plpgsql as $$ begin
        new.body = current_setting('hasura.user', true)::json ->> 'x-hasura-user-id';
        return new;
    end $$;
    create trigger note_user before insert on article for each row execute function note_user();
"""


@pytest.fixture
def library(database_url: str) -> Iterator[Served]:
    with open_library(database_url) as served:
        served.sql("truncate article cascade")
        yield served


@pytest.mark.parametrize("rows", [1, 3, 15_000])
def test_every_row_is_written_under_the_session(library: Served, rows: int) -> None:
    library.sql(NOTED)
    objects: list[Any] = [{"title": f"{number}"} for number in range(rows)]
    library.data(QUERY, {"o": objects}, EDITOR)
    assert library.sql("select count(*) from article where body = 'u1'") == rows


def test_rows_that_take_every_default_may_come_first(library: Served) -> None:
    library.sql(NOTED)
    library.sql("alter table article alter title set default 'none'")
    objects: list[Any] = [{}, {"title": "a"}, {"title": "b", "published": True}]
    library.data(QUERY, {"o": objects}, Session("admin", {"x-hasura-user-id": "u1"}))
    assert library.sql("select string_agg(title, ',' order by id) from article") == "none,a,b"
    assert library.sql("select count(*) from article where body = 'u1' and title <> 'none'") == 2


def test_an_insert_looks_at_the_session_once(library: Served) -> None:
    objects = [{"title": f"{number}"} for number in range(50)]
    with library.watched() as ran:
        library.data(QUERY, {"o": objects}, EDITOR)
    (statement,) = [one for one in ran if "insert into" in one.text]
    assert statement.text.count('from "session"') == 1


@pytest.mark.alone
def test_a_row_costs_the_same_among_many(library: Served) -> None:
    def seconds(rows: int) -> float:
        library.sql("truncate article cascade")
        kept = library.engine.world.current
        kept.prepared = type(kept.prepared)(100)
        objects = [{"title": f"{number}"} for number in range(rows)]
        begun = time.perf_counter()
        library.data(QUERY, {"o": objects}, EDITOR)
        return (time.perf_counter() - begun) / rows

    seconds(1_000)
    few = min(seconds(1_000) for _ in range(4))
    many = min(seconds(20_000) for _ in range(3))
    print(f"a row among 1,000: {few * 1e6:.0f} µs, among 20,000: {many * 1e6:.0f} µs")
    assert many <= 1.5 * few
