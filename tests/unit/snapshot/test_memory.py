"""Resolving with a memory gives what resolving afresh gives, whatever was edited in between."""

import copy
import dataclasses
from typing import Any

from rowgate.base.names import QualifiedName
from rowgate.catalog.types import (
    INT4,
    TEXT,
    Catalog,
    Column,
    ForeignKey,
    Relation,
    RelationKind,
    UniqueKey,
)
from rowgate.metadata.read import read
from rowgate.settings import Settings
from rowgate.snapshot.memory import Memory
from rowgate.snapshot.resolve import resolve

_SETTINGS = Settings.read(
    {"HASURA_GRAPHQL_DATABASE_URL": "postgresql://h/d", "ROWGATE_ALLOW_NO_ADMIN_SECRET": "1"}, {}
)


def _relation(name: str, *, to: str | None = None) -> Relation:
    columns = {"id": Column("id", INT4, nullable=False), "name": Column("name", TEXT)}
    keys: tuple[ForeignKey, ...] = ()
    if to:
        columns["to_id"] = Column("to_id", INT4)
        keys = (ForeignKey("k", ("to_id",), QualifiedName("public", to), ("id",)),)
    return Relation(
        QualifiedName("public", name),
        RelationKind.TABLE,
        columns,
        UniqueKey(f"{name}_pkey", ("id",)),
        (),
        keys,
    )


_RELATIONS = {
    one.name: one
    for one in (_relation("a", to="b"), _relation("b", to="c"), _relation("c"), _relation("d"))
}
_CATALOG = Catalog(_RELATIONS)


def _table(name: str, relationship: bool, rule: Any) -> dict[str, Any]:
    entry: dict[str, Any] = {"table": {"schema": "public", "name": name}}
    if relationship:
        entry["object_relationships"] = [
            {"name": "to", "using": {"foreign_key_constraint_on": "to_id"}}
        ]
    permission = {"columns": ["id"], "filter": rule}
    entry["select_permissions"] = [{"role": "user", "permission": permission}]
    return entry


def _document() -> dict[str, Any]:
    tables = [
        _table("a", True, {"to": {"to": {"name": {"_eq": "X-Hasura-Name"}}}}),
        _table("b", True, {"to": {"id": {"_gt": 1}}}),
        _table("c", False, {}),
    ]
    return {"version": 3, "sources": [{"name": "s", "kind": "postgres", "tables": tables}]}


def _edits() -> list[dict[str, Any]]:
    """Documents, each a step from the one before."""
    steps = [_document()]

    def step(change: Any) -> None:
        document = copy.deepcopy(steps[-1])
        change(document["sources"][0]["tables"])
        steps.append(document)

    step(lambda tables: tables.append(_table("d", False, {})))
    step(lambda tables: tables[2]["select_permissions"].clear())
    step(lambda tables: tables[1]["object_relationships"].clear())
    step(lambda tables: tables[1].update(object_relationships=[]))
    step(lambda tables: tables.__setitem__(1, _document()["sources"][0]["tables"][1]))
    step(lambda tables: tables.pop(2))
    step(lambda tables: tables.append(_document()["sources"][0]["tables"][2]))
    step(lambda tables: tables[0].update(configuration={"custom_name": "b"}))
    step(lambda tables: tables[0].pop("configuration"))
    return steps


def test_every_step_is_resolved_as_if_it_were_the_first() -> None:
    memory = Memory()
    for document in _edits():
        metadata = read(document)
        remembered = resolve(metadata, {"s": _CATALOG}, _SETTINGS, memory)
        assert remembered == resolve(metadata, {"s": _CATALOG}, _SETTINGS)


def test_a_changed_relation_is_seen() -> None:
    memory = Memory()
    metadata = read(_document())
    resolve(metadata, {"s": _CATALOG}, _SETTINGS, memory)
    name = QualifiedName("public", "c")
    fewer = dataclasses.replace(_RELATIONS[name], columns={"id": Column("id", INT4)})
    changed = {"s": Catalog({**_RELATIONS, name: fewer})}
    remembered = resolve(metadata, changed, _SETTINGS, memory)
    assert remembered == resolve(metadata, changed, _SETTINGS)
    assert any("name" in one.reason for one in remembered.inconsistencies)


def test_what_nothing_touched_is_not_made_again() -> None:
    memory = Memory()
    resolve(read(_document()), {"s": _CATALOG}, _SETTINGS, memory)
    before = dict(memory.sources["s"].tables)
    longer = _document()
    longer["sources"][0]["tables"].append(_table("d", False, {}))
    resolve(read(longer), {"s": _CATALOG}, _SETTINGS, memory)
    after = memory.sources["s"].tables
    assert all(after[name] is one for name, one in before.items())
