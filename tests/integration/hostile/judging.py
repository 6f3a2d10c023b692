"""What every answer to hostile input must look like, whatever was asked."""

import json
from typing import Any

from rowgate.pipeline import Answer
from tests.serving import Served

CODES = {
    "bad-request",
    "constraint-error",
    "constraint-violation",
    "data-exception",
    "invalid-json",
    "not-found",
    "not-supported",
    "parse-failed",
    "permission-denied",
    "permission-error",
    "postgres-error",
    "unexpected",
    "validation-failed",
}
LEAKS = ("Traceback", 'File "', "json_build_object", "coalesce(json_agg", "asyncpg", "::text)")


def judged(answer: Answer, *, unexpected: bool = False) -> Any:
    """The decoded answer, once it has the contract's shape; `unexpected` allows a failure of the
    database's own."""
    assert answer.status == 200, answer
    decoded = json.loads(answer.body)
    text = answer.body.decode()
    assert not [one for one in LEAKS if one in text], text[:500]
    if set(decoded) == {"data"}:
        return decoded
    assert set(decoded) == {"errors"}, text[:500]
    for error in decoded["errors"]:
        assert set(error) == {"message", "extensions"}, error
        assert error["extensions"]["code"] in CODES, error
        assert error["extensions"]["path"].startswith("$"), error
        assert error["extensions"]["code"] != "unexpected" or unexpected, error
    return decoded


def still_works(served: Served) -> None:
    """The next request is answered."""
    assert served.ask("{ __typename }") == {"data": {"__typename": "query_root"}}
