"""Log lines: their form, what is written, and that no secret is in them."""

import logging
import warnings
from io import StringIO
from typing import Any

from rowgate.base.json import decode
from rowgate.base.observation import REQUEST_ID, Level, Log, capture_standard_logging


def lines(stream: StringIO) -> list[Any]:
    return [decode(line) for line in stream.getvalue().splitlines()]


def test_a_line() -> None:
    stream = StringIO()
    Log(stream=stream).write("startup", {"kind": "x"})
    (line,) = lines(stream)
    assert list(line) == ["type", "timestamp", "level", "detail"]
    assert (line["type"], line["level"], line["detail"]) == ("startup", "info", {"kind": "x"})
    assert len(line["timestamp"]) == len("2026-01-01T00:00:00.000+0000")


def test_lines_of_a_request_carry_its_id() -> None:
    stream = StringIO()
    token = REQUEST_ID.set("abc")
    try:
        Log(stream=stream).write("metadata", "changed")
    finally:
        REQUEST_ID.reset(token)
    assert lines(stream)[0]["detail"] == {"message": "changed", "request_id": "abc"}


def test_types_and_levels_that_are_off() -> None:
    stream = StringIO()
    log = Log(types={"startup"}, level="warn", stream=stream)
    log.write("http-log", {}, Level.ERROR)
    log.write("startup", {}, Level.INFO)
    log.write("startup", {}, Level.WARN)
    log.write("pg-client", {}, Level.ERROR)
    assert [line["type"] for line in lines(stream)] == ["startup", "pg-client"]


def test_secrets_are_hidden() -> None:
    stream = StringIO()
    log = Log(stream=stream, secrets=['canary"secret'])
    log.write("startup", {"a": 'x canary"secret y'})
    log.write("startup", "cannot connect to postgresql://user:hunter2@db:5432/x")
    log.write("startup", "header Authorization: Bearer eyJhbGciOi.J9.abc")
    text = stream.getvalue()
    assert "canary" not in text
    assert "hunter2" not in text
    assert "eyJ" not in text
    assert "postgresql://user:***@db:5432/x" in text


def test_a_failure_tells_where_it_came_from() -> None:
    stream = StringIO()
    log = Log(stream=stream)
    try:
        raise KeyError("missing")
    except KeyError as error:
        log.failure("unstructured", error)
    (line,) = lines(stream)
    assert line["level"] == "error"
    assert line["detail"]["error"] == "KeyError"
    assert "test_a_failure_tells_where_it_came_from" in line["detail"]["frames"][0]


async def test_lines_are_gathered_in_a_loop_but_errors_are_not() -> None:
    stream = StringIO()
    log = Log(stream=stream)
    log.write("http-log", {"n": 1})
    assert stream.getvalue() == ""
    log.write("http-log", {"n": 2}, Level.ERROR)
    assert [line["detail"]["n"] for line in lines(stream)] == [1, 2]
    log.write("http-log", {"n": 3})
    log.flush()
    assert len(lines(stream)) == 3


def test_the_standard_library_writes_the_same_lines() -> None:
    logging.captureWarnings(capture=False)  # an engine of another test may have left it on
    root = logging.getLogger()
    before = list(root.handlers)
    stream = StringIO()
    undo = capture_standard_logging(Log(stream=stream))
    try:
        logging.getLogger("uvicorn.error").error("it is %s", "bad")
        warnings.showwarning("old", UserWarning, "here.py", 1)
    finally:
        undo()
    assert root.handlers == before
    told = [(line["type"], line["detail"]["logger"]) for line in lines(stream)]
    assert told == [("unstructured", "uvicorn.error"), ("unstructured", "py.warnings")]


def test_a_reader_that_went_away_is_no_reason_to_fail() -> None:
    stream = StringIO()
    log = Log(stream=stream)
    stream.close()
    log.write("startup", {}, Level.ERROR)
    assert stream.closed
