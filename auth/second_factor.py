"""The second factor: one-time codes of an app (TOTP, RFC 6238), and codes for a lost device.

# Note [Replay of codes]
A code of the step before and of the step after is taken, too, since clocks differ. The step of a
code that was taken is stored: neither it nor an earlier one is taken again.
"""

import hmac
import secrets
import time
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import pyotp

from auth.families import digest
from service.database import Pool
from service.failures import Refusal

_STEP_SECONDS = 30
_RECOVERY_CODES = 10

_ENROL = """
insert into identity.second_factors (user_id, secret) values ($1, $2)
on conflict (user_id) do update set secret = excluded.secret, created_at = now(), last_step = 0
where second_factors.confirmed_at is null
returning user_id
"""
_FIND = "select secret from identity.second_factors where user_id = $1 and confirmed_at is not null"
_PENDING = "select secret from identity.second_factors where user_id = $1 and confirmed_at is null"
_CONFIRM = """
update identity.second_factors set confirmed_at = now(), last_step = $2
where user_id = $1 and secret = $3 and confirmed_at is null returning user_id
"""
_ADD_CODES = """
insert into identity.recovery_codes (user_id, code_hash) select $1, unnest($2::bytea[])
"""
_TAKE_STEP = """
update identity.second_factors set last_step = $2
where user_id = $1 and last_step < $2 and confirmed_at is not null returning user_id
"""
_TAKE_CODE = """
delete from identity.recovery_codes where user_id = $1 and code_hash = $2 returning user_id
"""
_REMOVE = "delete from identity.second_factors where user_id = $1"

Standing = Literal["passed", "needed", "wrong"]


@dataclass(frozen=True, slots=True)
class SecondFactors:
    """The tables of secrets and recovery codes; `issuer` is what apps show beside the name."""

    pool: Pool
    issuer: str

    async def enrol(self, user_id: UUID, username: str) -> tuple[str, str]:
        """A new secret and its `otpauth:` URI; it counts once it is confirmed. Raises `Refusal` 409
        where there is one that counts."""
        secret = pyotp.random_base32()
        if await self.pool.fetchval(_ENROL, user_id, secret) is None:
            raise Refusal(409, "second-factor-active", "remove the second factor first")
        return secret, pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=self.issuer)

    async def confirm(self, user_id: UUID, code: str) -> list[str]:
        """Make the enrolled secret count, and give the recovery codes, shown this once. Raises
        `Refusal` 400 where nothing is enrolled or `code` is not one of it."""
        secret = await self.pool.fetchval(_PENDING, user_id)
        step = None if secret is None else _step_of(secret, code)
        codes = [secrets.token_hex(10) for _ in range(_RECOVERY_CODES)]
        async with self.pool.acquire() as connection, connection.transaction():
            if step is None or not await connection.fetchval(_CONFIRM, user_id, step, secret):
                raise Refusal(400, "invalid-code", "the code is not one of an enrolled secret")
            await connection.execute(_ADD_CODES, user_id, [digest(code) for code in codes])
        return codes

    async def try_code(self, user_id: UUID, code: str | None) -> Standing:
        """Whether the user may go on: `passed` where no second factor is set, or with a good code,
        which is used up (see Note [Replay of codes]); `needed` without a code."""
        secret = await self.pool.fetchval(_FIND, user_id)
        if secret is None:
            return "passed"
        if code is None:
            return "needed"
        step = _step_of(secret, code)
        if step is None:
            taken = await self.pool.fetchval(_TAKE_CODE, user_id, digest(code))
        else:
            taken = await self.pool.fetchval(_TAKE_STEP, user_id, step)
        return "wrong" if taken is None else "passed"

    async def remove(self, user_id: UUID) -> None:
        """Sign in without codes from now on."""
        await self.pool.execute(_REMOVE, user_id)


def _step_of(secret: str, code: str) -> int | None:
    """The step whose code `code` is: this one, that before or that after; None where it is none."""
    current = int(time.time()) // _STEP_SECONDS
    totp, given = pyotp.TOTP(secret), code.encode()
    for step in (current - 1, current, current + 1):
        if hmac.compare_digest(totp.at(step * _STEP_SECONDS).encode(), given):
            return step
    return None
