"""`login`, `register` and `refresh`: passed on to the auth service, its refusals passed back."""

from dataclasses import dataclass
from typing import Any

import httpx

from service.failures import Refusal, busy
from service.logs import request_id, say


@dataclass(frozen=True, slots=True)
class AuthService:
    """The auth service, to which this one shows the shared secret (it speaks for many clients)."""

    client: httpx.AsyncClient
    secret: str

    async def ask(
        self, path: str, body: dict[str, str], through: str | None = None
    ) -> dict[str, Any]:
        """Its JSON answer; `through` is the `x-forwarded-for` of whom it is asked for. Raises
        `Refusal`: its own where it refuses, 503 where it is away."""
        headers = {"x-actions-secret": self.secret, "x-request-id": request_id.get() or ""}
        if through:
            headers["x-forwarded-for"] = through
        try:
            answer = await self.client.post(path, json=body, headers=headers)
            content = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            say("auth-service", "no answer", reason=type(error).__name__)
            raise busy("auth-unavailable", "signing in is not possible right now") from error
        if answer.is_success and isinstance(content, dict):
            return content
        raise _refusal(answer.status_code, content)


def _refusal(status: int, content: object) -> Refusal:
    match content:
        case {"message": str(message), "extensions": {"code": str(code)}} if status < 500:
            return Refusal(status, code, message)
        case {"message": str(message), "extensions": {"code": str(code)}} if status == 503:
            return busy(code, message)
        case _:
            return busy("auth-unavailable", "signing in is not possible right now")
