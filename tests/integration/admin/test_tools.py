"""Explain, pg_dump and the configuration."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from rowgate.admin import config_api, explain_api, pg_dump_api
from rowgate.admin import pg_dump as tool
from rowgate.base.json import Json, decode, encode
from rowgate.base.session import Session
from tests.integration.admin.conftest import Desk

ADMIN, USER = Session("admin"), Session("user")


async def explain(desk: Desk, query: str, session: Session = ADMIN, **more: Json) -> Json:
    body = encode({"query": {"query": query, **more.pop("asked", {})}, **more})
    return decode((await explain_api(desk.world, desk.settings, body, session))[1])


async def test_explain_shows_sql_and_plan_of_the_role(library: Desk) -> None:
    user = {"x-hasura-role": "user", "X-Hasura-User-Id": "1"}
    answer = await explain(library, "{ __typename a: author { id articles { id } } }", user=user)
    assert answer[0] == {"field": "__typename", "sql": None, "plan": None}
    assert answer[1]["field"] == "a"
    assert '"author"' in answer[1]["sql"]
    assert any("author" in line for line in answer[1]["plan"])
    hidden = await explain(library, "{ author { active } }", user=user)
    assert hidden["code"] == "validation-failed"


async def test_explain_of_variables_and_subscriptions(library: Desk) -> None:
    query = "subscription ($n: Int) { author (where: {id: {_eq: $n}}) { id } }"
    answer = await explain(library, query, asked={"variables": {"n": 3}})
    assert set(answer) == {"sql", "plan", "variables"}
    assert answer["variables"]["query"] == {"n": 3}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("mutation { delete_author (where: {}) { affected_rows } }", "invalid-params"),
        ("{ nothing }", "validation-failed"),
        ("{", "validation-failed"),
    ],
)
async def test_explain_refuses(library: Desk, query: str, code: str) -> None:
    assert (await explain(library, query))["code"] == code


async def test_explain_is_for_admins(library: Desk) -> None:
    assert (await explain(library, "{ author { id } }", USER))["code"] == "access-denied"


async def dump(desk: Desk, body: Json, session: Session = ADMIN) -> tuple[int, str]:
    status, text = await pg_dump_api(desk.world, desk.settings, encode(body), session)
    return status, text.decode()


async def test_pg_dump_of_the_schema(library: Desk) -> None:
    body = {"opts": ["-O", "-x", "--schema-only", "--schema", "public"], "clean_output": True}
    status, text = await dump(library, body)
    assert status == 200, text
    assert text.startswith("CREATE TABLE public.author ("), text[:200]
    assert not [line for line in text.splitlines() if line.startswith(("--", "SET ")) or not line]


@pytest.mark.parametrize(
    "option",
    ["--file=/tmp/x", "--fil", "-f", "-xf/tmp/x", "--dbname=postgres", "-hother", "-U", "--ro=x"],
)
async def test_pg_dump_writes_no_file_and_asks_no_other_database(
    library: Desk, option: str
) -> None:
    status, text = await dump(library, {"opts": ["-s", option]})
    assert (status, decode(text)["path"]) == (400, "$.opts[1]")


async def test_pg_dump_is_for_admins(library: Desk) -> None:
    assert (await dump(library, {"opts": []}, USER))[0] == 400


async def test_a_wrong_option_of_pg_dump(library: Desk) -> None:
    status, text = await dump(library, {"opts": ["--no-such-option"]})
    assert status == 500
    assert "no-such-option" in decode(text)["internal"]


async def test_without_the_system_s_it_is_the_wheel_s(
    library: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tool, "_INSTALLED", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    status, text = await dump(library, {"opts": ["-s"]})
    assert status == 200, text
    assert "-- Dumped by pg_dump version 18" in text


async def test_one_that_is_older_than_the_server_is_passed_over(
    library: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'aborting because of server version mismatch' >&2\nexit 1\n")
    old.chmod(0o755)
    monkeypatch.setattr(tool, "_INSTALLED", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert (await dump(library, {"opts": ["-s"]}))[0] == 200
    monkeypatch.setattr(tool, "programs", lambda: [str(old)])
    status, text = await dump(library, {"opts": ["-s"]})
    assert (status, decode(text)["internal"]) == (
        500,
        "aborting because of server version mismatch",
    )
    monkeypatch.setattr(tool, "programs", list)
    status, text = await dump(library, {"opts": ["-s"]})
    assert (status, "not installed" in decode(text)["error"]) == (500, True)


async def test_pg_dump_has_a_limit_of_time(
    library: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    slow, note = tmp_path / "pg_dump", tmp_path / "process"
    slow.write_text(f"#!/bin/sh\necho $$ > {note}\nexec sleep 3600\n")
    slow.chmod(0o755)
    monkeypatch.setattr(tool, "programs", lambda: [str(slow)])
    monkeypatch.setattr(library, "settings", replace(library.settings, script_timeout=0.5))
    status, text = await dump(library, {"opts": ["-s"]})
    assert (status, decode(text)) == (
        400,
        {
            "error": "pg_dump did not end within ROWGATE_SCRIPT_TIMEOUT",
            "path": "$",
            "code": "timeout",
        },
    )
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)


async def test_the_configuration_holds_no_secret(library: Desk) -> None:
    status, body = await config_api(library.settings, "v0", ADMIN)
    answer = decode(body)
    assert (status, answer["version"], answer["is_admin_secret_set"]) == (200, "v0", False)
    assert answer["live_queries"] == {"batch_size": 100, "refetch_delay": 1.0}
    assert (await config_api(library.settings, "v0", USER))[0] == 400
