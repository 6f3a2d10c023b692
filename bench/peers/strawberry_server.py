"""Strawberry over asyncpg with dataloaders: the peer as one would write it by hand."""

import asyncio
import os
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Any

import asyncpg
import strawberry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from strawberry.dataloader import DataLoader
from strawberry.schema.config import StrawberryConfig
from strawberry.types import Info

Row = Any


class Loaders:
    """One request's loaders: by primary key, and lists by foreign key."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._made: dict[tuple[str, str], DataLoader[int, Any]] = {}

    def one(self, table: str) -> DataLoader[int, Any]:
        """Rows of `table` by id."""
        return self._loader((table, "id"), self._by_id(table))

    def many(self, table: str, column: str) -> DataLoader[int, Any]:
        """Lists of rows of `table` by `column`."""
        return self._loader((table, column), self._by_column(table, column))

    def _loader(
        self, key: tuple[str, str], load: Callable[[list[int]], Awaitable[Sequence[Any]]]
    ) -> DataLoader[int, Any]:
        if key not in self._made:
            self._made[key] = DataLoader(load_fn=load)
        return self._made[key]

    def _by_id(self, table: str) -> Callable[[list[int]], Awaitable[Sequence[Any]]]:
        async def load(keys: list[int]) -> Sequence[Any]:
            rows = await self._pool.fetch(f"select * from {table} where id = any($1::int[])", keys)
            found = {row["id"]: row for row in rows}
            return [found.get(key) for key in keys]

        return load

    def _by_column(
        self, table: str, column: str
    ) -> Callable[[list[int]], Awaitable[Sequence[Any]]]:
        async def load(keys: list[int]) -> Sequence[Any]:
            rows = await self._pool.fetch(
                f"select * from {table} where {column} = any($1::int[]) order by id", keys
            )
            found = defaultdict(list)
            for row in rows:
                found[row[column]].append(row)
            return [found[key] for key in keys]

        return load


@strawberry.enum
class Way(Enum):
    """Upwards; the bench asks for nothing else."""

    asc = "asc"


@strawberry.input
class Direction:
    """The order of a list."""

    id: Way


@strawberry.type
class Genre:
    """A row."""

    name: str


@strawberry.type
class Artist:
    """A row."""

    id: int
    name: str

    @strawberry.field
    async def albums(self, info: Info, order_by: Direction | None = None) -> list["Album"]:
        """By foreign key."""
        return [album(row) for row in await info.context.many("album", "artist_id").load(self.id)]


@strawberry.type
class Album:
    """A row."""

    id: int
    title: str
    artist_id: int

    @strawberry.field
    async def artist(self, info: Info) -> Artist:
        """By primary key."""
        return artist(await info.context.one("artist").load(self.artist_id))

    @strawberry.field
    async def tracks(self, info: Info, order_by: Direction | None = None) -> list["Track"]:
        """By foreign key."""
        return [track(row) for row in await info.context.many("track", "album_id").load(self.id)]


@strawberry.type
class Track:
    """A row."""

    id: int
    name: str
    composer: str | None
    milliseconds: int
    bytes: int
    unit_price: float
    album_id: strawberry.Private[int]
    genre_id: strawberry.Private[int]

    @strawberry.field
    async def genre(self, info: Info) -> Genre:
        """By primary key."""
        return Genre(name=(await info.context.one("genre").load(self.genre_id))["name"])

    @strawberry.field
    async def album(self, info: Info) -> Album:
        """By primary key."""
        return album(await info.context.one("album").load(self.album_id))


@strawberry.type
class Employee:
    """A row."""

    first_name: str


@strawberry.type
class Customer:
    """A row."""

    id: int
    first_name: str
    last_name: str
    phone: str | None
    support_rep_id: strawberry.Private[int]

    @strawberry.field
    async def support_rep(self, info: Info) -> Employee:
        """By primary key."""
        row = await info.context.one("employee").load(self.support_rep_id)
        return Employee(first_name=row["first_name"])


@strawberry.type
class Line:
    """A row of invoice_line."""

    quantity: int
    unit_price: float
    track_id: strawberry.Private[int]

    @strawberry.field
    async def track(self, info: Info) -> Track:
        """By primary key."""
        return track(await info.context.one("track").load(self.track_id))


@strawberry.type
class Invoice:
    """A row."""

    id: int
    total: float
    customer_id: strawberry.Private[int]

    @strawberry.field
    async def customer(self, info: Info) -> Customer:
        """By primary key."""
        return customer(await info.context.one("customer").load(self.customer_id))

    @strawberry.field
    async def lines(self, info: Info, order_by: Direction | None = None) -> list[Line]:
        """By foreign key."""
        rows = await info.context.many("invoice_line", "invoice_id").load(self.id)
        return [
            Line(
                quantity=row["quantity"],
                unit_price=float(row["unit_price"]),
                track_id=row["track_id"],
            )
            for row in rows
        ]


def artist(row: Row) -> Artist:
    """A row as its type."""
    return Artist(id=row["id"], name=row["name"])


def album(row: Row) -> Album:
    """A row as its type."""
    return Album(id=row["id"], title=row["title"], artist_id=row["artist_id"])


def track(row: Row) -> Track:
    """A row as its type."""
    return Track(
        id=row["id"],
        name=row["name"],
        composer=row["composer"],
        milliseconds=row["milliseconds"],
        bytes=row["bytes"],
        unit_price=float(row["unit_price"]),
        album_id=row["album_id"],
        genre_id=row["genre_id"],
    )


def customer(row: Row) -> Customer:
    """A row as its type."""
    return Customer(
        id=row["id"],
        first_name=row["first_name"],
        last_name=row["last_name"],
        phone=row["phone"],
        support_rep_id=row["support_rep_id"],
    )


@strawberry.input
class IntComparison:
    """The comparisons that the bench needs."""

    _eq: int | None = strawberry.UNSET
    _gt: int | None = strawberry.UNSET


@strawberry.input
class TrackFilter:
    """Of tracks."""

    genre_id: IntComparison | None = None
    milliseconds: IntComparison | None = None


@strawberry.input
class Key:
    """A primary key."""

    id: int


@strawberry.input
class CustomerPatch:
    """What may be changed."""

    phone: str


@strawberry.type
class Count:
    """A count."""

    count: int


@strawberry.type
class TrackAggregate:
    """Of tracks."""

    aggregate: Count


@strawberry.type
class Query:
    """The operations' roots."""

    @strawberry.field
    async def album_by_pk(self, info: Info, id: int) -> Album:
        """By primary key."""
        return album(await info.context.one("album").load(id))

    @strawberry.field
    async def artist_by_pk(self, info: Info, id: int) -> Artist:
        """By primary key."""
        return artist(await info.context.one("artist").load(id))

    @strawberry.field
    async def invoice_by_pk(self, info: Info, id: int) -> Invoice:
        """By primary key."""
        row = await info.context.one("invoice").load(id)
        return Invoice(id=row["id"], total=float(row["total"]), customer_id=row["customer_id"])

    @strawberry.field
    async def artist(self, info: Info, limit: int, order_by: Direction) -> list[Artist]:
        """The first ones."""
        rows = await pool.fetch("select * from artist order by id limit $1", limit)
        return [artist(row) for row in rows]

    @strawberry.field
    async def track(
        self, info: Info, where: TrackFilter, limit: int, order_by: Direction
    ) -> list[Track]:
        """Filtered."""
        rows = await pool.fetch(
            "select * from track where genre_id = $1 and milliseconds > $2 order by id limit $3",
            where.genre_id._eq,
            where.milliseconds._gt,
            limit,
        )
        return [track(row) for row in rows]

    @strawberry.field
    async def track_aggregate(self, info: Info, where: TrackFilter) -> TrackAggregate:
        """Counted."""
        found = await pool.fetchval(
            "select count(*) from track where genre_id = $1", where.genre_id._eq
        )
        return TrackAggregate(aggregate=Count(count=found))


@strawberry.type
class Mutation:
    """The operations' writing roots."""

    @strawberry.mutation
    async def update_customer_by_pk(
        self, info: Info, pk_columns: Key, _set: CustomerPatch
    ) -> Customer:
        """By primary key."""
        row = await pool.fetchrow(
            "update customer set phone = $1 where id = $2 returning *", _set.phone, pk_columns.id
        )
        return customer(row)


schema = strawberry.Schema(Query, Mutation, config=StrawberryConfig(auto_camel_case=False))
pool: asyncpg.Pool


async def start() -> None:
    """Connect."""
    global pool
    pool = await asyncpg.create_pool(os.environ["BENCH_DATABASE_URL"], min_size=16, max_size=16)


async def answer(request: Request) -> JSONResponse:
    """One request."""
    asked = await request.json()
    result = await schema.execute(
        asked["query"], variable_values=asked.get("variables"), context_value=Loaders(pool)
    )
    failed = [str(one) for one in result.errors or ()]
    return JSONResponse({"errors": failed} if failed else {"data": result.data})


class Lifespan:
    """Connects at the start."""

    def __init__(self, _: Starlette) -> None:
        pass

    async def __aenter__(self) -> None:
        await start()

    async def __aexit__(self, *_: object) -> None:
        await asyncio.wait_for(pool.close(), 5)


app = Starlette(routes=[Route("/graphql", answer, methods=["POST"])], lifespan=Lifespan)
