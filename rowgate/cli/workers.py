"""Several processes that accept from one socket: started, replaced when one dies, ended together.

Apart from `serve` because this process does nothing else: it runs no event loop and opens no
database, so that it can fork at any time.
"""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress

from rowgate.base.observation import Level, Log

_HEARD = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_LONG = 10.0
_PAUSE = 1.0
FAILED = 1


class Lines:
    """What a worker has to its parent: `ready`, written to once it can answer, and `lifeline`,
    which ends when the parent does."""

    def __init__(self) -> None:
        self._ready, self._told = os.pipe()
        self._lifeline, self._held = os.pipe()
        os.set_blocking(self._ready, False)

    def become_child(self) -> None:
        """Keep the worker's ends only."""
        os.close(self._ready)
        os.close(self._held)

    @property
    def lifeline(self) -> int:
        """A file descriptor that becomes readable when the parent has ended."""
        return self._lifeline

    def tell(self) -> None:
        """The worker can answer."""
        with suppress(OSError):
            os.write(self._told, b".")

    def heard(self) -> int:
        """How many workers have told so since this was asked last."""
        with suppress(BlockingIOError):
            return len(os.read(self._ready, 4096))
        return 0


class Workers:
    """`count` processes that run `serve` with the socket `listener`. Where one ends before all
    could answer, the start has failed; later on, one that ends is replaced."""

    def __init__(self, count: int, listener: socket.socket, serve: Callable[[Lines], int]) -> None:
        self._count = count
        self._listener = listener
        self._serve = serve
        self._lines = Lines()
        self._born: dict[int, float] = {}
        self._ready = 0
        self._ending = False
        self._worst = 0

    def run(self) -> int:
        """Start them, and stay until all have ended; the exit status of the whole."""
        signal.signal(signal.SIGTERM, self._end)
        signal.signal(signal.SIGINT, self._end)
        signal.signal(signal.SIGHUP, self._pass_on)
        for _ in range(self._count):
            self._start()
        while self._born:
            ended, status = os.wait()
            self._mourn(ended, abs(os.waitstatus_to_exitcode(status)))
        return FAILED if self._worst else 0

    def _start(self) -> None:
        """A child gets no signal before it knows what to do with it, and none of ours' doing."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
        try:
            child = 0 if self._ending else os.fork()
            if child:
                self._born[child] = time.monotonic()
            elif not self._ending:
                sys.exit(self._live())
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD)

    def _live(self) -> int:
        for one in _HEARD:
            signal.signal(one, signal.SIG_IGN if one is signal.SIGHUP else signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD)
        self._lines.become_child()
        return self._serve(self._lines)

    def _mourn(self, ended: int, status: int) -> None:
        lived = time.monotonic() - self._born.pop(ended)
        self._ready += self._lines.heard()
        if self._ending:
            self._worst = max(self._worst, status)
        elif self._ready < self._count:
            self._worst = max(self._worst, status)
            self._end()
        else:
            told = {"kind": "worker-replaced", "process": ended, "status": status}
            Log().write("startup", told, Level.WARN)
            if lived < _LONG:
                time.sleep(_PAUSE)
            self._start()

    def _end(self, *_: object) -> None:
        if not self._ending:
            self._ending = True
            self._listener.close()
            self._send(signal.SIGTERM)

    def _pass_on(self, *_: object) -> None:
        self._send(signal.SIGHUP)

    def _send(self, number: signal.Signals) -> None:
        for one in tuple(self._born):
            with suppress(ProcessLookupError):
                os.kill(one, number)
