"""`rowgate metadata lint --database`: ways around permissions are found in a real database."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncpg

from rowgate.metadata.directory import save

Json = Any
PROGRAM = Path(sys.executable).with_name("rowgate")
UNFIT = "does-not-fit"
DDL = """
create table note (id int primary key, owner_id int, text text);
create index on note (owner_id);
create view recent as select id, text from note;
create function all_notes() returns bigint language sql stable security definer
    as 'select count(*) from note';
create function count_of(n note) returns bigint language sql stable as 'select count(*) from note';
"""
MINE = {"owner_id": {"_eq": "X-Hasura-User-Id"}}


def select(**permission: Json) -> Json:
    return [{"role": "user", "permission": permission}]


DOCUMENT: Json = {
    "version": 3,
    "sources": [
        {
            "name": "default",
            "kind": "postgres",
            "configuration": {"connection_info": {"database_url": {"from_env": "NOTES_URL"}}},
            "tables": [
                {
                    "table": {"schema": "public", "name": "note"},
                    "computed_fields": [{"name": "count", "definition": {"function": "count_of"}}],
                    "select_permissions": select(
                        columns=["id", "owner_id"], computed_fields=["count"], filter=MINE
                    ),
                },
                {
                    "table": {"schema": "public", "name": "recent"},
                    "select_permissions": select(columns=["id", "text"], filter={}),
                },
            ],
            "functions": [
                {
                    "function": {"schema": "public", "name": "all_notes"},
                    "permissions": [{"role": "user"}],
                }
            ],
        }
    ],
}


def lint(directory: Path, database_url: str, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "NOTES_URL": database_url}
    return subprocess.run(
        (str(PROGRAM), "metadata", "lint", "--directory", str(directory), *words),
        cwd=directory.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_ways_around_a_filter_are_found(database_url: str, tmp_path: Path) -> None:
    async def prepare() -> None:
        connection = await asyncpg.connect(database_url)
        await connection.execute(DDL)
        await connection.close()

    asyncio.run(prepare())
    directory = tmp_path / "metadata"
    save(DOCUMENT, directory)
    unasked = lint(directory, database_url, "-o", "json")
    assert (unasked.returncode, json.loads(unasked.stdout)) == (0, []), unasked.stderr
    asked = lint(directory, database_url, "--database", "-o", "json")
    assert asked.returncode == 1, asked.stderr
    found = {(Path(one["file"]).name, one["rule"]): one for one in json.loads(asked.stdout)}
    assert set(found) == {
        ("public_note.yaml", "function-bypass"),
        ("public_recent.yaml", "view-bypass"),
        ("public_all_notes.yaml", "definer-function"),
        ("public_all_notes.yaml", "function-bypass"),
        ("public_all_notes.yaml", UNFIT),
    }
    view = found["public_recent.yaml", "view-bypass"]
    assert view["message"] == "role 'user' on recent reads note, whose rows are filtered for it."
    lines = Path(view["file"]).read_text().splitlines()
    assert lines[view["line"] - 1].strip().startswith("permission:")
    sarif = json.loads(lint(directory, database_url, "--database", "-o", "sarif").stdout)
    results = {one["ruleId"] for one in sarif["runs"][0]["results"]}
    assert results == {"view-bypass", "function-bypass", "definer-function", UNFIT}


def test_each_may_be_meant(database_url: str, tmp_path: Path) -> None:
    test_ways_around_a_filter_are_found(database_url, tmp_path)
    for file in (tmp_path / "metadata" / "databases" / "default").rglob("public_*.yaml"):
        allowed = f"# lint: allow view-bypass, function-bypass, definer-function, {UNFIT} (meant)\n"
        file.write_text(allowed + file.read_text())
    answer = lint(tmp_path / "metadata", database_url, "--database")
    assert (answer.returncode, answer.stdout) == (0, "No finding, 5 allowed by comments.\n")
