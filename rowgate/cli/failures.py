"""How a command ends that cannot go on: one sentence on stderr, status 1, no traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from rowgate.base.errors import ApiError
from rowgate.postgres import LauncherError
from rowgate.settings import SettingsError

ERRORS = Console(stderr=True, highlight=False, soft_wrap=True)
OUTPUT = Console(highlight=False, soft_wrap=True)

TROUBLE = 2
"""Status of a command whose status 1 is an answer: that something was found, as with `diff`."""


class CommandError(Exception):
    """A command that cannot go on; the message is one sentence and what to do about it."""


@contextmanager
def told_in_one_sentence(status: int = 1) -> Iterator[None]:
    """Turn the refusals that a user can do something about into a sentence and `status`."""
    try:
        yield
    except (CommandError, LauncherError, SettingsError, ApiError) as error:
        ERRORS.print(f"[red]rowgate:[/red] {_escaped(str(error))}")
        raise SystemExit(status) from None


def _escaped(text: str) -> str:
    return text.replace("[", "\\[")
