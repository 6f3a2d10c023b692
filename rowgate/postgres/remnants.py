"""What a crash left of an earlier server in a data directory, and its removal.

After `kill -9` a postmaster leaves its lock file and, for a moment, its backends; after `kill -9`
of its parent the postmaster itself may remain. Only called under the directory's own lock, so that
whatever is found belongs to nobody.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

PROCESSES = Path("/proc")
_STEPS = ((signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))


def clear(data: Path) -> None:
    """End every process that works in `data`, gently first, and remove a stale lock file."""
    for number, patience in _STEPS:
        left = tuple(_working_in(data))
        if not left:
            break
        _signal(_leaders(data, left), number)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and any(_working_in(data)):
            time.sleep(0.02)
    if PROCESSES.is_dir():
        (data / "postmaster.pid").unlink(missing_ok=True)


def _leaders(data: Path, processes: tuple[int, ...]) -> tuple[int, ...]:
    """The postmaster alone where it is among the processes: it ends the others in order."""
    leader = recorded(data)
    return (leader,) if leader in processes else processes


def recorded(data: Path) -> int | None:
    """The process id in the lock file of `data`, if there is one."""
    try:
        return abs(int((data / "postmaster.pid").read_text().split("\n", 1)[0]))
    except (OSError, ValueError):
        return None


def _working_in(data: Path) -> Iterable[int]:
    """Processes whose working folder is `data`: Postgres goes there, and nothing else should."""
    target = data.resolve()
    for entry in PROCESSES.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (entry / "cwd").readlink() != target:
                continue
            if (entry / "comm").read_text().strip() == "postgres":
                yield int(entry.name)


def _signal(processes: Iterable[int], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process, number)
