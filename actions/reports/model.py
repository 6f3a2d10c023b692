"""The model behind an OpenAI-compatible chat API, read as it streams, within limits."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import anyio
import httpx

from service.failures import Refusal
from service.settings import Environment

MOST_CHARACTERS = 50_000
_INSTRUCTION = (
    "Write the draft of a report from these findings. Write plain text, and invent nothing."
)
_DONE = "[DONE]"


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Where the API is, which model is asked, and with which key; `seconds` is the longest that a
    draft may take. Without a key the model is not asked."""

    base_url: str
    key: str
    model: str
    seconds: int

    @classmethod
    def read(cls, environment: Environment) -> "ModelSettings":
        """From the environment. Raises `SettingsError`."""
        return cls(
            base_url=environment.text("OPENAI_BASE_URL", "https://api.openai.com/v1").rstrip("/"),
            key=environment.text("OPENAI_API_KEY", ""),
            model=environment.text("OPENAI_MODEL", "gpt-4o-mini"),
            seconds=environment.whole("OPENAI_SECONDS", 50, 1, 600),
        )


async def drafted(client: httpx.AsyncClient, settings: ModelSettings, findings: str) -> str:
    """The text that the model writes.

    Raises `Refusal`: 424 where no key is set, or the API is away, too slow, or answers otherwise
    than it should.
    """
    if not settings.key:
        told = "drafting is not set up: OPENAI_API_KEY is not set for the actions service"
        raise Refusal(424, "not-configured", told)
    try:
        with anyio.fail_after(settings.seconds):
            return await _read(client, settings, findings)
    except TimeoutError:
        raise _unavailable(f"took longer than {settings.seconds} s") from None
    except httpx.HTTPError as error:
        raise _unavailable(f"cannot be reached ({type(error).__name__})") from None


async def _read(client: httpx.AsyncClient, settings: ModelSettings, findings: str) -> str:
    body = {
        "model": settings.model,
        "stream": True,
        "messages": [
            {"role": "system", "content": _INSTRUCTION},
            {"role": "user", "content": findings},
        ],
    }
    headers = {"authorization": f"Bearer {settings.key}"}
    url = f"{settings.base_url}/chat/completions"
    text, ended = "", False
    async with client.stream("POST", url, json=body, headers=headers) as answer:
        if answer.status_code != httpx.codes.OK:
            raise _unavailable(f"answered with status {answer.status_code}")
        async for data in _events(answer):
            if data == _DONE:
                ended = True
                break
            text += _piece(data)
            if len(text) > MOST_CHARACTERS:
                raise _unavailable(f"wrote more than {MOST_CHARACTERS} characters")
    if not ended or not text.strip():
        raise _unavailable("ended before it was done")
    return text.replace("\0", "")


async def _events(answer: httpx.Response) -> AsyncIterator[str]:
    """The data of the server-sent events, of bounded length."""
    pending = ""
    async for piece in answer.aiter_text():
        pending += piece
        *lines, pending = pending.split("\n")
        if len(pending) > MOST_CHARACTERS:
            raise _unavailable("sent a line that is too long")
        for line in lines:
            if line.startswith("data:"):
                yield line.removeprefix("data:").strip()


def _piece(data: str) -> str:
    """What one event adds to the text."""
    try:
        choices = json.loads(data)["choices"]
        piece = choices[0]["delta"].get("content") if choices else ""
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        raise _unavailable("answered in a form that is not the chat API's") from None
    return piece if isinstance(piece, str) else ""


def _unavailable(reason: str) -> Refusal:
    return Refusal(424, "model-unavailable", f"the model {reason}")
