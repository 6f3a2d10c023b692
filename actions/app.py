"""Composition: the actions service as one application, with its sweeper."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import httpx
from fastapi import FastAPI

from actions.bearer import Bearers, PublicKeys
from actions.gallery.images import Gallery
from actions.gallery.rows import Rows
from actions.ledger import Ledger
from actions.photos import Photos, Studio
from actions.routes import routes
from actions.settings import ActionsSettings
from actions.signing_in import AuthService
from actions.storage import MissingError, Storage
from actions.sweeper import Sweeper
from service.application import add_health, application
from service.database import UNAVAILABLE, Pool, answers, close, connect
from service.failures import Refusal
from service.logs import say
from service.settings import Environment

_ENVELOPE_BYTES = 64 * 1024


def create(environment: Environment) -> FastAPI:
    """The application. Raises `SettingsError`."""
    settings = ActionsSettings.read(environment)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        pool = await connect(settings.database_url)
        watching = await connect(settings.database_url, most=1)
        photos = _photos(settings, pool)
        app.state.settings, app.state.watching, app.state.photos = settings, watching, photos
        app.state.pool, app.state.receiving = pool, 0
        app.state.gallery = Gallery(Rows(pool), photos.ledger, photos.storage, photos.studio)
        sweeper = Sweeper(pool, photos.storage, settings.sweep_seconds)
        worker = asyncio.create_task(_work(photos, sweeper))
        app.state.worker = worker
        try:
            async with (
                httpx.AsyncClient(base_url=settings.auth_url, timeout=25) as client,
                httpx.AsyncClient(timeout=settings.model.seconds) as model,
            ):
                auth = app.state.auth = AuthService(client, settings.secret)
                app.state.bearers = _bearers(settings, auth)
                app.state.model_client = model
                yield
        finally:
            await close(pool, worker)
            await close(watching)

    app = application("Rowgate actions", lifespan, _most_bytes(settings), _larger(settings))
    app.include_router(routes())
    add_health(app, lambda: _is_well(app))
    return app


def _most_bytes(settings: ActionsSettings) -> int:
    return settings.images.most_bytes * 4 // 3 + _ENVELOPE_BYTES


def _bearers(settings: ActionsSettings, auth: AuthService) -> Bearers:
    return Bearers(auth, PublicKeys(auth.client), settings.issuer, settings.audience)


def _larger(settings: ActionsSettings) -> dict[str, int]:
    return {"/images": settings.gallery.most_bytes}


def _photos(settings: ActionsSettings, pool: Pool) -> Photos:
    return Photos(
        ledger=Ledger(pool),
        storage=Storage(settings.storage),
        studio=Studio(settings.images),
        url_prefix=f"{settings.public_url}/images/",
        upload_seconds=settings.upload_seconds,
    )


async def _is_well(app: FastAPI) -> bool:
    photos: Photos = app.state.photos
    if app.state.worker.done():
        return False
    return all(await asyncio.gather(answers(app.state.watching), photos.storage.answers()))


async def _work(photos: Photos, sweeper: Sweeper) -> None:
    while True:
        try:
            await photos.storage.prepare()
            await photos.ledger.relocate(photos.url_prefix)
            break
        except (*UNAVAILABLE, asyncpg.PostgresError, MissingError, Refusal) as error:
            say("startup", "waiting", logging.WARNING, reason=type(error).__name__)
            await asyncio.sleep(0.5)
    await sweeper.run()
