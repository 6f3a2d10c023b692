"""The HTTP face of the desk."""

from uuid import UUID

from fastapi import APIRouter, Response

from auth.account_routes import account_routes
from auth.api_keys import KeyRequest
from auth.bodies import (
    AccessToken,
    CreatedKey,
    Credentials,
    Key,
    KeyText,
    NewKey,
    RefreshToken,
    Registered,
    Registration,
    Tokens,
)
from auth.entrance import AtDesk, LoginCaller, RegisterCaller, SignedIn
from auth.factor_routes import factor_routes
from auth.provider_routes import provider_routes

JWKS_SECONDS = 60


def routes() -> APIRouter:
    """Every route of the service but health."""
    router = APIRouter()
    router.include_router(_identity_routes(), tags=["identity"])
    router.include_router(account_routes(), tags=["account"])
    router.include_router(factor_routes(), prefix="/second-factor", tags=["second factor"])
    router.include_router(provider_routes(), prefix="/oidc", tags=["OpenID provider"])
    router.include_router(_key_routes(), prefix="/api-keys", tags=["API keys"])
    return router


def _identity_routes() -> APIRouter:
    router = APIRouter()
    router.add_api_route("/register", register, methods=["POST"], status_code=201)
    router.add_api_route("/login", login, methods=["POST"])
    router.add_api_route("/refresh", refresh, methods=["POST"])
    router.add_api_route("/logout", logout, methods=["POST"], status_code=204)
    router.add_api_route("/.well-known/jwks.json", jwks, methods=["GET"])
    return router


def _key_routes() -> APIRouter:
    router = APIRouter()
    router.add_api_route("", create_key, methods=["POST"], status_code=201)
    router.add_api_route("", list_keys, methods=["GET"])
    router.add_api_route("/exchange", exchange_key, methods=["POST"])
    router.add_api_route("/{key_id}", revoke_key, methods=["DELETE"], status_code=204)
    return router


async def register(body: Registration, caller: RegisterCaller, desk: AtDesk) -> Registered:
    """Become a user. The answer says nothing about whether the e-mail address is known."""
    password = body.password.get_secret_value()
    user_id = await desk.register(body.username, body.email, password, caller)
    return Registered(id=user_id, username=body.username)


async def login(body: Credentials, caller: LoginCaller, desk: AtDesk) -> Tokens:
    """Sign in with username and password, and a code where there is a second factor."""
    password = body.password.get_secret_value()
    return await desk.login(body.username, password, body.code, caller)


async def refresh(body: RefreshToken, desk: AtDesk) -> Tokens:
    """Swap a refresh token for new tokens; the old one is used up."""
    return await desk.refresh(body.refresh_token.get_secret_value())


async def logout(body: RefreshToken, desk: AtDesk) -> Response:
    """End a refresh token and all that came from the same login."""
    await desk.logout(body.refresh_token.get_secret_value())
    return Response(status_code=204)


async def jwks(desk: AtDesk, response: Response) -> dict[str, list[dict[str, str]]]:
    """The public keys that access tokens can be verified with (RFC 7517)."""
    response.headers["cache-control"] = f"public, max-age={JWKS_SECONDS}"
    return desk.mint.keys.jwks()


async def create_key(
    body: NewKey, user_id: SignedIn, caller: LoginCaller, desk: AtDesk
) -> CreatedKey:
    """Make an API key; its text is shown this once."""
    wish = KeyRequest(body.name, body.scopes, body.expires_in_days)
    key, text = await desk.api_keys.create(user_id, wish)
    await desk.audit.record("api-key-created", user_id, caller)
    return CreatedKey(api_key=text, **Key.model_validate(key).model_dump())


async def list_keys(user_id: SignedIn, desk: AtDesk) -> list[Key]:
    """Your API keys, oldest first."""
    return [Key.model_validate(key) for key in await desk.api_keys.of(user_id)]


async def revoke_key(
    key_id: UUID, user_id: SignedIn, caller: LoginCaller, desk: AtDesk
) -> Response:
    """End an API key of yours."""
    await desk.api_keys.revoke(user_id, key_id)
    await desk.audit.record("api-key-revoked", user_id, caller)
    return Response(status_code=204)


async def exchange_key(body: KeyText, caller: LoginCaller, desk: AtDesk) -> AccessToken:
    """An access token for an API key."""
    return await desk.exchange(body.api_key.get_secret_value(), caller)
