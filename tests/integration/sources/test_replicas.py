"""Read replicas: who answers what, and what happens when one of them is away. Each "replica" is a
database with a row of its own, so that an answer says where it came from."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest
from websockets.sync.client import connect

from rowgate.postgres import EmbeddedPostgres
from tests.conftest import fresh_database
from tests.integration.sources.conftest import Add
from tests.integration.sources.test_pools import until
from tests.processes import SECRET, Serving

Json = Any
NAMES = ("primary", "first", "second")
SCHEMA = """
create table who (name text primary key);
create function whose () returns setof who language sql volatile as $$ select * from who $$;
create function noted () returns setof who language plpgsql volatile as $$
begin
    insert into who values ('noted') on conflict do nothing;
    return query select * from who where who.name = 'noted';
end $$;
"""
WHO = "{ who { name } }"


@pytest.fixture(scope="module")
def urls(postgres_server: EmbeddedPostgres) -> Iterator[dict[str, str]]:
    """The databases by name."""
    with ExitStack() as stack:
        found = {}
        for name in NAMES:
            made = fresh_database(postgres_server)
            stack.callback(list, made)
            found[name] = next(made)
            with psycopg.connect(found[name]) as connection:
                connection.execute(SCHEMA)
                connection.execute("insert into who values (%s)", [name])
        yield found


@pytest.fixture(scope="module")
def environment(urls: dict[str, str]) -> dict[str, str]:
    return {name.upper(): url for name, url in urls.items()} | {"NOWHERE": NOWHERE}


NOWHERE = "postgresql://nobody:hidden-password@127.0.0.1:1/nothing"


@pytest.fixture
def served(engine: Serving, add: Add) -> Callable[..., None]:
    """Serves `who` of the primary and the replicas named."""

    def serving(*replicas: str, **members: Json) -> None:
        infos = [{"database_url": {"from_env": name}, **members} for name in replicas]
        answer = add({"database_url": {"from_env": "PRIMARY"}}, read_replicas=infos)
        assert answer.status_code == 200, answer.text
        engine.do("pg_track_table", {"table": "who"})
        for name, exposed in (("whose", "query"), ("noted", "query")):
            configuration = {"exposed_as": exposed}
            tracked = {"function": name, "configuration": configuration}
            engine.do("pg_track_function", tracked)

    return serving


def answered(engine: Serving, query: str = WHO, times: int = 40) -> Counter[str]:
    """How often whose row was the answer."""
    found: Counter[str] = Counter()
    for _ in range(times):
        ((row,),) = engine.data(query).values()
        found[row["name"]] += 1
    return found


def test_queries_go_to_every_replica_and_never_to_the_primary(
    engine: Serving, served: Callable[..., None]
) -> None:
    served("FIRST", "SECOND")
    for query in (WHO, "{ whose { name } }"):
        found = answered(engine, query)
        assert set(found) == {"first", "second"}
        assert min(found.values()) > 5


def test_everything_else_goes_to_the_primary(engine: Serving, served: Callable[..., None]) -> None:
    served("FIRST", "SECOND")
    update = 'mutation { update_who(where: {}, _set: {name: "%s"}) { returning { name } } }'
    for name in ("changed", "primary"):
        assert engine.data(update % name)["update_who"] == {"returning": [{"name": name}]}
    several = "mutation { a: update_who(where: {}, _set: {name: %s}) { affected_rows } b: %s }"
    both = several % ('"primary"', 'delete_who(where: {name: {_eq: "none"}}) { affected_rows }')
    assert engine.data(both)["a"] == {"affected_rows": 1}
    assert engine.sql("select name from who") == [["primary"]]
    answer = engine.ask("select", {"table": "who", "columns": ["name"]}, "/v1/query")
    assert answer.json() == [{"name": "primary"}]
    assert set(answered(engine)) == {"first", "second"}


def test_subscriptions_are_read_from_replicas(engine: Serving, served: Callable[..., None]) -> None:
    served("FIRST", "SECOND")
    address = f"ws://127.0.0.1:{engine.port}/v1/graphql"
    with connect(address, subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
        headers = {"x-hasura-admin-secret": SECRET}
        socket.send(json.dumps({"type": "connection_init", "payload": {"headers": headers}}))
        payload = {"query": "subscription { who { name } }"}
        socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
        while (message := json.loads(socket.recv(10)))["type"] != "next":
            assert message["type"] in ("connection_ack", "ping"), message
    (row,) = message["payload"]["data"]["who"]
    assert row["name"] in ("first", "second")


def refuse(urls: dict[str, str], name: str) -> None:
    """Nobody may connect to a database any more, and who is connected is cut off."""
    database = urls[name].rpartition("/")[2]
    with psycopg.connect(urls["primary"], autocommit=True) as connection:
        connection.execute(f'alter database "{database}" allow_connections false')
        cut = "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s"
        while connection.execute(cut, [database]).fetchall():
            pass


def admit(urls: dict[str, str], name: str) -> None:
    database = urls[name].rpartition("/")[2]
    with psycopg.connect(urls["primary"], autocommit=True) as connection:
        connection.execute(f'alter database "{database}" allow_connections true')


def warnings(engine: Serving) -> list[str]:
    return [str(line["detail"]) for line in engine.lines() if "read replica" in str(line["detail"])]


def test_one_that_goes_away_is_replaced_without_a_failed_request_and_comes_back(
    engine: Serving, served: Callable[..., None], urls: dict[str, str]
) -> None:
    served("FIRST", "SECOND")
    answered(engine)
    before = len(warnings(engine))
    refuse(urls, "first")
    assert set(answered(engine)) == {"second"}
    refuse(urls, "second")
    assert set(answered(engine)) == {"primary"}
    # The log is written with a delay.
    until(lambda: len(warnings(engine)) == before + 2)
    said = warnings(engine)[before:]
    assert "read replica 0 of source default is left alone" in said[0]
    admit(urls, "first")
    admit(urls, "second")
    until(lambda: set(answered(engine)) == {"first", "second"}, 20)


def test_a_request_under_way_when_its_replica_goes_is_answered_by_another(
    engine: Serving, served: Callable[..., None], urls: dict[str, str]
) -> None:
    served("FIRST")
    cut = """
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'
    """
    with ExitStack() as stack:
        holder = stack.enter_context(psycopg.connect(urls["first"]))
        other = stack.enter_context(psycopg.connect(urls["first"], autocommit=True))
        thread = stack.enter_context(ThreadPoolExecutor(1))
        holder.execute("lock table who")
        asked = thread.submit(engine.data, WHO)
        until(lambda: other.execute(cut).fetchall())
        assert asked.result() == {"who": [{"name": "primary"}]}


def test_one_that_never_answered_is_no_inconsistency(
    engine: Serving, served: Callable[..., None]
) -> None:
    served("NOWHERE")
    assert set(answered(engine, times=5)) == {"primary"}
    assert engine.do("get_inconsistent_metadata", {})["is_consistent"]
    assert "hidden-password" not in engine.log.read_text()


def test_what_a_replica_may_not_do_is_done_by_the_primary(
    engine: Serving, served: Callable[..., None], urls: dict[str, str]
) -> None:
    with psycopg.connect(urls["first"], autocommit=True) as connection:
        database = urls["first"].rpartition("/")[2]
        connection.execute(f'alter database "{database}" set default_transaction_read_only = on')
    served("FIRST")
    assert engine.data("{ noted { name } }") == {"noted": [{"name": "noted"}]}
    assert engine.sql("delete from who where name = 'noted' returning name") == [["noted"]]
    assert answered(engine, times=5) == {"first": 5}


WRONG: dict[str, Json] = {
    "a variable that is not set": [{"database_url": {"from_env": "ABSENT"}}],
    "no address": [{}],
    "an unknown key": [{"database_url": {"from_env": "FIRST"}, "lag": 1}],
    "no object": ["FIRST"],
    "no list": {"database_url": {"from_env": "FIRST"}},
    "certificates that are none": [
        {
            "database_url": {"from_env": "FIRST"},
            "ssl_configuration": {"sslmode": "verify-ca", "sslrootcert": "none"},
        }
    ],
}


@pytest.mark.parametrize("name", WRONG)
def test_a_replica_that_is_declared_wrongly_is_refused(name: str, add: Add) -> None:
    answer = add({"database_url": {"from_env": "PRIMARY"}}, read_replicas=WRONG[name])
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-configuration")
