"""A small world made by hand, without a database: two tables, some roles, and the pure stages."""

from collections.abc import Mapping
from typing import Any

from rowgate.base.names import QualifiedName
from rowgate.catalog.types import (
    BOOL,
    INT4,
    JSONB,
    NUMERIC,
    TEXT,
    Catalog,
    Column,
    ForeignKey,
    PgType,
    Relation,
    RelationKind,
    UniqueKey,
    builtin,
)
from rowgate.features.tables.fields import plan_field
from rowgate.metadata.read import read
from rowgate.operation.document import Document, Limits, parse, variable_values
from rowgate.operation.select import Reader
from rowgate.operation.types import Operation
from rowgate.plan.types import Plan
from rowgate.schema.roots import expose
from rowgate.schema.types import RoleSchema
from rowgate.settings import Settings
from rowgate.snapshot.resolve import resolve
from rowgate.snapshot.types import Snapshot
from rowgate.sql.render import render
from rowgate.sql.types import Statement

Json = Any
AUTHOR = QualifiedName("public", "author")
ARTICLE = QualifiedName("public", "article")
LIMITS = Limits()


def relation(
    name: QualifiedName, columns: Mapping[str, PgType], key: str, *foreign: ForeignKey
) -> Relation:
    """A table whose columns may be null but for its key."""
    made = {
        own: Column(own, type_, nullable=own != key, position=at)
        for at, (own, type_) in enumerate(columns.items(), 1)
    }
    primary = UniqueKey(f"{name.name}_pkey", (key,))
    return Relation(name, RelationKind.TABLE, made, primary, (), foreign)


def catalog() -> Catalog:
    """Authors and articles."""
    author = {"id": INT4, "name": TEXT, "profile": JSONB, "tags": builtin("_text")}
    article = {
        "id": INT4,
        "title": TEXT,
        "author_id": INT4,
        "published": BOOL,
        "rating": NUMERIC,
        "views": builtin("int8"),
    }
    key = ForeignKey("article_author_id_fkey", ("author_id",), AUTHOR, ("id",))
    relations = {
        AUTHOR: relation(AUTHOR, author, "id"),
        ARTICLE: relation(ARTICLE, article, "id", key),
    }
    types = frozenset(("int4", "int8", "text", "numeric"))
    return Catalog(relations, {}, {}, types, 150_000)


def document(
    author: Mapping[str, Json] | None = None,
    article: Mapping[str, Json] | None = None,
    **more: Json,
) -> Json:
    """Metadata of both tables, related; `author` and `article` add to their declarations."""
    many = {"foreign_key_constraint_on": {"table": "article", "column": "author_id"}}
    one = {"foreign_key_constraint_on": "author_id"}
    tables = [
        {
            "table": "author",
            "array_relationships": [{"name": "articles", "using": many}],
            **(author or {}),
        },
        {
            "table": "article",
            "object_relationships": [{"name": "author", "using": one}],
            **(article or {}),
        },
    ]
    source = {
        "name": "default",
        "kind": "postgres",
        "configuration": {"connection_info": {"database_url": "postgres://nowhere"}},
        "tables": tables,
        **more.pop("source", {}),
    }
    return {"version": 3, "sources": [source], **more}


def settings(**given: str) -> Settings:
    """Settings as the environment `given` has them."""
    needed = {
        "HASURA_GRAPHQL_DATABASE_URL": "postgres://nowhere",
        "ROWGATE_ALLOW_NO_ADMIN_SECRET": "true",
    }
    return Settings.read({**needed, **given}, {})


def resolved(declared: Json = None, **options: str) -> Snapshot:
    """The snapshot of a metadata document over the small catalog."""
    given = document() if declared is None else declared
    return resolve(read(given), {"default": catalog()}, settings(**options))


def exposed(snapshot: Snapshot, role: str = "admin", **options: str) -> RoleSchema:
    """A role's schema."""
    return expose(snapshot, role, settings(**options), relay=False, backend_only=False)


def parsed(query: str, variables: Json = None) -> tuple[Document, dict[str, Json]]:
    """A document with the values of its variables."""
    made = parse(query, None, LIMITS)
    return made, variable_values(made, variables)


def operation(
    query: str, variables: Json = None, *, snapshot: Snapshot | None = None, role: str = "admin"
) -> Operation:
    """The operation that a text means."""
    made, values = parsed(query, variables)
    schema = exposed(snapshot or resolved(), role)
    return Reader(made, schema, values, LIMITS).read()


def planned(
    query: str, variables: Json = None, *, snapshot: Snapshot | None = None, role: str = "admin"
) -> Plan:
    """The plan of the first field of an operation."""
    world = snapshot or resolved()
    read_one = operation(query, variables, snapshot=world, role=role)
    plan = plan_field(read_one.fields[0], read_one.kind, world, role, settings())
    assert plan is not None
    return plan


def rendered(
    query: str, variables: Json = None, *, snapshot: Snapshot | None = None, role: str = "admin"
) -> Statement:
    """The statement of the first field of an operation."""
    plan = planned(query, variables, snapshot=snapshot, role=role)
    return render(plan.work)  # type: ignore[arg-type]


def select(role: str, columns: Json, condition: Json, **more: Json) -> Json:
    """A select permission."""
    permission = {"columns": columns, "filter": condition, **more}
    return {"role": role, "permission": permission}
