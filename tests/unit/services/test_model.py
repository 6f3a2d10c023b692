"""Asking a model: what it writes is read as it streams, and without a key nothing is asked."""

import httpx
import pytest

from actions.reports.model import ModelSettings, drafted
from service.failures import Refusal
from service.settings import Environment
from tests.chat_double import served_chat


async def test_without_a_key_the_setting_is_named_and_nothing_is_sent() -> None:
    with served_chat("k") as chat:
        settings = ModelSettings.read(Environment({"OPENAI_BASE_URL": f"{chat.url}/v1"}))
        async with httpx.AsyncClient() as client:
            with pytest.raises(Refusal) as refused:
                await drafted(client, settings, "findings")
        assert (refused.value.status_code, refused.value.code) == (424, "not-configured")
        assert "OPENAI_API_KEY is not set" in str(refused.value.detail)
        assert chat.asked == []


async def test_what_the_model_writes_is_put_together() -> None:
    with served_chat("k") as chat:
        settings = ModelSettings(f"{chat.url}/v1", "k", "m", 5)
        async with httpx.AsyncClient() as client:
            assert await drafted(client, settings, "cracks") == "Report: cracks."
        [asked] = chat.asked
        assert (asked["model"], asked["stream"]) == ("m", True)


async def test_an_api_that_is_away_is_told_by_kind_alone() -> None:
    settings = ModelSettings("http://127.0.0.1:1/v1", "secret-key", "m", 5)
    async with httpx.AsyncClient() as client:
        with pytest.raises(Refusal, match="cannot be reached") as refused:
            await drafted(client, settings, "cracks")
    assert "secret-key" not in str(refused.value.detail)
