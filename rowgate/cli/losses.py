"""Which data a migration file loses, read from its `upgrade` as a syntax tree and not run."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from rowgate.cli.migration_source import operation, operations, table_of, text_of

_DROPS = re.compile(r"\b(drop\s+(table|column|schema)|truncate)\b", re.IGNORECASE)


def losses_of(file: Path) -> tuple[str, ...]:
    """A sentence for every table or column that `upgrade` drops, every column whose type it
    changes, and every SQL text that drops or truncates. Raises `SyntaxError`."""
    tree = ast.parse(file.read_text(), str(file))
    return tuple(loss for call in operations(tree) for loss in _losses(call))


def _losses(call: ast.Call) -> Iterator[str]:
    match operation(call):
        case "drop_table":
            yield f"drops the table {table_of(call)} and its rows"
        case "drop_column":
            yield f"drops the column {text_of(call.args[1])} of {table_of(call)} and its values"
        case "alter_column" if _retyped(call):
            column = text_of(call.args[1])
            yield f"changes the type of {column} of {table_of(call)}; values may not fit"
        case "execute" if call.args and _DROPS.search(text_of(call.args[0])):
            yield f"runs `{' '.join(text_of(call.args[0]).split())[:80]}`"


def _retyped(call: ast.Call) -> bool:
    return any(one.arg == "type_" for one in call.keywords)
