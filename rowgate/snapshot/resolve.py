"""Metadata over catalogs: the snapshot, and the list of what could not be honoured."""

import dataclasses
from collections.abc import Mapping

from rowgate.catalog.types import Catalog
from rowgate.metadata.types import ActionDeclaration, InheritedRole, Metadata, SourceDeclaration
from rowgate.snapshot.actions import check_action
from rowgate.snapshot.endpoints import read_endpoints
from rowgate.snapshot.federation import keyless
from rowgate.snapshot.inconsistencies import Attempts, Subject
from rowgate.snapshot.memory import Memory
from rowgate.snapshot.models import ModelReader
from rowgate.snapshot.natives import NativeQueryReader
from rowgate.snapshot.roles import in_order, unite
from rowgate.snapshot.source import SourceReader, Tables
from rowgate.snapshot.types import Inconsistency, Options, Permissions, Snapshot, Source, Table
from rowgate.snapshot.unbuilt import unbuilt


def resolve(
    metadata: Metadata,
    catalogs: Mapping[str, Catalog],
    options: Options,
    memory: Memory | None = None,
) -> Snapshot:
    """The snapshot of `metadata` over the catalogs of its sources (by source name). A source
    without a catalog could not be reached and is left out; the caller says so. What `memory` has
    of an earlier resolving is not made again."""
    memory = memory or Memory()
    attempts = Attempts(
        [Inconsistency(one.kind, one.name, one.reason, one.definition) for one in metadata.problems]
    )
    sources = {}
    for declared in metadata.sources:
        if declared.name in catalogs:
            subject = Subject("source", f"source {declared.name}", declared.name)
            catalog = catalogs[declared.name]
            made = attempts.attempt(
                subject, _source, declared, catalog, (metadata, options, attempts, memory)
            )
            if made is not None:
                sources[declared.name] = made
    actions = _actions(metadata, attempts)
    endpoints = read_endpoints(metadata, attempts)
    return Snapshot(
        sources,
        actions,
        metadata.custom_types,
        _roles(sources, actions),
        {role.name: role.role_set for role in metadata.inherited_roles},
        metadata.introspection_disabled_for,
        tuple(attempts.found),
        endpoints,
        (*unbuilt(metadata), *keyless(sources.values())),
    )


def _source(
    declared: SourceDeclaration,
    catalog: Catalog,
    context: tuple[Metadata, Options, Attempts, Memory],
) -> Source:
    metadata, options, attempts, memory = context
    reader = SourceReader(declared, catalog, options, attempts)
    tables = _with_inherited(
        reader.tables(memory), metadata.inherited_roles, declared.name, attempts
    )
    models = ModelReader(declared, catalog, tables, attempts).models(metadata.inherited_roles)
    return Source(
        declared.name,
        reader.naming,
        tables,
        reader.functions(tables),
        NativeQueryReader(declared, catalog, models, attempts).queries(),
        models,
        catalog.aggregatable,
    )


def _with_inherited(
    tables: Tables, roles: tuple[InheritedRole, ...], source: str, attempts: Attempts
) -> Tables:
    declared = {role.name: role.role_set for role in roles}
    order = in_order(declared)
    for role in declared.keys() - set(order):
        subject = Subject("inherited_role", f"inherited role {role}", {"role_name": role})
        attempts.tell(subject, f'Inconsistent object: the role "{role}" inherits itself')
    if not order:
        return tables
    made = {}
    for name, table in tables.items():
        permissions = dict(table.permissions)
        for role in order:
            parents = [permissions.get(part, Permissions()) for part in declared[role]]
            permissions[role], conflicts = unite(parents, permissions.get(role))
            _tell_conflicts(conflicts, (role, table, source), attempts)
        made[name] = dataclasses.replace(table, permissions=permissions)
    return made


def _tell_conflicts(
    operations: list[str], about: tuple[str, Table, str], attempts: Attempts
) -> None:
    role, table, source = about
    for operation in operations:
        entity = {"permission_type": operation, "source": source, "table": str(table.name)}
        attempts.tell(
            Subject(
                "inherited_role_permission",
                f"{operation} permission of inherited role {role} on table {table.name}",
                {"role": role, "entity": entity},
            ),
            f"Could not inherit permission for the role '{role}' for the entity: "
            f"'{operation} permission, table: {table.name}, source: '{source}''",
        )


def _actions(metadata: Metadata, attempts: Attempts) -> tuple[ActionDeclaration, ...]:
    made = []
    for action in metadata.actions:
        subject = Subject("action", f"action {action.name}", {"name": action.name})
        checked = attempts.attempt(subject, check_action, action, metadata.custom_types)
        if checked is not None:
            made.append(checked)
    return tuple(made)


def _roles(sources: Mapping[str, Source], actions: tuple[ActionDeclaration, ...]) -> frozenset[str]:
    of_tables: set[str] = set()
    for source in sources.values():
        for table in (*source.tables.values(), *source.logical_models.values()):
            of_tables.update(table.permissions)
    return frozenset(of_tables.union(*(action.permitted_roles for action in actions)))
