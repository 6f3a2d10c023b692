"""Rows by the keys that a federation gateway sends → one piece of work a type.

The keys are no part of the plan: it holds a value that stands for each key column of the row asked
for, so that one statement serves any number of them (see `sql/batch`).
"""

from dataclasses import dataclass

from rowgate.algebra.types import Variable
from rowgate.operation.types import Selected
from rowgate.plan.outputs import OutputReader
from rowgate.plan.reads import by_key
from rowgate.plan.scope import Scope
from rowgate.plan.types import KEY_GIVEN, ReadRows
from rowgate.schema.meanings import EntitiesRoot, Entity
from rowgate.snapshot.types import Options, Snapshot


@dataclass(frozen=True, slots=True)
class EntityPlan:
    """One row of `entity`, whose key columns are `Variable`s at `(KEY_GIVEN, position)`."""

    entity: Entity
    work: ReadRows


def plan_entities(
    field: Selected, snapshot: Snapshot, role: str, options: Options
) -> tuple[EntityPlan, ...]:
    """A plan for every federated type; raises `ApiError` where the role may not read it."""
    assert field.field is not None
    meaning = field.field.meaning
    assert isinstance(meaning, EntitiesRoot)
    return tuple(_plan(field, one, snapshot, (role, options)) for one in meaning.entities)


def _plan(
    field: Selected, entity: Entity, snapshot: Snapshot, asking: tuple[str, Options]
) -> EntityPlan:
    role, options = asking
    table = entity.table
    reader = OutputReader(Scope(snapshot, table.source, role), options)
    chosen = Selected(
        field.key, field.field, entity.name, field.path, {}, field.on_types.get(entity.name, ())
    )
    key = {
        one.column.column.name: Variable((KEY_GIVEN, position), one.column.type)
        for position, one in enumerate(entity.key)
    }
    return EntityPlan(entity, by_key(chosen, table, reader, dict(key)))
