"""Rows of drafts, each its owner's."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from service.database import Pool
from service.failures import Refusal

_INSERT = """
insert into reports.drafts (owner_id, findings, text, model) values ($1, $2, $3, $4)
returning id, text, model
"""
MOST_FINDINGS = 20_000


@dataclass(frozen=True, slots=True)
class Draft:
    """A stored draft."""

    id: UUID
    text: str
    model: str


async def store(pool: Pool, owner: UUID, findings: str, text: str, model: str) -> Draft:
    """Store a draft of `owner`. Raises `Refusal` 403 where the owner is gone."""
    try:
        row = await pool.fetchrow(_INSERT, owner, findings, text, model)
    except asyncpg.ForeignKeyViolationError:
        raise Refusal(403, "access-denied", "this user is gone") from None
    assert row is not None
    return Draft(**row)
