"""A migration whose process is killed in the middle: the next start finishes the work.

Both ways: the command alone, and a whole `rowgate run`, whose Postgres dies with it.
"""

import json
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


class Run:
    """A `rowgate run` of a project on free ports, its output in a file."""

    def __init__(self, project: Path, name: str) -> None:
        self.report = project / ".rowgate" / "run.json"
        self.output = project.parent / f"{name}.out"
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        with self.output.open("wb") as out:
            self.process = subprocess.Popen(
                (sys.executable, "-m", "rowgate", "run", "--free-ports"),
                cwd=project,
                env=kept,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def until(self, word: str, patience: float = 90.0) -> None:
        deadline = time.monotonic() + patience
        while word not in self.output.read_text():
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < deadline, self.output.read_text()
            time.sleep(0.02)


def test_a_killed_run_takes_its_migrations_up_again(project: Path) -> None:
    shutil.copytree(ROOT / "metadata", project / "metadata")
    (project / "rowgate.toml").write_text('[seeds]\nsecrets = ["SEED_PASSWORD"]\n')
    first = Run(project, "first")
    first.until("Applying migrations")
    time.sleep(0.8)
    first.process.kill()
    first.process.wait()
    assert "Inserting seeds" not in first.output.read_text(), "killed too late to show anything"

    second = Run(project, "second")
    try:
        second.until("Ready after")
        url = json.loads(second.report.read_text())["database_url"]
        assert tables(url) >= {"half", "whole", "alembic_version"}
    finally:
        second.process.send_signal(signal.SIGINT)
        assert second.process.wait(30) == 0
