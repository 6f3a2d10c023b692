"""What the engine posts to an action, and whom it posts it for."""

import hmac
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import Depends, Header, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, SecretStr

from service.database import UNAVAILABLE, Pool
from service.failures import Refusal

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
Input = TypeVar("Input", bound=BaseModel)


class ActionName(BaseModel):
    """Which action."""

    name: str


class Call(BaseModel, Generic[Input]):
    """The envelope of one call; session variables have lower-case names."""

    model_config = ConfigDict(hide_input_in_errors=True)

    action: ActionName
    input: Input
    session_variables: dict[str, Any] = {}
    request_query: str = ""


class Arguments(BaseModel):
    """The arguments of an action: no others are taken, and no value is quoted in a refusal."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Login(Arguments):
    """Arguments of `login`."""

    username: str
    password: SecretStr
    code: SecretStr | None = None


class Register(Arguments):
    """Arguments of `register`."""

    username: str
    password: SecretStr
    email: str


class Refresh(Arguments):
    """Arguments of `refresh`."""

    refresh_token: SecretStr


class UploadImage(Arguments):
    """Arguments of `uploadImage`; `image` is Base64."""

    animal_id: UUID
    image: str


class RequestImageUpload(Arguments):
    """Arguments of `requestImageUpload`."""

    animal_id: UUID


class CompleteImageUpload(Arguments):
    """Arguments of `completeImageUpload`."""

    upload_id: UUID


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a call is for: a user, or an admin who may do everything (`user_id` may be None)."""

    user_id: UUID | None
    is_admin: bool


def person_of(call: Call[Any]) -> Person:
    """Whom the engine says it asks for. Raises `Refusal` 403 where that is nobody."""
    variables = call.session_variables
    is_admin = variables.get("x-hasura-role") == "admin"
    try:
        return Person(UUID(str(variables["x-hasura-user-id"])), is_admin)
    except (KeyError, ValueError):
        if is_admin:
            return Person(None, is_admin)
        raise Refusal(403, "access-denied", "only for people who are signed in") from None


def only_the_engine(
    request: Request, x_actions_secret: Annotated[str | None, Header()] = None
) -> None:
    """A dependency: raises `Refusal` 401 where the shared secret is not shown."""
    secret: str = request.app.state.settings.secret
    given = (x_actions_secret or "").encode("utf-8", "replace")
    if not hmac.compare_digest(given, secret.encode()):
        raise Refusal(401, "access-denied", "only the engine may call actions")


FromTheEngine = Depends(only_the_engine)


def _pool(request: Request) -> Pool:
    pool: Pool = request.app.state.pool
    return pool


WithPool = Annotated[Pool, Depends(_pool)]
"""The connections to the application's database."""


class ActionRoute(APIRoute):
    """A route whose every refusal reaches the GraphQL client: the engine passes on what comes with
    a 4xx status, and turns all others into an internal error. So a part that is away is a 424."""

    def get_route_handler(self) -> Handler:
        """The handler, its 5xx refusals turned into 424."""
        handle = super().get_route_handler()

        async def handle_action(request: Request) -> Response:
            try:
                return await handle(request)
            except UNAVAILABLE as error:
                raise Refusal(424, "database-unavailable", "try again in a moment") from error
            except Refusal as refusal:
                if refusal.status_code < 500:
                    raise
                raise Refusal(424, refusal.code, refusal.detail) from refusal

        return handle_action
