"""What routes are given: the desk, the settings, who is asking, and who is signed in."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from auth.accounts import Accounts
from auth.caller import Caller, caller_of
from auth.desk import Desk
from auth.settings import AuthSettings
from service.failures import Refusal

_bearer = HTTPBearer(auto_error=False, description="An access token of this service.")


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def _accounts(request: Request) -> Accounts:
    accounts: Accounts = request.app.state.accounts
    return accounts


def _settings(request: Request) -> AuthSettings:
    settings: AuthSettings = request.app.state.settings
    return settings


AtDesk = Annotated[Desk, Depends(_desk)]
WithAccounts = Annotated[Accounts, Depends(_accounts)]
WithSettings = Annotated[AuthSettings, Depends(_settings)]


def _caller(kind: str) -> Callable[[Request, AuthSettings], Caller]:
    def caller(request: Request, settings: WithSettings) -> Caller:
        return caller_of(request, settings, kind)

    return caller


LoginCaller = Annotated[Caller, Depends(_caller("login"))]
LetterCaller = Annotated[Caller, Depends(_caller("letter"))]
ProviderCaller = Annotated[Caller, Depends(_caller("provider"))]
RegisterCaller = Annotated[Caller, Depends(_caller("register"))]


def _user_id(
    desk: AtDesk, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> UUID:
    if credentials is None:
        challenge = {"www-authenticate": "Bearer"}
        raise Refusal(401, "missing-token", "an access token is needed", challenge)
    bearer = desk.mint.read(credentials.credentials)
    if bearer.by_api_key:
        raise Refusal(403, "api-key-not-enough", "sign in with a password to manage an account")
    return bearer.user_id


SignedIn = Annotated[UUID, Depends(_user_id)]
