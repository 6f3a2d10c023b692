"""One YAML file: text to a tree that keeps comments and order, and back with the least change.

Apart from `directory`, which knows which file holds what; here every file is alike.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from math import isfinite
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq, TaggedScalar
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.representer import RoundTripRepresenter
from ruamel.yaml.scalarbool import ScalarBoolean
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

from rowgate.base.errors import ParseFailed
from rowgate.base.json import ExactNumber, Json, number

INCLUDE = "!include"
_INCLUDE_TEXT = re.compile(r"!include\s+(\S.*)\Z")
_LIST_IN_MAP = re.compile(r"^( *)[^\s#-][^\n]*:[ \t]*\n( *)- ", re.MULTILINE)
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?\Z", re.ASCII)
_BLOCK = re.compile(r"(?:\S(?:[^\n]*\S)?\n(?:[^\n]*\S)?)+\Z")
_WIDTH = 1_000_000


class _Constructor(RoundTripConstructor):
    """Reads dates as the text that they are in JSON, and numbers with all their digits."""

    def construct_scalar_text(self, node: Any) -> str:
        """The scalar's text."""
        return str(node.value)

    def construct_number(self, node: Any) -> Any:
        """An `ExactNumber` where a double would round, else what YAML makes of it."""
        text = str(node.value)
        exact = number(text) if _NUMBER.match(text) else None
        return exact if isinstance(exact, ExactNumber) else self.construct_yaml_float(node)


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", _Constructor.construct_scalar_text)
_Constructor.add_constructor("tag:yaml.org,2002:float", _Constructor.construct_number)


class _Representer(RoundTripRepresenter):
    """Writes numbers with all their digits."""

    def represent_number(self, value: ExactNumber) -> Any:
        """The number's text as a scalar."""
        return self.represent_scalar("tag:yaml.org,2002:float", value.text)


_Representer.add_representer(ExactNumber, _Representer.represent_number)


@dataclass(frozen=True, slots=True)
class Source:
    """A file's tree together with its place, for messages: `name` is relative to the directory."""

    name: str
    tree: Any
    text: str


def parse(name: str, text: str) -> Source:
    """The tree of a YAML text; raises `ParseFailed` that names file and line."""
    try:
        return Source(name, _yaml(2).load(text), text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ParseFailed(f"{name}:{line}: {error.problem or error.context}") from None
    except ParseFailed as error:
        raise ParseFailed(f"{name}: {error.message}") from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise ParseFailed(f"{name}: {error}") from None


def _yaml(offset: int) -> YAML:
    yaml = YAML(typ="rt")
    yaml.Constructor = _Constructor
    yaml.Representer = _Representer
    yaml.preserve_quotes = True
    yaml.width = _WIDTH
    yaml.indent(mapping=2, sequence=offset + 2, offset=offset)
    return yaml


def line_of(parent: Any, key: Any) -> int | None:
    """The line, from 1, on which the value of `key` stands in a tree's mapping or sequence."""
    positions = getattr(getattr(parent, "lc", None), "data", None) or {}
    return positions[key][0] + 1 if key in positions else None


def include_of(node: Any) -> str | None:
    """The path of an include, of either form: the tag, or a text that begins like it."""
    if isinstance(node, TaggedScalar):
        return str(node.value) if str(node.tag.value) == INCLUDE else None
    match = _INCLUDE_TEXT.match(node) if isinstance(node, str) else None
    return match.group(1).strip() if match else None


def plain(node: Any) -> Json:
    """The JSON value of a tree; includes stay the text `!include path`. Raises `ValueError` where
    YAML says something that JSON cannot."""
    match node:
        case Mapping():
            return {key_of(key): plain(value) for key, value in node.items()}
        case list():
            return [plain(value) for value in node]
        case TaggedScalar():
            path = include_of(node)
            if path is None:
                raise ValueError(f"the tag {node.tag.value} has no place here")
            return f"{INCLUDE} {path}"
        case _:
            return _plain_scalar(node)


def _plain_scalar(node: Any) -> Json:
    match node:
        case None | bool():
            return node
        case str():
            return str(node)
        case ScalarBoolean():
            return bool(node)
        case int():
            return int(node)
        case ExactNumber():
            return node
        case float() if isfinite(node):
            return float(node)
        case _:
            raise ValueError(f"{node!r} has no place in metadata")


def key_of(key: Any) -> str:
    """The JSON key of a tree's key; raises `ValueError` where it is a list, a number with a point
    or the like."""
    match key:
        case str():
            return str(key)
        case bool() | ScalarBoolean():
            return "true" if key else "false"
        case int():
            return str(int(key))
        case _:
            raise ValueError(f"{key!r} cannot be a key of metadata")


def same(one: Json, other: Json) -> bool:
    """Whether two JSON values are equal; true is not 1, and the order of keys does not count."""
    match one, other:
        case dict(), dict():
            return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
        case list(), list():
            return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


def fresh(value: Json) -> Any:
    """A new tree of a JSON value: long texts as blocks, what YAML would mistake in quotes."""
    match value:
        case dict():
            return CommentedMap({fresh_text(key): fresh(item) for key, item in value.items()})
        case list():
            return CommentedSeq([fresh(item) for item in value])
        case str() if _BLOCK.match(value) and value.replace("\n", "").isprintable():
            return LiteralScalarString(value)
        case str():
            return fresh_text(value)
        case _:
            return value


def fresh_text(text: str) -> str:
    """A new key or value on one line; in double quotes, with escapes, where it is not plain."""
    is_plain = text.isprintable() and text != "<<" and text == text.strip()
    return text if is_plain else DoubleQuotedScalarString(text)


def include(path: str) -> Any:
    """A new include, in the quoted form that every version of the CLI reads."""
    return DoubleQuotedScalarString(f"{INCLUDE} {path}")


def text_of(tree: Any, before: str | None) -> str:
    """The YAML text of a tree, laid out as the text `before` it was; raises `ParseFailed` where
    it would not read back as the same."""
    offset = _offset(before)
    stream = StringIO()
    _yaml(offset).dump(tree, stream)
    text = stream.getvalue()
    if isinstance(tree, list) and tree and offset and not (before or "").startswith("  "):
        text = re.sub(f"^{' ' * offset}", "", text, flags=re.MULTILINE)
    if not same(plain(parse("text", text).tree), plain(tree)):
        raise ParseFailed("a value cannot be written so that it reads back the same")
    return text


def _offset(before: str | None) -> int:
    """By how much lists are indented below their key; 2 where nothing tells."""
    found = _LIST_IN_MAP.search(before or "")
    return len(found.group(2)) - len(found.group(1)) if found else 2


def write(path: Path, text: str) -> None:
    """Puts the text in the file at once, by way of a neighbour; leaves equal files alone."""
    if path.is_file() and path.read_bytes() == text.encode():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(text, encoding="utf-8", newline="")
    draft.replace(path)
