"""Letters: an address is verified, a forgotten password set; tokens are good once, for a while."""

import re
from collections.abc import AsyncIterator
from email.message import EmailMessage, Message

import asyncpg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as Handler

from auth.mail import Mail
from service.settings import SettingsError
from tests.integration.services.conftest import Service, StartAuth, free_ports
from tests.integration.services.test_accounts import (
    NEW,
    bearer,
    events_of,
    refresh_status,
)
from tests.integration.services.test_auth import PASSWORD, code_of, new_name, registered, signed_in


class Mailbox(Handler):
    """Keeps the letters that an SMTP server takes."""

    def __init__(self) -> None:
        super().__init__(EmailMessage)
        self.letters: list[Message] = []

    def handle_message(self, message: Message) -> None:
        self.letters.append(message)

    def token(self, to: str) -> str:
        """That of the only letter, which went to `to`."""
        [letter] = self.letters
        self.letters.clear()
        assert letter["to"] == to
        assert letter["from"] == "shelter@example.org"
        found = re.search(r"rgo_[\w-]+", str(letter.get_payload()))
        assert found
        return found[0]


@pytest.fixture
def mailbox() -> Mailbox:
    """An empty one."""
    return Mailbox()


@pytest.fixture
async def service(start_auth: StartAuth, mailbox: Mailbox) -> AsyncIterator[Service]:
    """An auth service with a mail server."""
    [port] = free_ports(1)
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        settings = {"SMTP_URL": f"smtp://127.0.0.1:{port}", "SMTP_FROM": "shelter@example.org"}
        async with start_auth(**settings) as running:
            yield running
    finally:
        controller.stop()


async def verified(service: Service, mailbox: Mailbox) -> tuple[str, dict[str, str]]:
    """The name and the tokens of a new user whose address is verified."""
    name = await registered(service)
    tokens = await signed_in(service, name)
    assert (await service.post("/email/letter", None, **bearer(tokens))).status_code == 202
    token = mailbox.token(f"{name}@example.org")
    assert (await service.post("/email/verify", {"token": token})).status_code == 204
    return name, tokens


async def asked_to_reset(service: Service, name: str) -> None:
    """A letter to set the password was asked for."""
    answer = await service.post("/password/letter", {"email": f"{name}@example.org"})
    assert (answer.status_code, answer.content) == (202, b"")


async def test_an_address_is_verified_once(
    service: Service, mailbox: Mailbox, database: asyncpg.Connection
) -> None:
    name = await registered(service)
    headers = bearer(await signed_in(service, name))
    assert (await service.client.get("/me", headers=headers)).json()["email_verified"] is False
    await service.post("/email/letter", None, **headers)
    token = mailbox.token(f"{name}@example.org")
    statuses = [(await service.post("/email/verify", {"token": token})).status_code for _ in "ab"]
    assert statuses == [204, 400]
    assert (await service.client.get("/me", headers=headers)).json()["email_verified"] is True
    assert (await events_of(database, name))[-1] == "email-verified"
    wish = {"email": "other@example.org", "current_password": PASSWORD}
    changed = await service.client.patch("/me", json=wish, headers=headers)
    assert changed.json()["email_verified"] is False


async def test_a_letter_to_an_earlier_address_verifies_nothing(
    service: Service, mailbox: Mailbox
) -> None:
    name = await registered(service)
    headers = bearer(await signed_in(service, name))
    await service.post("/email/letter", None, **headers)
    token = mailbox.token(f"{name}@example.org")
    wish = {"email": f"{new_name()}@example.org", "current_password": PASSWORD}
    await service.client.patch("/me", json=wish, headers=headers)
    assert (await service.post("/email/verify", {"token": token})).status_code == 400


async def test_an_address_is_verified_for_one_account(service: Service, mailbox: Mailbox) -> None:
    name, _ = await verified(service, mailbox)
    headers = bearer(await signed_in(service, await registered(service)))
    wish = {"email": f"{name}@example.org".upper(), "current_password": PASSWORD}
    assert (await service.client.patch("/me", json=wish, headers=headers)).status_code == 200
    await service.post("/email/letter", None, **headers)
    answer = await service.post("/email/verify", {"token": mailbox.token(wish["email"])})
    assert (answer.status_code, code_of(answer.json())) == (409, "email-taken")


async def test_a_forgotten_password_is_set_by_letter(
    service: Service, mailbox: Mailbox, database: asyncpg.Connection
) -> None:
    name, tokens = await verified(service, mailbox)
    await asked_to_reset(service, name)
    body = {"token": mailbox.token(f"{name}@example.org"), "password": NEW}
    statuses = [(await service.post("/password/reset", body)).status_code for _ in "ab"]
    assert statuses == [204, 400]
    assert await refresh_status(service, tokens) == 401
    await signed_in(service, name, NEW)
    assert (await events_of(database, name))[-2:] == ["password-reset", "signed-in"]


async def test_only_a_verified_address_gets_a_letter_and_the_answer_is_the_same(
    service: Service, mailbox: Mailbox
) -> None:
    await asked_to_reset(service, await registered(service))
    await asked_to_reset(service, new_name())
    assert mailbox.letters == []


async def test_tokens_are_stored_hashed_expire_and_serve_one_purpose(
    service: Service, mailbox: Mailbox, database: asyncpg.Connection
) -> None:
    name, _ = await verified(service, mailbox)
    await asked_to_reset(service, name)
    first = mailbox.token(f"{name}@example.org")
    assert first not in str(await database.fetch("select * from identity.one_time_tokens"))
    assert (await service.post("/email/verify", {"token": first})).status_code == 400
    await asked_to_reset(service, name)
    second = mailbox.token(f"{name}@example.org")
    await database.execute("update identity.one_time_tokens set expires_at = now()")
    for token in (first, second, "rgo_nonsense"):
        answer = await service.post("/password/reset", {"token": token, "password": NEW})
        assert (answer.status_code, code_of(answer.json())) == (400, "invalid-one-time-token")
    await signed_in(service, name)


async def test_letters_to_one_address_are_limited_whoever_it_is(service: Service) -> None:
    for name in (await registered(service), new_name()):
        body = {"email": f"{name}@example.org"}
        answers = [await service.post("/password/letter", body) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [202] * 5 + [429]


async def test_without_a_mail_server_the_setting_is_named(auth_service: Service) -> None:
    headers = bearer(await signed_in(auth_service, await registered(auth_service)))
    for answer in (
        await auth_service.post("/password/letter", {"email": "a@example.org"}),
        await auth_service.post("/email/letter", None, **headers),
    ):
        assert (answer.status_code, code_of(answer.json())) == (501, "not-configured")
        assert "SMTP_URL" in answer.json()["message"]


async def test_a_mail_server_that_is_away_is_said_to_the_user_alone(start_auth: StartAuth) -> None:
    away = {"SMTP_URL": "smtp://127.0.0.1:9", "SMTP_FROM": "shelter@example.org"}
    async with start_auth(**away) as service:
        name = await registered(service)
        headers = bearer(await signed_in(service, name))
        answer = await service.post("/email/letter", None, **headers)
        assert (answer.status_code, code_of(answer.json())) == (503, "mail-unavailable")
        await asked_to_reset(service, name)


async def test_links_lead_to_the_pages_that_are_set(
    start_auth: StartAuth, service: Service, mailbox: Mailbox
) -> None:
    mail = service.app.state.settings.mail
    settings = {"SMTP_URL": f"smtp://127.0.0.1:{mail.port}", "SMTP_FROM": "shelter@example.org"}
    async with start_auth(AUTH_PAGES_URL="https://shelter.test/", **settings) as other:
        headers = bearer(await signed_in(other, await registered(other)))
        forged = {"x-forwarded-host": "evil.test", "host": "evil.test"}
        await other.post("/email/letter", None, **headers, **forged)
    [letter] = mailbox.letters
    text = bytes(letter.get_payload(decode=True)).decode()
    assert "https://shelter.test/verify-email#token=rgo_" in text
    assert "evil" not in text


@pytest.mark.parametrize(
    ("url", "sender", "named"),
    [
        ("http://mail.test", "a@b", "SMTP_URL"),
        ("smtp://", "a@b", "SMTP_URL"),
        ("smtp://mail.test:x", "a@b", "SMTP_URL"),
        ("smtp://mail.test", "nobody", "SMTP_FROM"),
        ("smtp://mail.test", "a@b\nBcc: c@d", "SMTP_FROM"),
    ],
)
def test_a_malformed_setting_is_named(url: str, sender: str, named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        Mail.read(url, sender)


async def test_a_password_is_not_sent_without_tls(service: Service) -> None:
    port = service.app.state.settings.mail.port
    mail = Mail.read(f"smtp://user:secret@127.0.0.1:{port}", "a@b.test")
    with pytest.raises(OSError, match="no TLS"):
        await mail.send("c@d.test", "hello", "text")
