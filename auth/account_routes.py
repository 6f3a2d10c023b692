"""The HTTP face of one's own account."""

from fastapi import APIRouter, BackgroundTasks, Response

from auth.accounts import Wish
from auth.bodies import (
    Address,
    NewSecret,
    OneTimeToken,
    Profile,
    ProfileChange,
    Reset,
    Tokens,
)
from auth.entrance import LetterCaller, LoginCaller, SignedIn, WithAccounts


def account_routes() -> APIRouter:
    """Profile, password, sessions, letters."""
    router = APIRouter()
    router.add_api_route("/me", profile, methods=["GET"])
    router.add_api_route("/me", change_profile, methods=["PATCH"])
    router.add_api_route("/password", change_password, methods=["POST"])
    router.add_api_route("/logout/all", end_sessions, methods=["POST"], status_code=204)
    router.add_api_route("/email/letter", write_to_verify, methods=["POST"], status_code=202)
    router.add_api_route("/email/verify", verify_email, methods=["POST"], status_code=204)
    router.add_api_route("/password/letter", write_to_reset, methods=["POST"], status_code=202)
    router.add_api_route("/password/reset", reset_password, methods=["POST"], status_code=204)
    return router


async def profile(user_id: SignedIn, accounts: WithAccounts) -> Profile:
    """Who you are, and what you may do."""
    return Profile.model_validate(await accounts.of(user_id))


async def change_profile(
    body: ProfileChange, user_id: SignedIn, caller: LoginCaller, accounts: WithAccounts
) -> Profile:
    """Take another username or e-mail address; the latter needs the password."""
    password = body.current_password.get_secret_value() if body.current_password else None
    wish = Wish(body.username, body.email, password)
    return Profile.model_validate(await accounts.change(user_id, wish, caller))


async def change_password(
    body: NewSecret, user_id: SignedIn, caller: LoginCaller, accounts: WithAccounts
) -> Tokens:
    """Take another password. Every session ends; go on with the tokens of the answer."""
    old, new = body.current_password.get_secret_value(), body.new_password.get_secret_value()
    return await accounts.change_password(user_id, old, new, caller)


async def end_sessions(user_id: SignedIn, caller: LoginCaller, accounts: WithAccounts) -> Response:
    """End every session of yours. Access tokens that are out live on for their minutes."""
    await accounts.end_sessions(user_id, caller)
    return Response(status_code=204)


async def write_to_verify(
    user_id: SignedIn, caller: LetterCaller, accounts: WithAccounts
) -> Response:
    """Have a letter sent to your address, to show that it is yours."""
    await accounts.write_to_verify(user_id, caller)
    return Response(status_code=202)


async def verify_email(
    body: OneTimeToken, caller: LetterCaller, accounts: WithAccounts
) -> Response:
    """Show that an address is yours, by the token of the letter to it."""
    await accounts.verify_email(body.token.get_secret_value(), caller)
    return Response(status_code=204)


async def write_to_reset(
    body: Address, caller: LetterCaller, accounts: WithAccounts, later: BackgroundTasks
) -> Response:
    """Have a letter sent to a verified address, to set a forgotten password. The answer says
    nothing about whether the address is known."""
    await accounts.may_ask_to_reset(body.email, caller)
    later.add_task(accounts.letters.send_reset, body.email)
    return Response(status_code=202, background=later)


async def reset_password(body: Reset, caller: LetterCaller, accounts: WithAccounts) -> Response:
    """Set a new password by the token of a letter. Every session ends."""
    token, password = body.token.get_secret_value(), body.password.get_secret_value()
    await accounts.reset_password(token, password, caller)
    return Response(status_code=204)
