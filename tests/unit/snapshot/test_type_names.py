"""Type names as people write them, against a catalog's own types."""

import pytest

from rowgate.base.errors import ApiError
from rowgate.base.names import QualifiedName
from rowgate.catalog.types import Catalog, Column, PgType, Relation, RelationKind, TypeKind
from rowgate.snapshot.type_names import read_type

MOOD = PgType("app", "mood", TypeKind.ENUM, labels=("ok",))
NAME = QualifiedName("public", "t")
CATALOG = Catalog(
    {
        NAME: Relation(
            NAME,
            RelationKind.TABLE,
            {"m": Column("m", PgType("app", "_mood", TypeKind.ARRAY, MOOD))},
        )
    }
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("integer", "int4"),
        ("INT", "int4"),
        ("timestamp  with time zone", "timestamptz"),
        ("double precision", "float8"),
        ("varchar", "varchar"),
        ("pg_catalog.text", "text"),
        ("bigint[]", "_int8"),
    ],
)
def test_types_of_postgres(text: str, name: str) -> None:
    found = read_type(text, Catalog())
    assert (found.schema, found.name) == ("pg_catalog", name)


@pytest.mark.parametrize("text", ["mood", "app.mood"])
def test_types_of_the_database(text: str) -> None:
    assert read_type(text, CATALOG) == MOOD


@pytest.mark.parametrize("text", ["", "moody", "public.mood", "int4; drop table t", "[]", "record"])
def test_what_is_no_type_is_refused(text: str) -> None:
    with pytest.raises(ApiError, match="no such type"):
        read_type(text, CATALOG)
