"""The HTTP face of signing in through an OpenID provider."""

from typing import Annotated

from fastapi import APIRouter, Cookie, Depends, Query, Request
from fastapi.responses import RedirectResponse

from auth.bodies import Tokens
from auth.entrance import ProviderCaller, WithSettings
from auth.provider import not_proved
from auth.provider_desk import SECONDS, ProviderDesk

COOKIE = "oidc_state"


def _provider_desk(request: Request) -> ProviderDesk:
    desk: ProviderDesk = request.app.state.provider_desk
    return desk


AtProviderDesk = Annotated[ProviderDesk, Depends(_provider_desk)]
Parameter = Annotated[str, Query(max_length=2000)]


def provider_routes() -> APIRouter:
    """Begin, and come back."""
    router = APIRouter()
    router.add_api_route("/start", start, methods=["GET"], status_code=303)
    router.add_api_route("/callback", callback, methods=["GET"])
    return router


async def start(
    caller: ProviderCaller, desk: AtProviderDesk, settings: WithSettings
) -> RedirectResponse:
    """Go to the OpenID provider."""
    address, state = await desk.begin(caller)
    answer = RedirectResponse(address, 303)
    encrypted = bool(settings.provider and settings.provider.redirect_url.startswith("https"))
    answer.set_cookie(COOKIE, state, SECONDS, httponly=True, samesite="lax", secure=encrypted)
    return answer


async def callback(
    caller: ProviderCaller,
    desk: AtProviderDesk,
    code: Parameter = "",
    state: Parameter = "",
    oidc_state: Annotated[str, Cookie(max_length=200)] = "",
) -> Tokens:
    """Come back from the OpenID provider, and be signed in."""
    if not code or not state or not oidc_state:
        raise not_proved()
    return await desk.finish(code, state, oidc_state, caller)
