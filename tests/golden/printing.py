"""Plans and statements as text that a review can read; nothing of the product depends on it."""

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from rowgate.algebra.types import (
    And,
    Compare,
    Constant,
    ListOf,
    Not,
    Or,
    RowColumn,
    SessionValue,
    Variable,
)
from rowgate.base.names import QualifiedName
from rowgate.catalog.types import Function, PgType

_LEFT_OUT = {"known", "at", "check_value", "spelled"}
_CLAUSE = re.compile(
    r"\b(?:select|insert into|delete from|update|from|where|order by|group by|limit|offset|"
    r"returning|values|set|on conflict|left join)\b"
)
_TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|[()]|[^'\"()]+")


def plan_text(plan: object) -> str:
    """A plan as an indented tree: a node a line, what is left at its default not shown."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(node: Any) -> list[str]:
    short = _short(node)
    if short is not None:
        return [short]
    if isinstance(node, Mapping):
        return [line for key, one in node.items() for line in _named(str(key), one)]
    if isinstance(node, tuple | list):
        return [line for one in node for line in _item(one)]
    lines = [type(node).__name__]
    for field in dataclasses.fields(node):
        value = getattr(node, field.name)
        if field.name not in _LEFT_OUT and not callable(value) and not _is_default(field, value):
            lines += ["  " + line for line in _named(field.name, value)]
    return lines


def _item(node: Any) -> list[str]:
    if _is_entry(node):
        return _named(node[0], node[1] if len(node) == 2 else node[1:])
    first, *rest = _lines(node) or ["(none)"]
    return [f"- {first}", *("  " + line for line in rest)]


def _is_entry(node: Any) -> bool:
    """Whether it is a name with what stands under it."""
    if isinstance(node, QualifiedName) or not isinstance(node, tuple):
        return False
    return len(node) > 1 and isinstance(node[0], str)


def _named(name: str, node: Any) -> list[str]:
    lines = _lines(node)
    if not lines:
        return [f"{name}: (none)"]
    plain = isinstance(node, Mapping | tuple | list) and _short(node) is None
    if plain:
        return [f"{name}:", *("  " + line for line in lines)]
    return [f"{name}: {lines[0]}", *lines[1:]]


def _is_default(field: "dataclasses.Field[Any]", value: Any) -> bool:
    if field.default is not dataclasses.MISSING:
        return bool(value == field.default)
    factory = field.default_factory
    return factory is not dataclasses.MISSING and value == factory()


def _short(node: Any) -> str | None:
    """What fits on a line: names, values, comparisons."""
    match node:
        case QualifiedName():
            return f"{node.schema}.{node.name}"
        case PgType():
            return node.name
        case Function():
            return f"{node.name.schema}.{node.name.name}()"
        case None | bool() | int() | str() | float() | frozenset():
            return str(sorted(node)) if isinstance(node, frozenset) else repr(node)
        case RowColumn():
            return f"{'$.' if node.root else ''}{node.column}"
        case Compare():
            left, right = _short(node.operand), _short(node.value)
            return f"{left} {node.operator} {right}" if left and right else None
        case And() | Or() | Not():
            return _short_logic(node)
    return _short_value(node)


def _short_logic(node: And | Or | Not) -> str | None:
    if isinstance(node, Not):
        inner = _short(node.item)
        return None if inner is None else f"not ({inner})"
    if not node.items:
        return "true" if isinstance(node, And) else "false"
    parts = [_short(one) for one in node.items]
    if None in parts:
        return None
    word = " and " if isinstance(node, And) else " or "
    text = "(" + word.join(str(one) for one in parts) + ")"
    return text if len(text) < 80 else None


def _short_value(node: Any) -> str | None:
    many = "[]" if getattr(node, "as_array", False) else ""
    match node:
        case Constant():
            return f"{node.value!r}::{node.type.name}{many}"
        case Variable():
            path = ".".join(map(str, node.path))
            return f"${path}::{node.type.name}{many}"
        case SessionValue():
            return f"session {node.name}::{node.type.name}{many}"
        case ListOf():
            parts = [_short(one) for one in node.items]
            return None if None in parts else "[" + ", ".join(map(str, parts)) + "]"
    return None


def statement_text(text: str) -> str:
    """A statement with a line for each clause, indented by its parentheses; otherwise as it is."""
    made, depth = "", 0
    for token in _TOKEN.findall(text):
        if token == "(":
            depth += 1
        elif token == ")":
            depth -= 1
        if token[0] in "'\"()":
            made += token
            continue
        indent = "\n" + "  " * depth
        made += _CLAUSE.sub(lambda found, indent=indent: indent + found.group(), token)  # type: ignore[misc]
    return re.sub(r"[ \t]+\n", "\n", made).strip() + "\n"
