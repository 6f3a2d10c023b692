"""What `rowgate run` does when a file of the project changes: migrations and metadata are applied,
processes are started again. A problem is printed where it arises; the run goes on.
"""

import select
import sys
from collections.abc import Callable, Sequence
from functools import partial

from rowgate.base.errors import ApiError
from rowgate.cli import options
from rowgate.cli.comparison import told
from rowgate.cli.development import environments
from rowgate.cli.development.children import wait_for
from rowgate.cli.development.starting import Started, migrated, shown
from rowgate.cli.development.watching import METADATA, MIGRATIONS, Watcher, watched_files
from rowgate.cli.engine import Engine
from rowgate.cli.failures import OUTPUT, CommandError
from rowgate.cli.metadata import exported, replaced
from rowgate.cli.metadata_changes import follow_all
from rowgate.cli.revisions import bring_up, pending
from rowgate.cli.writing import counted
from rowgate.metadata.diff import diff
from rowgate.metadata.directory import load

_MOST = 5
"""Changes that are named one by one; of more, only their number is told."""


class Changes:
    """Looks at the files of a run and applies what changed."""

    def __init__(self, started: Started) -> None:
        self._started = started
        project = started.project
        secret = project.values["HASURA_GRAPHQL_ADMIN_SECRET"]
        self._engine = Engine(project.url("engine"), secret)
        self._watcher = Watcher(
            watched_files({p.name: p.watch for p in project.manifest.processes})
        )
        self._problems: Sequence[str] = ()

    def look(self) -> None:
        """Apply what changed since the last look, and an answer that was typed."""
        self._answered()
        changed = self._watcher.changed()
        for name in sorted(changed - {METADATA, MIGRATIONS}):
            self._guarded(name, partial(self._restart, name))
        if MIGRATIONS in changed:
            self._guarded("migrations", self._migrate)
        if changed & {METADATA, MIGRATIONS}:
            self._guarded("metadata", self.apply_metadata)

    def apply_metadata(self) -> None:
        """Replace the engine's metadata by the directory, and print what changed and what is wrong.

        Raises `CommandError` where the engine refuses, `ApiError` where a file is malformed.
        """
        if not options.METADATA.is_dir():
            return
        changes = diff(exported(self._engine), load(options.METADATA))
        problems = replaced(self._engine, options.METADATA, allow_inconsistent=True)
        if changes:
            few = [told(one) for one in changes[:_MOST]]
            more = len(changes) - len(few)
            names = "; ".join([*few, *([f"and {more} more"] if more > 0 else [])])
            OUTPUT.print(
                f"Applied {counted(len(changes), 'change')} to metadata: {names}", markup=False
            )
        self._tell(problems)

    def ask(self) -> None:
        """Ask about migrations that wait for a yes."""
        if not self._started.waiting:
            return
        for step in pending(self._started.databases.application):
            for loss in step.losses:
                OUTPUT.print(f"  {step.file}: {loss}", markup=False)
        if sys.stdin.isatty():
            OUTPUT.print("These migrations lose data. Apply them? Type y and press Enter.")
        else:
            OUTPUT.print("These migrations lose data: `rowgate migrate up` applies them.")

    def _tell(self, problems: Sequence[str]) -> None:
        for one in problems:
            if one not in self._problems:
                OUTPUT.print(f"  problem: {one}", style="red", markup=False)
        if self._problems and not problems:
            OUTPUT.print("All of the metadata is served again.", style="green")
        self._problems = problems

    def _guarded(self, what: str, work: Callable[[], object]) -> None:
        """Do `work`; what it refuses is printed, and the run goes on."""
        try:
            work()
        except (CommandError, ApiError) as error:
            OUTPUT.print(f"  problem with {what}: {error}", style="red", markup=False)

    def _restart(self, name: str) -> None:
        child = self._started.children[name]
        child.stop()
        child.start(self._started.lease)
        try:
            shown(f"Restarting {name}, whose files changed", lambda: wait_for([child]))
        except CommandError:
            child.stop()
            raise

    def _migrate(self) -> None:
        self._started.waiting = migrated(self._started)
        self.ask()
        if not self._started.waiting:
            self._engine.ask("reload_metadata", {"reload_sources": True})

    def _answered(self) -> None:
        """Apply waiting migrations where somebody has typed yes."""
        if not self._started.waiting or not sys.stdin.isatty():
            return
        if not select.select([sys.stdin], [], [], 0)[0]:
            return
        agreed = sys.stdin.readline().strip().lower() in {"y", "yes"}
        self._started.waiting = ()
        if not agreed:
            OUTPUT.print("Left as it is; `rowgate migrate up` applies them later.")
            return
        self._guarded("migrations", self._apply_waiting)
        self._guarded("metadata", self.apply_metadata)

    def _apply_waiting(self) -> None:
        project, databases = self._started.project, self._started.databases
        environment = environments.seeding(project, databases)
        log = project.logs / "migrations.log"
        steps = pending(databases.application)
        shown("Applying migrations", lambda: bring_up(environment, log))
        follow_all(steps, options.METADATA)
        self._engine.ask("reload_metadata", {"reload_sources": True})
