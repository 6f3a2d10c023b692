"""A FastAPI application as both services make it: errors in one shape, health, docs."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from service.edge import Edge
from service.failures import Refusal

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
_CODES = {404: "not-found", 405: "method-not-allowed"}


def application(
    title: str, lifespan: Lifespan, most_bytes: int, larger: Mapping[str, int] | None = None
) -> FastAPI:
    """An application with `/docs`, the edge and JSON errors. `most_bytes` caps bodies, `larger`
    those of the paths that it names."""
    app = FastAPIOffline(title=title, lifespan=lifespan)
    app.add_middleware(Edge, most_bytes=most_bytes, larger=larger)
    app.exception_handler(RequestValidationError)(_malformed)
    app.exception_handler(HTTPException)(_http)
    return app


def add_health(app: FastAPI, is_well: Callable[[], Awaitable[bool]]) -> None:
    """`GET /healthz`: 200 `{"status": "ok"}` while `is_well()`, otherwise 503."""

    async def healthz() -> JSONResponse:
        """Whether this service can do its work now."""
        if await is_well():
            return JSONResponse({"status": "ok"})
        return JSONResponse({"status": "unavailable"}, status_code=503)

    app.add_api_route("/healthz", healthz, methods=["GET"], tags=["health"])


async def _malformed(_request: Request, error: RequestValidationError) -> JSONResponse:
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        refusal = Refusal(400, "invalid-json", "the body is not JSON")
    else:
        where = ".".join(str(step) for step in first["loc"] if step != "body")
        refusal = Refusal(400, "parse-failed", f"{ascii(where)[1:-1][:100]}: {first['msg']}")
    return JSONResponse(refusal.body(), refusal.status_code)


async def _http(_request: Request, error: HTTPException) -> JSONResponse:
    code = _CODES.get(error.status_code, "bad-request")
    refusal = (
        error if isinstance(error, Refusal) else Refusal(error.status_code, code, error.detail)
    )
    return JSONResponse(refusal.body(), error.status_code, error.headers)
