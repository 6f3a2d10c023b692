"""`rowgate run` applies what is saved, says what is wrong where it arises, and ends in words."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from rowgate.postgres import EmbeddedPostgres

Json = Any
PROGRAM = Path(sys.executable).with_name("rowgate")
PATIENCE = 90.0
MANIFEST = """
[processes.greeter]
command = ["python", "greeter/serve.py"]
port = 9000
watch = ["greeter"]
"""
GREETER = """
import os
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello")

HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
NOTES = Path("metadata/databases/default/tables/public_notes.yaml")


class Run:
    """A run of a new project, its output in a file; its terminal is the other end of `typing`."""

    def __init__(self, base: Path) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        subprocess.run((str(PROGRAM), "init", "app"), cwd=base, check=True, capture_output=True)
        self.folder = base / "app"
        with (self.folder / "rowgate.toml").open("a") as file:
            file.write(MANIFEST)
        (self.folder / "greeter").mkdir()
        (self.folder / "greeter" / "serve.py").write_text(GREETER)
        self.output = base / "run.out"
        self.typing, terminal = pty.openpty()
        with self.output.open("wb") as out:
            self.process = subprocess.Popen(
                (str(PROGRAM), "run", "--free-ports"),
                cwd=self.folder,
                env=kept,
                stdin=terminal,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        os.close(terminal)
        self.said("Ready after")
        self.urls = json.loads((self.folder / ".rowgate/run.json").read_text())["urls"]

    def said(self, text: str, after: int = 0) -> int:
        """Wait until the output holds `text`, from a position on; gives the position behind it."""
        deadline = time.monotonic() + PATIENCE
        while True:
            output = self.output.read_text()
            found = output.find(text, after)
            if found >= 0:
                return found + len(text)
            assert time.monotonic() < deadline, output
            assert self.process.poll() is None or text in output, output
            time.sleep(0.05)

    def change(self, name: Path | str, old: str, new: str) -> int:
        """Change a file; gives how much had been said before."""
        file = self.folder / name
        said = len(self.output.read_text())
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))
        return said

    def query(self, text: str) -> Json:
        return httpx.post(f"{self.urls['engine']}/v1/graphql", json={"query": text}).json()

    def migrate(self, *words: str) -> str:
        answer = subprocess.run(
            (str(PROGRAM), "migrate", *words),
            cwd=self.folder,
            env={"PATH": os.environ["PATH"]},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert answer.returncode == 0, answer.stderr
        return answer.stdout


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    made = Run(tmp_path_factory.mktemp("watched"))
    yield made
    if made.process.poll() is None:
        made.process.send_signal(signal.SIGINT)
        assert made.process.wait(60) == 0


def test_metadata_is_applied_and_its_problems_come_and_go(run: Run) -> None:
    assert "errors" in run.query("{ notes { owner_id } }")
    said = run.change(
        NOTES, "        - id\n        - title\n", "        - id\n        - owner_id\n"
    )
    said = run.said("Applied 2 changes to metadata: sources › default › tables › notes", said)
    assert run.query("{ notes { owner_id } }") == {"data": {"notes": []}}

    said = run.change(NOTES, "- owner_id\n      filter", "- ownr_id\n      filter")
    said = run.said("problem: ", said)
    assert "ownr_id" in run.output.read_text()[said:]
    said = run.change(NOTES, "ownr_id", "owner_id")
    said = run.said("All of the metadata is served again.", said)

    said = run.change(NOTES, "table:\n", "table: [\n")
    run.said("problem with metadata: databases/default/tables/public_notes.yaml", said)
    said = run.change(NOTES, "table: [\n", "table:\n")
    said = run.change(NOTES, "limit: 100", "limit: 99")
    run.said("Applied 2 changes to metadata", said)


def test_a_process_starts_again_when_its_files_change(run: Run) -> None:
    assert httpx.get(run.urls["greeter"]).text == "hello"
    said = run.change("greeter/serve.py", 'b"hello"', 'b"good day"')
    said = run.said(" s\n", run.said("Restarting greeter, whose files changed: ", said))
    assert httpx.get(run.urls["greeter"]).text == "good day"
    said = run.change("greeter/serve.py", "import os", "import nothing_of_that_name")
    said = run.said("problem with greeter: greeter ended with status 1", said)
    assert "nothing_of_that_name" in run.output.read_text()
    said = run.change("greeter/serve.py", "import nothing_of_that_name", "import os")
    run.said(" s\n", run.said("Restarting greeter, whose files changed: ", said))
    assert httpx.get(run.urls["greeter"]).text == "good day"


def test_a_migration_is_applied_and_one_that_loses_data_waits(run: Run) -> None:
    said = run.change("db/models.py", "    body:", "    mood: Mapped[str | None]\n    body:")
    run.migrate("create", "moods")
    said = run.said("Applied migration ", said)
    assert '"applied"' not in run.migrate("status")
    said = run.change("db/models.py", "    mood: Mapped[str | None]\n", "")
    run.migrate("create", "no moods")
    said = run.said("drops the column mood of notes and its values", said)
    said = run.said("Type y and press Enter.", said)
    assert "pending" in run.migrate("status")
    os.write(run.typing, b"no\n")
    said = run.said("Left as it is; `rowgate migrate up` applies them later.", said)
    assert "pending" in run.migrate("status")
    (file,) = (run.folder / "db/migrations/versions").glob("*_no_moods.py")
    file.write_text(file.read_text() + "\n")
    said = run.said("Type y and press Enter.", said)
    os.write(run.typing, b"y\n")
    run.said("Applied migration ", said)
    assert "pending" not in run.migrate("status")


def test_a_killed_postgres_ends_the_run_with_a_sentence(run: Run) -> None:
    """The last test of this module: it ends the run."""
    lines = (run.folder / ".rowgate/postgres/data/postmaster.pid").read_text().splitlines()
    os.kill(int(lines[0]), signal.SIGKILL)
    assert run.process.wait(PATIENCE) == 1
    output = run.output.read_text()
    assert "rowgate: Postgres has ended: it was killed or failed." in output
    assert "start again with `rowgate run`" in output
    assert "Traceback" not in output
    with EmbeddedPostgres(run.folder / ".rowgate/postgres") as server:
        assert server.process_id, "the data is kept, and nothing holds it"
