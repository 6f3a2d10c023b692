"""Postgres' one-letter codes in words, and its types by oid.

Apart from `introspect`, since a type is built by following references while rows are just read.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import asyncpg

from rowgate.catalog.types import PgType, RelationKind, TypeKind

Row = asyncpg.Record
"""A record of one of the catalogue queries."""

RELATION_KINDS = {
    "r": RelationKind.TABLE,
    "v": RelationKind.VIEW,
    "m": RelationKind.MATERIALIZED_VIEW,
    "f": RelationKind.FOREIGN_TABLE,
    "p": RelationKind.PARTITIONED_TABLE,
}
IDENTITIES = {"a": "always", "d": "by default"}
VOLATILITIES = {"i": "immutable", "s": "stable", "v": "volatile"}

_TYPE_KINDS = {
    "b": TypeKind.BASE,
    "c": TypeKind.COMPOSITE,
    "d": TypeKind.DOMAIN,
    "e": TypeKind.ENUM,
    "p": TypeKind.PSEUDO,
    "r": TypeKind.RANGE,
    "m": TypeKind.RANGE,
}
_POLYMORPHIC = frozenset({"anyarray", "anyenum"})


@dataclass(frozen=True, slots=True)
class TypeGraph:
    """The types of one database by oid; each `PgType` is built once, when first asked for.

    A multirange counts as a range.
    """

    rows: Mapping[int, Row]
    built: dict[int, PgType]

    @classmethod
    def of(cls, rows: Sequence[Row]) -> "TypeGraph":
        """The graph of the rows of `types.sql`."""
        return cls({row["oid"]: row for row in rows}, {})

    def type(self, oid: int) -> PgType:
        """The type of that oid, its base or element type resolved."""
        if oid not in self.built:
            self.built[oid] = self._build(self.rows[oid])
        return self.built[oid]

    def _build(self, row: Row) -> PgType:
        array = row["element"] is not None
        inner = row["element"] if array else row["base"]
        return PgType(
            row["schema"],
            row["name"],
            TypeKind.ARRAY if array else _TYPE_KINDS[row["kind"]],
            None if inner is None else self.type(inner),
            tuple(row["labels"] or ()),
        )

    def relation(self, oid: int) -> int | None:
        """The oid of the relation whose rows have this type, if they are a relation's."""
        relation = self.rows[oid]["relation"]
        return None if relation is None else int(relation)

    def aggregatable(self, accepted: frozenset[int]) -> frozenset[str]:
        """The names of all types that `min` and `max` take, where `accepted` are the oids that
        their signatures name.

        `anyenum` and `anyarray` among them are written out: every enum, and every array whose
        elements can be sorted. A domain follows its base type.
        """
        pseudo = {self.rows[oid]["name"] for oid in accepted} & _POLYMORPHIC
        names = (
            row["name"] for oid, row in self.rows.items() if self._accepts(oid, accepted, pseudo)
        )
        return frozenset(names) - _POLYMORPHIC

    def _accepts(self, oid: int, accepted: frozenset[int], pseudo: Set[str]) -> bool:
        row = self.rows[oid]
        if oid in accepted:
            return True
        if row["element"] is not None:
            return "anyarray" in pseudo and bool(self.rows[row["element"]]["sortable"])
        if row["base"] is not None:
            return self._accepts(row["base"], accepted, pseudo)
        return row["kind"] == "e" and "anyenum" in pseudo
