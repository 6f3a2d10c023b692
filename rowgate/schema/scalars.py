"""Postgres types as GraphQL scalars, and the comparison operators that each type family has."""

from collections.abc import Mapping

from rowgate.algebra.types import Operator
from rowgate.catalog.types import PgType, TypeKind
from rowgate.schema.types import Coercion, ListOf, NonNull, ScalarType, Type

INT = ScalarType("Int", Coercion.INT)
NON_NEGATIVE_INT = ScalarType("Int", Coercion.NON_NEGATIVE_INT)
FLOAT = ScalarType("Float", Coercion.FLOAT)
BOOLEAN = ScalarType("Boolean", Coercion.BOOLEAN)
STRING = ScalarType("String", Coercion.STRING)
ID = ScalarType("ID", Coercion.ID)

_BUILTIN = {
    "int4": INT,
    "bool": BOOLEAN,
    "float4": FLOAT,
    "text": STRING,
    "varchar": STRING,
}
_NAMES = {"int2": "smallint", "int8": "bigint"}
_COERCIONS = {
    "int2": Coercion.BIG_INTEGER,
    "int8": Coercion.BIG_INTEGER,
    "float8": Coercion.NUMBER,
    "numeric": Coercion.NUMBER,
    "json": Coercion.JSON,
    "jsonb": Coercion.JSON,
    "ltree": Coercion.LABEL_PATH,
    "geometry": Coercion.GEOJSON,
    "geography": Coercion.GEOJSON,
    "money": Coercion.NUMBER,
    "raster": Coercion.ANY,
}
_TEXTUAL = frozenset((TypeKind.BASE, TypeKind.ENUM, TypeKind.RANGE))
NUMERIC_TYPES = frozenset(("int2", "int4", "int8", "float4", "float8", "numeric", "money"))
STRING_TYPES = frozenset(("text", "varchar", "bpchar", "citext"))
UNORDERED = frozenset(("json", "jsonb", "geometry", "geography", "bool", "raster"))


def scalar(type_: PgType) -> ScalarType:
    """The scalar of a Postgres type that is not an array."""
    if type_.is_builtin and type_.name in _BUILTIN:
        return _BUILTIN[type_.name]
    name = _NAMES.get(type_.name, type_.name)
    if type_.kind is TypeKind.COMPOSITE:
        name = f"{type_.name}_scalar"
    return ScalarType(name, _coercion(type_), type_)


def _coercion(type_: PgType) -> Coercion:
    """How input of a type is checked: where nothing else is known of it, it is a text, in Postgres'
    own notation."""
    found = _COERCIONS.get(type_.name)
    if found is None:
        found = Coercion.TEXT if type_.kind in _TEXTUAL else Coercion.ANY
    return found


def graphql_type(type_: PgType) -> Type:
    """The GraphQL type of a column: a scalar, or `[T!]` for arrays."""
    if type_.kind is TypeKind.ARRAY and type_.base is not None:
        return ListOf(NonNull(graphql_type(type_.base)))  # type: ignore[arg-type]
    return scalar(type_)


def comparison_name(type_: PgType) -> str:
    """The name of a type's comparison input."""
    if type_.kind is TypeKind.ARRAY and type_.base is not None:
        return f"{scalar(type_.base).name}_array_comparison_exp"
    return f"{scalar(type_).name}_comparison_exp"


_EQUALITY = (Operator.EQ, Operator.NEQ)
_ORDER = (Operator.GT, Operator.LT, Operator.GTE, Operator.LTE)
_TEXT = (
    Operator.LIKE,
    Operator.NLIKE,
    Operator.ILIKE,
    Operator.NILIKE,
    Operator.SIMILAR,
    Operator.NSIMILAR,
    Operator.REGEX,
    Operator.NREGEX,
    Operator.IREGEX,
    Operator.NIREGEX,
)
_JSONB = (
    Operator.CONTAINS,
    Operator.CONTAINED_IN,
    Operator.HAS_KEY,
    Operator.HAS_KEYS_ANY,
    Operator.HAS_KEYS_ALL,
)
_LTREE = (
    Operator.ANCESTOR,
    Operator.ANCESTOR_ANY,
    Operator.DESCENDANT,
    Operator.DESCENDANT_ANY,
    Operator.MATCHES,
    Operator.MATCHES_ANY,
    Operator.MATCHES_FULLTEXT,
)
_GEOMETRY = (
    Operator.ST_CONTAINS,
    Operator.ST_CROSSES,
    Operator.ST_EQUALS,
    Operator.ST_INTERSECTS,
    Operator.ST_3D_INTERSECTS,
    Operator.ST_OVERLAPS,
    Operator.ST_TOUCHES,
    Operator.ST_WITHIN,
)

DESCRIPTIONS: Mapping[Operator, str] = {
    Operator.LIKE: "does the column match the given pattern",
    Operator.NLIKE: "does the column NOT match the given pattern",
    Operator.ILIKE: "does the column match the given case-insensitive pattern",
    Operator.NILIKE: "does the column NOT match the given case-insensitive pattern",
    Operator.SIMILAR: "does the column match the given SQL regular expression",
    Operator.NSIMILAR: "does the column NOT match the given SQL regular expression",
    Operator.REGEX: "does the column match the given POSIX regular expression, case sensitive",
    Operator.NREGEX: "does the column NOT match the given POSIX regular expression, case sensitive",
    Operator.IREGEX: "does the column match the given POSIX regular expression, case insensitive",
    Operator.NIREGEX: (
        "does the column NOT match the given POSIX regular expression, case insensitive"
    ),
    Operator.CONTAINS: "does the column contain the given json value at the top level",
    Operator.CONTAINED_IN: "is the column contained in the given json value",
    Operator.HAS_KEY: "does the string exist as a top-level key in the column",
    Operator.HAS_KEYS_ANY: "do any of these strings exist as top-level keys in the column",
    Operator.HAS_KEYS_ALL: "do all of these strings exist as top-level keys in the column",
    Operator.ANCESTOR: "is the left argument an ancestor of right (or equal)?",
    Operator.ANCESTOR_ANY: "does array contain an ancestor of `ltree`?",
    Operator.DESCENDANT: "is the left argument a descendant of right (or equal)?",
    Operator.DESCENDANT_ANY: "does array contain a descendant of `ltree`?",
    Operator.MATCHES: "does `ltree` match `lquery`?",
    Operator.MATCHES_ANY: "does `ltree` match any `lquery` in array?",
    Operator.MATCHES_FULLTEXT: "does `ltree` match `ltxtquery`?",
}


def operators(type_: PgType) -> tuple[Operator, ...]:
    """The comparison operators of a column type, `_in` and `_nin` included; `_is_null`, `_cast`
    and the distance operators are not plain comparisons and stand apart."""
    members = (Operator.IN, Operator.NIN)
    if type_.kind is TypeKind.ARRAY:
        return (*_EQUALITY, *_ORDER, *members, Operator.CONTAINS, Operator.CONTAINED_IN)
    name = type_.name
    extra: tuple[Operator, ...] = ()
    if name in STRING_TYPES:
        extra = _TEXT
    elif name == "jsonb":
        extra = _JSONB
    elif name == "ltree":
        extra = _LTREE
    elif name == "geometry":
        extra = _GEOMETRY
    elif name == "geography":
        extra = (Operator.ST_INTERSECTS,)
    elif name == "raster":
        return (*_EQUALITY, *members, Operator.ST_INTERSECTS_RAST)
    return (*_EQUALITY, *_ORDER, *members, *extra)
