"""Random worlds, and how they become DDL, rows and metadata."""

import json
from collections.abc import Iterator
from dataclasses import replace

from tests.properties.choices import Choices, Seeded
from tests.properties.expressions import Writer
from tests.properties.model import (
    ROWS,
    SCALARS,
    SESSION_VARIABLES,
    VALUES,
    Column,
    Computed,
    ForeignKey,
    Json,
    Relationship,
    Row,
    SelectRule,
    State,
    Table,
    World,
    WriteRule,
)

PLAIN_ROLES = ("r0", "r1", "r2", "r3")
INHERITED: dict[str, tuple[str, ...]] = {"i0": ("r0", "r1"), "i1": ("i0", "r2"), "i2": ("r2", "r3")}
ROLES = (*PLAIN_ROLES, *INHERITED)
OPERATIONS = ("insert", "update", "delete")


def make_world(seed: int, schema: str) -> World:
    """The world of a seed."""
    choices = Seeded(seed)
    tables: dict[str, Table] = {}
    # All references cascade or none: Postgres' order of triggers decides what a mixture does.
    cascades = choices.chance(50)
    for name in ("alpha", "beta", "gamma", "delta")[: choices.integer(2, 4)]:
        tables[name] = _table(choices, name, list(tables), cascades)
    _relate(tables)
    if choices.chance(50):
        _compute(choices, tables)
    world = World(schema, tables, INHERITED, {})
    for table in tables.values():
        world.rows[table.name] = _rows(choices, table, world.rows)
    for table in tables.values():
        _permit(choices, world, table)
    return world


def _table(choices: Choices, name: str, earlier: list[str], cascades: bool) -> Table:
    columns = {"id": Column("id", "int4", nullable=False, unique=True)}
    types = ["int4", "text", *(choices.one(list(VALUES)) for _ in range(choices.integer(1, 4)))]
    for number, type_ in enumerate(types):
        default = choices.one(VALUES[type_]) if choices.chance(25) else None
        nullable = choices.chance(75)
        own = f"c{number}"
        columns[own] = Column(own, type_, nullable, False, default)
    if choices.chance(30):
        columns["u"] = Column("u", "int4", True, True)
    keys = []
    targets = [choices.one(earlier)] if earlier else []
    targets += [name] if choices.chance(20) else []
    targets += [choices.one(earlier)] if earlier and choices.chance(25) else []
    for number, target in enumerate(targets):
        own = f"f{number}"
        nullable = target == name or choices.chance(60)
        columns[own] = Column(own, "int4", nullable)
        keys.append(ForeignKey(own, target, cascades))
    return Table(name, columns, tuple(keys), {})


def _relate(tables: dict[str, Table]) -> None:
    for table in tables.values():
        for key in table.foreign_keys:
            name = f"one_{key.column}"
            table.relationships[name] = Relationship(name, key.target, key.column, "id", False)
            back = f"many_{table.name}_{key.column}"
            tables[key.target].relationships[back] = Relationship(
                back, table.name, "id", key.column, True
            )


def _compute(choices: Choices, tables: dict[str, Table]) -> None:
    for table in tables.values():
        for one in choices.some(SCALARS, 60):
            table.computed[one.name] = one
        for name in choices.some(ROWS, 50):
            target = choices.one(list(tables))
            table.computed[name] = Computed(name, target=target)


def _rows(choices: Choices, table: Table, done: State) -> list[Row]:
    rows: list[Row] = []
    for number in range(choices.integer(3, 10)):
        row: Row = {}
        for column in table.columns.values():
            row[column.name] = _cell(choices, column)
        row["id"] = number
        if "u" in row:
            row["u"] = number if choices.chance(70) else None
        for key in table.foreign_keys:
            others = rows if key.target == table.name else done[key.target]
            if row[key.column] is not None or not table.columns[key.column].nullable:
                row[key.column] = choices.one(others)["id"] if others else None
        rows.append(row)
    return rows


def _cell(choices: Choices, column: Column) -> Json:
    if column.nullable and choices.chance(25):
        return None
    return choices.one(VALUES[column.type])


def _permit(choices: Choices, world: World, table: Table) -> None:
    for number, role in enumerate(ROLES):
        inherited = role in INHERITED
        if choices.chance(10 if inherited else 88):
            table.selects[role] = _select(choices, world, table)
        for operation in OPERATIONS:
            if choices.chance(10 if inherited else 65):
                rule = _write(choices, world, table, operation)
                table.writes[role, operation] = _unlike(rule, operation, number)
    if choices.chance(20) and {"r0", "r1"} <= set(table.selects):
        alike = replace(table.selects["r1"], filter=table.selects["r0"].filter)
        table.selects["r1"] = alike
    for operation in OPERATIONS:
        if choices.chance(50) and ("r0", operation) in table.writes:
            table.writes["r1", operation] = table.writes["r0", operation]


def _unlike(rule: WriteRule, operation: str, number: int) -> WriteRule:
    """The rule, told apart from every other role's however an engine may simplify conditions:
    whether parents agree decides what an inherited role may do."""
    if number == 0:
        return rule
    own = rule.check if operation == "insert" else rule.filter
    apart = {"_not": {"id": {"_neq": 100 + number}}}
    told = {"_or": [apart, {"_not": {"_not": own}}]}
    return replace(rule, check=told) if operation == "insert" else replace(rule, filter=told)


def _filter(choices: Choices, world: World, table: Table, strict: int) -> Json:
    return Writer(choices, world).expression(table, 2) if choices.chance(strict) else {}


def _select(choices: Choices, world: World, table: Table) -> SelectRule:
    limit = choices.integer(0, 4) if choices.chance(40) else None
    names = [name for name in table.columns if name != "id"]
    columns = choices.some(names, 70)
    columns += choices.some([one.name for one in table.computed.values() if one.type], 60)
    if limit is not None or choices.chance(75) or not columns:
        columns.insert(0, "id")
    filter_ = _filter(choices, world, table, 80)
    aggregations = choices.chance(65)
    rule = SelectRule(tuple(columns), filter_, limit, aggregations)
    if not choices.chance(12):
        return rule
    possible = ["select", *(["select_by_pk"] if "id" in columns else [])]
    possible += ["select_aggregate"] if aggregations else []
    return replace(rule, root_fields=tuple(choices.some(possible, 50)))


def _write(choices: Choices, world: World, table: Table, operation: str) -> WriteRule:
    if operation == "delete":
        return WriteRule(filter=_filter(choices, world, table, 70))
    percent = 90 if operation == "insert" else 70
    columns = choices.some(list(table.columns), percent)
    if operation == "insert" and "id" not in columns and choices.chance(90):
        columns.insert(0, "id")
    if operation == "update":
        columns = [name for name in columns if name != "id"]
    presets = {}
    for name in table.columns:
        column = table.columns[name]
        taken = name in ("id", "u") or any(key.column == name for key in table.foreign_keys)
        if not taken and choices.chance(15):
            variable = SESSION_VARIABLES[column.type][0]
            presets[name] = variable if choices.chance(60) else choices.one(VALUES[column.type])
    check = _filter(choices, world, table, 60)
    if operation == "update" and choices.chance(25):
        check = None
    filter_ = _filter(choices, world, table, 70) if operation == "update" else {}
    return WriteRule(tuple(columns), filter_, check, presets)


# --- as SQL


def ddl(world: World) -> Iterator[str]:
    """The statements that make the empty schema."""
    yield f"drop schema if exists {world.schema} cascade"
    yield f"create schema {world.schema}"
    for table in world.tables.values():
        parts = [_column(world, table, one) for one in table.columns.values()]
        body = ", ".join(parts)
        options = "with (autovacuum_enabled = false)"
        yield f"create table {world.schema}.{table.name} ({body}) {options}"
    for table in world.tables.values():
        for one in table.computed.values():
            yield _function(world, table, one)


def _function(world: World, table: Table, one: Computed) -> str:
    arguments, returns, body = {
        "next": ("", "int4", "select $1.c0 + 1"),
        "tagged": ("", "text", "select $1.c1 || '!'"),
        "asked": (
            ", session json",
            "text",
            "select coalesce($1.c1, '-') || ':' || ($2->>'x-hasura-role')",
        ),
        "alike": (
            "",
            f"setof {world.schema}.{one.target}",
            f"select * from {world.schema}.{one.target} where c0 = $1.c0",
        ),
        "beyond": (
            ", minimum int4 default 2",
            f"setof {world.schema}.{one.target}",
            f"select * from {world.schema}.{one.target} where id >= $2",
        ),
    }[one.name]
    name = f"{world.schema}.{table.name}_{one.name}"
    given = f"own {world.schema}.{table.name}{arguments}"
    return f"create function {name} ({given}) returns {returns} language sql stable as $$ {body} $$"


def _column(world: World, table: Table, column: Column) -> str:
    text = f"{column.name} {column.type}"
    if column.type == "text":
        text += ' collate "C"'
    if column.name == "id":
        return text + " primary key"
    if column.default is not None:
        text += f" default {_literal(column.default, column.type)}"
    text += "" if column.nullable else " not null"
    text += " unique" if column.unique else ""
    for key in table.foreign_keys:
        if key.column == column.name:
            action = " on delete cascade" if key.cascades else ""
            text += f" references {world.schema}.{key.target}(id){action}"
    return text


def _literal(value: Json, type_: str) -> str:
    if value is None:
        return "null"
    if type_ == "jsonb":
        text = json.dumps(value)
    elif isinstance(value, list):
        text = "{" + ",".join(f'"{one}"' for one in value) + "}"
    else:
        text = str(value)
    quoted = text.replace("'", "''")
    return f"'{quoted}'::{type_}"


def load(world: World, state: State) -> str:
    """The statements that replace all rows by those of `state`, in their order."""
    names = ", ".join(f"{world.schema}.{name}" for name in world.tables)
    made = [f"truncate {names}"]
    for table in world.tables.values():
        rows = state[table.name]
        if not rows:
            continue
        values = ", ".join(
            "(" + ", ".join(_literal(row[c.name], c.type) for c in table.columns.values()) + ")"
            for row in rows
        )
        made.append(f"insert into {world.schema}.{table.name} values {values}")
    return ";\n".join(made)


# --- as metadata


def metadata(world: World, url: str) -> Json:
    """The metadata document."""
    return {
        "version": 3,
        "inherited_roles": [
            {"role_name": name, "role_set": list(parts)} for name, parts in INHERITED.items()
        ],
        "sources": [
            {
                "name": "default",
                "kind": "postgres",
                "configuration": {"connection_info": {"database_url": url}},
                "tables": [_tracked(world, table) for table in world.tables.values()],
            }
        ],
    }


def _tracked(world: World, table: Table) -> Json:
    objects, arrays = [], []
    for one in table.relationships.values():
        if one.is_array:
            remote = {"schema": world.schema, "name": one.target}
            using: Json = {"foreign_key_constraint_on": {"table": remote, "column": one.theirs}}
            arrays.append({"name": one.name, "using": using})
        else:
            objects.append({"name": one.name, "using": {"foreign_key_constraint_on": one.ours}})
    return {
        "table": {"schema": world.schema, "name": table.name},
        "configuration": {"custom_name": table.name},
        "object_relationships": objects,
        "array_relationships": arrays,
        "computed_fields": [_computed(world, table, one) for one in table.computed.values()],
        "select_permissions": [_selects(table, role, rule) for role, rule in table.selects.items()],
        **{f"{name}_permissions": _writes(table, name) for name in OPERATIONS},
    }


def _computed(world: World, table: Table, one: Computed) -> Json:
    function = {"schema": world.schema, "name": f"{table.name}_{one.name}"}
    definition: Json = {"function": function}
    if one.name == "asked":
        definition["session_argument"] = "session"
    return {"name": one.name, "definition": definition}


def _selects(table: Table, role: str, rule: SelectRule) -> Json:
    permission: dict[str, Json] = {
        "columns": _named(table, rule.columns),
        "computed_fields": [name for name in rule.columns if name in table.computed],
        "filter": rule.filter,
        "allow_aggregations": rule.aggregations,
    }
    if rule.limit is not None:
        permission["limit"] = rule.limit
    if rule.root_fields is not None:
        permission["query_root_fields"] = list(rule.root_fields)
    return {"role": role, "permission": permission}


def _named(table: Table, columns: tuple[str, ...]) -> Json:
    """Some columns, or all of them."""
    named = [name for name in columns if name in table.columns]
    return "*" if set(named) == set(table.columns) else named


def _writes(table: Table, operation: str) -> list[Json]:
    made = []
    for (role, name), rule in table.writes.items():
        if name != operation:
            continue
        permission: dict[str, Json] = {}
        if operation != "delete":
            permission = {
                "columns": _named(table, rule.columns),
                "check": rule.check,
                "set": dict(rule.presets),
            }
        if operation != "insert":
            permission["filter"] = rule.filter
        made.append({"role": role, "permission": permission})
    return made
