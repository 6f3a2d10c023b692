"""The `where` of a table: connectives, comparisons, relationship and aggregate predicates."""

from collections.abc import Iterator, Mapping

from rowgate.algebra.types import Operator, value_type
from rowgate.base.naming import Naming, field_name, pascal_case, type_name
from rowgate.catalog.types import FLOAT8, PgType, TypeKind
from rowgate.schema.build import Builder
from rowgate.schema.columns import column_enum, enum_table_type, select_column
from rowgate.schema.meanings import (
    CastTo,
    ColumnInput,
    Comparison,
    ComputedInput,
    ComputedRowsInput,
    Logic,
    RelationshipAggregateInput,
    RelationshipInput,
    Special,
)
from rowgate.schema.scalars import (
    BOOLEAN,
    DESCRIPTIONS,
    FLOAT,
    INT,
    STRING,
    comparison_name,
    graphql_type,
    operators,
    scalar,
)
from rowgate.schema.types import (
    Coercion,
    Decides,
    EnumType,
    InputField,
    InputType,
    ListOf,
    NonNull,
    ScalarType,
    Type,
    inputs,
)
from rowgate.snapshot.types import ComputedField, Table

_NUMERIC_PREDICATES = ("avg", "max", "min", "sum", "stddev_samp", "var_samp")
_PAIR_PREDICATES = ("corr", "covar_samp")


def bool_exp(builder: Builder, table: Table) -> InputType:
    """The `where` input of a table."""
    made: list[InputType] = []
    note = (
        f'Boolean expression to filter rows from the table "{table.name}". '
        "All fields are combined with a logical 'AND'."
    )
    made.append(
        InputType(
            type_name(builder.naming(table), f"{table.graphql_name}_bool_exp"),
            lambda: inputs(*_fields(builder, table, made[0])),
            note,
        )
    )
    return made[0]


def _fields(builder: Builder, table: Table, own: InputType) -> Iterator[InputField]:
    yield InputField("_and", ListOf(NonNull(own)), "_and", Logic.AND, takes_null=False)
    yield InputField("_not", own, "_not", Logic.NOT, takes_null=False)
    yield InputField("_or", ListOf(NonNull(own)), "_or", Logic.OR, takes_null=False)
    permission = builder.readable(table)
    if permission is None:
        return
    naming = builder.naming(table)
    for name in permission.columns:
        column = table.columns[name]
        if column.enum is not None:
            enum = enum_table_type(builder, builder.table(table.source, column.enum))
            shown = enum_comparison(builder, naming, enum, column.type)
        else:
            shown = comparison(builder, naming, column.type)
        yield InputField(column.name, shown, column.name, ColumnInput(column), takes_null=False)
    yield from _relationships(builder, table)
    for name in permission.computed_fields:
        yield from _computed(builder, table, table.computed_fields[name])


def _computed(builder: Builder, table: Table, computed: ComputedField) -> Iterator[InputField]:
    name = computed.name
    hidden = (computed.row_position, computed.session_position)
    if len(computed.function.arguments) > sum(one is not None for one in hidden):
        return
    if computed.returns is not None:
        shown = comparison(builder, builder.naming(table), computed.returns)
        yield InputField(name, shown, name, ComputedInput(computed), takes_null=False)
    elif computed.table is not None:
        target = builder.table(table.source, computed.table)
        if builder.readable(target):
            meaning = ComputedRowsInput(computed, target)
            yield InputField(name, builder.bool_exp(target), name, meaning)


def _relationships(builder: Builder, table: Table) -> Iterator[InputField]:
    hidden = "hide_aggregation_predicates" in builder.options.experimental_features
    for relationship in table.relationships.values():
        target = builder.table(table.source, relationship.join.target)
        if builder.readable(target):
            meaning = RelationshipInput(relationship, target)
            shown = builder.bool_exp(target)
            yield InputField(relationship.name, shown, relationship.name, meaning)
        if relationship.is_array and builder.countable(target) and not hidden:
            name = field_name(builder.naming(target), f"{relationship.name}_aggregate")
            aggregate = RelationshipAggregateInput(relationship, target)
            yield InputField(name, aggregate_bool_exp(builder, target), name, aggregate)


def comparison(builder: Builder, naming: Naming, type_: PgType) -> InputType:
    """The comparison input of a column type, shared by all tables of one naming convention."""
    name = _shared_name(naming, comparison_name(type_))
    note = (
        f'Boolean expression to compare columns of type "{comparison_name(type_).split("_")[0]}". '
        "All fields are combined with logical 'AND'."
    )
    return builder.once(
        ("comparison", name),
        lambda: InputType(name, lambda: _operators(builder, naming, type_), note),
    )


def _shared_name(naming: Naming, text: str) -> str:
    """The name of a type that belongs to no table: by the convention, without affixes."""
    return pascal_case(text) if naming.camel else text


def _operators(builder: Builder, naming: Naming, type_: PgType) -> Mapping[str, InputField]:
    items = []
    for operator in operators(type_):
        wanted, many = value_type(operator, type_)
        shown: Type = _wanted_type(operator, wanted, type_)
        if many:
            shown = ListOf(NonNull(shown))  # type: ignore[arg-type]
        note = DESCRIPTIONS.get(operator)
        meaning = Comparison(operator, wanted, many)
        name = field_name(naming, operator.value)
        items.append(InputField(name, shown, operator.value, meaning, note))
    is_null = field_name(naming, "_is_null")
    items.append(InputField(is_null, BOOLEAN, "_is_null", Special.IS_NULL))
    if type_.name == "jsonb":
        cast = _cast(builder, naming, type_, {"String": PgType("pg_catalog", "text")})
        items.append(InputField("_cast", cast, "_cast", takes_null=False))
    if type_.name in ("geometry", "geography"):
        items += _spatial(builder, naming, type_)
    if type_.name == "raster":
        items += _raster(builder, naming, type_)
    return inputs(*items)


def _raster(builder: Builder, naming: Naming, type_: PgType) -> list[InputField]:
    geometry = scalar(PgType(type_.schema, "geometry"))
    shape = InputField("geommin", NonNull(geometry), "geommin")
    band = InputField("nband", INT, "nband", takes_null=False)
    first = InputType(
        "st_intersects_nband_geom_input",
        lambda: inputs(shape, InputField("nband", NonNull(INT), "nband")),
    )
    last = InputType("st_intersects_geom_nband_input", lambda: inputs(shape, band))
    return [
        InputField(
            field_name(naming, "_st_intersects_nband_geom"),
            builder.once((first.name,), lambda: first),
            "_st_intersects_nband_geom",
            Special.BAND_THEN_GEOMETRY,
        ),
        InputField(
            field_name(naming, "_st_intersects_geom_nband"),
            builder.once((last.name,), lambda: last),
            "_st_intersects_geom_nband",
            Special.GEOMETRY_THEN_BAND,
        ),
    ]


def _wanted_type(operator: Operator, wanted: PgType, operand: PgType) -> Type:
    if operator in (Operator.MATCHES, Operator.MATCHES_ANY):
        return ScalarType("lquery", Coercion.STRING, wanted)
    if operator is Operator.MATCHES_FULLTEXT:
        return ScalarType("ltxtquery", Coercion.STRING, wanted)
    if wanted.name == "text" and operand.name == "jsonb":
        return STRING
    return graphql_type(wanted)


def _cast(
    builder: Builder, naming: Naming, type_: PgType, targets: Mapping[str, PgType]
) -> InputType:
    name = _shared_name(naming, f"{type_.name}_cast_exp")
    return builder.once(
        ("cast", name),
        lambda: InputType(
            name,
            lambda: inputs(
                *(
                    InputField(shown, comparison(builder, naming, pg), shown, CastTo(pg))
                    for shown, pg in targets.items()
                )
            ),
        ),
    )


def _spatial(builder: Builder, naming: Naming, type_: PgType) -> list[InputField]:
    other = "geography" if type_.name == "geometry" else "geometry"
    cast = _cast(builder, naming, type_, {other: PgType(type_.schema, other)})
    items = [InputField("_cast", cast, "_cast", takes_null=False)]
    flat = scalar(type_)
    distance = inputs(
        InputField("distance", NonNull(FLOAT), "distance", FLOAT8),
        InputField("from", NonNull(flat), "from", type_),
    )
    if type_.name == "geography":
        spheroid = InputField(
            "use_spheroid", BOOLEAN, "use_spheroid", default=True, has_default=True
        )
        within = InputType("st_d_within_geography_input", lambda: {**distance, **inputs(spheroid)})
        return [
            *items,
            InputField(field_name(naming, "_st_d_within"), within, "_st_d_within", Special.WITHIN),
        ]
    within = builder.once(
        ("within", type_.name), lambda: InputType("st_d_within_input", lambda: distance)
    )
    return [
        *items,
        InputField(field_name(naming, "_st_d_within"), within, "_st_d_within", Special.WITHIN),
        InputField(
            field_name(naming, "_st_3d_d_within"), within, "_st_3d_d_within", Special.WITHIN_3D
        ),
    ]


def enum_comparison(builder: Builder, naming: Naming, enum: EnumType, type_: PgType) -> InputType:
    """The comparison input of a column that points at an enum table."""
    many = ListOf(NonNull(enum))
    return builder.once(
        ("comparison", enum.name),
        lambda: InputType(
            _shared_name(naming, f"{enum.name}_comparison_exp"),
            lambda: inputs(
                InputField("_eq", enum, "_eq", Comparison(Operator.EQ, type_)),
                InputField("_in", many, "_in", Comparison(Operator.IN, type_, many=True)),
                InputField(field_name(naming, "_is_null"), BOOLEAN, "_is_null", Special.IS_NULL),
                InputField("_neq", enum, "_neq", Comparison(Operator.NEQ, type_)),
                InputField("_nin", many, "_nin", Comparison(Operator.NIN, type_, many=True)),
            ),
            f'Boolean expression to compare columns of type "{enum.name}". '
            "All fields are combined with logical 'AND'.",
        ),
    )


def aggregate_bool_exp(builder: Builder, table: Table) -> InputType:
    """The aggregate predicates over a table's rows."""
    naming = builder.naming(table)
    base = f"{table.graphql_name}_aggregate_bool_exp"
    return builder.once(
        ("aggregate_bool_exp", table.source, table.name),
        lambda: InputType(
            type_name(naming, base),
            lambda: inputs(*_predicates(builder, table, base)),
        ),
    )


def _predicates(builder: Builder, table: Table, base: str) -> Iterator[InputField]:
    permission = builder.permissions(table).select
    assert permission is not None
    groups = {"bool": [], "float8": []}  # type: dict[str, list[str]]
    for name in permission.columns:
        type_ = table.columns[name].type
        if type_.kind is TypeKind.BASE and type_.name in groups:
            groups[type_.name].append(name)
    columns = select_column(builder, table)
    arguments = ListOf(NonNull(columns)) if columns else None
    yield _predicate(
        builder,
        table,
        ("count", base, arguments, comparison(builder, builder.naming(table), _INT4)),
    )
    for function in ("bool_and", "bool_or"):
        if groups["bool"]:
            suffix = f"select_column_{base}_{function}_arguments_columns"
            enum = column_enum(builder, table, suffix, tuple(groups["bool"]))
            shown = comparison(builder, builder.naming(table), _BOOL)
            yield _predicate(builder, table, (function, base, NonNull(enum), shown))
    if groups["float8"]:
        yield from _numeric_predicates(builder, table, base, tuple(groups["float8"]))


_INT4 = PgType("pg_catalog", "int4")
_BOOL = PgType("pg_catalog", "bool")


def _numeric_predicates(
    builder: Builder, table: Table, base: str, columns: tuple[str, ...]
) -> Iterator[InputField]:
    shown = comparison(builder, builder.naming(table), FLOAT8)
    for function in (*_NUMERIC_PREDICATES, *_PAIR_PREDICATES):
        suffix = f"select_column_{base}_{function}_arguments_columns"
        enum = column_enum(builder, table, suffix, columns)
        wanted: Type = NonNull(enum)
        if function in _PAIR_PREDICATES:
            name = type_name(builder.naming(table), f"{base}_{function}_arguments")
            pair = inputs(InputField("X", wanted, "X"), InputField("Y", wanted, "Y"))
            wanted = NonNull(InputType(name, lambda pair=pair: pair))  # type: ignore[misc]
        yield _predicate(builder, table, (function, base, wanted, shown))


def _predicate(
    builder: Builder, table: Table, parts: tuple[str, str, Type | None, InputType]
) -> InputField:
    function, base, arguments, shown = parts
    items = []
    if arguments is not None:
        items.append(InputField("arguments", arguments, "arguments", takes_null=False))
    items += [
        InputField("distinct", BOOLEAN, "distinct", Decides.SQL, takes_null=False),
        InputField("filter", builder.bool_exp(table), "filter", takes_null=False),
        InputField("predicate", NonNull(shown), "predicate"),
    ]
    type_ = builder.once(
        ("predicate", table.source, table.name, function),
        lambda: InputType(
            type_name(builder.naming(table), f"{base}_{function}"), lambda: inputs(*items)
        ),
    )
    return InputField(field_name(builder.naming(table), function), type_, function)
