"""A declared table meets its relation: GraphQL names, columns, root fields, computed fields."""

from collections.abc import Iterator, Mapping

from rowgate.base.errors import ApiError
from rowgate.base.names import RESERVED, QualifiedName, is_graphql_name
from rowgate.base.naming import Naming, base_name, field_name, root_field
from rowgate.catalog.types import Catalog, Function, PgType, Relation, TypeKind
from rowgate.metadata.types import ComputedFieldDeclaration, RootFieldName, TableDeclaration
from rowgate.snapshot.types import ComputedField, RootKind, TableColumn

_ROOT_PATTERNS = {
    RootKind.SELECT: "{}",
    RootKind.SELECT_BY_PK: "{}_by_pk",
    RootKind.SELECT_AGGREGATE: "{}_aggregate",
    RootKind.SELECT_STREAM: "{}_stream",
    RootKind.INSERT: "insert_{}",
    RootKind.INSERT_ONE: "insert_{}_one",
    RootKind.UPDATE: "update_{}",
    RootKind.UPDATE_BY_PK: "update_{}_by_pk",
    RootKind.UPDATE_MANY: "update_{}_many",
    RootKind.DELETE: "delete_{}",
    RootKind.DELETE_BY_PK: "delete_{}_by_pk",
    RootKind.CONNECTION: "{}_connection",
}

STRING_TYPES = frozenset(("text", "varchar", "bpchar", "citext"))
_SQL_NAMES = {
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "bool": "boolean",
    "float4": "real",
    "float8": "double precision",
}


def relation_of(declaration: TableDeclaration, catalog: Catalog) -> Relation:
    """The relation that a declaration names; raises `ApiError` `not-exists`."""
    relation = catalog.relations.get(declaration.name)
    if relation is None:
        raise ApiError(f'no such table/view exists in source: "{declaration.name}"')
    return relation


def graphql_name_of(declaration: TableDeclaration) -> str:
    """The base name of a table's types and fields; raises `ApiError` where it has none."""
    name = declaration.configuration.custom_name or base_name(declaration.name)
    if name is None or not is_graphql_name(name):
        return ""
    return name


def root_names(declaration: TableDeclaration, naming: Naming) -> Mapping[RootKind, RootFieldName]:
    """The name and description of every root field that the table may have."""
    name = graphql_name_of(declaration)
    names = {}
    for kind, pattern in _ROOT_PATTERNS.items():
        custom = declaration.configuration.custom_root_fields.get(kind.value, RootFieldName())
        own = custom.name or field_name(naming, pattern.format(name))
        text = f"{naming.root_prefix}{own}{naming.root_suffix}"
        if not custom.name:
            text = root_field(naming, pattern.format(name))
        names[kind] = RootFieldName(text, custom.comment)
    return names


def columns_of(
    declaration: TableDeclaration,
    relation: Relation,
    naming: Naming,
    enums: Mapping[str, QualifiedName],
) -> Mapping[str, TableColumn]:
    """The columns under their GraphQL names; those that can have none are left out. Raises
    `ApiError` for a column that is declared and not there, or that has a reserved name."""
    columns = {}
    for column in relation.columns.values():
        if column.name.startswith(RESERVED):
            raise ApiError(f'the name of the column "{column.name}" is reserved')
        configuration = declaration.configuration.column_config.get(column.name)
        name = configuration.custom_name if configuration else None
        if name is None:
            name = field_name(naming, column.name)
        if not is_graphql_name(name):
            continue
        comment = configuration.comment if configuration else None
        columns[column.name] = TableColumn(
            column,
            name,
            plain_type(column.type),
            column.description if comment is None else comment or None,
            enums.get(column.name),
        )
    unknown = set(declaration.configuration.column_config) - set(relation.columns)
    if unknown:
        raise ApiError(f'column "{sorted(unknown)[0]}" does not exist')
    return columns


def plain_type(type_: PgType) -> PgType:
    """`type_` with domains replaced by their base types, in arrays too."""
    while type_.kind is TypeKind.DOMAIN and type_.base is not None:
        type_ = type_.base
    return type_


def enum_columns(
    relation: Relation, enum_tables: Mapping[QualifiedName, Relation]
) -> Iterator[tuple[str, QualifiedName]]:
    """Columns with a foreign key to an enum table, and that table."""
    for key in relation.foreign_keys:
        target = enum_tables.get(key.target)
        if target is None or len(key.columns) != 1 or target.primary_key is None:
            continue
        if key.target_columns == target.primary_key.columns:
            yield key.columns[0], key.target


def check_enum(relation: Relation, values: Mapping[str, str | None] | None) -> Relation:
    """`relation` as it is; raises `ApiError` with every reason why it cannot be an enum."""
    problems = _enum_problems(relation, values)
    if problems:
        raise ApiError(f'the table "{relation.name}" cannot be used as an enum {because(problems)}')
    return relation


def _enum_problems(relation: Relation, values: Mapping[str, str | None] | None) -> list[str]:
    key = relation.primary_key
    problems = []
    if key is None:
        problems.append("the table must have a primary key")
    elif len(key.columns) != 1:
        problems.append("the table’s primary key must not span multiple columns")
    elif relation.columns[key.columns[0]].type.name not in STRING_TYPES:
        name = relation.columns[key.columns[0]].type.name
        problems.append(
            f'the table’s primary key ("{key.columns[0]}") must have type "text", not type '
            f'"{_SQL_NAMES.get(name, name)}"'
        )
    if len(relation.columns) > 2:
        names = ", ".join(sorted(relation.columns))
        problems.append(
            "the table must have exactly one primary key and optionally one comment column, not "
            f"{len(relation.columns)} columns ({names})"
        )
    if not problems and not values:
        problems.append("the table must have at least one row")
    bad = [value for value in values or () if not is_graphql_name(value)]
    if bad and not problems:
        quoted = ", ".join(f'"{value}"' for value in bad)
        problems.append(
            f"the value {quoted} is not a valid GraphQL enum value name"
            if len(bad) == 1
            else f"the values {quoted} are not valid GraphQL enum value names"
        )
    return problems


def computed_field(
    declaration: ComputedFieldDeclaration, relation: Relation, catalog: Catalog
) -> ComputedField:
    """A computed field resolved to its function; raises `ApiError` with every reason why the
    function does not fit."""
    overloads = catalog.functions.get(declaration.function, ())
    if not overloads:
        raise ApiError(f'no such function exists: "{declaration.function}"')
    function = overloads[0]
    problems = list(_computed_problems(declaration, function, relation))
    if len(overloads) > 1:
        problems = [f'the function "{function.name}" is overloaded']
    if problems:
        about = (
            f'the computed field "{declaration.name}" cannot be added to table "{relation.name}"'
        )
        raise ApiError(f"{about} {because(problems)}")
    table = function.returns_table if function.returns_table in catalog.relations else None
    rows = table if function.returns_set else None
    return ComputedField(
        declaration.name,
        function,
        _position(function, declaration.table_argument) or 0,
        _position(function, declaration.session_argument),
        None if rows else plain_type(function.returns),
        rows,
        function.description if declaration.comment is None else declaration.comment or None,
    )


def check_name(name: str, declared: TableDeclaration, relation: Relation) -> None:
    """Raise `ApiError` where a relationship or computed field takes a column's name."""
    if name in relation.columns:
        raise ApiError("field definition conflicts with postgres column")
    for column, configuration in declared.configuration.column_config.items():
        if configuration.custom_name == name:
            raise ApiError(
                f'field definition conflicts with custom field name for postgres column "{column}"'
            )


def because(problems: list[str]) -> str:
    """Why something cannot be: one reason in line, several as a list."""
    if len(problems) == 1:
        return f"because {problems[0]}"
    return "for the following reasons:\n" + "".join(f"  • {one}\n" for one in problems)


def _computed_problems(
    declaration: ComputedFieldDeclaration, function: Function, relation: Relation
) -> Iterator[str]:
    name = function.name
    if function.volatility == "volatile":
        yield f'the function "{name}" is of type VOLATILE; cannot be added as a computed field'
    if function.returns_set and function.returns_table is None:
        yield f'the function "{name}" returning SETOF a type that is no table is not supported'
    if not function.arguments:
        yield f'the function "{name}" has no input arguments'
        return
    yield from _row_problems(declaration, function, relation)
    session = declaration.session_argument
    if session is None:
        return
    at = _position(function, session)
    if at is None:
        yield f'"{session}" is not an input argument of the function "{name}"'
    elif function.arguments[at].type.name not in ("json", "jsonb"):
        yield f'"{session}" argument of the function "{name}" is not of type JSON'


def _row_problems(
    declaration: ComputedFieldDeclaration, function: Function, relation: Relation
) -> Iterator[str]:
    wanted = declaration.table_argument
    at = 0 if wanted is None else _position(function, wanted)
    if at is None:
        yield f'"{wanted}" is not an input argument of the function "{function.name}"'
        return
    type_ = function.arguments[at].type
    subject = "first argument" if wanted is None else f'"{wanted}" argument'
    if type_.kind is not TypeKind.COMPOSITE:
        yield f'{subject} of the function "{function.name}" is not COMPOSITE type'
    if (type_.schema, type_.name) != tuple(relation.name):
        yield (
            f'{subject} of the function "{function.name}" of type "{type_.schema}.{type_.name}" is '
            "not the table to which the computed field is being added"
        )


def _position(function: Function, name: str | None) -> int | None:
    for position, argument in enumerate(function.arguments):
        if name is not None and argument.name == name:
            return position
    return None


def the_function(catalog: Catalog, name: QualifiedName) -> Function:
    """The one function of that name; raises `ApiError` for none and for overloads."""
    overloads = catalog.functions.get(name, ())
    if not overloads:
        raise ApiError(f'no such function exists in postgres : "{name}"')
    if len(overloads) > 1:
        raise ApiError(
            f'the function "{name}" is overloaded. Overloaded functions are not supported'
        )
    return overloads[0]


def argument_position(function: Function, name: str | None) -> int | None:
    """Where the argument `name` stands; raises `ApiError` where there is none."""
    if name is None:
        return None
    for position, argument in enumerate(function.arguments):
        if argument.name == name:
            return position
    raise ApiError(f'"{name}" is not an input argument of the function "{function.name}"')
