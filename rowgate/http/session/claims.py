"""What a verified token says about roles and session variables: Hasura's claims, where they stand.

Apart from `tokens` since it is configured apart: by namespace, by path or by a map.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rowgate.base.errors import ApiError
from rowgate.base.json import Json, decode
from rowgate.base.names import PathStep
from rowgate.http.session import jsonpath
from rowgate.http.session.secret import PREFIX, ROLE

ALLOWED = "x-hasura-allowed-roles"
DEFAULT = "x-hasura-default-role"
NAMESPACE = "https://hasura.io/jwt/claims"

Path = tuple[PathStep, ...]


@dataclass(frozen=True, slots=True)
class Grant:
    """Roles that a token may take, the one it takes unasked, and its session variables."""

    allowed: frozenset[str]
    default: str
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Namespace:
    """Claims stand together in one object, at a key or a path, perhaps written as JSON text."""

    path: Path
    shown: str
    by_path: bool
    stringified: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """A claim's value stands at `path` in the token, `default` where it does not."""

    path: Path
    default: Json


@dataclass(frozen=True, slots=True)
class Fixed:
    """A claim's value is the same for every token."""

    value: Json


@dataclass(frozen=True, slots=True)
class ClaimsMap:
    """Each claim stands somewhere of its own, or is fixed."""

    places: Mapping[str, Placed | Fixed]


Claims = Namespace | ClaimsMap


def read_claims(secret: Mapping[str, Json]) -> Claims:
    """Where the claims stand, as a JWT secret declares it; raises `ValueError`."""
    if secret.get("claims_map") is not None:
        return _read_map(secret["claims_map"])
    form = secret.get("claims_format", "json")
    if form not in {"json", "stringified_json"}:
        raise ValueError("`claims_format` must be json or stringified_json")
    key, path = secret.get("claims_namespace"), secret.get("claims_namespace_path")
    if key is not None and path is not None:
        raise ValueError("`claims_namespace` and `claims_namespace_path` cannot both be set")
    if not isinstance(key, str | None) or not isinstance(path, str | None):
        raise ValueError("`claims_namespace` and `claims_namespace_path` are texts")
    stringified = form == "stringified_json"
    if path is not None:
        return Namespace(jsonpath.parse(path), path, by_path=True, stringified=stringified)
    key = NAMESPACE if key is None else key
    return Namespace((key,), key, by_path=False, stringified=stringified)


def _read_map(value: Json) -> ClaimsMap:
    if not isinstance(value, dict):
        raise ValueError("`claims_map` is an object")
    places = {name.lower(): _read_place(name, place) for name, place in value.items()}
    for needed in (ALLOWED, DEFAULT):
        if needed not in places:
            raise ValueError(f"`claims_map` must say where {needed} stands")
    return ClaimsMap(places)


def _read_place(name: str, place: Json) -> Placed | Fixed:
    if not name.lower().startswith(PREFIX):
        raise ValueError(f"`claims_map` may hold x-hasura-* claims only, not {name}")
    match place:
        case {"path": str(path)}:
            return Placed(jsonpath.parse(path), place.get("default"))
        case str() | list():
            return Fixed(place)
    raise ValueError(f"`claims_map`: {name} needs a value, or a `path`")


def grant(claims: Claims, token: dict[str, Json]) -> Grant:
    """The grant of a verified token's payload; raises `ApiError` with the contract's codes."""
    match claims:
        case Namespace():
            found = _from_namespace(claims, token)
            hint = "should be a single role name"
        case ClaimsMap():
            found = _from_map(claims, token)
            hint = "should be a role"
    allowed = _needed(found, ALLOWED)
    text = f"invalid {ALLOWED}; should be a list of roles"
    if not isinstance(allowed, list):
        seen = f"parsing [] failed, expected Array, but encountered {_kind(allowed)}"
        raise _invalid(f"{text}: {seen}")
    roles = frozenset(_role(role, text) for role in allowed)
    default = _role(_needed(found, DEFAULT), f"invalid {DEFAULT}; {hint}")
    variables = {
        name: _text(value, "x-hasura-* claims")
        for name, value in found.items()
        if name not in (ALLOWED, DEFAULT, ROLE)
    }
    return Grant(roles, default, variables)


def _from_namespace(claims: Namespace, token: dict[str, Json]) -> dict[str, Json]:
    value = jsonpath.look_up(token, claims.path)
    if value is None and claims.by_path:
        raise _invalid(f"claims not found at claims_namespace_path: '{claims.shown}'")
    if value is None:
        raise _invalid(f"claims key: '{claims.shown}' not found")
    if claims.stringified:
        value = _unstringified(claims, value)
    if not isinstance(value, dict):
        raise _invalid("expecting a json object when claims_format is json")
    lowered = {name.lower(): item for name, item in value.items()}
    return {name: item for name, item in lowered.items() if name.startswith(PREFIX)}


def _unstringified(claims: Namespace, value: Json) -> dict[str, Any]:
    if not isinstance(value, str):
        raise _invalid("expecting a string when claims_format is stringified_json")
    try:
        decoded = decode(value)
    except ApiError:
        decoded = None
    if not isinstance(decoded, dict):
        where = "claims_namespace_path" if claims.by_path else "claims_namespace"
        raise _invalid(f"expecting stringified json at: '{where} {claims.shown}'")
    return decoded


def _from_map(claims: ClaimsMap, token: dict[str, Json]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for name, place in claims.places.items():
        match place:
            case Fixed(value):
                found[name] = value
            case Placed(path, default):
                value = jsonpath.look_up(token, path)
                found[name] = default if value is None else value
        if found[name] is None and name in (ALLOWED, DEFAULT):
            del found[name]
        elif found[name] is None:
            raise _invalid(f"JWT claim from claims_map, {name} not found")
    return found


def _needed(found: Mapping[str, Json], name: str) -> Json:
    if name not in found:
        raise ApiError(f'JWT claim does not contain "{name}"', code="jwt-missing-role-claims")
    return found[name]


def _role(value: Json, hint: str) -> str:
    if value == "":
        raise _invalid(f"{hint}: a role has no empty name")
    return _text(value, hint)


def _text(value: Json, hint: str) -> str:
    if isinstance(value, str):
        return value
    seen = f"parsing Text failed, expected String, but encountered {_kind(value)}"
    raise _invalid(f"{hint}: {seen}")


def _kind(value: Json) -> str:
    match value:
        case None:
            return "Null"
        case bool():
            return "Boolean"
        case str():
            return "String"
        case int() | float():
            return "Number"
        case list():
            return "Array"
    return "Object"


def _invalid(message: str) -> ApiError:
    return ApiError(message, code="jwt-invalid-claims")
