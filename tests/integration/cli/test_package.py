"""The built package: `rowgate init` works where there is no checkout."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from rowgate.metadata.directory import load

ROOT = Path(__file__).parents[3]
BUILT_FROM = (
    "rowgate",
    "db",
    "metadata",
    "auth",
    "actions",
    "service",
    "deploy",
    "dbt",
    "templates",
)
BUILD = "import setuptools.build_meta as build, sys; build.build_wheel(sys.argv[1])"


def test_a_wheel_carries_the_reference_application(tmp_path: Path) -> None:
    source = tmp_path / "source"
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", "node_modules")
    for part in BUILT_FROM:
        shutil.copytree(ROOT / part, source / part, ignore=ignored)
    for name in ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "rowgate.toml"):
        shutil.copy(ROOT / name, source / name)
    built = subprocess.run(
        (sys.executable, "-c", BUILD, str(tmp_path)),
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    [wheel] = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    assert {entry.name for entry in site.iterdir() if "dist-info" not in entry.name} == {"rowgate"}

    for template in ("empty", "shelter"):
        made = subprocess.run(
            (sys.executable, "-P", "-m", "rowgate", "init", template, "--template", template),
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(site)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr
        assert (tmp_path / template / "db" / "alembic.ini").is_file()
        assert (tmp_path / template / ".gitignore").is_file()
        assert f'name = "{template}"' in (tmp_path / template / "rowgate.toml").read_text()
    assert load(tmp_path / "shelter" / "metadata") == load(ROOT / "metadata")
    [table] = load(tmp_path / "empty" / "metadata")["sources"][0]["tables"]
    assert table["table"] == {"name": "notes", "schema": "public"}
