"""What a migration file that Alembic wrote adds: its `upgrade`, read as a syntax tree and not run.

Apart from `migrate`, which runs migrations; only operations as autogenerate writes them are seen.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from rowgate.base.names import QualifiedName
from rowgate.metadata.suggest import Growth, NewKey


def growth_of(file: Path) -> Growth:
    """The tables and foreign keys that `upgrade` of a migration file makes, and the tables that it
    drops. Raises `SyntaxError` where the file is no Python."""
    calls = [*operations(ast.parse(file.read_text()))]
    created = [call for call in calls if operation(call) == "create_table"]
    tables = [table_of(call) for call in created]
    unique = {*_unique_columns(created), *_unique_later(calls)}
    keys = [*(key for call in created for key in _keys_within(call)), *_keys_later(calls)]
    return Growth(
        tables=tuple(tables),
        dropped=tuple(table_of(call) for call in calls if operation(call) == "drop_table"),
        keys=tuple(
            NewKey(key.table, key.columns, key.target, (key.table, key.columns) in unique)
            for key in keys
        ),
        columns=tuple(
            (table_of(call), text_of(part.args[0]))
            for call in created
            for part in _parts(call, "Column")
        ),
    )


def operations(tree: ast.Module) -> Iterator[ast.Call]:
    """The calls `op.…(…)` of `upgrade` and of the functions that it calls, in order."""
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    waiting, seen = ["upgrade"], set[str]()
    while waiting:
        name = waiting.pop(0)
        if name in seen or name not in functions:
            continue
        seen.add(name)
        for node in ast.walk(functions[name]):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                waiting.append(node.func.id)
            elif isinstance(node, ast.Call) and operation(node):
                yield node


def operation(call: ast.Call) -> str:
    """The name of a call `op.NAME(…)`; empty for any other call."""
    match call.func:
        case ast.Attribute(value=ast.Name(id="op"), attr=name) if name != "f":
            return name
        case _:
            return ""


def table_of(call: ast.Call) -> QualifiedName:
    """The table that an operation names first."""
    return QualifiedName(keyword(call, "schema") or "public", text_of(call.args[0]))


def _parts(call: ast.Call, kind: str) -> Iterator[ast.Call]:
    """The arguments `sa.<kind>(…)` of a call."""
    for argument in call.args:
        match argument:
            case ast.Call(func=ast.Attribute(attr=name)) if name == kind:
                yield argument


def _keys_within(call: ast.Call) -> Iterator[NewKey]:
    for part in _parts(call, "ForeignKeyConstraint"):
        target = _texts(part.args[1])[0].split(".")
        schema = target[0] if len(target) == 3 else "public"
        yield NewKey(table_of(call), _texts(part.args[0]), QualifiedName(schema, target[-2]))


def _keys_later(calls: list[ast.Call]) -> Iterator[NewKey]:
    for call in calls:
        if operation(call) == "create_foreign_key":
            _, source, target, columns, *_ = call.args
            table = QualifiedName(keyword(call, "source_schema") or "public", text_of(source))
            other = QualifiedName(keyword(call, "referent_schema") or "public", text_of(target))
            yield NewKey(table, _texts(columns), other)


def _unique_columns(created: list[ast.Call]) -> Iterator[tuple[QualifiedName, tuple[str, ...]]]:
    for call in created:
        for kind in ("PrimaryKeyConstraint", "UniqueConstraint"):
            for part in _parts(call, kind):
                yield table_of(call), tuple(text_of(argument) for argument in part.args)


def _unique_later(calls: list[ast.Call]) -> Iterator[tuple[QualifiedName, tuple[str, ...]]]:
    for call in calls:
        is_index = operation(call) == "create_index" and _is_unique(call)
        if is_index or operation(call) == "create_unique_constraint":
            table = QualifiedName(keyword(call, "schema") or "public", text_of(call.args[1]))
            yield table, _texts(call.args[2])


def _is_unique(call: ast.Call) -> bool:
    """Whether an index is unique over all rows."""
    given = {one.arg: one.value for one in call.keywords}
    unique = given.get("unique")
    is_true = isinstance(unique, ast.Constant) and unique.value is True
    return is_true and "postgresql_where" not in given


def keyword(call: ast.Call, name: str) -> str:
    """The text of a keyword argument; empty where there is none."""
    return next((text_of(one.value) for one in call.keywords if one.arg == name), "")


def _texts(node: ast.expr) -> tuple[str, ...]:
    items = node.elts if isinstance(node, ast.List | ast.Tuple) else [node]
    return tuple(text_of(item) for item in items)


def text_of(node: ast.expr) -> str:
    """A literal, also where it is wrapped as `op.f("…")`; empty for anything else."""
    if isinstance(node, ast.Call) and node.args:
        return text_of(node.args[0])
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def dropped_columns(file: Path) -> tuple[tuple[QualifiedName, str], ...]:
    """The columns that `upgrade` of a migration file drops, by their tables. Raises `SyntaxError`
    where the file is no Python."""
    calls = operations(ast.parse(file.read_text()))
    return tuple(
        (table_of(call), text_of(call.args[1]))
        for call in calls
        if operation(call) == "drop_column"
    )
