"""Quick statements on shared connections: each answer goes to who asked, and a slow, failing or
broken one costs the others nothing."""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator

import asyncpg
import pytest

from rowgate.base.errors import ApiError
from rowgate.base.session import Session
from rowgate.database.bind import Argument
from rowgate.database.express import Express
from rowgate.database.pool import Database, PoolSettings
from rowgate.database.run import fetch_shared
from rowgate.pipeline import Endpoint, graphql
from rowgate.postgres import EmbeddedPostgres
from tests.certificates import Authority, serve_tls
from tests.serving import serving, source

ECHO = "select json_build_array($1::text, ($2::text)::int, $3::text[])"
DIVIDED = "select to_json(10 / ($1::text)::int)"
WAITING = "select to_json(pg_sleep(($1::text)::float8)::text)"
ACTIVE = (
    "select count(*) from pg_stat_activity where pid <> pg_backend_pid() "
    "and state = 'active' and query like '%pg_sleep(($1%'"
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


async def ask(database: Database, text: str, *arguments: Argument) -> object:
    return json.loads(await fetch_shared(database, text, arguments))


async def warm(database: Database, text: str, *arguments: Argument) -> None:
    """Show that a statement is quick; a busy machine may need more than the least."""
    for _ in range(50):
        await ask(database, text, *arguments)
        if database.express.ready(text):
            return
    raise AssertionError("it was never quick")


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


async def test_each_gets_the_answer_to_what_it_asked(database: Database, alone: list[str]) -> None:
    await warm(database, ECHO, "a", "1", [])
    alone.clear()
    wanted = [drawn(number) for number in range(400)]
    found = await asyncio.gather(*(ask(database, ECHO, *one) for one in wanted))
    assert found == [[text, int(number), items] for text, number, items in wanted]
    assert len(alone) < len(wanted)


async def test_a_failure_is_that_of_who_caused_it(database: Database, alone: list[str]) -> None:
    await warm(database, DIVIDED, "1")
    alone.clear()
    divisors = [str(number % 5) for number in range(50)]
    found = await asyncio.gather(
        *(ask(database, DIVIDED, one) for one in divisors), return_exceptions=True
    )
    for divisor, answer in zip(divisors, found, strict=True):
        if divisor == "0":
            assert isinstance(answer, ApiError)
            assert (answer.code, answer.message) == ("data-exception", "division by zero")
        else:
            assert answer == 10 // int(divisor)
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
    text = "select to_json(a.b) from away as a"
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


async def test_old_ones_are_closed_and_others_take_their_place(url: str) -> None:
    settings = PoolSettings(maximum=8, lifetime=0.2, idle_timeout=0)
    database = await Database.connect(url, settings)
    pid = "select to_json(pg_backend_pid())"
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
        assert not database.express.ready(ECHO)
        await database.close()


OWN = """
create table item (id int primary key, owner int not null, name text);
insert into item select n, n % 100, 'of ' || n % 100 from generate_series(1, 300) as n;
create index on item (owner);
"""


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
        carried = sum(len(one.connection.shared) for one in served.database.express._links)
        assert carried, "none was shared"
