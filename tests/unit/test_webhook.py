"""Calls to the user's services: what goes out, what may come back, and what never leaves."""

from collections.abc import AsyncIterator

import httpx
import pytest

from rowgate.base import webhook
from rowgate.base.errors import ApiError
from rowgate.base.webhook import Outgoing, WebhookFailed, configured, forwarded, post, tracing

OUTGOING = Outgoing("http://h/x", {"content-type": "application/json"}, b"{}", 1.0)


def client(answer: httpx.Response | Exception) -> httpx.AsyncClient:
    def handle(_: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return httpx.AsyncClient(transport=httpx.MockTransport(handle))


async def test_status_payload_and_cookies_come_back() -> None:
    headers = [("set-cookie", "a=1"), ("set-cookie", "b=2")]
    async with client(httpx.Response(201, content=b"yes", headers=headers)) as asking:
        answered = await post(asking, OUTGOING)
    assert (answered.status, answered.payload) == (201, b"yes")
    assert answered.cookies == ("a=1", "b=2")


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async with client(httpx.Response(302, headers={"location": "http://inside/"})) as asking:
        assert (await post(asking, OUTGOING)).status == 302


@pytest.mark.parametrize(
    "failure",
    [httpx.ConnectError("no"), httpx.ReadTimeout("slow"), httpx.InvalidURL("odd"), TimeoutError()],
)
async def test_every_failure_is_of_one_kind(failure: Exception) -> None:
    async with client(failure) as asking:
        with pytest.raises(WebhookFailed, match=type(failure).__name__):
            await post(asking, OUTGOING)


async def test_an_answer_that_does_not_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "MAXIMUM_ANSWER", 10)
    served = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal served
        while True:
            served += 4
            yield b"more"

    async with client(httpx.Response(200, content=endless())) as asking:
        with pytest.raises(WebhookFailed, match="too large"):
            await post(asking, OUTGOING)
    assert served <= 16


def test_what_describes_the_client_or_lets_it_in_is_not_forwarded() -> None:
    given = {
        "x-mine": "1",
        "cookie": "c",
        "x-hasura-admin-secret": "s",
        "x-hasura-access-key": "s",
        "host": "h",
        "content-length": "9",
        "transfer-encoding": "chunked",
        "accept": "*/*",
    }
    assert forwarded(given) == {"x-mine": "1", "cookie": "c"}
    assert forwarded(given, ["Cookie"]) == {"x-mine": "1", "accept": "*/*"}


def test_headers_of_tracing_go_along() -> None:
    assert tracing({"traceparent": "t", "x-other": "o"}) == {"traceparent": "t"}


def test_configured_headers_come_from_texts_templates_and_the_environment() -> None:
    declared = [
        {"name": "A", "value": "x-{{V}}"},
        {"name": "B", "value_from_env": "V"},
        {"name": "C", "value": "plain"},
    ]
    assert configured(declared, {"V": "1"}) == {
        "content-type": "application/json",
        "a": "x-1",
        "b": "1",
        "c": "plain",
    }


@pytest.mark.parametrize("name", ["MISSING", "HASURA_GRAPHQL_ADMIN_SECRET"])
def test_what_is_not_set_or_secret_cannot_be_named(name: str) -> None:
    environment = {"HASURA_GRAPHQL_ADMIN_SECRET": "s"}
    for declared in (
        {"name": "A", "value_from_env": name},
        {"name": "A", "value": f"{{{{{name}}}}}"},
    ):
        with pytest.raises(ApiError, match=name):
            configured([declared], environment)
