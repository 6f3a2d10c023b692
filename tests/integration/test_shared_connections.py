"""Quick statements on shared connections: each answer goes to who asked, and a slow, failing or
broken one costs the others nothing."""

import asyncio
import json
import os
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from rowgate.algebra.types import Variable
from rowgate.base.errors import ApiError
from rowgate.base.session import Session
from rowgate.catalog.types import TEXT
from rowgate.database.bind import Argument
from rowgate.database.connections.pool import Database, PoolSettings
from rowgate.database.run import fetch, fetch_shared
from rowgate.database.sharing import express
from rowgate.database.sharing.express import Express
from rowgate.database.sharing.link import Link
from rowgate.database.sharing.quick import QUICK, Quick, Values
from rowgate.pipeline import Endpoint, graphql
from rowgate.postgres import EmbeddedPostgres
from rowgate.sql.parameters import Parameters
from rowgate.sql.types import Statement
from tests.certificates import Authority, serve_tls
from tests.serving import Served, serving, source


def made(template: str, *types: str) -> Statement:
    """A statement with a parameter of each type."""
    parameters = Parameters()
    places = (
        parameters.number(Variable((str(number),), TEXT), type_)
        for number, type_ in enumerate(types)
    )
    return parameters.statement(template.format(*places), is_read=True)


ECHO = made("select json_build_array({}, ({})::int, {})", "text", "text", "text[]")
DIVIDED = made("select to_json(10 / ({})::int)", "text")
WAITING = made("select to_json(pg_sleep(({})::float8)::text)", "text")
ACTIVE = (
    "select count(*) from pg_stat_activity where pid <> pg_backend_pid() "
    "and state = 'active' and query like '%pg_sleep((%'"
)


@pytest.fixture(scope="module", params=["plain", "TLS"])
def url(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    module_database_url: str,
) -> Iterator[str]:
    if request.param == "plain":
        yield module_database_url
        return
    issued = Authority("ours").issue("a server", "127.0.0.1")
    with EmbeddedPostgres(tmp_path_factory.mktemp("secured"), durable=False) as server:
        serve_tls(server, issued)
        yield server.url + "?sslmode=require"


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    found = await Database.connect(url, PoolSettings(maximum=8, timeout=5))
    yield found
    await found.close()


async def ask(database: Database, statement: Statement, *arguments: Argument) -> object:
    return json.loads(await fetch_shared(database, statement, arguments))


async def warm(database: Database, statement: Statement, *arguments: Argument) -> None:
    """Show that a statement is quick, more than it must be; a busy machine may need more than the
    least."""
    for _ in range(200):
        async with database.connection() as connection:
            began = time.perf_counter()
            await fetch(connection, statement.text, arguments)
        database.express.note(statement.text, time.perf_counter() - began)
        quick = database.express._quick.get(statement.text)
        if quick is not None and quick.is_shown() and quick.depth > 2:
            return
    raise AssertionError("it was never quick")


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is taken to be slow because the machine is."""
    monkeypatch.setattr(express, "PATIENCE", 5.0)


def crowd(database: Database, statement: Statement) -> None:
    """Have a link take four of a statement for enough, and those beyond wait for each other."""
    take_for_long(database.express._quick[statement.text])
    database.express._busy = True


def take_for_long(quick: Quick) -> None:
    quick.depth, quick.each = 4, QUICK / 4


async def on_its_own(database: Database, text: str) -> object:
    async with database.connection() as connection:
        return await connection.fetchval(text)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that ran on a connection of their own from now on."""
    noted: list[str] = []
    note: Callable[[Express, str, float], None] = Express.note

    def noting(self: Express, text: str, seconds: float) -> None:
        noted.append(text)
        note(self, text, seconds)

    monkeypatch.setattr(Express, "note", noting)
    return noted


@pytest.fixture
def carried(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """For how many each statement was that a link carried from now on."""
    noted: list[int] = []
    carry = Link.ask

    def noting(self: Link, text: str, values: Values, answers: Any, *more: Any) -> None:
        noted.append(len(answers))
        carry(self, text, values, answers, *more)

    monkeypatch.setattr(Link, "ask", noting)
    return noted


def drawn(number: int) -> tuple[str | None, str, list[str | None]]:
    dice = random.Random(number)
    texts = [
        None,
        "",
        "null",
        'quo"te',
        "back\\slash",
        "{a,b}",
        "é☃𝄞",
        " ",
        "x" * dice.choice((9, 70_000)),
    ]
    return dice.choice(texts), str(number), [dice.choice(texts) for _ in range(dice.randrange(4))]


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("is_together", [True, False])
async def test_each_gets_the_answer_to_what_it_asked(
    is_together: bool, database: Database, alone: list[str], carried: list[int]
) -> None:
    echo = ECHO if is_together else replace(ECHO, many=None)
    await warm(database, echo, "a", "1", [])
    crowd(database, echo)
    alone.clear()
    carried.clear()
    wanted = [drawn(number) for number in range(400)]
    found = await asyncio.gather(*(ask(database, echo, *one) for one in wanted))
    assert found == [[text, int(number), items] for text, number, items in wanted]
    assert len(alone) < len(wanted)
    assert (max(carried) > 1) is is_together


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("is_together", [True, False])
async def test_a_failure_is_that_of_who_caused_it(
    is_together: bool, database: Database, alone: list[str], carried: list[int]
) -> None:
    divided = DIVIDED if is_together else replace(DIVIDED, many=None)
    await warm(database, divided, "1")
    crowd(database, divided)
    alone.clear()
    carried.clear()
    divisors = [str(number % 5) for number in range(50)]
    found = await asyncio.gather(
        *(ask(database, divided, one) for one in divisors), return_exceptions=True
    )
    assert (max(carried) > 1) is is_together
    for divisor, answer in zip(divisors, found, strict=True):
        if divisor == "0":
            assert isinstance(answer, ApiError)
            assert (answer.code, answer.message) == ("data-exception", "division by zero")
        else:
            assert answer == 10 // int(divisor)
    if is_together:
        # For a while nobody else is asked together with who may fail again.
        carried.clear()
        crowd(database, divided)
        answers = [ask(database, divided, str(1 + number)) for number in range(20)]
        assert await asyncio.gather(*answers) == [10 // (1 + number) for number in range(20)]
        assert set(carried) == {1}
    else:
        assert len(alone) < len(divisors)
    for hostile, code in (("x", "data-exception"), ("1\x00", "data-exception")):
        with pytest.raises(ApiError) as refused:
            await ask(database, DIVIDED, hostile)
        assert refused.value.code == code
    with pytest.raises(ApiError) as refused:
        await ask(database, ECHO, "\ud800", "1", [])
    assert refused.value.code == "data-exception"
    assert await ask(database, DIVIDED, "2") == 5


async def test_text_that_postgres_does_not_understand(database: Database) -> None:
    text = made("select to_json(a.b) from away as a")
    await on_its_own(database, "create table away as select 1 as b")
    await warm(database, text)
    await on_its_own(database, "drop table away")
    for _ in range(3):
        with pytest.raises(ApiError):
            await ask(database, text)
    await on_its_own(database, "create table away as select 'two'::text as b, 3 as c")
    assert await ask(database, text) == "two"
    await on_its_own(database, "drop table away")


async def test_nobody_waits_behind_a_slow_one(database: Database) -> None:
    await warm(database, WAITING, "0")
    slow = [asyncio.create_task(ask(database, WAITING, "3")) for _ in range(2)]
    await asyncio.sleep(0)
    began = time.monotonic()
    await asyncio.gather(*(ask(database, WAITING, "0") for _ in range(20)))
    assert time.monotonic() - began < 1.5
    assert await asyncio.gather(*slow) == ["", ""]


async def test_who_is_slow_together_is_asked_apart(database: Database, carried: list[int]) -> None:
    for _ in range(10):  # on a busy machine the first of them may be slow as well
        await warm(database, WAITING, "0")
        crowd(database, WAITING)
        carried.clear()
        began = time.monotonic()
        seconds = ["0"] * 8 + ["0.5"] * 8
        found = await asyncio.gather(*(ask(database, WAITING, one) for one in seconds))
        assert found == [""] * 16
        if max(carried, default=0) > 1:
            break
    assert max(carried) > 1
    # One after the other, as they were sent, they would have taken longer than that.
    assert time.monotonic() - began < 0.5 * 4
    many = ACTIVE.replace("%pg_sleep((%", '%pg_sleep(("$"%')
    while await on_its_own(database, many):
        assert time.monotonic() - began < 5
        await asyncio.sleep(0.02)
    assert await ask(database, WAITING, "0") == ""


@pytest.mark.usefixtures("patient")
async def test_what_is_read_behind_another_tells_nothing_of_its_time(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await warm(database, ECHO, "a", "1", [])
    crowd(database, ECHO)
    observed: list[int] = []
    monkeypatch.setattr(Quick, "observe", lambda _, lists, *__: observed.append(lists))
    await asyncio.gather(*(ask(database, ECHO, "a", "1", []) for _ in range(4)))
    assert 1 <= len(observed) <= 2


@pytest.mark.usefixtures("patient")
async def test_who_has_left_is_not_asked_for(database: Database, carried: list[int]) -> None:
    await warm(database, ECHO, "a", "1", [])
    crowd(database, ECHO)
    carried.clear()
    tasks = [asyncio.create_task(ask(database, ECHO, "a", str(n), [])) for n in range(16)]
    await asyncio.sleep(0)
    at_once = sum(carried)
    assert 4 <= at_once <= 8
    for one in tasks[at_once:-1]:
        one.cancel()
    asked = [*tasks[:at_once], tasks[-1]]
    assert await asyncio.gather(*asked) == [["a", n, []] for n in (*range(at_once), 15)]
    assert sum(carried) == at_once + 1


async def test_the_time_limit_of_a_statement_is_met_once(url: str) -> None:
    database = await Database.connect(url, PoolSettings(maximum=8, statement_timeout=1))
    await warm(database, WAITING, "0")
    began = time.monotonic()
    with pytest.raises(ApiError) as refused:
        await ask(database, WAITING, "9")
    assert refused.value.code == "timeout"
    assert 1 <= time.monotonic() - began < 1.9
    await database.close()


async def test_who_leaves_ends_the_statement(database: Database) -> None:
    await warm(database, WAITING, "0")
    slow = asyncio.create_task(ask(database, WAITING, "30"))
    await asyncio.sleep(0.1)
    assert await on_its_own(database, ACTIVE) == 1
    slow.cancel()
    with pytest.raises(asyncio.CancelledError):
        await slow
    deadline = time.monotonic() + 5
    while await on_its_own(database, ACTIVE):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
    assert await ask(database, WAITING, "0") == ""


async def test_a_connection_that_breaks_off_loses_no_answer(database: Database, url: str) -> None:
    await warm(database, ECHO, "a", "1", [])
    await asyncio.gather(*(ask(database, ECHO, "a", "1", []) for _ in range(50)))
    size = database.size
    other = await asyncpg.connect(url)
    await other.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rowgate'"
    )
    await other.close()
    await asyncio.sleep(0.1)
    found = await asyncio.gather(*(ask(database, ECHO, "b", "2", []) for _ in range(50)))
    assert found == [["b", 2, []]] * 50
    assert database.size <= max(size, database.settings.maximum)


async def test_those_who_wait_get_shared_connections_that_carry_nothing(
    database: Database,
) -> None:
    await warm(database, ECHO, "a", "1", [])
    await asyncio.gather(*(ask(database, ECHO, "a", "1", []) for _ in range(50)))
    leases = [database.connection() for _ in range(database.settings.maximum)]
    held = [await asyncio.wait_for(one.__aenter__(), 1) for one in leases]
    assert [await one.fetchval("select 1") for one in held] == [1] * len(held)
    for one in leases:
        await one.__aexit__(None, None, None)
    assert database.size == database.settings.maximum
    assert await ask(database, ECHO, "c", "3", []) == ["c", 3, []]


@pytest.mark.usefixtures("patient")
async def test_where_no_connection_is_spare_more_share_one(url: str, alone: list[str]) -> None:
    database = await Database.connect(url, PoolSettings(maximum=4, timeout=5))
    await warm(database, ECHO, "a", "1", [])
    await ask(database, ECHO, "a", "1", [])
    leases = [database.connection() for _ in range(3)]
    for one in leases:
        await one.__aenter__()
    alone.clear()
    found = await asyncio.gather(*(ask(database, ECHO, "a", str(n), []) for n in range(30)))
    assert found == [["a", number, []] for number in range(30)]
    assert alone == []
    for one in leases:
        await one.__aexit__(None, None, None)
    await database.close()


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(("processors", "links"), [(1, 1), (2, 1), (6, 3), (64, 4)])
async def test_links_leave_processors_of_this_machine_to_others(
    processors: int, links: int, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(processors)))
    database = await Database.connect(url, PoolSettings(maximum=16, timeout=5))
    await warm(database, ECHO, "a", "1", [])
    leases = [database.connection() for _ in range(8)]
    for one in leases:
        await one.__aenter__()
    for one in leases:
        await one.__aexit__(None, None, None)
    crowd(database, ECHO)
    found = await asyncio.gather(*(ask(database, ECHO, "a", str(n), []) for n in range(40)))
    assert found == [["a", number, []] for number in range(40)]
    assert len(database.express._links) == links
    await database.close()


def test_processors_are_counted_where_the_system_does_not_tell_which_are_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert express._processors() == 6


async def test_a_link_that_a_slow_statement_holds_is_replaced(database: Database) -> None:
    await warm(database, WAITING, "0")
    await warm(database, ECHO, "a", "1", [])
    slow = asyncio.create_task(ask(database, WAITING, "30"))
    async with asyncio.timeout(20):
        while len(database.express._links) < 2 or not database.express._links[0].stalled:
            assert await ask(database, ECHO, "b", "2", []) == ["b", 2, []]
    assert [one.stalled for one in database.express._links] == [True, False]
    slow.cancel()
    with pytest.raises(asyncio.CancelledError):
        await slow


def test_what_a_crowd_makes_slow_is_still_quick() -> None:
    class Full:
        taken = 16

        def lend(self) -> None:
            return None

        def lose(self) -> None:
            return None

        def has_spare(self) -> bool:
            return False

    full = Full()
    crowded = Express(full, 4, 512)
    for _ in range(2):
        crowded.note("select 1", 0.006)
    assert crowded.ready("select 1")
    full.taken = 1
    for _ in range(2):
        crowded.note("select 2", 0.006)
    assert not crowded.ready("select 2")


async def test_old_ones_are_closed_and_others_take_their_place(url: str) -> None:
    settings = PoolSettings(maximum=8, lifetime=0.2, idle_timeout=0)
    database = await Database.connect(url, settings)
    pid = made("select to_json(pg_backend_pid())")
    await warm(database, pid)
    seen = set()
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        seen.update(await asyncio.gather(*(ask(database, pid) for _ in range(8))))
        await asyncio.sleep(0.01)
    assert len(seen) > 2 * settings.maximum
    await database.close()


async def test_closing_waits_for_what_is_under_way_and_leaves_nothing(url: str) -> None:
    database = await Database.connect(url, PoolSettings(maximum=8))
    await warm(database, WAITING, "0")
    slow = asyncio.create_task(ask(database, WAITING, "0.5"))
    await asyncio.sleep(0.05)
    await database.close()
    assert await slow == ""
    await asyncio.sleep(0.1)
    other = await asyncpg.connect(url)
    assert await other.fetchval(ACTIVE.replace("state = 'active' and", "")) == 0
    await other.close()


async def test_few_connections_or_none_prepared_are_not_shared(url: str) -> None:
    for settings in (PoolSettings(maximum=3), PoolSettings(maximum=8, prepared=0)):
        database = await Database.connect(url, settings)
        for _ in range(5):
            assert await ask(database, ECHO, "a", "1", []) == ["a", 1, []]
        assert not database.express.ready(ECHO.text)
        await database.close()


OWN = """
create table item (id int primary key, owner int not null, name text);
insert into item select n, n % 100, 'of ' || n % 100 from generate_series(1, 300) as n;
create index on item (owner);
"""


@pytest.mark.usefixtures("patient")
def test_many_users_at_once_see_only_their_own(database_url: str) -> None:
    own = {"columns": ["id", "name"], "filter": {"owner": "X-Hasura-User-Id"}}
    tables = [{"table": "item", "select_permissions": [{"role": "user", "permission": own}]}]
    declared = source(database_url, tables)
    limits = PoolSettings(maximum=8, timeout=20)
    with serving(database_url, OWN, declared, limits=limits) as served:
        body = json.dumps({"query": "{ item(order_by: {id: asc}) { id name } }"}).encode()

        async def seen_by(number: int) -> bool:
            user = str(number % 100)
            session = Session("user", {"x-hasura-role": "user", "x-hasura-user-id": user})
            answer = await graphql(served.engine, body, session, {}, Endpoint.GRAPHQL)
            rows = json.loads(answer.body)["data"]["item"]
            return len(rows) == 3 and {row["name"] for row in rows} == {f"of {user}"}

        async def all_of(numbers: range) -> list[bool]:
            return await asyncio.gather(*(seen_by(number) for number in numbers))

        for _ in range(50):
            assert all(served.loop.run_until_complete(all_of(range(1))))
        assert all(served.loop.run_until_complete(all_of(range(2_000))))
        texts = [text for one in served.database.express._links for text in one.connection.shared]
        assert any('"$".p' in text for text in texts), "none were asked together"
        assert any('"$".p' not in text for text in texts), "none was asked alone"


@pytest.mark.usefixtures("patient")
def test_a_quick_read_is_answered_without_a_task(database_url: str) -> None:
    declared = source(database_url, [{"table": "item"}])
    with serving(database_url, OWN, declared, limits=PoolSettings(maximum=8)) as served:
        body = json.dumps({"query": "{ item_by_pk(id: 7) { name } }"}).encode()

        async def begun(count: int) -> list[Any]:
            """So many that a link carries."""
            for _ in range(200):
                who = Session("admin")
                all_of = [
                    graphql(served.engine, body, who, {}, Endpoint.GRAPHQL) for _ in range(count)
                ]
                if all(one.waiting is not None for one in all_of):
                    return all_of
                await asyncio.gather(*all_of)
            raise AssertionError("it was never quick")

        async def answers() -> tuple[Any, Any, bytes, Any]:
            first, refused, elsewhere = await begun(3)
            refused.waiting.set_exception(asyncpg.DivisionByZeroError("division by zero"))
            elsewhere.waiting.set_result(None)
            early = elsewhere.now()
            await first.waiting
            return first.now(), early, (await elsewhere).body, refused.now()

        first, early, late, refused = served.loop.run_until_complete(answers())
    assert json.loads(first.body) == {"data": {"item_by_pk": {"name": "of 7"}}}
    assert (early, late) == (None, first.body)
    (error,) = json.loads(refused.body)["errors"]
    assert error["extensions"] == {"path": "$", "code": "data-exception"}


TICKETS = """
create table visitor (id int primary key);
insert into visitor select * from generate_series(1, 9);
create view ticket as select id, gen_random_uuid() as number from visitor;
create view lot as select id, (select gen_random_uuid()) as number from visitor;
"""


@pytest.mark.parametrize("view", ["ticket", "lot"])
def test_what_a_view_gives_each_time_anew_is_not_shared(view: str, database_url: str) -> None:
    declared = source(database_url, [{"table": view}, {"table": "visitor"}])
    with serving(database_url, TICKETS, declared, limits=PoolSettings(maximum=8)) as served:
        query = f"query ($id: Int!) {{ {view}(where: {{id: {{_eq: $id}}}}) {{ number }} }}"
        body = json.dumps({"query": query, "variables": {"id": 1}}).encode()

        async def drawn_by(count: int) -> list[str]:
            who = Session("admin")
            asked = (graphql(served.engine, body, who, {}, Endpoint.GRAPHQL) for _ in range(count))
            return [one.body.decode() for one in await asyncio.gather(*asked)]

        for _ in range(50):
            served.loop.run_until_complete(drawn_by(1))
        assert len(set(served.loop.run_until_complete(drawn_by(200)))) == 200


def crowd_all(served: Served) -> None:
    """Have every statement be taken for quick, and those of one text wait for each other."""
    for quick in served.database.express._quick.values():
        quick.note(0.0005)
        quick.note(0.0005)
        take_for_long(quick)
    served.database.express._busy = True


def has_asked_together(served: Served) -> bool:
    links = served.database.express._links
    return any('"$".p' in text for one in links for text in one.connection.shared)


@pytest.mark.usefixtures("patient")
def test_requests_of_one_text_keep_their_own_constants(database_url: str) -> None:
    declared = source(database_url, [{"table": "item"}])
    with serving(database_url, OWN, declared, limits=PoolSettings(maximum=8)) as served:

        async def found_by(limit: int) -> int:
            query = f"{{ item(order_by: {{id: asc}}, limit: {limit}) {{ id }} }}"
            body = json.dumps({"query": query}).encode()
            answer = await graphql(served.engine, body, Session("admin"), {}, Endpoint.GRAPHQL)
            return len(json.loads(answer.body)["data"]["item"])

        async def found_by_all() -> list[int]:
            return await asyncio.gather(*(found_by(1 + number % 7) for number in range(300)))

        for _ in range(40):
            found = served.loop.run_until_complete(found_by_all())
            if found != [1 + number % 7 for number in range(300)] or has_asked_together(served):
                break
            crowd_all(served)
        together = has_asked_together(served)
    assert found == [1 + number % 7 for number in range(300)]
    assert together
