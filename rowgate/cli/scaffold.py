"""`rowgate init`: a new project, made of the reference application.

Its files come from the checkout that Rowgate is installed from, or from the copy in its package.
"""

import shutil
from enum import StrEnum
from pathlib import Path

import rowgate
from rowgate.cli.failures import OUTPUT, CommandError
from rowgate.metadata.directory import load, save

PACKAGE = Path(rowgate.__file__).parent
_NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.pyc")
_GITIGNORE = ".env\n.rowgate/\n.venv/\n__pycache__/\n"
_ABOUT_SERVICES = """\
* `auth/` signs people in and mints their tokens, `actions/` holds what is logic: both are
  FastAPI services; `service/` is what they share.
"""
_README = """\
# {name}

A GraphQL API over Postgres, declared and not written, served by Rowgate.

    rowgate run             # Postgres, migrations, metadata, seeds, engine; Ctrl-C stops all of it
    rowgate metadata lint   # before a commit
    rowgate doctor          # when something does not work

* `db/models.py` is what there is: change it, then `rowgate migrate create "what changed" --apply`
  and `rowgate migrate up`.
* `metadata/` is who may see and do what: change it, then `rowgate metadata apply`.
{services}
Secrets are made at the first start, into `.env`, which is not to be committed.
"""


class Size(StrEnum):
    """How much of the reference application a new project gets."""

    MINIMAL = "minimal"
    FULL = "full"


PARTS = {
    Size.MINIMAL: ("db", "metadata"),
    Size.FULL: ("db", "metadata", "auth", "actions", "service"),
}
_OF_ACTIONS = ("actions", "custom_types")


def init(folder: Path, size: Size) -> None:
    """Make a project in `folder`, which must be new or empty: tables and metadata; with `FULL` the
    services, too. Raises `CommandError` where the folder holds something, or cannot be written."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CommandError(f"{folder} is not empty: give the name of a new folder.")
    source = _reference()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for part in PARTS[size]:
            shutil.copytree(source / part, folder / part, ignore=_NOT_COPIED)
        _adapt(folder, size)
    except OSError as error:
        raise CommandError(f"{folder} cannot be written: {error.strerror}.") from None
    OUTPUT.print(f"Made {folder}. Then:\n\n  cd {folder}\n  rowgate run\n", markup=False)


def _adapt(folder: Path, size: Size) -> None:
    if size is Size.MINIMAL:
        document = load(folder / "metadata")
        rest = {key: value for key, value in document.items() if key not in _OF_ACTIONS}
        save(rest, folder / "metadata")
    services = _ABOUT_SERVICES if size is Size.FULL else ""
    name = folder.absolute().name
    (folder / "README.md").write_text(_README.format(name=name, services=services))
    (folder / ".gitignore").write_text(_GITIGNORE)


def _reference() -> Path:
    """Where the reference application is. Raises `CommandError` where it is not."""
    for place in (PACKAGE / "reference", PACKAGE.parent):
        if all((place / part).is_dir() for part in PARTS[Size.FULL]):
            return place
    raise CommandError(
        "This installation has no reference application: install Rowgate's wheel or a checkout."
    )
