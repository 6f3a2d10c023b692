"""Loopback ports: one that is free, or whether a given one is.

Apart because the supervisor asks the same of every process it starts.
"""

import random
import socket

LOOPBACK = "127.0.0.1"
_CHOICE = range(10_240, 22_528)
"""Below the ports that systems give to outgoing connections (from 32,768 on Linux, also with the
10,000 added that the object store uses), so that none takes one between the look and the start."""
_TRIES = 100


def free_port() -> int:
    """A TCP port of the loopback interface that nothing listens on now, taken at random so that
    two who look at once do not find the same; raises `OSError` where none is to be found."""
    for port in random.sample(_CHOICE, _TRIES):
        if is_free(port):
            return port
    raise OSError("no free port was found on the loopback interface")


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
