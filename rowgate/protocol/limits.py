"""What a connection may cost before its request is known, and when nobody reads the answer."""

import resource
from contextlib import suppress
from dataclasses import dataclass

MOST_FILES = 65_536
"""How many files and connections a process asks to be allowed."""
UNIT = 128 * 1024
"""Bytes of a body, or of an answer, for which each further span of time is given."""


@dataclass(frozen=True, slots=True)
class Limits:
    """0 is no limit. `head`: bytes of a request's head. Seconds: `head_seconds` until the head of a
    request has come, `body_seconds` until each 128 KiB of its body have, `write_seconds` in which a
    client must have read something of an answer."""

    head: int = 64 * 1024
    head_seconds: float = 10.0
    body_seconds: float = 30.0
    write_seconds: float = 30.0

    def body_within(self, received: int) -> float:
        """Seconds after which a body must be complete of which so much has come."""
        return self.body_seconds * (1 + received // UNIT)


def raise_file_limit() -> None:
    """Let the process have as many connections as the system lets it: the usual 1,024 files are
    used up by as many clients that only connect."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
