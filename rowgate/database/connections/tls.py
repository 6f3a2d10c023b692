"""TLS to a database: the files that libpq would read, given as texts, become a context of ours.

Apart from the address because nothing else handles private keys: they are on disk, in memory where
the machine has such a disk, only while OpenSSL or `pg_dump` reads them.
"""

import os
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from rowgate.base.errors import ApiError

MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
"""libpq's `sslmode`s, each asking for more than the one before."""
_VERIFYING = ("verify-ca", "verify-full")
_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - only folders that nobody else may enter are made there

Way = ssl.SSLContext | Literal[False] | None
"""One way to connect: with TLS, without, or as the URL says."""


@dataclass(frozen=True, slots=True, repr=False)
class Tls:
    """How a connection is encrypted: one of `MODES`, and texts in PEM: the certificates of the
    authorities that are trusted, a client's certificate and its key, unencrypted."""

    mode: str
    root: str = ""
    certificate: str = ""
    key: str = ""

    def unlocked(self, password: str) -> "Tls":
        """The same, its key decrypted; raises `ApiError` where it cannot be read."""
        if not self.key:
            return self
        given = self.key.encode()
        try:
            key = _private_key(given, password.encode() or None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise refusal("sslkey is no private key in PEM that sslpassword opens") from None
        return replace(self, key=key)


def refusal(reason: str) -> ApiError:
    """`invalid-configuration`; `reason` holds nothing of what was given."""
    return ApiError(f"ssl_configuration: {reason}", code="invalid-configuration", path=("args",))


def _private_key(pem: bytes, password: bytes | None) -> str:
    try:
        key = load_pem_private_key(pem, password)
    except TypeError:
        # A password was given, and the key is not encrypted.
        if password is None:
            raise
        key = load_pem_private_key(pem, None)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def ways(tls: Tls | None) -> tuple[Way, ...]:
    """What is tried in turn, as libpq does. Raises `ApiError` `invalid-configuration` where the
    texts are no certificates, or do not belong together."""
    if tls is None:
        return (None,)
    match tls.mode:
        case "disable":
            return (False,)
        case "allow":
            return (False, _context(tls))
        case "prefer":
            return (_context(tls), False)
    return (_context(tls),)


def _context(tls: Tls) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["postgresql"])
    context.check_hostname = tls.mode == "verify-full"
    # As libpq: who names an authority wants it checked, whatever the mode says beyond `prefer`.
    verifies = tls.mode in _VERIFYING or (tls.mode == "require" and tls.root)
    context.verify_mode = ssl.CERT_REQUIRED if verifies else ssl.CERT_NONE
    if verifies:
        _trust(context, tls)
    if tls.certificate:
        _present(context, tls)
    elif tls.key:
        raise refusal("there is an sslkey and no sslcert")
    return context


def _trust(context: ssl.SSLContext, tls: Tls) -> None:
    if not tls.root:
        if tls.mode == "verify-ca":
            raise refusal("verify-ca needs an sslrootcert")
        context.load_default_certs()
        return
    try:
        context.load_verify_locations(cadata=tls.root)
    except (ssl.SSLError, ValueError):
        raise refusal("sslrootcert is no certificate in PEM") from None


def _present(context: ssl.SSLContext, tls: Tls) -> None:
    with on_disk(tls) as files:
        try:
            context.load_cert_chain(files["sslcert"], files.get("sslkey"), password=lambda: "")
        except (ssl.SSLError, ValueError):
            reason = "sslcert is no certificate in PEM, or sslkey is not its key"
            raise refusal(reason) from None


@contextmanager
def on_disk(tls: Tls) -> Iterator[Mapping[str, str]]:
    """libpq's parameters for `tls`, by name; the files they name are there within the block, in a
    folder that only this user may enter."""
    texts = {"sslrootcert": tls.root, "sslcert": tls.certificate, "sslkey": tls.key}
    parent = _IN_MEMORY if os.access(_IN_MEMORY, os.W_OK | os.X_OK) else None
    with tempfile.TemporaryDirectory(prefix="rowgate-", dir=parent) as folder:
        given = {"sslmode": tls.mode}
        if tls.mode == "verify-full":
            given["sslrootcert"] = ssl.get_default_verify_paths().cafile or "system"
        for name, text in texts.items():
            if text:
                path = Path(folder, name)
                path.touch(mode=0o600)
                path.write_text(text)
                given[name] = str(path)
        yield given
