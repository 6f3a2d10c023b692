"""`rowgate reset`: drop the data of the state folder, after asking."""

import os
import shutil
import sys
from pathlib import Path

import typer

from rowgate.cli.development.project import DEFAULT_STATE, locked
from rowgate.cli.failures import OUTPUT, CommandError

DATA = ("postgres", "objects", "migrated", "logs", "run.json")
"""What is dropped; signing keys and `.env` stay."""


def reset(state: Path | None, yes: bool) -> None:  # noqa: FBT001 - straight from the flag
    """Drop databases, objects and logs. Raises `CommandError` while they are in use, or where
    nobody can be asked."""
    folder = (state or DEFAULT_STATE).absolute()
    if not folder.is_dir():
        OUTPUT.print("There is no data to drop.")
        return
    lock = locked(folder)
    try:
        if not yes:
            _ask(folder)
        for name in DATA:
            _drop(folder / name)
    finally:
        os.close(lock)
    OUTPUT.print("Dropped.")


def _ask(folder: Path) -> None:
    if not sys.stdin.isatty():
        raise CommandError(
            "There is no terminal to ask on: `rowgate reset --yes` drops the data without asking."
        )
    if not typer.confirm(f"Drop every row and object below {folder}?"):
        raise CommandError("Nothing was dropped.")


def _drop(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
