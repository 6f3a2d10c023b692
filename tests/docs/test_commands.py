"""Every command that the documentation shows exists and takes the options shown; none is unsaid."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from rowgate.cli.application import application
from rowgate.cli.flags import parsed
from rowgate.postgres.binaries import chosen
from rowgate.settings import Settings, SettingsError
from rowgate.settings.declaration import declared_by
from rowgate.settings.reading import collect
from tests.docs.pages import ROOT, Block, all_blocks, guides, pages, text_of
from tests.docs.sources import make_targets
from tests.e2e.conftest import Running

PROGRAMS = ("make", "rowgate", "curl", "python", "tar", "pg_dump", "pg_restore", "pip", "cd", "rm")
MODULES: dict[str, set[tuple[str, ...]] | None] = {
    "auth": {(), ("rotate",)},
    "actions": {()},
    "pytest": None,
    "db.seeds": {()},
}
"""What is run by `python -m`, with the arguments it takes; None: any."""
UNTRIED = "nothing tries this"
TRIED = {
    "tar": "test_a_backup_of_files_can_be_put_back",
    "pg_dump": "test_a_dump_can_be_restored_while_it_runs",
    "pg_restore": "test_a_dump_can_be_restored_while_it_runs",
    "curl": "test_examples.py",
}
"""Commands that are run as they stand, and where."""


def command_lines() -> Iterator[tuple[Block, str]]:
    """The commands in blocks of shell, and in blocks without a language that begin with one."""
    for block in all_blocks():
        lines = [line for line in block.text.replace("\\\n", " ").splitlines() if line.strip()]
        if block.language in ("sh", "bash", "console"):
            yield from ((block, line) for line in lines if not line.startswith("#"))
        elif not block.language and lines and lines[0].split()[0] in PROGRAMS:
            yield from ((block, line) for line in lines)


def inline_commands() -> Iterator[tuple[Path, str]]:
    """Commands of ours that stand in backquotes in the text."""
    for page in pages():
        for line in re.findall(r"`((?:make|rowgate) [^`]+)`", text_of(page)):
            yield page, line


def test_every_command_of_a_block_exists() -> None:
    found = list(command_lines())
    assert len(found) > 5
    for block, line in found:
        complaint = complaint_of(line)
        if block.page in guides() and complaint == UNTRIED:
            continue  # tests/e2e/test_guides.py runs all of a guide
        assert complaint is None, f"{block.place}: {line}: {complaint}"


def test_every_command_in_the_text_exists() -> None:
    for page, line in inline_commands():
        if "…" in line or "<" in line:
            continue
        complaint = complaint_of(line)
        assert complaint is None, f"{page.name}: {line}: {complaint}"


def complaint_of(line: str) -> str | None:
    """What is wrong with a command line; None where nothing is."""
    words = shlex.split(line.replace("…", "x"), comments=True)
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words.pop(0)
    program, rest = Path(words[0]).name, words[1:]
    match program:
        case "make":
            targets = [word for word in rest if "=" not in word]
            unknown = set(targets) - make_targets()
            return f"no target {unknown}" if unknown else None
        case "rowgate" | "graphql-engine":
            return _of_rowgate(rest)
        case "python":
            return _of_python(rest)
    return None if program in TRIED else UNTRIED


def _of_rowgate(words: list[str]) -> str | None:
    command: Any = typer.main.get_command(application)
    while isinstance(command, TyperGroup):
        if not words:
            return None
        name, words = words[0], words[1:]
        if any(name in option.opts for option in command.params):
            return None
        if name not in command.commands:
            return f"no command {name}"
        command = command.commands[name]
    words = [word for word in words if word != "--help"]
    try:
        if command.name == "serve":
            declared = declared_by(Settings)
            collect(declared, {}, parsed(words, declared))
        elif words:
            command.make_context(command.name, list(words))
    except (SettingsError, TyperException) as error:
        return str(error)
    return None


def _of_python(words: list[str]) -> str | None:
    if words[:1] != ["-m"] or words[1] not in MODULES:
        return "not a module of ours"
    allowed = MODULES[words[1]]
    return None if allowed is None or tuple(words[2:]) in allowed else "not an argument it takes"


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("make run", False),
        ("make coffee", True),
        ("rowgate metadata apply --allow-inconsistent", False),
        ("rowgate metadata applied", True),
        ("rowgate run --no-such-option", True),
        ("rowgate serve --server-port 80 --enable-console", False),
        ("rowgate serve --sever-port 80", True),
        ("rowgate serve --server-port eighty", True),
        ("python -m auth rotate", False),
        ("python -m auth reverse", True),
        ("rm -rf .rowgate", True),
    ],
)
def test_the_check_itself(line: str, wrong: bool) -> None:
    assert (complaint_of(line) is not None) == wrong


def test_every_make_target_is_documented() -> None:
    text = "".join(text_of(page) for page in pages())
    assert {one for one in make_targets() if f"make {one}" not in text} == set()


def test_every_command_is_documented() -> None:
    text = text_of(ROOT / "docs" / "operations.md")
    root = typer.main.get_command(application)
    assert {line for line in _leaves(root, "rowgate") if f"| `{line}` |" not in text} == set()


def _leaves(command: Any, name: str) -> Iterator[str]:
    if not isinstance(command, TyperGroup):
        yield name
        return
    for child, found in command.commands.items():
        yield from _leaves(found, f"{name} {child}")


def shown(program: str) -> list[str]:
    """The words of the one command of that program that the documentation shows."""
    lines = [line for _, line in command_lines() if line.startswith(f"{program} ")]
    assert len(lines) == 1, lines
    return shlex.split(lines[0])


def test_keys_are_rotated_by_the_command_shown(tmp_path: Path) -> None:
    [line] = [line for _, line in command_lines() if "auth rotate" in line]
    words = shlex.split(line)
    environment = {"PATH": os.environ["PATH"], "AUTH_PRIVATE_KEY_DIR": str(tmp_path / "keys")}
    assert words[0].startswith("AUTH_PRIVATE_KEY_DIR=")
    for expected in (2, 3):
        answer = subprocess.run(
            [sys.executable, *words[2:]],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert "new key" in answer.stdout
        assert len(list((tmp_path / "keys").glob("*.pem"))) == expected


def test_a_backup_of_files_can_be_put_back(tmp_path: Path) -> None:
    kept = {
        ".rowgate/keys/a.pem": b"key",
        ".rowgate/postgres/data/PG_VERSION": b"17",
        ".env": b"X=1",
    }
    for name, content in kept.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / ".env").chmod(0o600)
    subprocess.run(shown("tar"), cwd=tmp_path, check=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    archive = tmp_path / shown("tar")[2]
    subprocess.run(["tar", "-xzf", str(archive)], cwd=elsewhere, check=True)
    assert {name: (elsewhere / name).read_bytes() for name in kept} == kept
    assert (elsewhere / ".env").stat().st_mode & 0o777 == 0o600


def test_a_dump_can_be_restored_while_it_runs(run: Running, tmp_path: Path) -> None:
    _postgres_program(run, "pg_dump", tmp_path)
    query = "{ shelter_animals_aggregate { aggregate { count } } }"
    before = run.data(query)
    with psycopg.connect(run.database_url, autocommit=True) as connection:
        connection.execute("delete from shelter.animals")
    _postgres_program(run, "pg_restore", tmp_path)
    assert run.data(query) == before


def _postgres_program(run: Running, program: str, folder: Path) -> None:
    words = [word.replace("$DATABASE_URL", run.database_url) for word in shown(program)]
    path = chosen(None).folder / words[0]
    if not path.exists():
        pytest.skip(f"this Postgres comes without {program}")
    subprocess.run([str(path), *words[1:]], cwd=folder, check=True, capture_output=True)
