"""A migration whose process is killed in the middle: the next start finishes the work."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

ROOT = Path(__file__).parents[2]
SLOW = '''
"""Slow."""

from alembic import op

revision = "9999_slow"
down_revision = "{head}"


def upgrade():
    op.execute("create table public.half (id int)")
    op.execute("select pg_sleep(1.5)")
    op.execute("create table public.whole (id int)")


def downgrade():
    op.execute("drop table public.whole")
    op.execute("drop table public.half")
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project's migrations, and a slow one after them."""
    copy = tmp_path / "project"
    shutil.copytree(ROOT / "db", copy / "db", ignore=shutil.ignore_patterns("__pycache__"))
    versions = copy / "db" / "migrations" / "versions"
    head = max(file.stem for file in versions.glob("0*.py"))
    (versions / "9999_slow.py").write_text(SLOW.format(head=head))
    return copy


def command(project: Path, url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        (sys.executable, "-m", "rowgate", "migrate", "up"),
        cwd=project,
        env={"PATH": os.environ["PATH"], "DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def tables(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("select tablename from pg_tables where schemaname = 'public'")
        return {row[0] for row in rows.fetchall()}


def sleeping(url: str) -> bool:
    """Whether the slow migration is in its middle."""
    query = (
        "select 1 from pg_stat_activity where state = 'active' and query like '%%pg_sleep(1.5)%%' "
    )
    with psycopg.connect(url) as connection:
        return connection.execute(query + "and pid <> pg_backend_pid()").fetchone() is not None


def test_a_killed_migration_is_taken_up_again(project: Path, database_url: str) -> None:
    first = command(project, database_url)
    deadline = time.monotonic() + 60
    while not sleeping(database_url):
        assert first.poll() is None, first.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    assert "whole" not in tables(database_url)

    second = command(project, database_url)
    output, _ = second.communicate(timeout=60)
    assert second.returncode == 0, output
    assert tables(database_url) >= {"half", "whole", "alembic_version"}
    with psycopg.connect(database_url) as connection:
        versions = connection.execute("select version_num from alembic_version").fetchall()
    assert versions == [("9999_slow",)]
