"""JSON logs, one object a line, each with the id of the request that it was written for."""

import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime

import orjson

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request under way; None outside of one."""

DETAIL = "detail"


class JsonLines(logging.Formatter):
    """Writes a record as `{type, timestamp, level, request_id, detail}`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line; a traceback becomes a member of `detail`."""
        detail: dict[str, object] = {"message": record.getMessage()}
        detail.update(getattr(record, DETAIL, {}))
        if record.exc_info:
            detail["traceback"] = self.formatException(record.exc_info)
        line = {
            "type": record.name,
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "request_id": request_id.get(),
            "detail": detail,
        }
        return orjson.dumps(line, default=str).decode()


def configure(level: str) -> None:
    """Send every logger of the process to stdout as JSON lines of `level` and above."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for quiet in ("botocore", "boto3", "urllib3", "httpx", "httpcore", "s3transfer", "PIL"):
        logging.getLogger(quiet).setLevel(logging.WARNING)


def say(kind: str, message: str, level: int = logging.INFO, **detail: object) -> None:
    """Write one line of `kind`; `detail` must hold no secret, token or password."""
    logging.getLogger(kind).log(level, message, extra={DETAIL: detail})
