"""Reads what views and functions reach besides themselves. Apart from `introspect`, as `indexes`
is: only checks need it."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib.resources import files

import asyncpg

from rowgate.base.names import QualifiedName
from rowgate.catalog.types import FunctionReach, Reach

_FILES = files("rowgate.catalog")
_VIEWS = _FILES.joinpath("reach_views.sql").read_text()
_FUNCTIONS = _FILES.joinpath("reach_functions.sql").read_text()
_WORD = r'(?:"(?:[^"]|"")+"|[A-Za-z_][\w$]*)'
_READ = re.compile(r"\b(?:from|join)\b[\s(]*(?:only\s+)?", re.I)
_ITEM = re.compile(rf"\s*({_WORD})(?:\s*\.\s*({_WORD}))?(?:(?:\s+(?:as\s+)?{_WORD})?\s*(,))?", re.I)
_COMMENT = re.compile(r"--[^\n]*|/\*.*?(?:\*/|\Z)", re.S)


async def reach(connection: asyncpg.Connection) -> Reach:
    """What every view and function reaches; raises what asyncpg raises where the database cannot
    be asked. What a function reads is told by its text, names that are put together aside."""
    views: defaultdict[QualifiedName, dict[QualifiedName, frozenset[str]]] = defaultdict(dict)
    for row in await connection.fetch(_VIEWS):
        base = QualifiedName(row["base_schema"], row["base"])
        views[QualifiedName(row["schema"], row["name"])][base] = frozenset(row["columns"])
    functions: dict[QualifiedName, FunctionReach] = {}
    for row in await connection.fetch(_FUNCTIONS):
        name = QualifiedName(row["schema"], row["name"])
        functions[name] = _joined(functions.get(name), _function(name, row))
    return Reach(_through(views), functions)


def _function(name: QualifiedName, row: asyncpg.Record) -> FunctionReach:
    return FunctionReach(
        reads=frozenset(read_by(row["body"], name.schema)),
        definer=bool(row["definer"]),
        has_path="search_path=" in row["settings"],
    )


def _joined(one: FunctionReach | None, other: FunctionReach) -> FunctionReach:
    """What either overload reaches, with whichever rights are wider."""
    if one is None:
        return other
    both = one.reads | other.reads
    return FunctionReach(both, one.definer or other.definer, one.has_path and other.has_path)


def _through(
    views: Mapping[QualifiedName, Mapping[QualifiedName, frozenset[str]]],
) -> dict[QualifiedName, dict[QualifiedName, frozenset[str]]]:
    """The same, what views of views reach included."""
    return {view: _reached(view, views) for view in views}


def _reached(
    view: QualifiedName, views: Mapping[QualifiedName, Mapping[QualifiedName, frozenset[str]]]
) -> dict[QualifiedName, frozenset[str]]:
    reached: dict[QualifiedName, frozenset[str]] = {}
    waiting = [view]
    while waiting:
        bases = views.get(waiting.pop(), {})
        waiting += [base for base in bases if base not in reached]
        for base, columns in bases.items():
            reached[base] = reached.get(base, frozenset()) | columns
    return reached


def read_by(body: str, schema: str) -> Iterator[QualifiedName]:
    """The names that a function's text reads from; one without a schema may be of the function's
    own or of `public`.

    >>> sorted(map(str, read_by('select from a.b x, "C d" join e -- from f', "public")))
    ['C d', 'a.b', 'e']
    """
    text = _COMMENT.sub(" ", body)
    begins = _READ.search(text)
    while begins is not None:
        end = begins.end()
        item = _ITEM.match(text, end)
        while item is not None:
            first, second, more = item.groups()
            schemas = {_plain(first)} if second else {schema, "public"}
            yield from (QualifiedName(one, _plain(second or first)) for one in schemas)
            end = item.end()
            item = _ITEM.match(text, end) if more else None
        begins = _READ.search(text, end)


def _plain(word: str) -> str:
    if word.startswith('"'):
        return word[1:-1].replace('""', '"')
    return word.lower()
