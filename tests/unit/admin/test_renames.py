"""The metadata follows what Postgres renames: everywhere, and nowhere else."""

import copy

from rowgate.admin.renames import (
    Renaming,
    dropped_columns,
    find_renaming,
    forget_columns,
    rename,
    retyped_columns,
)
from rowgate.base.json import Json
from rowgate.base.names import QualifiedName
from rowgate.catalog.types import Catalog, Column, ForeignKey, PgType, Relation, RelationKind

INT4 = PgType("pg_catalog", "int4")
TEXT = PgType("pg_catalog", "text")
AUTHOR = QualifiedName("public", "author")
ARTICLE = QualifiedName("public", "article")


def relation(
    name: QualifiedName, oid: int, columns: dict[str, PgType], keys: tuple[ForeignKey, ...] = ()
) -> Relation:
    made = {
        column: Column(column, type_, position=position)
        for position, (column, type_) in enumerate(columns.items(), 1)
    }
    return Relation(name, RelationKind.TABLE, made, foreign_keys=keys, oid=oid)


def catalog(*relations: Relation) -> Catalog:
    return Catalog({one.name: one for one in relations})


BEFORE = catalog(
    relation(AUTHOR, 1, {"id": INT4, "name": TEXT}),
    relation(
        ARTICLE,
        2,
        {"id": INT4, "author_id": INT4, "title": TEXT},
        (ForeignKey("fk", ("author_id",), AUTHOR, ("id",)),),
    ),
)
DOCUMENT: Json = {
    "version": 3,
    "sources": [
        {
            "name": "default",
            "kind": "postgres",
            "tables": [
                {
                    "table": {"name": "author", "schema": "public"},
                    "configuration": {"column_config": {"name": {"custom_name": "fullName"}}},
                    "array_relationships": [
                        {
                            "name": "articles",
                            "using": {
                                "foreign_key_constraint_on": {
                                    "table": {"name": "article", "schema": "public"},
                                    "column": "author_id",
                                }
                            },
                        }
                    ],
                    "select_permissions": [
                        {
                            "role": "user",
                            "permission": {
                                "columns": ["id", "name"],
                                "filter": {
                                    "_or": [
                                        {"name": {"_ceq": ["$", "name"]}},
                                        {"articles": {"title": {"_eq": "id"}}},
                                        {
                                            "_exists": {
                                                "_table": {"schema": "public", "name": "article"},
                                                "_where": {"title": {"_eq": "x"}},
                                            }
                                        },
                                    ]
                                },
                            },
                        }
                    ],
                },
                {
                    "table": {"name": "article", "schema": "public"},
                    "object_relationships": [
                        {"name": "author", "using": {"foreign_key_constraint_on": "author_id"}}
                    ],
                    "insert_permissions": [
                        {
                            "role": "user",
                            "permission": {
                                "columns": ["title"],
                                "check": {"author": {"name": "X-Hasura-Name"}},
                                "set": {"author_id": "X-Hasura-User-Id"},
                            },
                        }
                    ],
                },
            ],
        }
    ],
}


def renamed(renaming: Renaming) -> tuple[Json, Json]:
    document = copy.deepcopy(DOCUMENT)
    rename(document, "default", renaming, BEFORE)
    author, article = document["sources"][0]["tables"]
    return author, article


def test_a_renamed_table() -> None:
    writing = {"name": "writing", "schema": "public"}
    author, article = renamed(Renaming(tables={ARTICLE: QualifiedName("public", "writing")}))
    on = author["array_relationships"][0]["using"]["foreign_key_constraint_on"]
    exists = author["select_permissions"][0]["permission"]["filter"]["_or"][2]["_exists"]
    assert article["table"] == on["table"] == exists["_table"] == writing
    assert author["table"] == {"name": "author", "schema": "public"}


def test_a_renamed_column_in_its_own_table_and_through_relationships() -> None:
    author, article = renamed(Renaming(columns={AUTHOR: {"name": "label"}}))
    permission = author["select_permissions"][0]["permission"]
    assert permission["columns"] == ["id", "label"]
    assert permission["filter"]["_or"][0] == {"label": {"_ceq": ["$", "label"]}}
    assert author["configuration"] == {"column_config": {"label": {"custom_name": "fullName"}}}
    check = article["insert_permissions"][0]["permission"]["check"]
    assert check == {"author": {"label": "X-Hasura-Name"}}


def test_a_renamed_foreign_key_column_and_preset() -> None:
    author, article = renamed(Renaming(columns={ARTICLE: {"author_id": "writer", "title": "t"}}))
    on = author["array_relationships"][0]["using"]["foreign_key_constraint_on"]
    assert on["column"] == "writer"
    using = article["object_relationships"][0]["using"]
    assert using == {"foreign_key_constraint_on": "writer"}
    assert article["insert_permissions"][0]["permission"]["set"] == {"writer": "X-Hasura-User-Id"}
    conditions = author["select_permissions"][0]["permission"]["filter"]["_or"]
    assert conditions[1] == {"articles": {"t": {"_eq": "id"}}}, "values are not names"
    assert conditions[2]["_exists"]["_where"] == {"t": {"_eq": "x"}}


def test_a_renamed_relationship() -> None:
    author, _ = renamed(Renaming(relationships={AUTHOR: {"articles": "works"}}))
    assert author["array_relationships"][0]["name"] == "works"
    conditions = author["select_permissions"][0]["permission"]["filter"]["_or"]
    assert conditions[1] == {"works": {"title": {"_eq": "id"}}}


def test_no_renaming_changes_nothing() -> None:
    document = copy.deepcopy(DOCUMENT)
    rename(document, "default", Renaming(), BEFORE)
    assert document == DOCUMENT


def test_renaming_is_told_by_object_identifier_and_position() -> None:
    people = QualifiedName("other", "people")
    after = catalog(
        relation(people, 1, {"key": INT4, "name": TEXT}),
        relation(AUTHOR, 9, {"id": INT4}),
    )
    renaming = find_renaming(BEFORE, after)
    assert renaming == Renaming({AUTHOR: people}, {AUTHOR: {"id": "key"}})


def test_dropped_and_retyped_columns() -> None:
    before = BEFORE.relations[ARTICLE]
    columns = {
        "id": Column("id", TEXT, position=1),
        "caption": Column("caption", TEXT, position=3),
    }
    after = Relation(ARTICLE, RelationKind.TABLE, columns, oid=2)
    assert dropped_columns(before, after) == {"author_id"}
    assert retyped_columns(before, after) == {"id"}
    table = {"configuration": {"column_config": {"author_id": {"custom_name": "a"}, "id": {}}}}
    forget_columns(table, {"author_id"})
    assert table["configuration"] == {"column_config": {"id": {}}}
