"""The maker of one role's types: a memo table over the rooms that know each family of types.

The families refer to each other in circles (a row has aggregates, an aggregate has rows), so they
meet here: a family asks the builder for another family's type and never imports it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from rowgate.base.names import QualifiedName
from rowgate.base.naming import Naming
from rowgate.schema.types import InputField, InputType, ObjectType
from rowgate.snapshot.types import (
    Options,
    Permissions,
    SelectPermission,
    Snapshot,
    Source,
    Table,
)

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Families:
    """Who makes which type of a table."""

    row: "Callable[[Builder, Table], ObjectType]"
    aggregate: "Callable[[Builder, Table], ObjectType]"
    connection: "Callable[[Builder, Table], ObjectType]"
    bool_exp: "Callable[[Builder, Table], InputType]"
    order_by: "Callable[[Builder, Table], InputType | None]"
    row_arguments: "Callable[[Builder, Table], Mapping[str, InputField]]"


class Builder:
    """Makes the types of `role`, each once; None where the role may not have it."""

    def __init__(self, snapshot: Snapshot, role: str, options: Options, families: Families) -> None:
        self.snapshot = snapshot
        self.role = role
        self.options = options
        self.families = families
        self.relay = False
        self.backend_only = False
        self._made: dict[tuple[object, ...], object] = {}

    def once(self, key: tuple[object, ...], make: Callable[[], Made]) -> Made:
        """What `make` gives, made at the first call with `key`."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]  # type: ignore[return-value]

    def _of(self, family: str, table: Table, make: "Callable[[Builder, Table], Made]") -> Made:
        return self.once((family, table.source, table.name), lambda: make(self, table))

    def row(self, table: Table) -> ObjectType:
        """The object type of a table's rows."""
        return self._of("row", table, self.families.row)

    def aggregate(self, table: Table) -> ObjectType:
        """The type of an aggregate over a table."""
        return self._of("aggregate", table, self.families.aggregate)

    def connection(self, table: Table) -> ObjectType:
        """The Relay connection of a table."""
        return self._of("connection", table, self.families.connection)

    def bool_exp(self, table: Table) -> InputType:
        """The `where` of a table."""
        return self._of("bool_exp", table, self.families.bool_exp)

    def order_by(self, table: Table) -> InputType | None:
        """The `order_by` of a table."""
        return self._of("order_by", table, self.families.order_by)

    def row_arguments(self, table: Table) -> Mapping[str, InputField]:
        """The arguments of everything that gives rows of a table."""
        return self._of("row_arguments", table, self.families.row_arguments)

    def source(self, table: Table) -> Source:
        """The source of a table."""
        return self.snapshot.sources[table.source]

    def naming(self, table: Table) -> Naming:
        """The naming of a table's source."""
        return self.source(table).naming

    def table(self, source: str, name: QualifiedName) -> Table:
        """A tracked table of a source."""
        return self.snapshot.sources[source].tables[name]

    def model(self, source: str, name: str) -> Table:
        """A logical model of a source."""
        return self.snapshot.sources[source].logical_models[name]

    def permissions(self, table: Table) -> Permissions:
        """What the role may do with a table."""
        return table.permission(self.role)

    def readable(self, table: Table) -> SelectPermission | None:
        """The role's select permission, where the table has a GraphQL name and a field to show."""
        permission = self.permissions(table).select
        if permission is None or not table.graphql_name:
            return None
        return permission if permission.columns or permission.computed_fields else None

    def countable(self, table: Table) -> SelectPermission | None:
        """The role's select permission, where it lets rows be aggregated: shown or not, they can be
        counted."""
        permission = self.permissions(table).select
        return permission if permission and permission.aggregations and table.graphql_name else None

    def inherited(self) -> bool:
        """Whether the role unites others, so that any column may be null."""
        return self.role in self.snapshot.inherited_roles
