"""Letters by SMTP, where SMTP_URL names a server."""

import asyncio
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from service.settings import SettingsError

_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Mail:
    """An SMTP server. `smtps` speaks TLS from the start; `smtp` turns it on where the server offers
    it, and sends no password without it."""

    host: str
    port: int
    tls: bool
    username: str | None
    password: str | None
    sender: str

    @classmethod
    def read(cls, url: str, sender: str) -> "Mail":
        """From SMTP_URL and SMTP_FROM. Raises `SettingsError`."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise SettingsError("SMTP_URL is no URL.") from None
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise SettingsError("SMTP_URL must be smtp://… or smtps://… with a host.")
        if "@" not in sender or not sender.isprintable():
            raise SettingsError("SMTP_FROM must be the address that letters come from.")
        tls = parts.scheme == "smtps"
        return cls(
            parts.hostname,
            port or (465 if tls else 587),
            tls,
            unquote(parts.username) if parts.username else None,
            unquote(parts.password) if parts.password else None,
            sender,
        )

    async def send(self, to: str, subject: str, text: str) -> None:
        """Send a letter. Raises `OSError` (`smtplib.SMTPException` is one) where it cannot be."""
        letter = EmailMessage()
        letter["From"], letter["To"], letter["Subject"] = self.sender, to, subject
        letter.set_content(text)
        await asyncio.to_thread(self._send, letter)

    def _send(self, letter: EmailMessage) -> None:
        context = ssl.create_default_context()
        with self._server(context) as server:
            server.ehlo()
            if not self.tls and server.has_extn("starttls"):
                server.starttls(context=context)
            elif not self.tls and self.username:
                raise OSError("the SMTP server offers no TLS for the password")
            if self.username:
                server.login(self.username, self.password or "")
            server.send_message(letter)

    def _server(self, context: ssl.SSLContext) -> smtplib.SMTP:
        if self.tls:
            return smtplib.SMTP_SSL(self.host, self.port, timeout=_SECONDS, context=context)
        return smtplib.SMTP(self.host, self.port, timeout=_SECONDS)
