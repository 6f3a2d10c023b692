"""`rowgate migrate` in a project of its own: what is written, what is asked, what data is lost, and
how the metadata follows."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from rowgate.metadata.directory import load, save

Json = Any
PROGRAM = Path(sys.executable).with_name("rowgate")
VERSIONS = Path("db/migrations/versions")
AUTHOR = '''

class Author(Base):
    """Who writes."""

    __tablename__ = "authors"
    __table_args__ = {"schema": "library"}

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    land: Mapped[str | None] = mapped_column(index=True)
'''


class Project:
    """A new project over a database, and commands in it."""

    def __init__(self, folder: Path, url: str) -> None:
        self.url = url
        self.folder = folder
        self.do("init", "app")
        self.folder = folder / "app"

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            (str(PROGRAM), *words),
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "DATABASE_URL": self.url},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def do(self, *words: str) -> str:
        answer = self.run(*words)
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return answer.stdout

    def refused(self, *words: str) -> str:
        answer = self.run(*words)
        assert answer.returncode == 1, answer.stdout
        assert "Traceback" not in answer.stderr
        return answer.stderr

    def model(self, old: str, new: str) -> None:
        """Change the models."""
        file = self.folder / "db/models.py"
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    def newest(self) -> str:
        """The operations of the migration that was written last."""
        files = (self.folder / VERSIONS).glob("[0-9a-f]*.py")
        text = max(files, key=lambda file: file.stat().st_mtime_ns).read_text()
        return text.split("def upgrade")[1]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    @property
    def tables(self) -> dict[str, Json]:
        """The tracked tables of the metadata directory by name."""
        [source] = load(self.folder / "metadata")["sources"]
        return {one["table"]["name"]: one for one in source["tables"]}


@pytest.fixture
def project(tmp_path: Path, database_url: str) -> Project:
    made = Project(tmp_path, database_url)
    made.do("migrate", "up")
    return made


def with_authors(project: Project) -> None:
    project.model("\n\nclass Note(Base)", AUTHOR + "\n\nclass Note(Base)")
    project.do("migrate", "create", "authors")
    project.do("migrate", "up")


def test_a_new_project_does_not_differ_from_its_database(project: Project) -> None:
    told = project.refused("migrate", "create", "nothing")
    assert "The models and the database do not differ" in told
    project.do("migrate", "create", "by hand", "--empty")
    assert "pass" in project.newest()
    assert "alembic_version" not in project.newest()


def test_a_table_in_a_new_schema_comes_and_goes(project: Project) -> None:
    with_authors(project)
    assert "create schema if not exists library" in project.newest()
    assert "alembic_version" not in project.newest()
    assert project.rows("select * from library.authors") == []
    assert set(project.tables) == {"notes", "authors"}
    project.do("migrate", "down")
    assert set(project.tables) == {"notes"}
    project.do("migrate", "up")
    assert set(project.tables) == {"notes", "authors"}
    assert "do not differ" in project.refused("migrate", "create", "nothing")


def test_a_probable_rename_is_told_and_made_where_named(project: Project) -> None:
    with_authors(project)
    project.rows("insert into library.authors (land) values ('Japan')")
    project.model("land: Mapped[str | None]", "country: Mapped[str | None]")
    told = project.do("migrate", "create", "country")
    assert "data loss: it drops the column land of library.authors and its values" in told
    assert "--rename library.authors.land=country" in told
    for file in (project.folder / VERSIONS).glob("*_country*"):
        file.unlink()

    told = project.do("migrate", "create", "country", "--rename", "library.authors.land=country")
    assert "data loss" not in told
    assert "new_column_name='country'" in project.newest()
    project.do("migrate", "up")
    assert project.rows("select country from library.authors") == [("Japan",)]
    assert "do not differ" in project.refused("migrate", "create", "nothing")
    project.do("migrate", "down")
    assert project.rows("select land from library.authors") == [("Japan",)]
    project.do("migrate", "up")
    assert project.rows("select country from library.authors") == [("Japan",)]


def test_a_rename_may_change_the_column_besides(project: Project) -> None:
    project.rows("insert into notes (owner_id, title) values ('a', '7')")
    project.model("    title: Mapped[str]\n", "    heading: Mapped[str | None]\n")
    project.do("migrate", "create", "heading", "--rename", "notes.title=heading")
    project.do("migrate", "up")
    assert project.rows("select heading from notes") == [("7",)]
    project.rows("insert into notes (owner_id) values ('b')")
    assert "do not differ" in project.refused("migrate", "create", "nothing")


def test_a_table_is_renamed(project: Project) -> None:
    project.rows("insert into notes (owner_id, title) values ('a', 'kept')")
    project.model('__tablename__ = "notes"', '__tablename__ = "memos"')
    assert "drops the table notes and its rows" in project.do("migrate", "create", "memos")
    for file in (project.folder / VERSIONS).glob("*_memos*"):
        file.unlink()
    project.do("migrate", "create", "memos", "--rename", "notes=memos")
    project.do("migrate", "up")
    assert project.rows("select title from memos") == [("kept",)]
    assert set(project.tables) == {"memos"}
    assert "do not differ" in project.refused("migrate", "create", "nothing")
    project.do("migrate", "down")
    assert project.rows("select title from notes") == [("kept",)]


@pytest.mark.parametrize(
    ("rename", "told"),
    [
        ("notes.body", "not of the form"),
        ("notes.body=a b", "not of the form"),
        ("a.b.c.d=e", "not of the form"),
        ("notes.body=gone", "the models do not rename notes.body to gone"),
        ("nothing=words", "the models do not rename nothing to words"),
    ],
)
def test_a_rename_that_is_none_is_refused(project: Project, rename: str, told: str) -> None:
    project.model("body: Mapped", "words: Mapped")
    assert told in project.refused("migrate", "create", "x", "--rename", rename)
    assert list((project.folder / VERSIONS).glob("*_x*")) == []


def test_what_uses_a_dropped_column_is_named(project: Project) -> None:
    metadata = project.folder / "metadata"
    document = load(metadata)
    query = {"name": "all", "query": "query { notes { id is_public } }"}
    collection = {"name": "stored", "definition": {"queries": [query]}}
    save(document | {"query_collections": [collection]}, metadata)
    line = next(
        line
        for line in (project.folder / "db/models.py").read_text().splitlines(keepends=True)
        if "is_public" in line
    )
    project.model(line, "")
    told = project.do("migrate", "create", "no public notes")
    assert "the filter of select of role anonymous on notes uses notes.is_public" in told
    assert "the stored query all of collection stored uses `is_public`" in told
    project.do("migrate", "up")
    columns = [
        name
        for kind in ("insert", "select", "update")
        for one in project.tables["notes"][f"{kind}_permissions"]
        for name in one["permission"]["columns"]
    ]
    assert "title" in columns
    assert "is_public" not in columns
    found = project.run("metadata", "lint", "--database").stdout
    assert "does-not-fit" in found
    assert "is_public" in found


def test_a_change_of_type_is_a_possible_loss(project: Project) -> None:
    project.model("owner_id: Mapped[str]", "owner_id: Mapped[int]")
    told = project.do("migrate", "create", "numbers")
    assert "changes the type of owner_id of notes; values may not fit" in told
    refused = project.refused("migrate", "up")
    assert re.search(r"The migration failed: db/migrations/versions/\w+_numbers.py:\d+: ", refused)


def test_metadata_that_was_changed_meanwhile_is_not_overwritten(project: Project) -> None:
    project.model("body: Mapped", "words: Mapped")
    project.do("migrate", "create", "words", "--rename", "notes.body=words")
    metadata = project.folder / "metadata"
    document = load(metadata)
    table = document["sources"][0]["tables"][0]
    table["select_permissions"] = []
    save(document, metadata)
    told = project.refused("migrate", "up")
    assert "_words.metadata.yaml does not fit metadata: sources › default › tables › notes" in told


def test_what_is_wrong_in_the_project_is_named(project: Project) -> None:
    project.model("class Note(Base)", "class Note(Missing)")
    told = project.refused("migrate", "create", "x")
    assert "db/models.py:" in told
    assert "name 'Missing' is not defined" in told
    project.model("class Note(Missing)", "class Note(Base)")
    with_authors(project)
    project.do("migrate", "down")
    assert "migrations that are not applied" in project.refused("migrate", "create", "y")
    project.rows("update alembic_version set version_num = 'of_others'")
    assert "The database is at of_others, of which there is no" in project.refused("migrate", "up")
