"""Refusals as both services write them: `{"message", "extensions": {"code"}}`."""

from fastapi import HTTPException


class Refusal(HTTPException):
    """An answer that is not success: HTTP status, a code for programs, a message for people.

    Messages never carry what the caller sent, nor anything of the inside.
    """

    def __init__(
        self, status: int, code: str, message: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(status, message, headers)
        self.code = code

    def body(self) -> dict[str, object]:
        """The JSON body."""
        return {"message": self.detail, "extensions": {"code": self.code}}


def busy(code: str, message: str) -> Refusal:
    """503: trying again in a second is fine."""
    return Refusal(503, code, message, {"retry-after": "1"})
