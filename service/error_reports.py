"""Failures of handlers are reported to Sentry, where SENTRY_DSN names a project of it."""

import sentry_sdk
from sentry_sdk.types import Event, Hint
from sentry_sdk.utils import BadDsn

from service.settings import Environment, SettingsError


def report_errors(environment: Environment) -> None:
    """Report what is logged as an error, with its traceback and without the values of variables,
    headers and bodies. SENTRY_ENVIRONMENT names the deployment. Without SENTRY_DSN nothing is sent.

    Raises `SettingsError` where SENTRY_DSN is no address of a project.
    """
    address = environment.text("SENTRY_DSN", "")
    if not address:
        return
    try:
        sentry_sdk.init(
            dsn=address,
            environment=environment.text("SENTRY_ENVIRONMENT", "production"),
            send_default_pii=False,
            include_local_variables=False,
            max_request_body_size="never",
            before_send=_without_headers,
        )
    except BadDsn:
        raise SettingsError("SENTRY_DSN is no address of a Sentry project.") from None


def _without_headers(event: Event, _hint: Hint) -> Event:
    """The event without headers and cookies: they hold tokens and the secret of actions."""
    request = event.get("request", {})
    for part in ("headers", "cookies", "env"):
        request.pop(part, None)
    return event
