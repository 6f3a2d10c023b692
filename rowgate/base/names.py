"""Names: qualified Postgres names, GraphQL names, JSONPath of an error.

Kept together because all three decide whether a string may stand where syntax is built from it.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

PathStep = str | int
RESERVED = "rowgate:"
"""How the columns begin that generated SQL adds to a table's own; no tracked table may have one."""

_GRAPHQL_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*\Z")


class QualifiedName(NamedTuple):
    """A table, view or function by schema and name, exactly as Postgres stores them."""

    schema: str
    name: str

    def __str__(self) -> str:
        """As Hasura prints it in messages: the schema is left out where it is `public`."""
        return self.name if self.schema == "public" else f"{self.schema}.{self.name}"


def is_graphql_name(text: str) -> bool:
    """Whether `text` may be a GraphQL name (October 2021 specification, 2.1.9).

    >>> is_graphql_name("author"), is_graphql_name("a-b"), is_graphql_name("")
    (True, False, False)
    """
    return _GRAPHQL_NAME.match(text) is not None


def jsonpath(steps: Iterable[PathStep]) -> str:
    """The JSONPath of an error: `$.name`, `$["$set"]`, `$[0]`.

    >>> jsonpath(("args", "$set", 0, "a"))
    '$.args["$set"][0].a'
    """
    text = "$"
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        elif is_graphql_name(step):
            text += f".{step}"
        else:
            text += '["' + step.replace("\\", "\\\\").replace('"', '\\"') + '"]'
    return text
