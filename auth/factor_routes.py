"""The HTTP face of the second factor."""

from fastapi import APIRouter, Response

from auth.bodies import CurrentPassword, Enrolment, FactorCode, FactorRemoval, RecoveryCodes
from auth.entrance import LoginCaller, SignedIn, WithAccounts


def factor_routes() -> APIRouter:
    """Enrol, confirm, remove."""
    router = APIRouter()
    router.add_api_route("", enrol, methods=["POST"], status_code=201)
    router.add_api_route("/confirm", confirm, methods=["POST"])
    router.add_api_route("/remove", remove, methods=["POST"], status_code=204)
    return router


async def enrol(
    body: CurrentPassword, user_id: SignedIn, caller: LoginCaller, accounts: WithAccounts
) -> Enrolment:
    """Get a secret for an app that makes one-time codes; it counts once it is confirmed."""
    password = body.current_password.get_secret_value()
    secret, uri = await accounts.enrol(user_id, password, caller)
    return Enrolment(secret=secret, uri=uri)


async def confirm(
    body: FactorCode, user_id: SignedIn, caller: LoginCaller, accounts: WithAccounts
) -> RecoveryCodes:
    """Show that the app works; signing in needs its codes from now on."""
    codes = await accounts.confirm_factor(user_id, body.code, caller)
    return RecoveryCodes(recovery_codes=codes)


async def remove(
    body: FactorRemoval, user_id: SignedIn, caller: LoginCaller, accounts: WithAccounts
) -> Response:
    """Sign in without codes from now on."""
    password = body.current_password.get_secret_value()
    await accounts.remove_factor(user_id, password, body.code, caller)
    return Response(status_code=204)
