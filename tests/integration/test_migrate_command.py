"""`rowgate migrate`: up, status and down over the reference application's migrations."""

import os
import re
import subprocess
import sys
from pathlib import Path

import psycopg

ROOT = Path(__file__).parents[2]


def migrate(url: str, *words: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, "-m", "rowgate", "migrate", *words),
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )


def schemas(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("select nspname from pg_namespace").fetchall()
    return {row[0] for row in rows} & {"identity", "shelter"}


def test_up_status_and_down(database_url: str) -> None:
    up = migrate(database_url, "up")
    assert up.returncode == 0, up.stderr
    assert schemas(database_url) >= {"identity", "shelter"}
    status = migrate(database_url, "status")
    assert re.match(r"current  \w+  \w+.*\n(applied .*\n)+", status.stdout)
    down = migrate(database_url, "down", "base")
    assert down.returncode == 0, down.stderr
    assert schemas(database_url) == set()


def test_what_goes_wrong_is_one_sentence(database_url: str, tmp_path: Path) -> None:
    unknown = migrate(database_url, "up", "nothing_of_that_name")
    assert unknown.returncode == 1
    assert unknown.stderr.startswith("rowgate: The migration failed:")
    assert "nothing_of_that_name" in unknown.stderr
    assert unknown.stderr.count("\n") == 1
    unset = migrate("", "up")
    assert "DATABASE_URL is not set" in unset.stderr
    elsewhere = migrate(database_url, "up", folder=tmp_path)
    assert "There is no db/alembic.ini here" in elsewhere.stderr
