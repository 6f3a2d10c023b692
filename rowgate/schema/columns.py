"""Columns and what refers to them by name: their types, enum tables, column enums, arguments."""

from collections.abc import Mapping

from rowgate.base.naming import enum_value, field_name, type_name
from rowgate.schema.build import Builder
from rowgate.schema.meanings import ColumnInput
from rowgate.schema.scalars import NON_NEGATIVE_INT, graphql_type
from rowgate.schema.types import (
    Coercion,
    DecidesUpTo,
    EnumType,
    EnumValue,
    InputField,
    InputType,
    ListOf,
    NonNull,
    ScalarType,
    Type,
    inputs,
)
from rowgate.snapshot.types import ComputedField, Table, TableColumn

OFFSET = ScalarType("Int", Coercion.BIG_INTEGER)
_LIMIT = DecidesUpTo(1_000)
"""Clients ask for pages of few sizes, and Postgres is told them where it plans better for that."""
_NONE_SKIPPED = DecidesUpTo(0)


def column_type(builder: Builder, table: Table, column: TableColumn) -> Type:
    """A column's type without its nullability: an enum table's enum, a scalar or a list."""
    if column.enum is not None:
        return enum_table_type(builder, builder.table(table.source, column.enum))
    return graphql_type(column.type)


def enum_table_type(builder: Builder, table: Table) -> EnumType:
    """The enum that an enum table's rows make, spelled by the source's convention; what each means
    is the value in the table."""
    values, naming = table.enum_values or {}, builder.naming(table)
    return builder.once(
        ("enum", table.source, table.name),
        lambda: EnumType(
            type_name(naming, f"{table.graphql_name}_enum"),
            {
                enum_value(naming, name): EnumValue(enum_value(naming, name), name, note)
                for name, note in sorted(values.items())
            },
        ),
    )


def column_enum(builder: Builder, table: Table, suffix: str, columns: tuple[str, ...]) -> EnumType:
    """An enum over some of a table's columns, named by `suffix`."""
    naming = builder.naming(table)
    named = [table.columns[name] for name in columns]
    return builder.once(
        ("columns", table.source, table.name, suffix),
        lambda: EnumType(
            type_name(naming, f"{table.graphql_name}_{suffix}"),
            {
                enum_value(naming, column.name): EnumValue(
                    enum_value(naming, column.name), ColumnInput(column), "column name"
                )
                for column in named
            },
            f'{suffix.replace("_column", " columns")} of table "{table.name}"',
        ),
    )


def select_column(builder: Builder, table: Table) -> EnumType | None:
    """The enum of columns that the role reads; None where it reads none."""
    permission = builder.readable(table)
    if permission is None or not permission.columns:
        return None
    suffix = "select_column" if table.shape is None else "enum_name"
    return column_enum(builder, table, suffix, tuple(permission.columns))


def row_arguments(builder: Builder, table: Table) -> Mapping[str, InputField]:
    """`distinct_on`, `limit`, `offset`, `order_by`, `where` over a table."""
    naming = builder.naming(table)
    columns = select_column(builder, table)
    items = []
    if columns is not None:
        name = field_name(naming, "distinct_on")
        note = "distinct select on columns"
        items.append(InputField(name, ListOf(NonNull(columns)), "distinct_on", description=note))
    note = "limit the number of rows returned"
    items.append(InputField("limit", NON_NEGATIVE_INT, "limit", _LIMIT, note))
    note = "skip the first n rows. Use only with order_by"
    items.append(InputField("offset", OFFSET, "offset", _NONE_SKIPPED, note))
    order = builder.order_by(table)
    if order is not None:
        name = field_name(naming, "order_by")
        note = "sort the rows by one or more columns"
        items.append(InputField(name, ListOf(NonNull(order)), "order_by", description=note))
    where = InputField(
        "where", builder.bool_exp(table), "where", description="filter the rows returned"
    )
    return inputs(*items, where)


def computed_arguments(
    builder: Builder, table: Table, computed: ComputedField
) -> Mapping[str, InputField]:
    """The `args` argument of a computed field; empty where its function takes only the row."""
    hidden = {computed.row_position, computed.session_position}
    shown = [
        argument
        for position, argument in enumerate(computed.function.arguments)
        if position not in hidden and argument.name
    ]
    if not shown:
        return {}
    fields = inputs(
        *(InputField(one.name or "", graphql_type(one.type), one.name or "", one) for one in shown)
    )
    name = type_name(builder.naming(table), f"{computed.name}_{table.graphql_name}_args")
    type_ = builder.once(
        ("computed args", table.source, table.name, computed.name),
        lambda: InputType(name, lambda: fields),
    )
    required = any(not argument.has_default for argument in shown)
    note = f'input parameters for computed field "{computed.name}" defined on table "{table.name}"'
    return inputs(
        InputField(
            "args",
            NonNull(type_) if required else type_,
            "args",
            description=note,
            takes_null=False,
        )
    )
