"""`ssl_configuration` of a source, against a Postgres that takes nothing but TLS."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from rowgate.postgres import EmbeddedPostgres
from tests.certificates import Authority, serve_tls, write_secret
from tests.integration.sources.conftest import Add
from tests.processes import SECRET, Serving

Json = Any
PASSWORD = "opens-the-private-key"
RULES = """
hostssl all certified 127.0.0.1/32 scram-sha-256 clientcert=verify-ca
hostssl all postgres 127.0.0.1/32 scram-sha-256
"""


@dataclass(frozen=True)
class Secured:
    """A server with TLS: its URL by address and by name, its authority."""

    by_address: str
    by_name: str
    certified: str
    authority: Authority


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    authority = Authority("ours")
    with EmbeddedPostgres(tmp_path_factory.mktemp("secured"), durable=False) as server:
        _secure(server, authority)
        certified = server.url.replace("postgres:" + server.password, "certified:for-certified", 1)
        yield Secured(
            server.url, server.url.replace("127.0.0.1", "localhost"), certified, authority
        )


def _secure(server: EmbeddedPostgres, authority: Authority) -> None:
    for name, text in (("root.crt", authority.root.pem), ("pg_hba.conf", RULES)):
        write_secret(server.data / name, text)
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("create table item (id int primary key, name text)")
        connection.execute("insert into item values (1, 'kept secret')")
        connection.execute("create role certified login password 'for-certified'")
        connection.execute("grant select on item to certified")
        connection.execute("alter system set ssl_ca_file = 'root.crt'")
    serve_tls(server, authority.issue("a server", "127.0.0.1"))


@pytest.fixture(scope="module")
def environment(secured: Secured) -> dict[str, str]:
    client = secured.authority.issue("a client")
    return {
        "BY_ADDRESS": secured.by_address,
        "BY_NAME": secured.by_name,
        "CERTIFIED": secured.certified,
        "ROOT": secured.authority.root.pem,
        "OTHER_ROOT": Authority("theirs").root.pem,
        "CERT": client.pem,
        "KEY": client.key(),
        "LOCKED_KEY": client.key(PASSWORD),
        "OTHER_KEY": secured.authority.issue("another").key(),
        "KEY_PASSWORD": PASSWORD,
        "MODE": "verify-full",
    }


def from_env(**names: str) -> Json:
    return {member: {"from_env": name} for member, name in names.items()}


def source(url: str, mode: Json, **names: str) -> Json:
    tls = {"sslmode": mode, **from_env(**names)}
    return {"database_url": {"from_env": url}, "ssl_configuration": tls}


GOOD = {
    "verify-full": source("BY_ADDRESS", "verify-full", sslrootcert="ROOT"),
    "a mode of the environment": source("BY_ADDRESS", {"from_env": "MODE"}, sslrootcert="ROOT"),
    "verify-ca, whatever the name": source("BY_NAME", "verify-ca", sslrootcert="ROOT"),
    "require, unverified": source("BY_NAME", "require"),
    "require, verified": source("BY_NAME", "require", sslrootcert="ROOT"),
    "prefer": source("BY_ADDRESS", "prefer"),
    "allow falls back to TLS": source("BY_ADDRESS", "allow"),
    "a client's certificate": source(
        "CERTIFIED", "verify-full", sslrootcert="ROOT", sslcert="CERT", sslkey="KEY"
    ),
    "a client's locked key": source(
        "CERTIFIED",
        "verify-full",
        sslrootcert="ROOT",
        sslcert="CERT",
        sslkey="LOCKED_KEY",
        sslpassword="KEY_PASSWORD",
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_it_is_served_over_tls(name: str, engine: Serving, add: Add) -> None:
    answer = add(GOOD[name])
    assert answer.status_code == 200, answer.text
    engine.do("pg_track_table", {"table": "item"})
    assert engine.data("{ item { name } }") == {"item": [{"name": "kept secret"}]}
    own = "select ssl from pg_stat_ssl where pid = pg_backend_pid()"
    assert engine.sql(own) == [["t"]]
    dump = httpx.post(
        f"http://127.0.0.1:{engine.port}/v1alpha1/pg_dump",
        json={"opts": ["--table=item"], "source": "default"},
        headers={"x-hasura-admin-secret": SECRET},
        timeout=30,
    )
    assert dump.status_code == 200, dump.text
    assert "kept secret" in dump.text


REFUSED = {
    "disable": (source("BY_ADDRESS", "disable"), "no pg_hba.conf entry"),
    "verify-full of another name": (
        source("BY_NAME", "verify-full", sslrootcert="ROOT"),
        "SSLCertVerificationError: Hostname mismatch",
    ),
    "verify-full by another authority": (
        source("BY_ADDRESS", "verify-full", sslrootcert="OTHER_ROOT"),
        "SSLCertVerificationError",
    ),
    "verify-ca by another authority": (
        source("BY_ADDRESS", "verify-ca", sslrootcert="OTHER_ROOT"),
        "SSLCertVerificationError",
    ),
    "require by another authority": (
        source("BY_ADDRESS", "require", sslrootcert="OTHER_ROOT"),
        "SSLCertVerificationError",
    ),
    "verify-full by the system's authorities": (
        source("BY_ADDRESS", "verify-full"),
        "SSLCertVerificationError",
    ),
    "verify-ca by nobody": (source("BY_ADDRESS", "verify-ca"), "verify-ca needs an sslrootcert"),
    "no certificate where one is asked for": (
        source("CERTIFIED", "verify-full", sslrootcert="ROOT"),
        "connection requires a valid client certificate",
    ),
    "another's key": (
        source("CERTIFIED", "require", sslcert="CERT", sslkey="OTHER_KEY"),
        "sslkey is not its key",
    ),
    "a key alone": (source("CERTIFIED", "require", sslkey="KEY"), "there is an sslkey and no"),
    "a locked key without its password": (
        source("CERTIFIED", "require", sslcert="CERT", sslkey="LOCKED_KEY"),
        "sslkey is no private key in PEM that sslpassword opens",
    ),
    "a locked key with another password": (
        source("CERTIFIED", "require", sslcert="CERT", sslkey="LOCKED_KEY", sslpassword="CERT"),
        "sslkey is no private key in PEM that sslpassword opens",
    ),
    "a certificate that is none": (
        source("BY_ADDRESS", "verify-ca", sslrootcert="MODE"),
        "sslrootcert is no certificate in PEM",
    ),
    "a client's certificate that is none": (
        source("BY_ADDRESS", "require", sslcert="MODE", sslkey="KEY"),
        "sslcert is no certificate in PEM",
    ),
    "an unknown mode": (source("BY_ADDRESS", "full"), "sslmode must be one of disable, allow"),
    "no mode": (source("BY_ADDRESS", None), "sslmode must be one of disable, allow"),
    "a mode that is no text": (source("BY_ADDRESS", ["require"]), "sslmode must be a text or"),
    "a variable that is not set": (
        source("BY_ADDRESS", "require", sslcert="NOWHERE"),
        "environment variable 'NOWHERE' not set",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused(name: str, engine: Serving, add: Add) -> None:
    info, why = REFUSED[name]
    answer = add(info)
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] == "invalid-configuration"
    assert why in answer.text
    assert engine.do("export_metadata", {})["sources"] == []


@pytest.mark.parametrize("member", ["sslcrl", "sslRootCert"])
def test_a_member_that_is_not_known_is_refused(member: str, add: Add) -> None:
    info = source("BY_ADDRESS", "require", **{member: "ROOT"})
    answer = add(info)
    assert answer.status_code == 400
    assert member in answer.text


def test_secrets_are_neither_logged_nor_exported(
    engine: Serving, add: Add, environment: dict[str, str], tmp_path: Path
) -> None:
    assert add(GOOD["a client's locked key"]).status_code == 200
    told = [
        engine.log.read_text(),
        engine.ask("export_metadata", {}).text,
        engine.ask("dump_internal_state", {}).text,
        engine.ask("get_inconsistent_metadata", {}).text,
        engine.graphql("{ nothing }"),
    ]
    secrets = [environment[name].splitlines()[1] for name in ("KEY", "LOCKED_KEY", "CERT")]
    for secret in (*secrets, PASSWORD, "for-certified"):
        assert not any(secret in str(text) for text in told)


def test_no_key_stays_on_disk() -> None:
    for folder in (Path("/dev/shm"), Path("/tmp")):
        assert not list(folder.glob("rowgate-*/sslkey"))
