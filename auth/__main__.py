"""`python -m auth` serves; `python -m auth rotate` makes a new signing key for running services."""

import os
import sys
from pathlib import Path

from auth.app import create
from auth.keys import KeyRing
from service.process import serve
from service.settings import Environment, SettingsError

DEFAULT_PORT = 8081


def main() -> None:
    """Run the command that was asked for."""
    match sys.argv[1:]:
        case []:
            serve(create, DEFAULT_PORT)
        case ["rotate"]:
            _rotate()
        case _:
            sys.exit("usage: python -m auth [rotate]")


def _rotate() -> None:
    try:
        directory = Path(Environment(os.environ).text("AUTH_PRIVATE_KEY_DIR"))
        ring = KeyRing(directory, 0)
        ring.open()
        made = ring.rotate()
    except SettingsError as error:
        sys.exit(str(error))
    sys.stdout.write(f"new key {made.kid}; it signs once verifiers have had time to fetch it\n")


if __name__ == "__main__":
    main()
