"""Tracked functions as root fields."""

from collections.abc import Iterator, Mapping

from rowgate.base.naming import field_name
from rowgate.schema.build import Builder
from rowgate.schema.meanings import FunctionAggregateRoot, FunctionConnectionRoot, FunctionRoot
from rowgate.schema.relay import connection_arguments
from rowgate.schema.scalars import graphql_type
from rowgate.schema.types import Field, InputField, InputType, ListOf, NonNull, Type, inputs
from rowgate.snapshot.types import Source, Table, TrackedFunction


def function_fields(builder: Builder, source: Source, *, mutation: bool) -> Iterator[Field]:
    """The root fields of a source's functions that the role may call."""
    for function in source.functions:
        if function.is_mutation == mutation and permitted(builder, function):
            yield from _fields(builder, source, function)


def permitted(builder: Builder, function: TrackedFunction) -> bool:
    """Whether the role may call it: by inference, by name, or by a role that it inherits."""
    table = builder.table(function.source, function.table)
    if builder.readable(table) is None:
        return False
    if function.roles is None or builder.role == "admin":
        return True
    return any(role in function.roles for role in _ancestry(builder, builder.role))


def _ancestry(builder: Builder, role: str) -> Iterator[str]:
    yield role
    for parent in builder.snapshot.inherited_roles.get(role, ()):
        yield from _ancestry(builder, parent)


def _fields(builder: Builder, source: Source, function: TrackedFunction) -> Iterator[Field]:
    table = source.tables[function.table]
    if builder.relay:
        if table.relation.primary_key and function.function.returns_set:
            yield _connection(builder, table, function)
        return
    row = builder.row(table)
    arguments = {**function_arguments(builder, function), **builder.row_arguments(table)}
    many = function.function.returns_set
    rows: Type = NonNull(ListOf(NonNull(row))) if many else row
    note = function.description or (
        f'execute function "{function.function.name}" which returns "{table.name}"'
    )
    yield Field(function.root_name, rows, FunctionRoot(function, table), arguments, note)
    permission = builder.readable(table)
    if permission is not None and permission.aggregations and not function.is_mutation:
        yield Field(
            function.aggregate_name,
            NonNull(builder.aggregate(table)),
            FunctionAggregateRoot(function, table),
            arguments,
            f'execute function "{function.function.name}" and query aggregates on result of table '
            f'type "{table.name}"',
        )


def _connection(builder: Builder, table: Table, function: TrackedFunction) -> Field:
    arguments = {
        **function_arguments(builder, function),
        **connection_arguments(builder, table),
    }
    return Field(
        field_name(builder.naming(table), f"{function.root_name}_connection"),
        NonNull(builder.connection(table)),
        FunctionConnectionRoot(function, table),
        arguments,
        function.description or f'execute function "{function.function.name}"',
    )


def function_arguments(builder: Builder, function: TrackedFunction) -> Mapping[str, InputField]:
    """The `args` argument; empty where the function takes none from the client."""
    shown = [
        (position, argument)
        for position, argument in enumerate(function.function.arguments)
        if position != function.session_position
    ]
    if not shown:
        return {}
    fields = inputs(
        *(
            InputField(
                argument.name or f"arg_{position + 1}",
                graphql_type(argument.type),
                argument.name or f"arg_{position + 1}",
                (position, argument),
            )
            for position, argument in shown
        )
    )
    type_ = builder.once(
        ("function args", function.source, function.function.name),
        lambda: InputType(function.arguments_type, lambda: fields),
    )
    required = any(not argument.has_default for _, argument in shown)
    note = f'input parameters for function "{function.function.name}"'
    return inputs(
        InputField("args", NonNull(type_) if required else type_, "args", description=note)
    )
