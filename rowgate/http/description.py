"""What the engine tells about itself: its version and, to admins, how it is configured."""

from collections.abc import Mapping

from rowgate import __version__
from rowgate.base.json import Json
from rowgate.http.session.claims import NAMESPACE
from rowgate.settings import Settings

SPOKEN = "2.48.0"
"""The Hasura version whose contract is kept; clients choose their behaviour by it."""


def version() -> str:
    """The version as clients of Hasura read it, ours as its build part."""
    return f"v{SPOKEN}+rowgate.{__version__}"


def config(settings: Settings) -> Json:
    """The body of `/v1alpha1/config`; no secret, no key and no URL is in it."""
    delay = settings.live_queries_refetch_interval / 1000
    polling: Json = {"batch_size": settings.live_queries_batch_size, "refetch_delay": delay}
    return {
        "version": version(),
        "is_function_permissions_inferred": settings.infer_function_permissions,
        "is_remote_schema_permissions_enabled": settings.enable_remote_schema_permissions,
        "is_admin_secret_set": bool(settings.admin_secrets),
        "is_auth_hook_set": settings.auth_hook is not None,
        "is_jwt_set": bool(settings.jwt_secrets),
        "jwt": [_claims(secret) for secret in settings.jwt_secrets],
        "is_allow_list_enabled": settings.enable_allowlist,
        "live_queries": polling,
        "streaming_queries": polling,
        "console_assets_dir": None,
        "experimental_features": sorted(settings.experimental_features),
        "is_prometheus_metrics_enabled": "metrics" in settings.enabled_apis,
        "default_naming_convention": settings.default_naming_convention,
        "feature_flags": [],
        "is_apollo_federation_enabled": settings.enable_apollo_federation,
    }


def _claims(secret: Mapping[str, Json]) -> Json:
    path = secret.get("claims_namespace_path")
    namespace = secret.get("claims_namespace") or (None if path else NAMESPACE)
    return {
        "claims_namespace": namespace,
        "claims_namespace_path": path,
        "claims_format": secret.get("claims_format", "json"),
        "claims_map": secret.get("claims_map"),
    }
