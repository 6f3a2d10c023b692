"""Loopback ports: one that is free, or whether a given one is.

Apart because the supervisor asks the same of every process it starts.
"""

import os
import random
import socket
import sys
from collections import deque

LOOPBACK = "127.0.0.1"
_CHOICE = range(10_240, 22_528)
"""Below the ports that systems give to outgoing connections (from 32,768 on Linux, also with the
10,000 added that the object store uses), so that none takes one between the look and the start."""
_TRIES = 100
_KEPT = 64
_claims: deque[tuple[int, int]] = deque()
"""The ports that were given last, each with the handle of a socket whose name tells other
processes so: between the look and the start of a server, nothing else does."""


def free_port() -> int:
    """A TCP port of the loopback interface that nothing listens on now and that is given to no
    other caller soon, in this process or another; raises `OSError` where none is to be found."""
    for port in random.sample(_CHOICE, _TRIES):
        if is_free(port) and _claimed(port):
            return port
    raise OSError("no free port was found on the loopback interface")


def _claimed(port: int) -> bool:
    """Whether `port` is ours now: the last of them stay so for as long as this process lives."""
    if any(port == given for given, _ in _claims):
        return False
    claim = socket.socket(socket.AF_UNIX)
    if sys.platform == "linux":  # a name without a file, gone with the process that has it
        try:
            claim.bind(f"\0rowgate-port-{port}")
        except OSError:
            claim.close()
            return False
    _claims.append((port, claim.detach()))
    if len(_claims) > _KEPT:
        os.close(_claims.popleft()[1])
    return True


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on `port` of `host` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def answers(port: int, host: str = LOOPBACK, timeout: float = 0.5) -> bool:
    """Whether something accepts connections on `port` of `host`, within `timeout` seconds."""
    try:
        with socket.create_connection((host, port), timeout=timeout):
            return True
    except OSError:
        return False
