"""Aggregates over a table: `aggregate`, `nodes`, `group_by`."""

from collections.abc import Iterator, Mapping

from rowgate.base.naming import field_name, type_name
from rowgate.catalog.types import PgType, TypeKind
from rowgate.schema.build import Builder
from rowgate.schema.columns import column_type, computed_arguments, select_column
from rowgate.schema.meanings import ColumnField, ComputedScalarField, FunctionOver, Part
from rowgate.schema.scalars import BOOLEAN, FLOAT, INT, NUMERIC_TYPES, UNORDERED, graphql_type
from rowgate.schema.types import (
    Decides,
    Field,
    InputField,
    InputType,
    ListOf,
    NonNull,
    ObjectType,
    Type,
    inputs,
)
from rowgate.snapshot.types import ComputedField, Table, TableColumn

NUMERIC_FUNCTIONS = (
    "avg",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "sum",
    "var_pop",
    "var_samp",
    "variance",
)
ORDER_FUNCTIONS = ("max", "min")


def functions_of(builder: Builder, table: Table) -> Mapping[str, tuple[TableColumn, ...]]:
    """The aggregate functions that a table's readable columns allow, each with those columns."""
    permission = builder.permissions(table).select
    assert permission is not None
    columns = [table.columns[name] for name in permission.columns]
    numeric = tuple(one for one in columns if one.type.name in NUMERIC_TYPES)
    known = builder.source(table).aggregatable
    ordered = tuple(one for one in columns if _comparable(one, known))
    found = dict.fromkeys(NUMERIC_FUNCTIONS, numeric) | dict.fromkeys(ORDER_FUNCTIONS, ordered)
    return dict(sorted(found.items()))


def _comparable(column: TableColumn, known: frozenset[str]) -> bool:
    return column.enum is None and _is_ordered(column.type, known)


def _is_ordered(type_: PgType, known: frozenset[str]) -> bool:
    """Whether `max` and `min` take a type, of those that the server is known to have them for."""
    if type_.name in UNORDERED:
        return False
    if not known:
        return type_.is_builtin or type_.kind is TypeKind.ENUM
    if type_.kind is TypeKind.ENUM:
        return "anyenum" in known or type_.name in known
    if type_.kind is TypeKind.ARRAY:
        return "anyarray" in known or type_.name in known
    return type_.name in known


def aggregate_type(builder: Builder, table: Table) -> ObjectType:
    """`t_aggregate`: the aggregate, its rows, and groups of them."""
    naming = builder.naming(table)
    return ObjectType(
        type_name(naming, f"{table.graphql_name}_aggregate"),
        lambda: {item.name: item for item in _fields(builder, table)},
        f'aggregated selection of "{table.name}"',
    )


def _fields(builder: Builder, table: Table) -> Iterator[Field]:
    yield Field("aggregate", aggregate_fields(builder, table), Part.AGGREGATE)
    if builder.readable(table):
        rows = NonNull(ListOf(NonNull(builder.row(table))))
        yield Field("nodes", rows, Part.NODES)
    columns = select_column(builder, table)
    if columns is not None:
        naming = builder.naming(table)
        key = InputType(
            type_name(naming, f"{table.graphql_name}_group_by_key"),
            lambda: inputs(InputField("column", NonNull(columns), "column")),
        )
        keys = InputField("keys", NonNull(ListOf(NonNull(key))), "keys")
        groups = NonNull(ListOf(NonNull(_group_type(builder, table))))
        yield Field(field_name(naming, "group_by"), groups, Part.GROUP_BY, inputs(keys))


def _group_type(builder: Builder, table: Table) -> ObjectType:
    naming = builder.naming(table)
    permission = builder.readable(table)
    assert permission is not None
    columns = [table.columns[name] for name in permission.columns]
    keys = ObjectType(
        type_name(naming, f"{table.graphql_name}_group_by_key_fields"),
        lambda: {
            one.name: Field(one.name, column_type(builder, table, one), ColumnField(one))
            for one in columns
        },
    )
    key = Field(field_name(naming, "group_key"), NonNull(keys), Part.GROUP_KEY)
    aggregate = Field("aggregate", aggregate_fields(builder, table), Part.AGGREGATE)
    return builder.once(
        ("group", table.source, table.name),
        lambda: ObjectType(
            type_name(naming, f"{table.graphql_name}_group_by"),
            lambda: {item.name: item for item in (key, aggregate)},
        ),
    )


def aggregate_fields(builder: Builder, table: Table) -> ObjectType:
    """`t_aggregate_fields`: count and every function."""
    naming = builder.naming(table)
    return builder.once(
        ("aggregate_fields", table.source, table.name),
        lambda: ObjectType(
            type_name(naming, f"{table.graphql_name}_aggregate_fields"),
            lambda: {item.name: item for item in _functions(builder, table)},
            f'aggregate fields of "{table.name}"',
        ),
    )


def _functions(builder: Builder, table: Table) -> Iterator[Field]:
    naming = builder.naming(table)
    columns = select_column(builder, table)
    arguments = [InputField("distinct", BOOLEAN, "distinct", Decides.SQL, takes_null=False)]
    if columns is not None:
        arguments.insert(
            0, InputField("columns", ListOf(NonNull(columns)), "columns", takes_null=False)
        )
    yield Field("count", NonNull(INT), Part.COUNT, inputs(*arguments))
    for function, found in functions_of(builder, table).items():
        computed = _computed_of(builder, table, function)
        if not found and not computed:
            continue
        own = field_name(naming, function)
        shown = _function_type(builder, table, function, (found, computed))
        yield Field(own, shown, FunctionOver(function))


def _computed_of(builder: Builder, table: Table, function: str) -> list[ComputedField]:
    """The scalar computed fields that a function takes."""
    permission = builder.permissions(table).select
    assert permission is not None
    known = builder.source(table).aggregatable
    found = []
    for name in permission.computed_fields:
        computed = table.computed_fields[name]
        if computed.returns is None:
            continue
        numeric = computed.returns.name in NUMERIC_TYPES
        if numeric if function in NUMERIC_FUNCTIONS else _is_ordered(computed.returns, known):
            found.append(computed)
    return found


def _function_type(
    builder: Builder,
    table: Table,
    function: str,
    over: tuple[tuple[TableColumn, ...], list[ComputedField]],
) -> ObjectType:
    columns, computed = over
    keeps = function in ("sum", "max", "min")

    def fields() -> Mapping[str, Field]:
        made = {}
        for one in columns:
            shown: Type = column_type(builder, table, one) if keeps else FLOAT
            made[one.name] = Field(one.name, shown, ColumnField(one), {}, one.description)
        for item in computed:
            assert item.returns is not None
            shown = graphql_type(item.returns) if keeps else FLOAT
            arguments = computed_arguments(builder, table, item)
            made[item.name] = Field(item.name, shown, ComputedScalarField(item), arguments)
        return made

    name = type_name(builder.naming(table), f"{table.graphql_name}_{function}_fields")
    return builder.once(
        ("function", table.source, table.name, function),
        lambda: ObjectType(name, fields, f"aggregate {function} on columns"),
    )
