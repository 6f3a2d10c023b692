"""Every command through its real entry point, in a project that `rowgate init` made and that
`rowgate run` runs."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from rowgate.metadata.directory import load, save

Json = Any
ROOT = Path(__file__).parents[3]
PROGRAM = Path(sys.executable).with_name("rowgate")
TO_START = 90.0
ANIMALS = Path("databases/default/tables/shelter_animals.yaml")
REVISIONS = sorted(
    (file.stem for file in (ROOT / "db/migrations/versions").glob("[0-9]*.py")), reverse=True
)
HEAD = REVISIONS[0]
NOWHERE = {"table": {"name": "nowhere", "schema": "shelter"}}


class Project:
    """A project folder and the run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told: Json = {}

    def do(self, *words: str, status: int = 0, **environment: str) -> str:
        """What a command writes on stdout; it must end with that status."""
        answer = rowgate(self.folder, *words, **environment)
        assert answer.returncode == status, answer.stdout + answer.stderr
        assert "Traceback" not in answer.stderr
        return answer.stdout

    def refused(self, *words: str, status: int = 1, **environment: str) -> str:
        """The one sentence of a command that must be refused."""
        answer = rowgate(self.folder, *words, **environment)
        assert (answer.returncode, answer.stdout) == (status, "")
        assert answer.stderr.startswith("rowgate: ")
        assert answer.stderr.count("\n") == 1
        return answer.stderr

    def query(self, text: str, **headers: str) -> Json:
        url = self.told["pages"]["graphql"]
        return httpx.post(url, json={"query": text}, headers=headers).json()

    def metadata(self, copy: Path, change: Any = None) -> Path:
        """A copy of the metadata directory, its document changed."""
        shutil.copytree(self.folder / "metadata", copy)
        if change:
            document = load(copy)
            change(document)
            save(document, copy)
        return copy


def rowgate(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return subprocess.run(
        (str(PROGRAM), *words),
        cwd=folder,
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project of the template `shelter` that runs."""
    base = tmp_path_factory.mktemp("made")
    made = rowgate(base, "init", "shop", "--template", "shelter")
    assert made.returncode == 0, made.stderr
    project = Project(base / "shop")
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    with (base / "run.out").open("wb") as out:
        process = subprocess.Popen(
            (str(PROGRAM), "run", "--free-ports", "--no-watch"),
            cwd=project.folder,
            env=kept,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        report = project.folder / ".rowgate" / "run.json"
        deadline = time.monotonic() + TO_START
        while not report.exists():
            assert process.poll() is None, (base / "run.out").read_text()
            assert time.monotonic() < deadline, (base / "run.out").read_text()
            time.sleep(0.05)
        project.told = json.loads(report.read_text())
        yield project
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


def of_animals(document: Json) -> Json:
    tables = document["sources"][0]["tables"]
    return next(one for one in tables if one["table"]["name"] == "animals")


def limit_of_anonymous(document: Json) -> None:
    of_animals(document)["select_permissions"][0]["permission"]["limit"] = 7


def nowhere(document: Json) -> None:
    document["sources"][0]["tables"].append(NOWHERE)


def test_the_shelter_is_the_whole_reference_application(project: Project, tmp_path: Path) -> None:
    assert set(project.told["urls"]) == {"engine", "auth", "actions", "front"}
    assert project.query("{ shelter_animals(limit: 1) { name } }")["data"]["shelter_animals"]
    made = Project(tmp_path)
    assert "rowgate run" in made.do("init", "shop", "--template", "shelter")
    for part in ("db", "metadata", "auth", "actions", "service"):
        wanted = {
            file.relative_to(ROOT)
            for file in (ROOT / part).rglob("*")
            if file.is_file() and "__pycache__" not in file.parts
        }
        assert all((tmp_path / "shop" / file).is_file() for file in wanted)
    assert load(tmp_path / "shop" / "metadata") == load(ROOT / "metadata")
    assert Project(tmp_path / "shop").do("metadata", "lint").startswith("No finding")
    assert "shop is not empty" in made.refused("init", "shop")


COMPLETION = """
eval "$(rowgate --show-completion)" || exit
COMP_WORDS=(rowgate metadata in) COMP_CWORD=2
_rowgate_completion rowgate
echo "${COMPREPLY[@]}"
COMP_WORDS=(rowgate metadata apply --dr) COMP_CWORD=3
_rowgate_completion rowgate
echo "${COMPREPLY[@]}"
"""


def test_a_shell_completes_commands_and_options(tmp_path: Path) -> None:
    path = f"{PROGRAM.parent}:{os.environ['PATH']}"
    # The shell that asks is found by its process: not one that has become its only command.
    answer = subprocess.run(
        ("bash", "--norc", "-c", COMPLETION + "true"),
        env={"PATH": path, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert answer.stdout.splitlines() == ["inconsistency", "--dry-run"]


def test_doctor_finds_nothing_broken_in_a_run(project: Project) -> None:
    found = {one["what"]: one for one in json.loads(project.do("doctor", "--output", "json"))}
    assert {one["state"] for one in found.values()} <= {"ok"}, found
    assert "no superuser" in found["database role"]["told"]
    assert found["migrations"]["told"] == f"at {HEAD}, the newest"
    assert found["metadata of the engine"]["told"] == "all of it is served"


def test_doctor_says_what_to_do(project: Project) -> None:
    secrets = project.folder / ".env"
    secrets.chmod(0o644)
    try:
        told = project.do("doctor", status=1)
    finally:
        secrets.chmod(0o600)
    assert "chmod 600 .env" in told
    away = {"DATABASE_URL": "postgresql://u:p@127.0.0.1:1/x", "HASURA_GRAPHQL_SERVER_PORT": "no"}
    found = json.loads(project.do("doctor", "-o", "json", status=1, **away))
    failed = {one["what"]: one for one in found if one["state"] == "failed"}
    assert set(failed) == {"database", "settings"}
    assert "HASURA_GRAPHQL_SERVER_PORT" in failed["settings"]["told"]
    assert all(one["advice"] for one in failed.values())
    wrong = json.loads(project.do("doctor", "-o", "json", "--admin-secret", "wrong", status=1))
    assert [one["what"] for one in wrong if one["state"] == "failed"] == ["engine"]


def test_doctor_warns_of_a_superuser(project: Project, database_url: str) -> None:
    found = json.loads(project.do("doctor", "-o", "json", status=1, DATABASE_URL=database_url))
    states = {one["what"]: one["state"] for one in found}
    assert (states["database role"], states["migrations"]) == ("warning", "warning")
    assert states["metadata directory"] == "failed"


def test_seeds_are_inserted_again(project: Project, tmp_path: Path) -> None:
    assert project.do("seed") == "seeded: test_user, alice, bob, therapist, analyst\n"
    assert "This project has no seeds" in Project(tmp_path).refused("seed")
    assert "the seeds were not inserted" in project.refused("seed", SEED_PASSWORD="")


def test_the_console_has_an_address(project: Project) -> None:
    assert project.do("console") == project.told["pages"]["console"] + "\n"
    refused = project.refused("console", "--endpoint", "http://127.0.0.1:1")
    assert "No engine answers" in refused


QUERY = "query q($n: Int) { shelter_animals(limit: $n) { name } }"


def test_a_query_is_explained_as_a_role(project: Project) -> None:
    answer = project.do("explain", QUERY, "--role", "anonymous", "--output", "json")
    [field] = json.loads(answer)
    assert field["field"] == "shelter_animals"
    assert "select" in field["sql"].lower()
    assert field["plan"]
    file = project.folder / "query.graphql"
    file.write_text("{ identity_users { email } }")
    me = ("--role", "user", "--session", "x-hasura-user-id=00000000-0000-0000-0000-000000000001")
    told = project.do("explain", "query.graphql", *me)
    assert "identity_users" in told
    assert "users" in told
    hidden = project.refused("explain", "query.graphql", "--role", "anonymous")
    assert "identity_users" in hidden
    assert "neither a query nor a file" in project.refused("explain", "nothing.graphql")
    assert "--session 'user=1'" in project.refused("explain", QUERY, "--session", "user=1")
    assert "--variables is no JSON" in project.refused("explain", QUERY, "--variables", "{")


def test_differences_are_told_and_applied(project: Project, tmp_path: Path) -> None:
    assert project.do("metadata", "diff") == "No difference.\n"
    changed = str(project.metadata(tmp_path / "changed", limit_of_anonymous))
    there = ("--directory", changed)
    told = project.do("metadata", "diff", *there, status=1)
    place = "sources › default › tables › shelter.animals › select_permissions › anonymous"
    assert told == f"~ {place} › permission › limit  100 → 7\n1 difference: 1 changed.\n"
    assert "\x1b[33m~" in project.do("metadata", "diff", *there, status=1, FORCE_COLOR="1")
    [change] = json.loads(project.do("metadata", "diff", *there, "-o", "json", status=1))
    assert (change["verb"], change["before"], change["after"]) == ("changed", 100, 7)

    dry = project.do("metadata", "apply", "--dry-run", *there)
    assert dry.endswith("Nothing was applied.\n")
    project.do("metadata", "diff", *there, status=1)
    assert json.loads(project.do("metadata", "apply", *there, "-o", "json")) == {
        "inconsistent": [],
        "warnings": [],
    }
    project.do("metadata", "diff", *there)
    exported = ("--directory", str(tmp_path / "exported"))
    project.do("metadata", "export", *exported)
    assert load(tmp_path / "exported") == load(Path(changed))
    project.do("metadata", "diff", *exported)
    assert project.do("metadata", "apply") == "Metadata applied.\n"
    assert "No engine answers" in project.refused(
        "metadata", "diff", "--endpoint", "http://127.0.0.1:1", status=2
    )


def test_what_is_inconsistent_is_told_and_dropped(project: Project, tmp_path: Path) -> None:
    spoilt = ("--directory", str(project.metadata(tmp_path / "spoilt", nowhere)))
    dry = project.do("metadata", "apply", "--dry-run", *spoilt, status=1)
    assert "would be inconsistent: table shelter.nowhere in source default" in dry
    refused = rowgate(project.folder, "metadata", "apply", *spoilt)
    assert refused.returncode == 1
    told = "table shelter.nowhere in source default: Inconsistent object: no such table"
    assert told in refused.stderr
    answer = json.loads(project.do("metadata", "apply", *spoilt, "-o", "json", status=1))
    assert "nowhere" in json.dumps(answer["internal"])
    assert project.do("metadata", "inconsistency", "list") == "All is consistent.\n"

    project.do("metadata", "apply", "--allow-inconsistent", *spoilt)
    listed = project.do("metadata", "inconsistency", "list", "-o", "json", status=1)
    [one] = json.loads(listed)["inconsistent_objects"]
    assert one["definition"] == NOWHERE["table"] or "nowhere" in json.dumps(one)
    assert "1 object is inconsistent" in project.do("metadata", "reload", status=1)
    assert "shelter.nowhere" in project.do("metadata", "inconsistency", "drop")
    assert project.do("metadata", "inconsistency", "drop") == "There was nothing to drop.\n"
    assert project.do("metadata", "reload") == "Metadata reloaded. All is consistent.\n"
    project.do("metadata", "diff")


def test_apply_reads_the_tables_again_first(project: Project, tmp_path: Path) -> None:
    def with_latecomer(document: Json) -> None:
        table = {"table": {"name": "latecomer", "schema": "shelter"}}
        document["sources"][0]["tables"].append(table)

    there = ("--directory", str(project.metadata(tmp_path / "later", with_latecomer)))
    with psycopg.connect(project.told["database_url"], autocommit=True) as connection:
        connection.execute("create table shelter.latecomer (id int primary key)")
        try:
            assert project.do("metadata", "apply", *there) == "Metadata applied.\n"
        finally:
            connection.execute("drop table shelter.latecomer")
    assert project.do("metadata", "apply") == "Metadata applied.\n"


def test_lint_names_file_and_line_and_asks_the_database(project: Project, tmp_path: Path) -> None:
    def by_breed(document: Json) -> None:
        grants = of_animals(document)["select_permissions"]
        grants[1]["permission"] |= {"filter": {"breed": {"_eq": "X-Hasura-Breed"}}}

    directory = project.metadata(tmp_path / "metadata", by_breed)
    there = ("--directory", str(directory))
    assert project.do("metadata", "lint").startswith("No finding")
    assert project.do("metadata", "lint", "--database").startswith("No finding")
    found = json.loads(project.do("metadata", "lint", *there, "-o", "json", status=1))
    assert "unindexed-filter" not in {one["rule"] for one in found}
    asked = ("--database", "-o", "json")
    found = json.loads(project.do("metadata", "lint", *there, *asked, status=1))
    [one] = [one for one in found if one["rule"] == "unindexed-filter"]
    lines = (directory / ANIMALS).read_text().splitlines()
    assert one["file"] == str(directory / ANIMALS)
    assert "filter:" in lines[one["line"] - 1]
    told = project.do("metadata", "lint", *there, "--database", status=1)
    assert f"{directory / ANIMALS}:{one['line']}: warning unindexed-filter" in told
    log = json.loads(project.do("metadata", "lint", *there, "-o", "sarif", status=1))
    assert log["runs"][0]["results"]
    assert "no metadata directory" in project.refused(
        "metadata", "lint", "--directory", "x", status=2
    )


VISIT = '''

class Visit(Base):
    """A visit of the vet."""

    __tablename__ = "visits"
    __table_args__ = (Index("visits_animal_id_idx", "animal_id"), {"schema": SHELTER})

    id: Mapped[UUID] = generated_key()
    animal_id: Mapped[UUID] = mapped_column(ForeignKey(Animal.id, ondelete="CASCADE"))
'''


def test_a_new_table_from_model_to_query(project: Project) -> None:
    models = project.folder / "db" / "models" / "shelter.py"
    versions = project.folder / "db" / "migrations" / "versions"
    before = set(versions.glob("*.py"))
    models.write_text(models.read_text() + VISIT)
    told = project.do("migrate", "create", "visits of the vet")
    assert "+ sources › default › tables › shelter.visits" in told
    assert "shelter.animals › array_relationships › visits" in told
    assert len(set(versions.glob("*.py")) - before) == 1
    status = json.loads(project.do("migrate", "status", "-o", "json"))
    assert status["current"] == [HEAD]
    [pending] = status["pending"]
    assert "visits of the vet" in project.do("migrate", "history")
    project.do("migrate", "up")
    steps = json.loads(project.do("migrate", "history", "-o", "json"))
    assert [step["revision"] for step in steps] == [pending, *REVISIONS]
    assert all(step["is_applied"] for step in steps)
    assert [step["is_current"] for step in steps] == [True] + [False] * len(REVISIONS)
    project.do("metadata", "reload")
    assert project.do("metadata", "apply") == "Metadata applied.\n"
    secret = (project.folder / ".env").read_text().split("ADMIN_SECRET=")[1].split()[0]
    answer = project.query(
        "{ shelter_visits { animal { visits { id } } } }", **{"x-hasura-admin-secret": secret}
    )
    assert answer == {"data": {"shelter_visits": []}}
