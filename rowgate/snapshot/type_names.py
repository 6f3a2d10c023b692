"""Type names as SQL spells them (`integer`, `timestamp with time zone`) → catalog types."""

from collections.abc import Iterator

from rowgate.algebra.types import array_of
from rowgate.base.errors import ApiError
from rowgate.catalog.types import Catalog, PgType, TypeKind, builtin

_ALIASES = {
    "int": "int4",
    "integer": "int4",
    "smallint": "int2",
    "bigint": "int8",
    "serial": "int4",
    "bigserial": "int8",
    "real": "float4",
    "float": "float8",
    "double precision": "float8",
    "decimal": "numeric",
    "boolean": "bool",
    "character varying": "varchar",
    "character": "bpchar",
    "char": "bpchar",
    "string": "text",
    "time without time zone": "time",
    "time with time zone": "timetz",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
    "bit varying": "varbit",
}
_BUILTIN = frozenset(
    (
        "bool", "int2", "int4", "int8", "float4", "float8", "numeric", "money", "text", "varchar",
        "bpchar", "name", "bytea", "date", "time", "timetz", "timestamp", "timestamptz", "interval",
        "uuid", "json", "jsonb", "jsonpath", "xml", "inet", "cidr", "macaddr", "macaddr8", "bit",
        "varbit", "point", "line", "lseg", "box", "path", "polygon", "circle", "tsvector",
        "tsquery", "int4range", "int8range", "numrange", "tsrange", "tstzrange", "daterange",
        "oid", "regclass", "pg_lsn",
    )
)  # fmt: skip


def read_type(text: str, catalog: Catalog) -> PgType:
    """The type that `text` names: one of Postgres' own, or one that some column or function of the
    catalog has; `[]` behind it makes an array. Raises `ApiError` `not-exists` for any other.

    >>> read_type("integer[]", Catalog()).name
    '_int4'
    """
    name = " ".join(text.split())
    if name.endswith("[]"):
        return array_of(read_type(name[:-2], catalog))
    lower = name.lower().removeprefix("pg_catalog.")
    lower = _ALIASES.get(lower, lower)
    if lower in _BUILTIN:
        return builtin(lower)
    for known in _known(catalog):
        if name in (known.name, f"{known.schema}.{known.name}"):
            return known
    raise ApiError(f'no such type: "{text}"', code="not-exists")


def _known(catalog: Catalog) -> Iterator[PgType]:
    for relation in catalog.relations.values():
        for column in relation.columns.values():
            yield from _with_elements(column.type)
    for overloads in catalog.functions.values():
        for function in overloads:
            yield from _with_elements(function.returns)
            for argument in function.arguments:
                yield from _with_elements(argument.type)


def _with_elements(type_: PgType) -> Iterator[PgType]:
    if type_.kind is TypeKind.ARRAY and type_.base is not None:
        yield from _with_elements(type_.base)
    elif not type_.is_builtin:
        yield type_
