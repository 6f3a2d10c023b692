"""What a signature is checked with: keys and the algorithms that each may be used for.

A key never serves another algorithm than its own kind's, whatever a token's header asks for.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

from rowgate.base.json import Json

_HMAC_BYTES = {"HS256": 32, "HS384": 48, "HS512": 64}
_CURVES = {"ES256": "secp256r1", "ES384": "secp384r1", "ES512": "secp521r1"}
_CURVE_ALGORITHMS = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}
_RSA = frozenset({"RS256", "RS384", "RS512"})
_RSA_PSS = frozenset({"PS256", "PS384", "PS512"})
_SMALLEST_RSA = 2048


@dataclass(frozen=True, slots=True)
class Key:
    """A key with the algorithms it may check; `id` is its `kid` in a key set."""

    material: Any
    algorithms: frozenset[str]
    id: str | None = None


def configured_key(kind: str, text: str) -> Key:
    """The key of a JWT secret's `type` and `key` (raw text, PEM or X.509); raises `ValueError`."""
    if kind in _HMAC_BYTES:
        return _hmac_key(kind, text)
    material = _public_key(text)
    match material:
        case RSAPublicKey() if kind in _RSA:
            _check_size(material)
        case EllipticCurvePublicKey() if material.curve.name == _CURVES.get(kind):
            pass
        case Ed25519PublicKey() if kind == "Ed25519":
            return Key(material, frozenset({"EdDSA"}))
        case _:
            raise ValueError(f"`key` is no key of type {kind}")
    return Key(material, frozenset({kind}))


def _hmac_key(kind: str, text: str) -> Key:
    material = text.encode()
    if len(material) < _HMAC_BYTES[kind]:
        raise ValueError(f"`key` is too short: {kind} needs {_HMAC_BYTES[kind]} bytes at least")
    return Key(material, frozenset({kind}))


def _public_key(text: str) -> object:
    try:
        if "BEGIN CERTIFICATE" in text:
            return load_pem_x509_certificate(text.encode()).public_key()
        return load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("`key` is neither a PEM public key nor an X.509 certificate") from None


def _check_size(key: RSAPublicKey) -> None:
    if key.key_size < _SMALLEST_RSA:
        raise ValueError(f"the RSA key has {key.key_size} bits, {_SMALLEST_RSA} are needed")


def key_set(document: Json) -> tuple[Key, ...]:
    """The usable keys of a JWK set (RFC 7517); those for encryption, secret keys and those that
    cannot be read are left out. Raises `ValueError` where `document` is no key set or none is left.
    """
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise ValueError("the answer is no JWK set")
    keys = tuple(key for item in listed if (key := _member(item)) is not None)
    if not keys:
        raise ValueError("the JWK set has no key that a signature can be checked with")
    return keys


def _member(item: Json) -> Key | None:
    if not isinstance(item, dict) or item.get("use", "sig") != "sig":
        return None
    algorithms = _algorithms_of(item)
    if not algorithms:
        return None
    try:
        material = jwt.PyJWK(_mended(item), algorithm=min(algorithms)).key
        if isinstance(material, RSAPublicKey):
            _check_size(material)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    identity = item.get("kid")
    return Key(material, algorithms, identity if isinstance(identity, str) else None)


def _algorithms_of(item: Mapping[str, Json]) -> frozenset[str]:
    declared = item.get("alg")
    match item:
        case {"kty": "RSA"}:
            possible = _RSA if declared is None else _RSA | _RSA_PSS
        case {"kty": "EC", "crv": str(curve)} if curve in _CURVE_ALGORITHMS:
            possible = frozenset({_CURVE_ALGORITHMS[curve]})
        case {"kty": "OKP", "crv": "Ed25519"}:
            possible = frozenset({"EdDSA"})
            declared = "EdDSA" if declared == "Ed25519" else declared
        case _:
            return frozenset()
    return possible if declared is None else possible & {str(declared)}


def _mended(item: Mapping[str, Json]) -> dict[str, Json]:
    """Numbers in plain base64 with padding become base64url: some providers write them so."""
    mended = {key: value for key, value in item.items() if key not in {"alg", "x5c", "x5t"}}
    for part in ("n", "e", "x", "y"):
        value = mended.get(part)
        if isinstance(value, str):
            raw = base64.b64decode(value.translate(_TO_STANDARD) + "==")
            mended[part] = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    return mended


_TO_STANDARD = str.maketrans("-_", "+/", "=")
