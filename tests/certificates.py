"""An authority of our own, and the certificates that it gives."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from rowgate.postgres import EmbeddedPostgres


@dataclass(frozen=True)
class Issued:
    """A certificate with its key."""

    certificate: x509.Certificate
    private_key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    def key(self, password: str = "") -> str:
        """The key in PEM, encrypted where there is a password."""
        encryption: KeySerializationEncryption = NoEncryption()
        if password:
            encryption = BestAvailableEncryption(password.encode())
        return self.private_key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, encryption
        ).decode()


class Authority:
    """Signs certificates; `root` is its own."""

    def __init__(self, name: str) -> None:
        self.root = self._issue(name, x509.BasicConstraints(ca=True, path_length=None))

    def issue(self, name: str, *addresses: str) -> Issued:
        """A certificate for a server at IP `addresses`, or for a client called `name`."""
        names = x509.SubjectAlternativeName(
            [x509.IPAddress(ipaddress.ip_address(one)) for one in addresses]
        )
        extensions = (names,) if addresses else ()
        return self._issue(name, x509.BasicConstraints(ca=False, path_length=None), *extensions)

    def _issue(self, name: str, *extensions: x509.ExtensionType) -> Issued:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        own = getattr(self, "root", None)
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(
            subject_name=subject,
            issuer_name=own.certificate.subject if own else subject,
            public_key=key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=now - timedelta(days=1),
            not_valid_after=now + timedelta(days=1),
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        signer = own.private_key if own else key
        return Issued(builder.sign(signer, hashes.SHA256()), key)


def write_secret(path: Path, text: str) -> None:
    """Write what nobody else may read."""
    path.touch(mode=0o600)
    path.write_text(text)


def serve_tls(server: EmbeddedPostgres, issued: Issued) -> None:
    """Have a server take connections over TLS, as `issued`; the test is skipped where it cannot."""
    write_secret(server.data / "server.crt", issued.pem)
    write_secret(server.data / "server.key", issued.key())
    with psycopg.connect(server.url, autocommit=True) as connection:
        try:
            connection.execute("alter system set ssl = on")
        except psycopg.errors.InvalidParameterValue:
            pytest.skip("this Postgres was built without TLS: apt-get install postgresql")
        connection.execute("select pg_reload_conf()")
