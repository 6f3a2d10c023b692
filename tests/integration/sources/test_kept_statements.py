"""What a connection keeps prepared is bounded by its size, since the backend's memory is."""

from rowgate.database.bind import Argument
from rowgate.database.connections.pool import Database, PoolSettings
from rowgate.database.run import fetch, fetch_alone

KEPT = "select count(*), coalesce(sum(length(statement)), 0) from pg_prepared_statements"
NOTHING: tuple[Argument, ...] = ()


def statement(number: int, characters: int) -> str:
    text = f"select to_json({number}) where true"
    return text + " and true" * ((characters - len(text)) // 9)


async def kept(database: Database) -> tuple[int, int]:
    async with database.connection() as connection:
        row = await connection.fetchrow(KEPT)
    assert row is not None
    return row[0], row[1]


async def test_long_statements_are_not_kept(database_url: str) -> None:
    for solo in (True, False):
        database = await Database.connect(database_url, PoolSettings(maximum=4))
        if not solo:
            database.solo = 0
        try:
            before = await kept(database)
            for number in range(40):
                text = statement(number, 40_000)
                for _ in range(2):
                    if solo:
                        assert await fetch_alone(database, text, NOTHING) == str(number).encode()
                    else:
                        async with database.connection() as connection:
                            await fetch(connection, text, NOTHING)
            assert (await kept(database))[0] <= before[0] + 1
        finally:
            await database.close()


async def test_all_that_is_kept_has_a_size(database_url: str) -> None:
    database = await Database.connect(database_url, PoolSettings(maximum=4))
    try:
        for number in range(200):
            text = statement(number, 8_000)
            assert await fetch_alone(database, text, NOTHING) == str(number).encode()
        count, size = await kept(database)
        assert 100 < count < 140
        assert size <= 1_048_576 + 10_000
        assert await fetch_alone(database, statement(0, 8_000), NOTHING) == b"0"
    finally:
        await database.close()
