"""The keys that sign tokens: RSA, one file each, published as a JWKS; rotation without downtime.

# Note [Rotation]
A key is published from the moment that its file is there, and signs once it has been published for
`activation_seconds`, longer than verifiers keep the key set. The key before it stays published, so
that tokens it signed are good until they expire. Every process on the same directory agrees, since
the time of a key stands in its file name.
"""

import base64
import hashlib
import os
import stat
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from service.settings import SettingsError

KEPT_SECONDS = 86400
_BITS = 2048
_SCAN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An RSA key, its `kid` (RFC 7638 thumbprint) and when it was made (Unix seconds)."""

    kid: str
    made_at: float
    private: RSAPrivateKey
    path: Path

    def public_jwk(self) -> dict[str, str]:
        """The public half (RFC 7517)."""
        return {**_members(self.private), "kid": self.kid, "use": "sig", "alg": "RS256"}


class KeyRing:
    """The keys of one directory, newest last; looked at again at most once a second."""

    def __init__(self, directory: Path, activation_seconds: float) -> None:
        self.directory = directory
        self.activation_seconds = activation_seconds
        self._keys: tuple[SigningKey, ...] = ()
        self._names: tuple[str, ...] = ()
        self._scanned_at = float("-inf")

    def open(self) -> None:
        """Load the keys; make the first one where there is none. Raises `SettingsError` where the
        directory cannot be used or other users can read a key."""
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._files():
                make_key(self.directory)
        except OSError as error:
            reason = error.strerror
            raise SettingsError(f"AUTH_PRIVATE_KEY_DIR cannot be used: {reason}.") from error
        self.published()

    def published(self) -> tuple[SigningKey, ...]:
        """Every published key, oldest first."""
        if time.monotonic() - self._scanned_at >= _SCAN_SECONDS:
            self._scanned_at = time.monotonic()
            files = self._files()
            names = tuple(path.name for path in files)
            if names != self._names:
                self._keys = tuple(_load(path) for path in files)
                self._names = names
        return self._keys

    def signing(self) -> SigningKey:
        """The newest key that has been published long enough; else the oldest (see Note
        [Rotation])."""
        keys = self.published()
        since = time.time() - self.activation_seconds
        active = [key for key in keys if key.made_at <= since]
        return active[-1] if active else keys[0]

    def by_id(self, kid: object) -> SigningKey | None:
        """The published key of that `kid`."""
        return next((key for key in self.published() if key.kid == kid), None)

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The key set as published (RFC 7517, 5)."""
        return {"keys": [key.public_jwk() for key in self.published()]}

    def rotate(self) -> SigningKey:
        """Make a new key, and drop those that were superseded more than a day ago."""
        made = make_key(self.directory)
        self._scanned_at = float("-inf")
        keys = self.published()
        for key, successor in pairwise(keys):
            if successor.made_at < time.time() - KEPT_SECONDS:
                key.path.unlink(missing_ok=True)
        self._scanned_at = float("-inf")
        return made

    def _files(self) -> list[Path]:
        return sorted(self.directory.glob("*.pem"))


def make_key(directory: Path) -> SigningKey:
    """Generate a key and write its file, mode 0600, whole or not at all."""
    private = generate_private_key(public_exponent=65537, key_size=_BITS)
    text = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    made_at = time.time()
    kid = _thumbprint(private)
    path = directory / f"{int(made_at * 1000):015d}.{kid}.pem"
    draft = path.with_suffix(".draft")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    return SigningKey(kid, made_at, private, path)


def _load(path: Path) -> SigningKey:
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise SettingsError(f"The key file {path.name} is open to other users: chmod 600 it.")
    try:
        private = serialization.load_pem_private_key(path.read_bytes(), password=None)
        made_at = int(path.name.split(".")[0]) / 1000
    except ValueError as error:
        raise SettingsError(f"{path.name} in AUTH_PRIVATE_KEY_DIR is no key of ours.") from error
    if not isinstance(private, RSAPrivateKey):
        raise SettingsError(f"{path.name} in AUTH_PRIVATE_KEY_DIR is no RSA key.")
    return SigningKey(_thumbprint(private), made_at, private, path)


def _members(private: RSAPrivateKey) -> dict[str, str]:
    numbers = private.public_key().public_numbers()
    return {"e": _base64(numbers.e), "kty": "RSA", "n": _base64(numbers.n)}


def _thumbprint(private: RSAPrivateKey) -> str:
    digest = hashlib.sha256(orjson.dumps(_members(private), option=orjson.OPT_SORT_KEYS))
    return base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()


def _base64(number: int) -> str:
    octets = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
