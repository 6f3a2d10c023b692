"""A random world: tables with rows, and who may do what with them, in words of its own.

Nothing here comes from the engine, so that the oracle shares no code with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Any
Row = dict[str, Json]
State = dict[str, list[Row]]


@dataclass(frozen=True)
class Column:
    """A column: its Postgres type, whether it may be null, what it has when nothing is given."""

    name: str
    type: str
    nullable: bool = True
    unique: bool = False
    default: Json = None


@dataclass(frozen=True)
class ForeignKey:
    """`column` refers to `target.id`."""

    column: str
    target: str
    cascades: bool


@dataclass(frozen=True)
class Relationship:
    """Rows of `target` whose `theirs` equals our `ours`."""

    name: str
    target: str
    ours: str
    theirs: str
    is_array: bool


@dataclass(frozen=True)
class Computed:
    """A computed field, named after what its function gives: `next` and `tagged` are made of the
    row's first columns, `asked` of the row and the session, `alike` and `beyond` are rows of
    `target` (equal in the first column; from an argument `minimum` on)."""

    name: str
    type: str | None = None
    target: str | None = None


SCALARS = (Computed("next", "int4"), Computed("tagged", "text"), Computed("asked", "text"))
ROWS = ("alike", "beyond")


ROOT_FIELDS = {"rows": "select", "by_pk": "select_by_pk", "aggregate": "select_aggregate"}


@dataclass(frozen=True)
class SelectRule:
    """What a role sees; `columns` has its scalar computed fields as well. `root_fields`: the ways
    to begin at the table, by the names of the metadata; None: all."""

    columns: tuple[str, ...]
    filter: Json
    limit: int | None
    aggregations: bool
    root_fields: tuple[str, ...] | None = None


@dataclass(frozen=True)
class WriteRule:
    """What a role inserts, updates or deletes; what does not apply is empty. An update's `check`
    may be None: nothing is checked."""

    columns: tuple[str, ...] = ()
    filter: Json = field(default_factory=dict)
    check: Json = field(default_factory=dict)
    presets: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """A table and its rules: role → operation → rule."""

    name: str
    columns: Mapping[str, Column]
    foreign_keys: tuple[ForeignKey, ...]
    relationships: dict[str, Relationship]
    computed: dict[str, Computed] = field(default_factory=dict)
    selects: dict[str, SelectRule] = field(default_factory=dict)
    writes: dict[tuple[str, str], WriteRule] = field(default_factory=dict)

    def type_of(self, name: str) -> str | None:
        """The type of a column or a scalar computed field; None for what leads to rows."""
        if name in self.columns:
            return self.columns[name].type
        return self.computed[name].type if name in self.computed else None

    def scalars(self) -> list[str]:
        """All columns and scalar computed fields."""
        return [*self.columns, *(one.name for one in self.computed.values() if one.type)]

    def target(self, name: str) -> str:
        """The table of a relationship's, or a computed field's, rows."""
        if name in self.relationships:
            return self.relationships[name].target
        found = self.computed[name].target
        assert found is not None
        return found


@dataclass(frozen=True)
class World:
    """Tables in the order in which they can be filled, roles, what inherited roles unite."""

    schema: str
    tables: dict[str, Table]
    inherited: dict[str, tuple[str, ...]]
    rows: State

    def selects(self, role: str, table: str) -> list[SelectRule]:
        """The select rules that a role unites on a table; one of its own overrides the others."""
        own = self.tables[table].selects.get(role)
        if own is not None:
            return [own]
        parents = self.inherited.get(role, ())
        return [rule for one in parents for rule in self.selects(one, table)]

    def write(self, role: str, table: str, operation: str) -> WriteRule | None:
        """The rule for an operation: the role's own, else inherited only where all parents that
        have one agree."""
        own = self.tables[table].writes.get((role, operation))
        if own is not None or role not in self.inherited:
            return own
        found = [self.write(one, table, operation) for one in self.inherited[role]]
        rules = [rule for rule in found if rule is not None]
        return rules[0] if rules and all(rule == rules[0] for rule in rules) else None

    def columns(self, role: str, table: str) -> list[str]:
        """The columns that a role's schema has, in the table's order."""
        found = self.scalars(role, table)
        return [name for name in self.tables[table].columns if name in found]

    def scalars(self, role: str, table: str) -> list[str]:
        """The columns and the scalar computed fields that a role's schema has."""
        granted = {name for rule in self.selects(role, table) for name in rule.columns}
        return [name for name in self.tables[table].scalars() if name in granted]

    def reached(self, role: str, table: str) -> list[Computed]:
        """The computed fields that give rows which the role may see."""
        found = self.tables[table].computed.values()
        return [one for one in found if one.target and self.selects(role, one.target)]

    def limit(self, role: str, table: str) -> int | None:
        """The most rows that a list shows."""
        limits = [rule.limit for rule in self.selects(role, table)]
        return None if None in limits else max(one for one in limits if one is not None)

    def aggregates(self, role: str, table: str) -> bool:
        """Whether the role has aggregates of the table."""
        return any(rule.aggregations for rule in self.selects(role, table))

    def begins(self, role: str, table: str, kind: str) -> bool:
        """Whether a role's query may begin with that kind of field of the table."""
        given = [rule.root_fields for rule in self.selects(role, table)]
        return any(one is None or ROOT_FIELDS[kind] in one for one in given)

    def sees_key(self, role: str, table: str) -> bool:
        """Whether `id` shows in every row that the role sees."""
        return all("id" in rule.columns for rule in self.selects(role, table))


SESSION_VARIABLES = {
    "int4": ("X-Hasura-Number", ("0", "1", "2", "3")),
    "text": ("x-hasura-Name", ("a", "ab", "b", "")),
    "bool": ("X-HASURA-FLAG", ("true", "false")),
    "float8": ("X-Hasura-Amount", ("0", "1.5", "2.25")),
    "jsonb": ("X-Hasura-Document", ('{"a": 1}', '"a"', "[1, 2]")),
    "int4[]": ("X-Hasura-Numbers", ("{1,2}", "{}", "{0,3}")),
    "text[]": ("X-Hasura-Names", ('{a,"ab"}', "{}", "{b}")),
}
VALUES: dict[str, tuple[Json, ...]] = {
    "int4": (1, 0, 2, 3, 4),
    "text": ("a", "", "ab", "b", "Ba", "A"),
    "bool": (True, False),
    "float8": (1.5, 0.0, 2.25, -1.0),
    "jsonb": ({"a": 1}, {}, [], {"a": {"b": [1, 2]}}, ["a", "b"], "a", 1, True, [1, [2, "a"]]),
    "int4[]": ([1], [], [1, 2], [2, 1], [0, 3, 3]),
    "text[]": (["a"], [], ["a", "b"], ["ab"], ["", "a"]),
}
HOSTILE_TEXTS = ("x-hasura-name", "X-Hasura-Role", "'; drop table t; --", "%", "\\")
