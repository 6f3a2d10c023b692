"""`GET /v1alpha1/config`: what the console asks before it shows anything."""

from rowgate.admin.api import Answer, refusal
from rowgate.base.errors import AccessDenied
from rowgate.base.json import Json, encode
from rowgate.base.session import Session
from rowgate.settings import Settings


async def config_api(settings: Settings, version: str, session: Session) -> Answer:
    """The engine's configuration for admins; `version` is the engine's."""
    if not session.is_admin:
        return refusal(AccessDenied("restricted access : admin only"), settings, session)
    return 200, encode(_describe(settings, version))


def _describe(settings: Settings, version: str) -> Json:
    live = {
        "batch_size": settings.live_queries_batch_size,
        "refetch_delay": settings.live_queries_refetch_interval / 1000,
    }
    return {
        "version": version,
        "is_function_permissions_inferred": settings.infer_function_permissions,
        "is_remote_schema_permissions_enabled": settings.enable_remote_schema_permissions,
        "is_admin_secret_set": bool(settings.admin_secrets),
        "is_auth_hook_set": settings.auth_hook is not None,
        "is_jwt_set": bool(settings.jwt_secrets),
        "jwt": [_describe_jwt(one) for one in settings.jwt_secrets],
        "is_allow_list_enabled": settings.enable_allowlist,
        "live_queries": live,
        "streaming_queries": live,
        "console_assets_dir": None,
        "experimental_features": sorted(settings.experimental_features),
        "is_prometheus_metrics_enabled": "metrics" in settings.enabled_apis,
        "default_naming_convention": settings.default_naming_convention,
        "feature_flags": [],
        "is_apollo_federation_enabled": settings.enable_apollo_federation,
    }


def _describe_jwt(secret: Json) -> Json:
    path = secret.get("claims_namespace_path")
    namespace = secret.get("claims_namespace", "https://hasura.io/jwt/claims")
    return {
        "claims_namespace": path if path is not None else namespace,
        "claims_format": secret.get("claims_format", "json"),
        "claims_map": secret.get("claims_map"),
    }
