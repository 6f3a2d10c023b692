"""Where a database is, and the one place that opens connections to one for a source.

Apart from the pool because `run_sql` opens connections of its own to the same address.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import asyncpg

from rowgate.base.errors import ApiError
from rowgate.database.connections.tls import Tls, Way, ways

_ELSEWISE = (OSError, asyncpg.InvalidAuthorizationSpecificationError)
"""What may be otherwise with TLS than without, for `allow` and `prefer`."""
_UNTOLD = (asyncpg.ProtocolViolationError, asyncpg.FeatureNotSupportedError)
_ALWAYS_TAKEN = "application_name"
_PAUSE = 0.1
_LONGEST_KEPT = 8_192
"""Characters of a statement that the driver keeps prepared; see `sharing/link`."""


class _Wire(asyncio.BaseProtocol):
    queries_count: int


class Pooled(asyncpg.Connection):
    """A connection, and what its pool notes of it: when it was opened, what it had done when the
    pool last looked, the names of the statements that were prepared while another than the driver
    spoke, and who does so for one statement at a time (see `link`)."""

    __slots__ = ("done", "looked_at", "opened_at", "shared", "solo")
    _protocol: _Wire
    _transport: asyncio.Transport

    @property
    def transport(self) -> asyncio.Transport:
        """The socket, encrypted where that was agreed; for who speaks for the driver."""
        return self._transport

    def is_near(self) -> bool:
        """Whether Postgres is on this machine, as far as the socket tells."""
        here, there = (self._transport.get_extra_info(end) for end in ("sockname", "peername"))
        return isinstance(there, str) or (bool(there) and here[0] == there[0])

    async def cancel(self) -> None:
        """Ask Postgres to end what runs on it; nothing is told where Postgres cannot be asked."""
        heard = asyncio.get_running_loop().create_future()
        with suppress(OSError):
            await self._cancel(heard)  # type: ignore[attr-defined]

    def take_transport_back(self) -> None:
        """Let the driver speak again."""
        self._transport.set_protocol(self._protocol)

    def begin(self, now: float) -> None:
        """Note that it was opened at `now`, seconds of the loop's clock."""
        self.opened_at = self.looked_at = now
        self.shared: dict[str, bytes] = {}
        self.solo: asyncio.BaseProtocol | None = None
        self.done = self._protocol.queries_count

    def note_use(self) -> None:
        """Note that it was used by another than the driver."""
        self.done = -1

    def rested(self, now: float) -> float:
        """For how many seconds it has been seen to do nothing."""
        done = self._protocol.queries_count
        if done != self.done:
            self.done, self.looked_at = done, now
        return now - self.looked_at


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """A database: `url` gives its URL, read anew for each connection, since what a file holds may
    be rotated; `tls` None leaves encryption to the URL."""

    url: Callable[[], str]
    tls: Tls | None = None

    @classmethod
    def of(cls, url: str) -> "Address":
        """The address that a URL alone is."""
        return cls(lambda: url)


@dataclass(frozen=True, slots=True)
class Terms:
    """How a connection is opened: within how many seconds, how often that is tried again where
    nobody answers, what the session is told, how many prepared statements it keeps; and for how
    many seconds an answer is waited for (None: for ever)."""

    settings: Mapping[str, str]
    seconds: float = 10.0
    retries: int = 0
    prepared: int = 0
    patience: float | None = None


class Opener:
    """Opens connections to one address.

    Session settings go into the start-up message, where they cost nothing. A pooler may refuse
    what it does not know: then, and from then on, they follow as one statement after connecting.
    """

    def __init__(self, address: Address, terms: Terms) -> None:
        """Raises `ApiError` `invalid-configuration` where the address' certificates are none."""
        self._address = address
        self._terms = terms
        self._ways = ways(address.tls)
        self._tells_later = False

    async def open(self) -> Pooled:
        """A new connection. Raises what asyncpg raises, `TimeoutError`, and `ApiError`
        `invalid-configuration` where the URL cannot be read."""
        for attempt in range(self._terms.retries + 1):
            try:
                async with asyncio.timeout(self._terms.seconds):
                    return await self._reach()
            except (TimeoutError, ApiError):
                raise
            except (OSError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError):
                if attempt == self._terms.retries:
                    raise
            await asyncio.sleep(_PAUSE * (attempt + 1))
        raise AssertionError(self._terms)

    async def _reach(self) -> Pooled:
        url = self._address.url()
        for way in self._ways[:-1]:
            try:
                return await self._greet(url, way)
            except TimeoutError:
                raise
            except _ELSEWISE:
                continue
        return await self._greet(url, self._ways[-1])

    async def _greet(self, url: str, way: Way) -> Pooled:
        if not self._tells_later:
            try:
                return await self._connect(url, way, self._terms.settings)
            except _UNTOLD as error:
                if "startup parameter" not in str(error):
                    raise
                self._tells_later = True
        first = {name: value for name, value in self._terms.settings.items() if _is_taken(name)}
        connection = await self._connect(url, way, first)
        try:
            await self._tell(connection)
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def _tell(self, connection: Pooled) -> None:
        told = {name: value for name, value in self._terms.settings.items() if not _is_taken(name)}
        await connection.execute(
            "select set_config(name, value, false) from unnest($1::text[], $2::text[])"
            " as told (name, value)",
            list(told),
            list(told.values()),
        )

    async def _connect(self, url: str, way: Way, settings: Mapping[str, str]) -> Pooled:
        try:
            connection = await asyncpg.connect(
                url,
                ssl=way,
                timeout=self._terms.seconds,
                command_timeout=self._terms.patience,
                statement_cache_size=self._terms.prepared,
                max_cached_statement_lifetime=0,
                max_cacheable_statement_size=_LONGEST_KEPT,
                connection_class=Pooled,
                server_settings=dict(settings),
            )
        except (OSError, asyncpg.PostgresError):
            raise
        except ValueError:
            # What is wrong with a URL may quote a piece of its password.
            raise ApiError(
                "the database URL is not understood", code="invalid-configuration", path=("args",)
            ) from None
        connection.begin(asyncio.get_running_loop().time())
        return connection


def _is_taken(name: str) -> bool:
    return name == _ALWAYS_TAKEN
