"""A declared relationship meets the foreign keys: what joins, and whether a row must exist."""

from collections.abc import Iterable

from rowgate.algebra.types import Join
from rowgate.base.errors import ApiError
from rowgate.base.names import QualifiedName
from rowgate.catalog.types import Catalog, ForeignKey, Relation
from rowgate.metadata.types import ForeignKeyOn, ManualMapping, RelationshipDeclaration
from rowgate.snapshot.types import Relationship


def object_relationship(
    declaration: RelationshipDeclaration, relation: Relation, catalog: Catalog
) -> Relationship:
    """An object relationship; raises `ApiError` where no foreign key carries it."""
    using = declaration.using
    if isinstance(using, ManualMapping):
        return _manual(declaration, using, relation, catalog, _Shape(is_array=False))
    if using.table is not None:
        target = _relation(catalog, using.table)
        key = _foreign_key(target, using, relation.name)
        join = Join(using.table, tuple(zip(key.target_columns, key.columns, strict=True)))
        shape = _Shape(is_array=False, parent_first=True)
        return _relationship(declaration, join, (relation, target), shape)
    key = _foreign_key(relation, using, None)
    join = Join(key.target, tuple(zip(key.columns, key.target_columns, strict=True)))
    optional = any(relation.columns[column].nullable for column in key.columns)
    target = _relation(catalog, key.target)
    shape = _Shape(is_array=False, optional=optional)
    return _relationship(declaration, join, (relation, target), shape)


def array_relationship(
    declaration: RelationshipDeclaration, relation: Relation, catalog: Catalog
) -> Relationship:
    """An array relationship; raises `ApiError` where no foreign key carries it."""
    using = declaration.using
    if isinstance(using, ManualMapping):
        return _manual(declaration, using, relation, catalog, _Shape(is_array=True))
    if using.table is None:
        raise ApiError("an array relationship needs the table that holds the foreign key")
    target = _relation(catalog, using.table)
    key = _foreign_key(target, using, relation.name)
    join = Join(using.table, tuple(zip(key.target_columns, key.columns, strict=True)))
    shape = _Shape(is_array=True, parent_first=True)
    return _relationship(declaration, join, (relation, target), shape)


class _Shape:
    """What a relationship is, beside its join."""

    def __init__(
        self, *, is_array: bool, optional: bool = True, parent_first: bool = False
    ) -> None:
        self.is_array = is_array
        self.optional = optional
        self.parent_first = parent_first


def _relationship(
    declaration: RelationshipDeclaration,
    join: Join,
    ends: tuple[Relation, Relation],
    shape: _Shape,
) -> Relationship:
    ours, theirs = ends
    # Compared with another type, equality may be wider than the key's: citext finds 'a' and 'A'.
    exact = {b for a, b in join.pairs if ours.columns[a].type == theirs.columns[b].type}
    return Relationship(
        declaration.name,
        join,
        shape.is_array,
        shape.optional,
        shape.parent_first,
        declaration.comment,
        theirs.at_most_one(exact),
    )


def _manual(
    declaration: RelationshipDeclaration,
    using: ManualMapping,
    relation: Relation,
    catalog: Catalog,
    shape: _Shape,
) -> Relationship:
    target = _relation(catalog, using.remote_table)
    _check_columns(relation, using.column_mapping)
    _check_columns(target, using.column_mapping.values())
    shape.parent_first = shape.is_array or using.insertion_order == "after_parent"
    join = Join(using.remote_table, tuple(using.column_mapping.items()))
    return _relationship(declaration, join, (relation, target), shape)


def _check_columns(relation: Relation, columns: Iterable[str]) -> None:
    for column in columns:
        if column not in relation.columns:
            raise ApiError(f'"{column}" is not a column of the table "{relation.name}"')


def _relation(catalog: Catalog, name: QualifiedName) -> Relation:
    relation = catalog.relations.get(name)
    if relation is None:
        raise ApiError(f'table "{name}" does not exist')
    return relation


def _foreign_key(
    relation: Relation, using: ForeignKeyOn, target: QualifiedName | None
) -> ForeignKey:
    wanted = set(using.columns)
    found = [
        key
        for key in relation.foreign_keys
        if set(key.columns) == wanted and (target is None or key.target == target)
    ]
    if not found:
        raise ApiError("no foreign constraint exists on the given column(s)")
    if len({(key.target, key.target_columns) for key in found}) > 1:
        raise ApiError("more than one foreign key constraint exists on the given column(s)")
    return found[0]
