"""Composition: the auth service as one application, with its housekeeping."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from fastapi import FastAPI

from auth.accounts import Accounts
from auth.api_keys import ApiKeys
from auth.attempts import Attempts
from auth.audit import Audit
from auth.desk import Desk
from auth.families import Families
from auth.keys import KeyRing
from auth.letters import Letters
from auth.passwords import Hashing
from auth.provider_desk import ProviderDesk
from auth.routes import routes
from auth.second_factor import SecondFactors
from auth.settings import AuthSettings
from auth.tokens import Mint
from auth.users import Users
from service.application import add_health, application
from service.database import UNAVAILABLE, Pool, answers, close, connect
from service.logs import say
from service.settings import Environment

MOST_BYTES = 16 * 1024
HOUSEKEEPING_SECONDS = 600


def create(environment: Environment) -> FastAPI:
    """The application. Raises `SettingsError`; makes the first signing key where there is none."""
    settings = AuthSettings.read(environment)
    keys = KeyRing(settings.key_directory, settings.activation_seconds)
    keys.open()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        pool = await connect(settings.database_url)
        watching = await connect(settings.database_url, most=1)
        desk = _desk(settings, keys, pool)
        app.state.desk, app.state.settings, app.state.watching = desk, settings, watching
        letters = Letters(pool, settings.mail, settings.pages, settings.letter_seconds)
        app.state.accounts = Accounts(pool, desk, letters)
        app.state.provider_desk = ProviderDesk(pool, desk, settings.provider)
        housekeeping = asyncio.create_task(_keep_house(app.state.accounts, app.state.provider_desk))
        try:
            yield
        finally:
            desk.hashing.close()
            await close(pool, housekeeping)
            await close(watching)

    app = application("Rowgate auth", lifespan, MOST_BYTES)
    app.include_router(routes())
    # Logins may have every connection of the other pool; that is no reason to be called unwell.
    add_health(app, lambda: answers(app.state.watching))
    return app


def _desk(settings: AuthSettings, keys: KeyRing, pool: Pool) -> Desk:
    return Desk(
        users=Users(pool),
        families=Families(pool, settings.refresh_seconds, settings.grace_seconds),
        api_keys=ApiKeys(pool),
        attempts=Attempts(pool, settings.limits.window_seconds),
        second_factors=SecondFactors(pool, settings.audience),
        audit=Audit(pool, settings.audit_days),
        hashing=Hashing(settings.hash_workers, settings.hash_queue),
        mint=Mint(keys, settings.issuer, settings.audience, settings.access_seconds),
        limits=settings.limits,
    )


async def _keep_house(accounts: Accounts, provider_desk: ProviderDesk) -> None:
    desk = accounts.desk
    while True:
        await asyncio.sleep(HOUSEKEEPING_SECONDS)
        try:
            await desk.attempts.prune()
            await desk.audit.prune()
            await desk.families.prune()
            await accounts.letters.prune()
            await provider_desk.prune()
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            say("housekeeping", "put off", reason=type(error).__name__)
