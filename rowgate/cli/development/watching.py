"""Which files of a project have changed since they were looked at last.

Polled, since that works on every file system and needs no library; a project has few files.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

METADATA = "metadata"
MIGRATIONS = "migrations"
VERSIONS = Path("db/migrations/versions")
_METADATA_FILES = ("*.yaml", "*.graphql")

Stamp = tuple[int, int]
"""When a file was changed, in nanoseconds, and its size in bytes."""


@dataclass(frozen=True, slots=True)
class Watched:
    """Files below `folders` whose names match one of `patterns`."""

    folders: Sequence[Path]
    patterns: Sequence[str] = ("*.py",)

    def stamps(self) -> Mapping[Path, Stamp]:
        """A stamp of every file that is there."""
        return dict(_stamps(self))


def _stamps(watched: Watched) -> Iterable[tuple[Path, Stamp]]:
    found = (folder.rglob(one) for folder in watched.folders for one in watched.patterns)
    for file in chain.from_iterable(found):
        with suppress(OSError):
            status = file.stat()
            yield file, (status.st_mtime_ns, status.st_size)


@dataclass(slots=True)
class Watcher:
    """Groups of files by name; `changed` names those that changed since it was called last and
    have stayed the same for one call, so that a file is not read while it is being written."""

    groups: Mapping[str, Watched]
    _settled: dict[str, Mapping[Path, Stamp]] = field(default_factory=dict)
    _latest: dict[str, Mapping[Path, Stamp]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._settled = {name: one.stamps() for name, one in self.groups.items()}
        self._latest = dict(self._settled)

    def changed(self) -> frozenset[str]:
        """The names of the groups that changed."""
        found = set()
        for name, one in self.groups.items():
            now = one.stamps()
            if now == self._latest[name] and now != self._settled[name]:
                self._settled[name] = now
                found.add(name)
            self._latest[name] = now
        return frozenset(found)


def watched_files(processes: Mapping[str, Sequence[str]]) -> Mapping[str, Watched]:
    """The groups of a project: metadata, migrations, and the files of each process by its name."""
    return {
        MIGRATIONS: Watched((VERSIONS,)),
        METADATA: Watched((Path("metadata"),), _METADATA_FILES),
        **{
            name: Watched([Path(one) for one in folders])
            for name, folders in processes.items()
            if folders
        },
    }
