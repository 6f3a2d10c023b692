"""`python -m db.seeds`: sow into DATABASE_URL, with SEED_PASSWORD as the people's password."""

import os
import sys

from db.seeds.rows import USERNAMES
from db.seeds.sow import sow


def _required(name: str, meaning: str) -> str:
    value = os.environ.get(name)
    if not value:
        sys.exit(f"{name} is not set: {meaning}.")
    return value


def main() -> None:
    """Sow, and say whom."""
    url = _required("DATABASE_URL", "it names the database to sow into")
    password = _required("SEED_PASSWORD", "the seeded people sign in with it")
    sow(url, password)
    sys.stdout.write(f"seeded: {', '.join(USERNAMES)}\n")


if __name__ == "__main__":
    main()
