"""Rows of the engine's own tables as JSON: times in ISO 8601, JSON columns as they are stored.

Apart from the commands that answer with them, which are about two databases.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

import asyncpg
import orjson

from rowgate.base.json import Json


def shown(record: asyncpg.Record) -> dict[str, Json]:
    """A row as an object; texts that stand for JSON are in columns whose name ends in `$`."""
    return dict(_member(name, value) for name, value in record.items())


def shown_all(records: Iterable[asyncpg.Record]) -> list[Json]:
    """Every row as `shown` does."""
    return [shown(record) for record in records]


def _member(name: str, value: Json) -> tuple[str, Json]:
    if isinstance(value, datetime):
        return name, in_utc(value)
    if name.endswith("$"):
        return name[:-1], None if value is None else orjson.Fragment(value)
    return name, value


def in_utc(value: datetime) -> str:
    """A time as Hasura writes it; one without a zone is taken as it is.

    >>> in_utc(datetime(2026, 1, 2, 3, 4, 5, 600000, tzinfo=UTC))
    '2026-01-02T03:04:05.6Z'
    >>> in_utc(datetime(2026, 1, 2, 3, 4))
    '2026-01-02T03:04:00Z'
    """
    whole = value.astimezone(UTC) if value.tzinfo else value
    text = whole.strftime("%Y-%m-%dT%H:%M:%S.%f")
    return text.rstrip("0").rstrip(".") + "Z"
