"""The guides are followed from top to bottom: each block of a page is done as a reader does it.

The wheel is built and installed into a virtual environment of its own, so that nothing of the
checkout can help. A block without a language is typed into a shell; `file=` writes a file,
`append=` adds to one, and a diff changes one.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import ROOT, Block, blocks, guides

Json = Any
PARTS = ("rowgate", "db", "metadata", "auth", "actions", "service", "deploy", "dbt", "templates")
FILES = ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "rowgate.toml")
TO_INSTALL = 400.0
TO_START = 90.0
TO_APPLY = 30.0


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment where the wheel is installed with `run`."""
    base = tmp_path_factory.mktemp("wheel")
    source = base / "source"
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", "node_modules", "build")
    for part in PARTS:
        shutil.copytree(ROOT / part, source / part, ignore=ignored)
    for name in FILES:
        shutil.copy(ROOT / name, source / name)
    pip = (sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation")
    done(*pip, "--no-index", "--wheel-dir", str(base), str(source))
    [wheel] = base.glob("*.whl")
    done(sys.executable, "-m", "venv", str(base / "venv"))
    done(str(base / "venv" / "bin" / "pip"), "install", "--quiet", f"{wheel}[run]")
    return base / "venv" / "bin"


def done(*words: str) -> None:
    answer = subprocess.run(words, capture_output=True, text=True, check=False, timeout=TO_INSTALL)
    assert answer.returncode == 0, answer.stdout + answer.stderr


@dataclass
class Reader:
    """Somebody who follows a guide in `folder`, with the programs of one environment."""

    folder: Path
    programs: Path
    process: "subprocess.Popen[bytes] | None" = None
    last: str = ""
    outputs: list[Path] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        path = f"{self.programs}:/usr/local/bin:/usr/bin:/bin"
        return {"PATH": path, "HOME": str(self.folder), "LANG": "C.UTF-8"}

    def follow(self, block: Block) -> None:
        """Do what a block says."""
        match block.language, block.options:
            case "diff", {"file": name}:
                self.change(self.folder / name, block.text)
            case _, {"file": name}:
                file = self.folder / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(block.text)
            case _, {"append": name}:
                file = self.folder / name
                file.write_text(
                    f"{file.read_text().rstrip()}\n\n\n{block.text}"
                    if name.endswith(".py")
                    else file.read_text() + block.text
                )
            case "json", _:
                assert json.loads(self.last) == json.loads(block.text), block.place
            case "", _:
                for line in block.text.splitlines():
                    self.type(line)
            case _:
                pytest.fail(f"{block.place}: nobody knows what to do with this block")

    @staticmethod
    def change(file: Path, text: str) -> None:
        lines = text.splitlines(keepends=True)
        before = "".join(line[1:] for line in lines if line.startswith("-"))
        after = "".join(line[1:] for line in lines if line.startswith("+"))
        old = file.read_text()
        assert old.count(before) == 1, f"{file} does not hold {before}"
        file.write_text(old.replace(before, after))

    def type(self, line: str) -> None:
        """Type a line into the shell."""
        match shlex.split(line):
            case ["pip", *_]:
                return
            case ["cd", name]:
                self.folder /= name
            case ["rowgate", "run"]:
                self.start()
            case ["rowgate", "query" | "metadata" as kind, *_]:
                self.last = self.until_it_works(line, patient=kind == "query")
            case _:
                self.last = self.once(line)

    def until_it_works(self, line: str, *, patient: bool) -> str:
        """The output of a command that waits for what was saved to be applied."""
        deadline = time.monotonic() + TO_APPLY
        while True:
            answer = self.shell(line)
            if answer.returncode == 0:
                return answer.stdout
            late = time.monotonic() > deadline
            assert not late, f"{line}\n{answer.stdout}{answer.stderr}\n{self.log()}"
            time.sleep(0.5 if patient else 1.0)

    def once(self, line: str) -> str:
        answer = self.shell(line)
        assert answer.returncode == 0, f"{line}\n{answer.stdout}{answer.stderr}\n{self.log()}"
        return answer.stdout

    def shell(self, line: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ("sh", "-c", line),
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def start(self) -> None:
        """`rowgate run` in a terminal of its own; one that runs is stopped first."""
        self.stop()
        output = self.folder / f"run-{len(self.outputs)}.out"
        self.outputs.append(output)
        with output.open("wb") as out:
            self.process = subprocess.Popen(
                (str(self.programs / "rowgate"), "run", "--free-ports"),
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + TO_START
        while "Ready after" not in output.read_text():
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.1)

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            assert self.process.wait(60) == 0, self.log()
            self.process = None

    def log(self) -> str:
        return "\n".join(one.read_text() for one in self.outputs)


@pytest.fixture
def reader(tmp_path: Path, programs: Path) -> Iterator[Reader]:
    one = Reader(tmp_path, programs)
    yield one
    if one.process is not None:
        os.kill(one.process.pid, signal.SIGINT)
        one.process.wait(60)


@pytest.mark.parametrize("page", guides(), ids=lambda page: page.stem)
def test_a_guide_works_as_it_is_written(page: Path, reader: Reader) -> None:
    for block in blocks(page):
        reader.follow(block)
    reader.stop()
    said = reader.log()
    assert "Traceback" not in said
    assert not re.search(r"^ +problem", said, re.M), said
