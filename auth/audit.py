"""The audit log: sign-ins and changes of accounts. It never holds a secret.

# Note [Failed sign-ins]
A failed sign-in is entered by one statement whether the username is known or not, so that it costs
the same; one that names nobody belongs to nobody.
"""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from auth.caller import Caller
from auth.users import USERNAME
from service.database import Pool

_RECORD = "insert into identity.audit_log (user_id, event, address_hash) values ($1, $2, $3)"
_FAILED = """
insert into identity.audit_log (user_id, event, address_hash)
select (select id from identity.users where lower(username) = lower($1)), 'sign-in-failed', $2
"""
_PRUNE = "delete from identity.audit_log where at < now() - make_interval(days => $1)"

Event = Literal[
    "registered",
    "signed-in",
    "signed-out-everywhere",
    "password-changed",
    "password-reset",
    "profile-changed",
    "email-verified",
    "identity-linked",
    "second-factor-added",
    "second-factor-removed",
    "api-key-created",
    "api-key-revoked",
    "api-key-exchanged",
]


@dataclass(frozen=True, slots=True)
class Audit:
    """The table of what happened, kept for `days`."""

    pool: Pool
    days: int

    async def record(self, event: Event, user_id: UUID, caller: Caller) -> None:
        """Enter `event`."""
        await self.pool.execute(_RECORD, user_id, event, caller.address_hash)

    async def record_failure(self, username: str, caller: Caller) -> None:
        """Enter a failed sign-in (see Note [Failed sign-ins])."""
        known = username if USERNAME.match(username) else ""
        await self.pool.execute(_FAILED, known, caller.address_hash)

    async def prune(self) -> None:
        """Forget what is older than the days it is kept."""
        await self.pool.execute(_PRUNE, self.days)
