"""Whom the admin secret of `.env` is sent to: the run of this folder, or who was named."""

import json
import os
from pathlib import Path

import pytest

from rowgate.cli.engine import DEFAULT_ENDPOINT, Engine, engine_at

SECRET = "a-secret-of-this-folder-alone"


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A project's folder with a secret, where nothing runs."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(("ROWGATE_", "HASURA_")):
            monkeypatch.delenv(name)
    Path(".env").write_text(f"HASURA_GRAPHQL_ADMIN_SECRET={SECRET}\n")
    return tmp_path


def runs(process: int) -> None:
    """Leave what a run writes."""
    Path(".rowgate").mkdir()
    told = {"process": process, "urls": {"engine": "http://127.0.0.1:9"}}
    Path(".rowgate/run.json").write_text(json.dumps(told))


def test_whoever_listens_at_the_usual_port_gets_no_secret() -> None:
    assert engine_at(None, "") == Engine(DEFAULT_ENDPOINT, "")


def test_the_run_of_this_folder_gets_it() -> None:
    runs(os.getpid())
    assert engine_at(None, "") == Engine("http://127.0.0.1:9", SECRET)


def test_a_run_that_has_ended_does_not_count() -> None:
    runs(2**22 + 1)  # beyond the largest process id of Linux
    assert engine_at(None, "") == Engine(DEFAULT_ENDPOINT, "")


def test_an_endpoint_that_is_named_gets_it_on_this_machine_alone() -> None:
    local, away = "http://localhost:7", "https://graphql.example.org"
    assert engine_at(local, "") == Engine(local, SECRET)
    assert engine_at(away, "") == Engine(away, "")
    assert engine_at(away, "given") == Engine(away, "given")
