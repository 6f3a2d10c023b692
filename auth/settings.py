"""What the auth service is told by its environment."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from auth.mail import Mail
from auth.provider import Provider
from service.settings import Environment, SettingsError

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Limits:
    """How many failed tries `window_seconds` may hold: for one account, for one address, and for
    the actions service, which stands for all GraphQL clients together."""

    window_seconds: int = 900
    per_account: int = 5
    per_address: int = 20
    per_gateway: int = 1000
    registrations: int = 100


@dataclass(frozen=True, slots=True)
class AuthSettings:
    """Lifetimes are seconds. `grace_seconds`: how long using the last refresh token again is
    refused without ending its family. `activation_seconds`: how long a new key is published before
    it signs. `gateway_secret` None: nobody speaks for other clients."""

    database_url: str
    key_directory: Path
    issuer: str
    audience: str
    gateway_secret: str | None = None
    trusted_proxies: tuple[Network, ...] = ()
    access_seconds: int = 900
    refresh_seconds: int = 30 * 86400
    grace_seconds: int = 10
    activation_seconds: int = 120
    audit_days: int = 365
    hash_workers: int = 2
    hash_queue: int = 64
    mail: Mail | None = None
    pages: str = ""
    letter_seconds: int = 3600
    provider: Provider | None = None
    limits: Limits = Limits()

    @classmethod
    def read(cls, environment: Environment) -> "AuthSettings":
        """From the environment. Raises `SettingsError`."""
        whole = environment.whole
        gateway = environment.values.get("ACTIONS_SECRET")
        return cls(
            database_url=environment.text("DATABASE_URL"),
            key_directory=Path(environment.text("AUTH_PRIVATE_KEY_DIR")),
            issuer=environment.text("AUTH_ISSUER"),
            audience=environment.text("AUTH_AUDIENCE", "rowgate"),
            gateway_secret=environment.secret("ACTIONS_SECRET") if gateway else None,
            trusted_proxies=_networks(environment.values.get("AUTH_TRUSTED_PROXIES", "")),
            access_seconds=whole("AUTH_ACCESS_SECONDS", 900, 1, 900),
            refresh_seconds=whole("AUTH_REFRESH_SECONDS", 30 * 86400, 1, 366 * 86400),
            grace_seconds=whole("AUTH_REFRESH_GRACE_SECONDS", 10, 0, 60),
            activation_seconds=whole("AUTH_KEY_ACTIVATION_SECONDS", 120, 0, 86400),
            audit_days=whole("AUTH_AUDIT_DAYS", 365, 1, 36500),
            hash_workers=whole("AUTH_HASH_WORKERS", 2, 1, 64),
            hash_queue=whole("AUTH_HASH_QUEUE", 64, 1, 10_000),
            mail=_mail(environment),
            pages=environment.text("AUTH_PAGES_URL", "").rstrip("/"),
            letter_seconds=whole("AUTH_LETTER_SECONDS", 3600, 60, 86400),
            provider=_provider(environment),
            limits=_limits(environment),
        )


def _limits(environment: Environment) -> Limits:
    whole = environment.whole
    return Limits(
        window_seconds=whole("AUTH_ATTEMPT_WINDOW_SECONDS", 900, 1, 86400),
        per_account=whole("AUTH_ATTEMPTS_PER_ACCOUNT", 5, 1, 1_000_000),
        per_address=whole("AUTH_ATTEMPTS_PER_ADDRESS", 20, 1, 1_000_000),
        per_gateway=whole("AUTH_ATTEMPTS_PER_GATEWAY", 1000, 1, 1_000_000),
        registrations=whole("AUTH_REGISTRATIONS_PER_ADDRESS", 100, 1, 1_000_000),
    )


def _mail(environment: Environment) -> Mail | None:
    url = environment.text("SMTP_URL", "")
    return Mail.read(url, environment.text("SMTP_FROM")) if url else None


def _provider(environment: Environment) -> Provider | None:
    issuer = environment.text("AUTH_OIDC_ISSUER", "")
    if not issuer:
        return None
    provider = Provider(
        issuer,
        environment.text("AUTH_OIDC_CLIENT_ID"),
        environment.text("AUTH_OIDC_CLIENT_SECRET"),
        environment.text("AUTH_OIDC_REDIRECT_URL"),
    )
    provider.check()
    return provider


def _networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise SettingsError(
            "AUTH_TRUSTED_PROXIES must be addresses or networks with commas between."
        ) from error
