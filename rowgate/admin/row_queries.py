"""The legacy API's language of rows, as read: columns, order, what to insert and to change.

Nothing here knows the tables; names are looked up when a query is planned (`row_plans`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rowgate.admin.arguments import Arguments, expect_list, expect_object, expect_text
from rowgate.base.errors import NotSupported, ParseFailed
from rowgate.base.json import Json
from rowgate.base.names import PathStep, QualifiedName

Path = tuple[PathStep, ...]
ALL = "*"
_DEPTH = 50


@dataclass(frozen=True, slots=True)
class ColumnPart:
    """A column, or (`*`) all of them."""

    name: str


@dataclass(frozen=True, slots=True)
class RelationshipPart:
    """Rows of a relationship under its name or `alias`."""

    name: str
    alias: str
    query: "RowQuery"


Part = ColumnPart | RelationshipPart


@dataclass(frozen=True, slots=True)
class OrderPart:
    """A sort key: names of relationships and at last of a column. `nulls_first` None: as Postgres
    sorts, first where descending."""

    path: tuple[str, ...]
    descending: bool = False
    nulls_first: bool | None = None


@dataclass(frozen=True, slots=True)
class RowQuery:
    """What is shown of which rows."""

    parts: tuple[Part, ...]
    where: Json = field(default_factory=dict)
    order_by: tuple[OrderPart, ...] = ()
    limit: int | None = None
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class OnConflict:
    """What an insert does about a row that is there: `update` it, or else leave it; told by a
    constraint's name, by columns, or by neither."""

    update: bool
    constraint: str | None = None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """The table that a query is about."""

    source: str
    table: QualifiedName


def target(given: Arguments) -> Target:
    """The `source` and `table` of a query."""
    return Target(given.source(), given.table())


def row_query(given: Arguments, depth: int = 0) -> RowQuery:
    """`columns`, `where`, `order_by`, `limit` and `offset`."""
    if depth > _DEPTH:
        raise ParseFailed("the query is nested too deeply", path=given.path)
    parts = expect_list(given.need("columns"), given.at("columns"))
    return RowQuery(
        tuple(_part(one, (*given.at("columns"), i), depth) for i, one in enumerate(parts)),
        expect_object(given.get("where", {}), given.at("where")),
        _orders(given.get("order_by", []), given.at("order_by")),
        _count(given, "limit"),
        _count(given, "offset"),
    )


def _part(value: Json, path: Path, depth: int) -> Part:
    if isinstance(value, str):
        return ColumnPart(expect_text(value, path))
    given = Arguments.of(value, path)
    name = given.text("name")
    return RelationshipPart(name, given.text_or_none("alias") or name, row_query(given, depth + 1))


def _count(given: Arguments, key: str) -> int | None:
    value = given.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise ParseFailed("expected an integer", path=given.at(key))
    if value < 0:
        raise NotSupported("unexpected negative value", path=("args", *given.at(key)))
    return value


def _orders(value: Json, path: Path) -> tuple[OrderPart, ...]:
    items = value if isinstance(value, list) else [value]
    return tuple(_order(one, (*path, i)) for i, one in enumerate(items))


def _order(value: Json, path: Path) -> OrderPart:
    if isinstance(value, str):
        text = expect_text(value, path)
        names = text[1:] if text[0] in "+-" else text
        return OrderPart(tuple(names.split(".")), text[0] == "-")
    given = Arguments.of(value, path)
    kind, nulls = given.get("type", "asc"), given.get("nulls")
    if kind not in ("asc", "desc") or nulls not in (None, "first", "last"):
        raise ParseFailed("expected type asc or desc, and nulls first or last", path=path)
    nulls_first = None if nulls is None else nulls == "first"
    return OrderPart(_order_path(given.need("column"), path), kind == "desc", nulls_first)


def _order_path(value: Json, path: Path) -> tuple[str, ...]:
    """`"a.b"`, or `{"a": "b"}`, to any depth."""
    names: list[str] = []
    while isinstance(value, dict) and len(value) == 1:
        (name, value), *_ = value.items()
        names.append(name)
    return (*names, *expect_text(value, path).split("."))


def returning(given: Arguments) -> tuple[str, ...] | None:
    """The columns of `returning`, None where it is not given."""
    value = given.get("returning")
    if value is None:
        return None
    if value == ALL:
        return (ALL,)
    return tuple(given.texts("returning"))


def objects(given: Arguments) -> tuple[Mapping[str, Json], ...]:
    """The rows of an insert."""
    values = given.array("objects")
    path = given.at("objects")
    return tuple(expect_object(one, (*path, i)) for i, one in enumerate(values))


def on_conflict(given: Arguments) -> OnConflict | None:
    """`on_conflict {action: ignore | update, constraint, constraint_on}`."""
    if not given.has("on_conflict"):
        return None
    inner = given.inner("on_conflict")
    if not inner.has("action"):
        raise ParseFailed("the key 'action' was not present", path=inner.path)
    action = inner.text("action")
    if action not in ("ignore", "update"):
        text = "only 'ignore' or 'update' allowed as action"
        raise ParseFailed(text, path=inner.at("action"))
    columns = inner.get("constraint_on", [])
    names = [columns] if isinstance(columns, str) else inner_texts(inner, columns)
    return OnConflict(action == "update", inner.text_or_none("constraint"), tuple(names))


def inner_texts(given: Arguments, value: Json) -> list[str]:
    """The texts of a list."""
    path = given.at("constraint_on")
    return [expect_text(one, (*path, i)) for i, one in enumerate(expect_list(value, path))]
