"""The interactive API documentation works without the internet."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from service.application import application


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield


async def test_the_page_and_all_it_loads_come_from_the_service() -> None:
    app = application("Shelter", _lifespan, 1_000_000)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        page = (await client.get("/docs")).text
        assert "swagger-ui" in page
        assert "https://" not in page
        for name in ("swagger-ui-bundle.js", "swagger-ui.css"):
            assert f"/static-offline-docs/{name}" in page
            assert (await client.get(f"/static-offline-docs/{name}")).status_code == 200
