"""JSON log lines and the request they belong to; apart, since every room may log and none may
import another to do so.
"""

import atexit
import logging
import re
import sys
import time
import traceback
from asyncio import AbstractEventLoop, get_running_loop
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import IntEnum
from typing import TextIO

from rowgate.base.json import Json, encode

CLIENT: ContextVar[str | None] = ContextVar("client", default=None)
"""The address of the client that the running task works for, as the socket tells it."""
REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that the running task works for."""

OPTIONAL_TYPES = frozenset(
    {
        "startup",
        "http-log",
        "webhook-log",
        "websocket-log",
        "query-log",
        "execution-log",
        "livequery-poller-log",
        "action-handler-log",
        "data-connector-log",
        "jwk-refresh-log",
        "validate-input-log",
    }
)
"""Types of lines that are written only where they are enabled; all others always are."""

FLUSH_SECONDS = 0.1
HIDDEN = "***"

_CREDENTIALS = re.compile(r"(\w+://[^\s:/@\"]*):[^\s@\"]+@|(Bearer )[\w.~+/=-]+")


class Level(IntEnum):
    """How grave a line is."""

    DEBUG = 10
    INFO = 20
    WARN = 30
    ERROR = 40


_NAMES = {level: level.name.lower() for level in Level}


class Log:
    """Writes `{"type", "timestamp", "level", "detail"}` lines, a request's with its `request_id`.

    Lines are gathered and written every tenth of a second while an event loop runs, so that a
    request does not pay for a system call; errors, and lines outside a loop, are written at once.
    `secrets` are texts that no line may hold: they are replaced by `***`, as are passwords of URLs.
    """

    def __init__(
        self,
        *,
        types: Iterable[str] = OPTIONAL_TYPES,
        level: str = "info",
        secrets: Iterable[str] = (),
        stream: TextIO | None = None,
    ) -> None:
        self._silent = OPTIONAL_TYPES.difference(types)
        self._least = Level[level.upper()]
        self._secrets = tuple(_as_written(secret) for secret in secrets if secret)
        self._stream = stream
        self._lines: list[bytes] = []
        self._loop: AbstractEventLoop | None = None
        self._clock = _Clock()
        atexit.register(self.flush)

    def wants(self, kind: str, level: Level = Level.INFO) -> bool:
        """Whether a line of this type and level would be written."""
        return level >= self._least and kind not in self._silent

    def write(self, kind: str, detail: Json, level: Level = Level.INFO) -> None:
        """One line; `detail` is an object, or a text that becomes one with the key `message`."""
        if not self.wants(kind, level):
            return
        if not isinstance(detail, dict):
            detail = {"message": str(detail)}
        request_id = REQUEST_ID.get()
        if request_id is not None and "request_id" not in detail:
            detail = {**detail, "request_id": request_id}
        line = {
            "type": kind,
            "timestamp": self._clock.now(),
            "level": level.name.lower(),
            "detail": detail,
        }
        self._append(self._cleaned(encode(line)), level)

    def failure(self, kind: str, error: BaseException, **detail: Json) -> None:
        """An error line of an exception: its type, message and the frames that led to it."""
        frames = [
            f"{frame.name} ({frame.filename.rpartition('rowgate/')[2]}:{frame.lineno})"
            for frame in traceback.extract_tb(error.__traceback__)
        ]
        told = {"error": type(error).__name__, "message": str(error), "frames": frames}
        self.write(kind, {**told, **detail}, Level.ERROR)

    def flush(self) -> None:
        """Write what was gathered."""
        self._loop = None
        if not self._lines:
            return
        text = b"".join(self._lines).decode("utf-8", "replace")
        self._lines.clear()
        stream = self._stream or sys.stdout
        try:
            stream.write(text)
            stream.flush()
        except (OSError, ValueError):  # a reader that went away is no reason to stop serving
            return

    def _append(self, line: bytes, level: Level) -> None:
        self._lines.append(line + b"\n")
        try:
            loop = get_running_loop()
        except RuntimeError:
            return self.flush()
        if level >= Level.ERROR or len(self._lines) >= 256:
            return self.flush()
        if self._loop is not loop:
            self._loop = loop
            loop.call_later(FLUSH_SECONDS, self.flush)
        return None

    def _cleaned(self, line: bytes) -> bytes:
        for secret in self._secrets:
            if secret in line:
                line = line.replace(secret, HIDDEN.encode())
        if b"://" in line or b"Bearer " in line:
            line = _CREDENTIALS.sub(_hidden, line.decode()).encode()
        return line


class StandardHandler(logging.Handler):
    """Carries lines of the standard library's loggers (uvicorn, asyncio) into a `Log`."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write `record` as a line of type `unstructured`."""
        level = _level_of(record.levelno)
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            self._log.failure("unstructured", error, logger=record.name, text=record.getMessage())
        else:
            detail = {"logger": record.name, "message": record.getMessage()}
            self._log.write("unstructured", detail, level)


def capture_standard_logging(log: Log) -> Callable[[], None]:
    """Make `log` the only place where the standard library's loggers write, warnings included;
    what is returned undoes it."""
    root = logging.getLogger()
    others = [logging.getLogger(name) for name in _OTHERS]
    before = [(logger, logger.handlers, logger.propagate) for logger in (root, *others)]
    level = root.level

    def undo() -> None:
        logging.captureWarnings(capture=False)
        root.setLevel(level)
        for logger, handlers, propagate in before:
            logger.handlers, logger.propagate = handlers, propagate

    logging.captureWarnings(capture=True)
    root.handlers = [StandardHandler(log)]
    root.setLevel(logging.WARNING)
    for logger in others:
        logger.handlers, logger.propagate = [], True
    return undo


_OTHERS = ("uvicorn", "uvicorn.error", "uvicorn.access", "asyncio")


def _level_of(number: int) -> Level:
    return max(level for level in Level if level <= max(number, Level.DEBUG))


def _as_written(secret: str) -> bytes:
    return encode(secret)[1:-1]


def _hidden(found: re.Match[str]) -> str:
    if found[1]:
        return f"{found[1]}:{HIDDEN}@"
    return f"{found[2]}{HIDDEN}"


class _Clock:
    """Timestamps as `2026-01-01T00:00:00.000+0000`; all but the milliseconds is made once a
    second."""

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def now(self) -> str:
        seconds = time.time()
        whole = int(seconds)
        if whole != self._second:
            self._second = whole
            self._text = datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self._text}.{int((seconds - whole) * 1000):03d}+0000"
