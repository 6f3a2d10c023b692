"""One process that the supervisor starts: its log, whether it is well, its end."""

import contextlib
import http.client
import json
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rowgate.cli.failures import CommandError
from rowgate.postgres.binaries import dying_with_parent

TO_ANSWER = 60.0
LARGEST_LOG = 10 * 1024 * 1024
_PAUSE = 0.03
_FORMALITIES = frozenset({"", "Application startup failed. Exiting."})


@dataclass(slots=True)
class Child:
    """A process by name. It is well once `health`, a path of its `port`, answers with `healthy`.

    `patience` is how many seconds it gets to end at SIGTERM before it is killed.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    port: int
    log: Path
    health: str = "/healthz"
    healthy: tuple[int, ...] = (200,)
    patience: float = 15.0
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self, leash: int) -> None:
        """Start it, in a session of its own so that Ctrl-C reaches the supervisor alone; it keeps
        the lock `leash` for as long as it lives."""
        _turn_over(self.log)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                (*dying_with_parent(), *self.command),
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(leash,),
            )

    def is_well(self) -> bool:
        """Whether it answers. Raises `CommandError` where it ended."""
        self.require_alive()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", self.health)
            return connection.getresponse().status in self.healthy
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def require_alive(self) -> None:
        """Raise `CommandError`, with the last of its log, where it ended by itself."""
        if self.process is None or self.process.poll() is None:
            return
        status = self.process.returncode
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        raise CommandError(f"{self.name} {how}: {last_words(self.log)} The whole is in {self.log}.")

    def stop(self) -> None:
        """End it: gently, and by force after its patience. Idempotent."""
        process, self.process = self.process, None
        if process is None:
            return
        if process.poll() is None:
            process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(self.patience)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()


def wait_for(children: Sequence[Child], limit: float = TO_ANSWER) -> None:
    """Return when all are well. Raises `CommandError` where one ended or `limit` seconds passed."""
    deadline = time.monotonic() + limit
    waiting = list(children)
    while waiting:
        waiting = [child for child in waiting if not child.is_well()]
        if waiting and time.monotonic() > deadline:
            one = waiting[0]
            raise CommandError(
                f"{one.name} did not answer on port {one.port} within {limit:.0f} s: "
                f"{last_words(one.log)} The whole is in {one.log}."
            )
        if waiting:
            time.sleep(_PAUSE)


def last_words(log: Path) -> str:
    """The last thing that a log says, as a sentence; of a JSON line, its message."""
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    told = [text for line in lines[-20:] if (text := _message(line)) not in _FORMALITIES]
    return (told[-1][:400] if told else "it wrote nothing").rstrip(".") + "."


def _message(line: str) -> str:
    with contextlib.suppress(ValueError, AttributeError):
        decoded = json.loads(line)
        detail = decoded.get("detail", decoded)
        return str(detail.get("message") or detail.get("error") or line)
    return line.strip()


def _turn_over(log: Path) -> None:
    """Keep one earlier log where this one has grown large."""
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_suffix(".log.1"))
