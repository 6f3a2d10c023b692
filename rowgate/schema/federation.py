"""Apollo federation's part of a role's schema: `_service`, `_entities`, and their types.

Follows the subgraph specification (version 1); the types carry Hasura's nullability, by which
`_entities` is introspected as the bare union.
"""

from collections.abc import Iterator

from rowgate.schema.build import Builder
from rowgate.schema.columns import column_type
from rowgate.schema.meanings import EntitiesRoot, Entity, EntityKey, Part, ServiceRoot
from rowgate.schema.scalars import STRING
from rowgate.schema.types import (
    AbstractType,
    Coercion,
    Field,
    InputField,
    ListOf,
    NonNull,
    ObjectType,
    ScalarType,
    inputs,
)
from rowgate.snapshot.types import Options, Table

_ANY = ScalarType("_Any", Coercion.ANY)
_FEATURE = "apollo_federation"


def is_federated(options: Options) -> bool:
    """Whether federation is switched on, by its setting or as an experimental feature."""
    return options.enable_apollo_federation or _FEATURE in options.experimental_features


def federation_fields(builder: Builder) -> Iterator[Field]:
    """`_service`, and `_entities` where the role sees the key of some federated table."""
    entities = tuple(_entities(builder))
    service = ObjectType(
        "_Service", lambda: {"sdl": Field("sdl", NonNull(STRING), Part.SDL, {}, "SDL of schema")}
    )
    yield Field("_service", NonNull(service), ServiceRoot(entities))
    if entities:
        union = AbstractType(
            "_Entity",
            {},
            lambda: tuple(builder.row(one.table) for one in entities),
            "A union of all types that use the @key directive",
        )
        representations = InputField(
            "representations", NonNull(ListOf(NonNull(_ANY))), "representations"
        )
        yield Field("_entities", union, EntitiesRoot(entities), inputs(representations))


def _entities(builder: Builder) -> Iterator[Entity]:
    for source in builder.snapshot.sources.values():
        for table in source.tables.values():
            if table.federated and _shows_key(builder, table):
                assert table.relation.primary_key is not None
                columns = [table.columns[name] for name in table.relation.primary_key.columns]
                key = tuple(EntityKey(one, column_type(builder, table, one)) for one in columns)
                yield Entity(builder.row(table).name, table, key)


def _shows_key(builder: Builder, table: Table) -> bool:
    permission, key = builder.readable(table), table.relation.primary_key
    return (
        permission is not None and key is not None and set(key.columns) <= set(permission.columns)
    )
