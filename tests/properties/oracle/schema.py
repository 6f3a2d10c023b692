"""What a role's schema has (contract A5: what no permission grants does not exist for the role).

A request that names anything else is refused as a whole, whatever the tables hold.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.properties.documents import Field
from tests.properties.model import ROOT_FIELDS, Json, Table, World, WriteRule
from tests.properties.oracle.answers import Refused


def unknown() -> Refused:
    """`validation-failed`: "field 'x' not found in type: …" (contract A0)."""
    return Refused("validation-failed")


def require(holds: bool) -> None:
    """Refuse a request that names what the role's schema does not have."""
    if not holds:
        raise unknown()


@dataclass(frozen=True)
class Schema:
    """Checks requests of a role before anything is read."""

    world: World
    role: str

    def root(self, field: Field) -> None:
        """A root field that reads."""
        require(bool(self.world.selects(self.role, field.table)))
        if field.kind in ROOT_FIELDS:
            require(self.world.begins(self.role, field.table, field.kind))
        require(field.kind != "by_pk" or "id" in self.world.columns(self.role, field.table))
        require(field.kind != "connection" or self.world.sees_key(self.role, field.table))
        self.field(field)

    def field(self, field: Field) -> None:
        """A field over rows: its arguments and what is selected of it."""
        table = self.world.tables[field.table]
        require(field.kind != "aggregate" or self.world.aggregates(self.role, table.name))
        self.where(table, field.arguments.get("where", {}))
        for key in field.arguments.get("order_by", ()):
            self._order(table, key)
        for name in field.arguments.get("distinct_on", ()):
            require(name in self.world.columns(self.role, table.name))
        self.selection(table, field.selection)

    def selection(self, table: Table, selection: list[Field]) -> None:
        """Columns, relatives, and the fields that only group others."""
        for one in selection:
            match one.kind:
                case "column":
                    require(one.name in self.world.scalars(self.role, table.name))
                case "measure" | "measures" | "nodes" | "node" | "edges" | "on" | "group_key":
                    self.selection(table, one.selection)
                case "count":
                    self._columns(table, one.arguments.get("columns", []))
                case "groups":
                    self._columns(table, [key["column"] for key in one.arguments["keys"]])
                    self.selection(table, one.selection)
                case "object" | "array" | "aggregate" | "connection" | "computed":
                    require(bool(self.world.selects(self.role, one.table)))
                    self.field(one)

    def _columns(self, table: Table, names: list[str]) -> None:
        require(set(names) <= set(self.world.columns(self.role, table.name)))

    # --- arguments

    def where(self, table: Table, condition: Json) -> None:
        """A condition of a client: columns and relatives that the role has."""
        for name, value in condition.items():
            match name:
                case "_and" | "_or":
                    for one in value:
                        self.where(table, one)
                case "_not":
                    self.where(table, value)
                case _ if table.type_of(name) is not None:
                    require(name in self.world.scalars(self.role, table.name))
                case _:
                    self._reached(table, name, value)

    def _reached(self, table: Table, name: str, value: Json) -> None:
        own = name.removesuffix("_aggregate")
        target = self.world.tables[table.target(own)]
        require(bool(self.world.selects(self.role, target.name)))
        if own == name:
            self.where(target, value)
            return
        require(self.world.aggregates(self.role, target.name))
        ((_, given),) = value.items()
        arguments = given.get("arguments", [])
        self._columns(target, arguments if isinstance(arguments, list) else [arguments])
        self.where(target, given.get("filter", {}))

    def _order(self, table: Table, key: Json) -> None:
        ((name, inner),) = key.items()
        if not isinstance(inner, dict):
            require(name in self.world.scalars(self.role, table.name))
            return
        own = name.removesuffix("_aggregate")
        target = self.world.tables[table.target(own)]
        require(bool(self.world.selects(self.role, target.name)))
        if own == name:
            self._order(target, inner)
            return
        require(self.world.aggregates(self.role, target.name))
        ((_, over),) = inner.items()
        if isinstance(over, dict):
            self._columns(target, list(over))

    # --- mutations

    def writes(self, table: str, operation: str) -> WriteRule:
        """The role's rule for an operation; without one there is no such field."""
        rule = self.world.write(self.role, table, operation)
        if rule is None:
            raise unknown()
        return rule

    def mutation(self, field: Field) -> None:
        """A root field that writes, its arguments, and what it answers with."""
        operation = field.kind.split("_", maxsplit=1)[0]
        table = self.world.tables[field.table]
        self.writes(field.table, operation)
        if operation != "delete":
            require(bool(self.writable(field.table, operation)))
        if field.kind == "insert_one":
            require(bool(self.world.selects(self.role, field.table)))
        if field.kind.endswith("by_pk"):
            require("id" in self.world.columns(self.role, field.table))
        checks: dict[str, Callable[[Table, dict[str, Json]], None]] = {
            "insert": self._insert,
            "update": self._update,
            "delete": lambda about, given: self.where(about, given.get("where", {})),
        }
        checks[operation](table, field.arguments)
        self._response(table, field)

    def writable(self, table: str, operation: str) -> list[str]:
        """The columns that an input has: those with a preset vanish (contract A5)."""
        rule = self.writes(table, operation)
        return [name for name in rule.columns if name not in rule.presets]

    def _response(self, table: Table, field: Field) -> None:
        for one in field.selection:
            if one.kind == "returning":
                require(bool(self.world.selects(self.role, table.name)))
                self.selection(table, one.selection)
        if field.kind == "insert_one" or field.kind.endswith("by_pk"):
            self.selection(table, field.selection)

    def _insert(self, table: Table, given: dict[str, Json]) -> None:
        objects = given["objects"] if "objects" in given else [given["object"]]
        for one in objects:
            self._object(table, one)
        conflict = given.get("on_conflict", {})
        if conflict.get("update_columns"):
            require(set(conflict["update_columns"]) <= set(self.writable(table.name, "update")))
        if conflict:
            column = "id" if conflict["constraint"].endswith("_pkey") else "u"
            require(column in self._reached_columns(table))
        self.where(table, conflict.get("where", {}))

    def _reached_columns(self, table: Table) -> set[str]:
        """The columns that the role reads, writes or has preset: a constraint over others is not
        named to it (docs/security.md, "What is promised")."""
        rules = [self.world.write(self.role, table.name, one) for one in ("insert", "update")]
        found = set(self.world.columns(self.role, table.name))
        return found.union(*({*rule.columns, *rule.presets} for rule in rules if rule))

    def _object(self, table: Table, given: dict[str, Json]) -> None:
        self._values(table, "insert", {k: v for k, v in given.items() if k in table.columns})
        for name, value in given.items():
            if name not in table.columns:
                target = self.world.tables[table.target(name)]
                data = value["data"]
                for one in data if isinstance(data, list) else [data]:
                    self._object(target, one)

    def _update(self, table: Table, given: dict[str, Json]) -> None:
        for one in given.get("updates", [given]):
            self.where(table, one.get("where", {}))
            for operator, values in one.items():
                if operator not in ("where", "pk_columns"):
                    self._values(table, "update", values)

    def _values(self, table: Table, operation: str, values: dict[str, Json]) -> None:
        """Columns that the role may write."""
        require(set(values) <= set(self.writable(table.name, operation)))
