"""`rowgate.toml`: what it declares, and how what cannot be understood is refused."""

from pathlib import Path

import pytest

from rowgate.cli.development.manifest import read
from rowgate.cli.failures import CommandError

PROCESS = '[processes.web]\ncommand = ["python"]\nport = 9000\n'


def manifest(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "rowgate.toml"
    file.write_text(text)
    return file


def test_without_a_file_there_are_the_engine_and_postgres(tmp_path: Path) -> None:
    found = read(tmp_path / "rowgate.toml")
    assert found.ports == {"engine": 8080, "postgres": 5433}
    assert (found.name, found.secrets, found.processes) == (tmp_path.name, (), ())


def test_a_process_has_its_port_and_its_secrets(tmp_path: Path) -> None:
    text = f'{PROCESS}secrets = ["KEY"]\n[s3]\n[engine]\nsecrets = ["KEY"]\nafter = ["web"]\n'
    found = read(manifest(tmp_path, text))
    assert found.ports == {"engine": 8080, "postgres": 5433, "s3": 8333, "web": 9000}
    assert found.secrets == ("KEY", "S3_ACCESS_KEY", "S3_SECRET_KEY")
    [web] = found.processes
    assert (web.health, web.command, web.watch) == ("/healthz", ("python",), ())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nonsense", "rowgate.toml cannot be read"),
        ("colour = 1", "rowgate.toml: colour is unknown; known are"),
        ("engine = 1", "rowgate.toml: engine is not a table"),
        ("[engine]\nport = 0", "rowgate.toml: engine.port is 0, not a port"),
        ('[engine]\nport = "x"', "rowgate.toml: engine.port is 'x', not a port"),
        ("[engine]\nport = true", "rowgate.toml: engine.port is True, not a port"),
        ('[engine]\nsecrets = "A"', "rowgate.toml: engine.secrets is 'A', not a list of texts"),
        ("[engine.environment]\nA = 1", "rowgate.toml: engine.environment.A is 1, not a text"),
        ("[processes.web]\nport = 1", "rowgate.toml: processes.web.command is missing"),
        ('[processes.web]\ncommand = ["x"]', "rowgate.toml: processes.web.port is None"),
        ('[processes.engine]\ncommand = ["x"]', "rowgate.toml: processes.engine is no name"),
        (f"{PROCESS}colour = 1", "rowgate.toml: processes.web.colour is unknown"),
        (f'{PROCESS}after = ["db"]', "rowgate.toml: web starts after db, which is no process"),
        (f'{PROCESS}after = ["web"]', "rowgate.toml: web wait for each other"),
    ],
)
def test_what_cannot_be_understood_is_named(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(CommandError) as refused:
        read(manifest(tmp_path, text))
    assert told in str(refused.value)
