"""How the driver sends and reads values: parameters as the texts that they are bound to.

Apart from the pool, which opens connections and knows nothing of types. Postgres reads each text
once a statement; a cast of a text parameter in the SQL would be read again for each row.
"""

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg

from rowgate.sql.types import TAKEN_AS_TEXT

_READ: dict[str, Callable[[str], Any]] = {
    "bool": "t".__eq__,
    "date": date.fromisoformat,
    "float4": float,
    "float8": float,
    "int2": int,
    "int4": int,
    "int8": int,
    "interval": str,
    "numeric": Decimal,
    "time": time.fromisoformat,
    "timestamp": datetime.fromisoformat,
    "timestamptz": datetime.fromisoformat,
    "timetz": time.fromisoformat,
    "uuid": UUID,
}


async def take_as_text(connection: asyncpg.Connection) -> None:
    """Let a connection send the parameters of generated statements as texts, and hand JSON on as
    the bytes that it is."""
    for name in TAKEN_AS_TEXT & _READ.keys():
        await connection.set_type_codec(
            name, schema="pg_catalog", encoder=str, decoder=_READ[name], format="text"
        )
    await connection.set_type_codec(
        "json", schema="pg_catalog", encoder=_as_bytes, decoder=_as_is, format="binary"
    )


def _as_is(value: bytes) -> bytes:
    return value


def _as_bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
