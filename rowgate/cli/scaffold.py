"""`rowgate init`: a new project, made from a template.

Templates come from the checkout that Rowgate is installed from, or from the copy in its package.
"""

import json
import re
import shutil
from pathlib import Path

import rowgate
from rowgate.cli.failures import OUTPUT, CommandError
from rowgate.cli.options import Template

PACKAGE = Path(rowgate.__file__).parent
PARTS = ("db", "metadata", "auth", "actions", "service", "deploy", "dbt", "rowgate.toml")
"""The reference application; of it, every project gets how migrations are run."""
_MIGRATING = (
    "db/__init__.py",
    "db/alembic.ini",
    "db/migrations/__init__.py",
    "db/migrations/env.py",
    "db/migrations/script.py.mako",
    "db/migrations/versions/__init__.py",
)
_NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.pyc")
_NAME = re.compile(r"^name = .*$", re.MULTILINE)


def init(folder: Path, template: Template) -> None:
    """Make a project in `folder`, which must be new or empty. Raises `CommandError` where the
    folder holds something, or cannot be written."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CommandError(f"{folder} is not empty: give the name of a new folder.")
    reference, own = _reference(), _templates() / template
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for part in PARTS if template is Template.SHELTER else _MIGRATING:
            _copy(reference / part, folder / part)
        shutil.copytree(own, folder, ignore=_NOT_COPIED, dirs_exist_ok=True)
        (folder / "gitignore").rename(folder / ".gitignore")
        _name(folder, folder.absolute().name)
    except OSError as error:
        raise CommandError(f"{folder} cannot be written: {error.strerror}.") from None
    OUTPUT.print(f"Made {folder}. Then:\n\n  cd {folder}\n  rowgate run\n", markup=False)
    OUTPUT.print("README.md says how to go on.")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=_NOT_COPIED)
    else:
        shutil.copyfile(source, target)


def _name(folder: Path, name: str) -> None:
    """Put the project's name into its README and its manifest."""
    readme, manifest = folder / "README.md", folder / "rowgate.toml"
    readme.write_text(readme.read_text().replace("${name}", name))
    line = f"name = {json.dumps(name)}"
    manifest.write_text(_NAME.sub(lambda _: line, manifest.read_text(), count=1))


def _reference() -> Path:
    """Where the reference application is. Raises `CommandError` where it is not."""
    for place in (PACKAGE / "reference", PACKAGE.parent):
        if all((place / part).exists() for part in PARTS):
            return place
    raise CommandError(
        "This installation has no templates: install Rowgate's wheel or a checkout of it."
    )


def _templates() -> Path:
    inside = PACKAGE / "reference" / "templates"
    return inside if inside.is_dir() else PACKAGE.parent / "templates"
