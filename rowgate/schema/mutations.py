"""The inputs and answers of inserts, updates and deletes."""

from collections.abc import Callable, Iterator, Mapping

from rowgate.base.naming import field_name, type_name
from rowgate.catalog.types import UniqueKey
from rowgate.schema.build import Builder
from rowgate.schema.columns import column_enum, column_type
from rowgate.schema.meanings import Change, ColumnInput, Part, RelationshipInput
from rowgate.schema.scalars import INT, NUMERIC_TYPES, STRING
from rowgate.schema.types import (
    EnumType,
    EnumValue,
    Field,
    InputField,
    InputType,
    ListOf,
    NonNull,
    ObjectType,
    Type,
    inputs,
)
from rowgate.snapshot.types import InsertPermission, Table, TableColumn, UpdatePermission

PLACEHOLDER = "_PLACEHOLDER"


def insertable(builder: Builder, table: Table) -> InsertPermission | None:
    """The role's insert permission, where Postgres accepts inserts and the session may use it."""
    permission = builder.permissions(table).insert
    if permission is None or not table.relation.insertable or not table.graphql_name:
        return None
    return None if permission.backend_only and not builder.backend_only else permission


def updatable(builder: Builder, table: Table) -> UpdatePermission | None:
    """The role's update permission, where Postgres accepts updates and the session may use it."""
    permission = builder.permissions(table).update
    if permission is None or not table.relation.updatable or not table.graphql_name:
        return None
    return None if permission.backend_only and not builder.backend_only else permission


def insert_input(builder: Builder, table: Table) -> InputType:
    """`t_insert_input`: the columns that the role sets, and relationships to insert through."""
    return builder.once(
        ("insert_input", table.source, table.name),
        lambda: InputType(
            type_name(builder.naming(table), f"{table.graphql_name}_insert_input"),
            lambda: inputs(*_insert_fields(builder, table)),
            f'input type for inserting data into table "{table.name}"',
            is_rows=True,
        ),
    )


def _insert_fields(builder: Builder, table: Table) -> Iterator[InputField]:
    permission = insertable(builder, table)
    assert permission is not None
    for column in table.columns.values():
        fixed = column.column.generated or column.column.identity == "always"
        if column.column.name in permission.columns and not fixed:
            shown = column_type(builder, table, column)
            note = column.description
            yield InputField(column.name, shown, column.name, ColumnInput(column), note)
    for relationship in table.relationships.values():
        target = builder.table(table.source, relationship.join.target)
        if insertable(builder, target) is None:
            continue
        make = array_insert_input if relationship.is_array else object_insert_input
        meaning = RelationshipInput(relationship, target)
        name = relationship.name
        yield InputField(name, make(builder, target), name, meaning)


def object_insert_input(builder: Builder, table: Table) -> InputType:
    """`t_obj_rel_insert_input`: one nested row."""
    data = NonNull(insert_input(builder, table))
    return _nested(builder, table, "obj_rel_insert_input", data)


def array_insert_input(builder: Builder, table: Table) -> InputType:
    """`t_arr_rel_insert_input`: nested rows."""
    data = NonNull(ListOf(NonNull(insert_input(builder, table))))
    return _nested(builder, table, "arr_rel_insert_input", data)


def _nested(builder: Builder, table: Table, suffix: str, data: Type) -> InputType:
    kind = "object" if suffix.startswith("obj") else "array"
    return builder.once(
        (suffix, table.source, table.name),
        lambda: InputType(
            type_name(builder.naming(table), f"{table.graphql_name}_{suffix}"),
            lambda: inputs(
                InputField("data", data, "data"),
                *conflict_argument(builder, table),
            ),
            f'input type for inserting {kind} relation for remote table "{table.name}"',
            is_rows=True,
        ),
    )


def conflict_argument(builder: Builder, table: Table) -> tuple[InputField, ...]:
    """`on_conflict`, where the table has a unique constraint."""
    keys = table.upsert_keys(builder.role)
    if not keys:
        return ()
    naming = builder.naming(table)
    type_ = builder.once(
        ("on_conflict", table.source, table.name),
        lambda: InputType(
            type_name(naming, f"{table.graphql_name}_on_conflict"),
            lambda: inputs(*_conflict_fields(builder, table, keys)),
            f'on_conflict condition type for table "{table.name}"',
        ),
    )
    name = field_name(naming, "on_conflict")
    return (
        InputField(name, type_, "on_conflict", description="upsert condition", takes_null=False),
    )


def _described(key: UniqueKey) -> str:
    columns = ", ".join(f'"{name}"' for name in key.columns)
    return f"unique or primary key constraint on columns {columns}"


def _conflict_fields(
    builder: Builder, table: Table, keys: tuple[UniqueKey, ...]
) -> Iterator[InputField]:
    naming = builder.naming(table)
    constraint = EnumType(
        type_name(naming, f"{table.graphql_name}_constraint"),
        {key.name: EnumValue(key.name, key.name, _described(key)) for key in keys},
        f'unique or primary key constraints on table "{table.name}"',
    )
    yield InputField("constraint", NonNull(constraint), "constraint")
    columns = NonNull(ListOf(NonNull(update_column(builder, table))))
    name = field_name(naming, "update_columns")
    yield InputField(
        name, columns, "update_columns", default=[], has_default=True, takes_null=False
    )
    yield InputField("where", builder.bool_exp(table), "where", takes_null=False)


def update_column(builder: Builder, table: Table) -> EnumType:
    """The enum of columns that the role updates, or the placeholder where there are none."""
    permission = updatable(builder, table)
    names = tuple(_updatable_columns(table, permission)) if permission else ()
    if names:
        return column_enum(builder, table, "update_column", names)
    note = "placeholder (do not use)"
    return EnumType(
        type_name(builder.naming(table), f"{table.graphql_name}_update_column"),
        {PLACEHOLDER: EnumValue(PLACEHOLDER, PLACEHOLDER, note)},
        f'placeholder for update columns of table "{table.name}" (current role has no relevant '
        "permissions)",
    )


def _updatable_columns(table: Table, permission: UpdatePermission) -> Iterator[str]:
    for name, column in table.columns.items():
        fixed = column.column.generated or column.column.identity == "always"
        if name in permission.columns and not fixed and column.column.updatable:
            yield name


def change_arguments(builder: Builder, table: Table) -> Mapping[str, InputField]:
    """`_set`, `_inc` and the jsonb operators, as far as the table has columns for them."""
    permission = updatable(builder, table)
    assert permission is not None
    columns = [table.columns[name] for name in _updatable_columns(table, permission)]
    made = []
    for change, (applies, type_, note) in _CHANGES.items():
        applicable = [one for one in columns if applies(one)]
        if applicable:
            made.append(_change_argument(builder, table, (change, applicable, type_, note)))
    return inputs(*made)


def _is_jsonb(column: TableColumn) -> bool:
    return column.type.name == "jsonb"


def _is_numeric(column: TableColumn) -> bool:
    return column.type.name in NUMERIC_TYPES and column.enum is None


def _is_any(column: TableColumn) -> bool:
    return bool(column.name)


_CHANGES: Mapping[Change, tuple[Callable[[TableColumn], bool], Type | None, str]] = {
    Change.APPEND: (
        _is_jsonb,
        None,
        "append existing jsonb value of filtered columns with new jsonb value",
    ),
    Change.DELETE_AT_PATH: (
        _is_jsonb,
        ListOf(NonNull(STRING)),
        "delete the field or element with specified path (for JSON arrays, negative integers "
        "count from the end)",
    ),
    Change.DELETE_ELEM: (
        _is_jsonb,
        INT,
        "delete the array element with specified index (negative integers count from the end)."
        " throws an error if top level container is not an array",
    ),
    Change.DELETE_KEY: (
        _is_jsonb,
        STRING,
        "delete key/value pair or string element. key/value pairs are matched based on their "
        "key value",
    ),
    Change.INC: (
        _is_numeric,
        None,
        "increments the numeric columns with given value of the filtered values",
    ),
    Change.PREPEND: (
        _is_jsonb,
        None,
        "prepend existing jsonb value of filtered columns with new jsonb value",
    ),
    Change.SET: (_is_any, None, "sets the columns of the filtered rows to the given values"),
}
"""Each update operator: the columns it applies to, its values' type (None: theirs), a note."""


def _change_argument(
    builder: Builder, table: Table, given: tuple[Change, list[TableColumn], Type | None, str]
) -> InputField:
    change, columns, type_, note = given
    fields = inputs(
        *(
            InputField(
                one.name, type_ or column_type(builder, table, one), one.name, ColumnInput(one)
            )
            for one in columns
        )
    )
    name = type_name(builder.naming(table), f"{table.graphql_name}{change.value}_input")
    shown = builder.once(
        (change, table.source, table.name), lambda: InputType(name, lambda: fields, note)
    )
    own = field_name(builder.naming(table), change.value)
    return InputField(own, shown, change.value, change, note)


def primary_key_fields(builder: Builder, table: Table) -> Mapping[str, InputField] | None:
    """The key's columns as required inputs; None where the role may not read all of them."""
    key = table.relation.primary_key
    permission = builder.readable(table)
    if key is None or permission is None or not set(key.columns) <= set(permission.columns):
        return None
    columns = [table.columns[name] for name in table.columns if name in key.columns]
    return inputs(
        *(
            InputField(
                one.name,
                NonNull(column_type(builder, table, one)),  # type: ignore[arg-type]
                one.name,
                ColumnInput(one),
                one.description,
            )
            for one in columns
        )
    )


def updates_type(builder: Builder, table: Table) -> InputType:
    """`t_updates`: one of several updates."""
    where = InputField(
        "where",
        NonNull(builder.bool_exp(table)),
        "where",
        description="filter the rows which have to be updated",
    )
    return builder.once(
        ("updates", table.source, table.name),
        lambda: InputType(
            type_name(builder.naming(table), f"{table.graphql_name}_updates"),
            lambda: {**change_arguments(builder, table), **inputs(where)},
        ),
    )


def mutation_response(builder: Builder, table: Table) -> ObjectType:
    """`t_mutation_response`: how many rows, and the rows where the role may read them."""
    naming = builder.naming(table)

    def fields() -> Mapping[str, Field]:
        affected = field_name(naming, "affected_rows")
        note = "number of rows affected by the mutation"
        made = {affected: Field(affected, NonNull(INT), Part.AFFECTED_ROWS, {}, note)}
        if builder.readable(table):
            rows = NonNull(ListOf(NonNull(builder.row(table))))
            note = "data from the rows affected by the mutation"
            made["returning"] = Field("returning", rows, Part.RETURNING, {}, note)
        return made

    return builder.once(
        ("mutation_response", table.source, table.name),
        lambda: ObjectType(
            type_name(naming, f"{table.graphql_name}_mutation_response"),
            fields,
            f'response of any mutation on the table "{table.name}"',
        ),
    )
