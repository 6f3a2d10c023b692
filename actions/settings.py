"""What the actions service is told by its environment."""

from dataclasses import dataclass

from actions.reports.model import ModelSettings
from service.settings import Environment


@dataclass(frozen=True, slots=True)
class StorageSettings:
    """Where objects live. `public_endpoint` is the same store as clients reach it."""

    endpoint: str
    public_endpoint: str
    access_key: str
    secret_key: str
    bucket: str
    region: str


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """The largest file in bytes, the largest picture in pixels."""

    most_bytes: int = 8 * 1024 * 1024
    most_pixels: int = 24_000_000


@dataclass(frozen=True, slots=True)
class GalleryLimits:
    """The most images that one request may add, and the largest request in bytes."""

    most_images: int = 20
    most_bytes: int = 64 * 1024 * 1024

    @classmethod
    def read(cls, environment: Environment) -> "GalleryLimits":
        """From the environment. Raises `SettingsError`."""
        whole = environment.whole
        return cls(
            most_images=whole("GALLERY_MOST_IMAGES", 20, 1, 100),
            most_bytes=whole("GALLERY_MOST_BYTES", 64 * 1024 * 1024, 1, 1024 * 1024 * 1024),
        )


@dataclass(frozen=True, slots=True)
class ActionsSettings:
    """`secret` is what the engine shows in `x-actions-secret`; `public_url` is where clients reach
    this service; `issuer` and `audience` are those of access tokens; times are seconds."""

    database_url: str
    auth_url: str
    issuer: str
    audience: str
    secret: str
    public_url: str
    storage: StorageSettings
    images: ImageLimits
    model: ModelSettings
    gallery: GalleryLimits
    upload_seconds: int = 600
    sweep_seconds: int = 5

    @classmethod
    def read(cls, environment: Environment) -> "ActionsSettings":
        """From the environment. Raises `SettingsError`."""
        text, whole = environment.text, environment.whole
        return cls(
            database_url=text("DATABASE_URL"),
            auth_url=text("AUTH_URL").rstrip("/"),
            issuer=text("AUTH_ISSUER"),
            audience=text("AUTH_AUDIENCE", "rowgate"),
            secret=environment.secret("ACTIONS_SECRET"),
            public_url=text("ACTIONS_PUBLIC_URL").rstrip("/"),
            storage=_storage(environment),
            images=ImageLimits(
                most_bytes=whole("IMAGE_MOST_BYTES", 8 * 1024 * 1024, 1, 64 * 1024 * 1024),
                most_pixels=whole("IMAGE_MOST_PIXELS", 24_000_000, 1, 100_000_000),
            ),
            model=ModelSettings.read(environment),
            gallery=GalleryLimits.read(environment),
            upload_seconds=whole("UPLOAD_SECONDS", 600, 1, 86400),
            sweep_seconds=whole("SWEEP_SECONDS", 5, 1, 3600),
        )


def _storage(environment: Environment) -> StorageSettings:
    text = environment.text
    endpoint = text("S3_ENDPOINT_URL")
    return StorageSettings(
        endpoint=endpoint,
        public_endpoint=text("S3_PUBLIC_URL", endpoint),
        access_key=text("S3_ACCESS_KEY"),
        secret_key=text("S3_SECRET_KEY"),
        bucket=text("S3_BUCKET"),
        region=text("S3_REGION", "us-east-1"),
    )
