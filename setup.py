"""Puts the reference application into built packages as rowgate/reference, for `rowgate init`.

Everything else about the package is in pyproject.toml.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

PARTS = ("db", "metadata", "auth", "actions", "service", "deploy", "dbt", "templates")
FILES = ("rowgate.toml",)


class WithReference(build_py):
    """Builds the package as ever, then adds the reference application as data."""

    def run(self) -> None:
        """Copy the folders, unless the package is installed for editing."""
        super().run()
        if self.editable_mode:
            return
        for part in PARTS:
            target = Path(self.build_lib, "rowgate", "reference", part)
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(part, target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        for name in FILES:
            shutil.copyfile(name, Path(self.build_lib, "rowgate", "reference", name))


setup(cmdclass={"build_py": WithReference})
