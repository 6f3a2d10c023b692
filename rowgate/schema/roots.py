"""The three root types of a role, and the order in which their fields stand."""

from collections.abc import Iterable, Iterator

from rowgate.base.naming import field_name, type_name
from rowgate.schema.actions import action_fields
from rowgate.schema.aggregates import aggregate_type
from rowgate.schema.build import Builder, Families
from rowgate.schema.columns import row_arguments
from rowgate.schema.federation import federation_fields, is_federated
from rowgate.schema.filters import bool_exp
from rowgate.schema.functions import function_fields
from rowgate.schema.meanings import (
    AggregateRoot,
    ConnectionRoot,
    DeleteByPkRoot,
    DeleteRoot,
    InsertRoot,
    NodeRoot,
    Part,
    RowRoot,
    RowsRoot,
    UpdateByPkRoot,
    UpdateManyRoot,
    UpdateRoot,
)
from rowgate.schema.mutations import (
    change_arguments,
    conflict_argument,
    insert_input,
    insertable,
    mutation_response,
    primary_key_fields,
    updatable,
    updates_type,
)
from rowgate.schema.natives import native_fields
from rowgate.schema.ordering import order_by_type
from rowgate.schema.relay import (
    connection_arguments,
    connection_type,
    node_interface,
    node_tables,
)
from rowgate.schema.rows import row_type
from rowgate.schema.scalars import ID
from rowgate.schema.types import (
    Decides,
    Field,
    InputField,
    InputType,
    ListOf,
    NonNull,
    ObjectType,
    RoleSchema,
    inputs,
)
from rowgate.snapshot.types import Options, RootKind, Snapshot, Source, Table

_FAMILIES = Families(
    row_type, aggregate_type, connection_type, bool_exp, order_by_type, row_arguments
)


def expose(
    snapshot: Snapshot, role: str, options: Options, *, relay: bool, backend_only: bool
) -> RoleSchema:
    """The schema of `role`; its types are made when they are reached."""
    builder = Builder(snapshot, role, options, _FAMILIES)
    builder.relay = relay
    builder.backend_only = backend_only
    mutation = _object("mutation_root", builder, _mutations)
    subscription = _object("subscription_root", builder, _subscriptions)
    return RoleSchema(
        role,
        _object("query_root", builder, _queries),
        mutation if mutation.fields else None,
        subscription if subscription.fields else None,
    )


def _object(name: str, builder: Builder, fields: object) -> ObjectType:
    return ObjectType(name, lambda: _collected(fields(builder)))  # type: ignore[operator]


def _collected(fields: Iterable[Field]) -> dict[str, Field]:
    made: dict[str, Field] = {}
    for item in fields:
        made.setdefault(item.name, item)
    return dict(sorted(made.items()))


def _queries(builder: Builder) -> Iterator[Field]:
    for source in builder.snapshot.sources.values():
        fields = [
            *_table_queries(builder, source, subscription=False),
            *function_fields(builder, source, mutation=False),
            *native_fields(builder, source),
        ]
        yield from _in_namespace(source, fields, "query")
    yield from action_fields(builder, "query")
    if builder.relay:
        arguments = inputs(InputField("id", NonNull(ID), "id", Decides.SQL, "A globally unique id"))
        yield Field("node", node_interface(builder), NodeRoot(node_tables(builder)), arguments)
    elif is_federated(builder.options):
        yield from federation_fields(builder)


def _subscriptions(builder: Builder) -> Iterator[Field]:
    for source in builder.snapshot.sources.values():
        fields = [
            *_table_queries(builder, source, subscription=True),
            *function_fields(builder, source, mutation=False),
            *native_fields(builder, source),
        ]
        yield from _in_namespace(source, fields, "subscription")


def _mutations(builder: Builder) -> Iterator[Field]:
    for source in builder.snapshot.sources.values():
        fields = [
            *(
                item
                for table in source.tables.values()
                for item in _table_mutations(builder, table)
            ),
            *function_fields(builder, source, mutation=True),
        ]
        yield from _in_namespace(source, fields, "mutation")
    yield from action_fields(builder, "mutation")


def _in_namespace(source: Source, fields: list[Field], root: str) -> Iterator[Field]:
    namespace = source.naming.root_namespace
    if namespace is None or not fields:
        yield from fields
        return
    made = _collected(fields)
    inner = ObjectType(type_name(source.naming, f"{namespace}_{root}"), lambda: made)
    yield Field(namespace, NonNull(inner), Part.NAMESPACE)


def _table_queries(builder: Builder, source: Source, *, subscription: bool) -> Iterator[Field]:
    for table in source.tables.values():
        if builder.readable(table):
            yield from _select_fields(builder, table, subscription=subscription)
        elif builder.countable(table) and not builder.relay:
            yield from _aggregate_field(builder, table, subscription=subscription)


def _select_fields(builder: Builder, table: Table, *, subscription: bool) -> Iterator[Field]:
    permission = builder.readable(table)
    assert permission is not None
    roots = permission.subscription_roots if subscription else permission.query_roots
    row = builder.row(table)
    rows = NonNull(ListOf(NonNull(row)))

    def open_(kind: RootKind) -> bool:
        return roots is None or kind.value in roots

    if builder.relay:
        if table.relation.primary_key:
            meaning = ConnectionRoot(table)
            shown = NonNull(builder.connection(table))
            arguments = connection_arguments(builder, table)
            yield _root(table, RootKind.CONNECTION, Field("", shown, meaning, arguments))
        return
    arguments = builder.row_arguments(table)
    if open_(RootKind.SELECT):
        note = f'fetch data from the table: "{table.name}"'
        yield _root(table, RootKind.SELECT, Field("", rows, RowsRoot(table), arguments, note))
    yield from _aggregate_field(builder, table, subscription=subscription)
    key = primary_key_fields(builder, table)
    if key and open_(RootKind.SELECT_BY_PK):
        note = f'fetch data from the table: "{table.name}" using primary key columns'
        yield _root(table, RootKind.SELECT_BY_PK, Field("", row, RowRoot(table), key, note))


def _aggregate_field(builder: Builder, table: Table, *, subscription: bool) -> Iterator[Field]:
    permission = builder.countable(table)
    if permission is None:
        return
    roots = permission.subscription_roots if subscription else permission.query_roots
    if roots is None or RootKind.SELECT_AGGREGATE.value in roots:
        note = f'fetch aggregated fields from the table: "{table.name}"'
        shown = NonNull(builder.aggregate(table))
        field = Field("", shown, AggregateRoot(table), builder.row_arguments(table), note)
        yield _root(table, RootKind.SELECT_AGGREGATE, field)


def _root(table: Table, kind: RootKind, field: Field) -> Field:
    own = table.root_names[kind]
    note = field.description if own.comment is None else own.comment or None
    return Field(own.name or "", field.type, field.meaning, field.arguments, note)


def _table_mutations(builder: Builder, table: Table) -> Iterator[Field]:
    if insertable(builder, table):
        yield from _insert_fields(builder, table)
    if updatable(builder, table):
        yield from _update_fields(builder, table)
    permission = builder.permissions(table).delete
    hidden = permission is not None and permission.backend_only and not builder.backend_only
    if permission and not hidden and table.relation.deletable and table.graphql_name:
        yield from _delete_fields(builder, table)


def _insert_fields(builder: Builder, table: Table) -> Iterator[Field]:
    data = NonNull(insert_input(builder, table))
    conflict = conflict_argument(builder, table)
    objects = InputField(
        "objects", NonNull(ListOf(data)), "objects", description="the rows to be inserted"
    )
    response = mutation_response(builder, table)
    note = f'insert data into the table: "{table.name}"'
    field = Field("", response, InsertRoot(table, False), inputs(objects, *conflict), note)
    yield _root(table, RootKind.INSERT, field)
    if builder.readable(table):
        one = InputField("object", data, "object", description="the row to be inserted")
        note = f'insert a single row into the table: "{table.name}"'
        row = builder.row(table)
        field = Field("", row, InsertRoot(table, True), inputs(one, *conflict), note)
        yield _root(table, RootKind.INSERT_ONE, field)


def _update_fields(builder: Builder, table: Table) -> Iterator[Field]:
    changes = change_arguments(builder, table)
    if not changes:
        return
    note = "filter the rows which have to be updated"
    where = InputField("where", NonNull(builder.bool_exp(table)), "where", description=note)
    response = mutation_response(builder, table)
    note = f'update data of the table: "{table.name}"'
    field = Field("", response, UpdateRoot(table), {**changes, **inputs(where)}, note)
    yield _root(table, RootKind.UPDATE, field)
    key = primary_key_fields(builder, table)
    naming = builder.naming(table)
    if key:
        type_ = InputType(
            type_name(naming, f"{table.graphql_name}_pk_columns_input"),
            lambda: key,
            f"primary key columns input for table: {table.name}",
        )
        columns = InputField(field_name(naming, "pk_columns"), NonNull(type_), "pk_columns")
        note = f'update single row of the table: "{table.name}"'
        arguments = {**changes, **inputs(columns)}
        field = Field("", builder.row(table), UpdateByPkRoot(table), arguments, note)
        yield _root(table, RootKind.UPDATE_BY_PK, field)
    if "hide_update_many_fields" not in builder.options.experimental_features:
        updates = NonNull(ListOf(NonNull(updates_type(builder, table))))
        many = InputField("updates", updates, "updates", description="updates to execute, in order")
        note = f'update multiples rows of table: "{table.name}"'
        field = Field("", ListOf(response), UpdateManyRoot(table), inputs(many), note)
        yield _root(table, RootKind.UPDATE_MANY, field)


def _delete_fields(builder: Builder, table: Table) -> Iterator[Field]:
    note = "filter the rows which have to be deleted"
    where = InputField("where", NonNull(builder.bool_exp(table)), "where", description=note)
    response = mutation_response(builder, table)
    note = f'delete data from the table: "{table.name}"'
    yield _root(table, RootKind.DELETE, Field("", response, DeleteRoot(table), inputs(where), note))
    key = primary_key_fields(builder, table)
    if key:
        note = f'delete single row from the table: "{table.name}"'
        field = Field("", builder.row(table), DeleteByPkRoot(table), key, note)
        yield _root(table, RootKind.DELETE_BY_PK, field)
