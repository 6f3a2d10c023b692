"""Something between the engine and Postgres: a pooler that takes few start-up parameters, as
pgbouncer does, and a line that breaks off now and then."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest

from rowgate.postgres import EmbeddedPostgres
from tests.conftest import fresh_database
from tests.integration.sources.conftest import Add
from tests.integration.sources.test_pools import SCHEMA, session, track
from tests.processes import Serving

Json = Any
TAKEN = {"user", "database", "client_encoding", "application_name", "datestyle", "timezone"}
SSL_REQUEST = 80877103


class Between:
    """Passes connections on to Postgres; counts them and what they ask for at the start."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._target = (str(parts.hostname), int(parts.port or 0))
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.url = parts._replace(netloc=f"{parts.netloc.rpartition(':')[0]}:{port}").geturl()
        self.picky = False
        self.breaks = 0
        self.asked: list[set[str]] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError, struct.error), client:
            if self.breaks:
                self.breaks -= 1
                return
            start = self._start(client)
            names = {one.decode() for one in start[8:-1].split(b"\0")[::2]} - {""}
            self.asked.append(names)
            unknown = sorted(names - TAKEN)
            if self.picky and unknown:
                client.sendall(refusal(f"unsupported startup parameter: {unknown[0]}"))
                return
            with socket.create_connection(self._target) as server:
                server.sendall(start)
                threading.Thread(target=pass_on, args=(server, client), daemon=True).start()
                pass_on(client, server)

    @staticmethod
    def _start(client: socket.socket) -> bytes:
        """The start-up message, TLS having been declined."""
        while True:
            head = client.recv(4, socket.MSG_WAITALL)
            rest = client.recv(struct.unpack("!I", head)[0] - 4, socket.MSG_WAITALL)
            if struct.unpack("!I", rest[:4])[0] != SSL_REQUEST:
                return head + rest
            client.sendall(b"N")


def refusal(text: str) -> bytes:
    fields = b"".join(
        kind + value.encode() + b"\0"
        for kind, value in ((b"S", "FATAL"), (b"V", "FATAL"), (b"C", "08P01"), (b"M", text))
    )
    return b"E" + struct.pack("!I", len(fields) + 5) + fields + b"\0"


def pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture(scope="module")
def between(postgres_server: EmbeddedPostgres) -> Iterator[Between]:
    for url in fresh_database(postgres_server):
        made = Between(url)
        yield made
        made.close()


@pytest.fixture(scope="module")
def environment(between: Between) -> dict[str, str]:
    return {"SOURCE": between.url, "ROWGATE_STATEMENT_TIMEOUT": "45"}


@pytest.fixture
def served(engine: Serving, add: Add, between: Between) -> Any:
    """Serves the source and tracks its tables, once."""

    def serving(**info: Json) -> None:
        answer = add({"database_url": {"from_env": "SOURCE"}, **info})
        assert answer.status_code == 200, answer.text
        engine.sql(f"drop schema public cascade; create schema public; {SCHEMA}")
        track(engine)
        between.asked.clear()

    return serving


LEVEL = {"isolation_level": "repeatable-read"}
EXPECTED = {"level": "repeatable read", "jit": "off", "timeout": "45s"}


@pytest.mark.parametrize("picky", [False, True])
def test_a_session_is_as_it_should_be_through_whatever_is_between(
    picky: bool, engine: Serving, served: Any, between: Between
) -> None:
    between.picky = picky
    served(**LEVEL, pool_settings={"connection_lifetime": 0.3})
    for _ in range(2):
        assert session(engine, "level", "jit", "timeout") == EXPECTED
    between.picky = False


def test_a_pooler_is_asked_for_what_it_refuses_only_once(
    engine: Serving, served: Any, between: Between
) -> None:
    between.picky = True
    served(pool_settings={"idle_timeout": 0.1})
    for _ in range(3):
        before = len(between.asked)
        assert session(engine, "jit") == "off"
        closed = engine.sql("select pg_sleep(0.4)")
        assert closed == [[""]]
        assert len(between.asked) > before
    between.picky = False
    # `run_sql` sets nothing but its name; neither does the pool, once it was refused.
    assert all(names <= TAKEN for names in between.asked)


@pytest.mark.parametrize(("breaks", "is_served"), [(2, True), (3, False)])
def test_opening_a_connection_is_tried_again(
    breaks: int, is_served: bool, add: Add, between: Between
) -> None:
    between.breaks = breaks
    settings = {"retries": 2}
    answer = add({"database_url": {"from_env": "SOURCE"}, "pool_settings": settings})
    assert between.breaks == 0
    assert (answer.status_code == 200) is is_served
