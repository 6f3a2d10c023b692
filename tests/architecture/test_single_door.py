"""Tables are reached through one door: nothing but `plan/scope.py` makes what names a table."""

import ast

from tests.architecture.source import Module, engine

DOORS = {"Rows", "Insert", "Update", "Delete"}
KEEPER = "rowgate.plan.scope"


def calls(module: Module) -> list[tuple[str, int]]:
    """Calls of the guarded constructors, by any name they are imported under, with lines."""
    names = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("rowgate.plan")
        for alias in node.names
        if alias.name in DOORS
    }
    names |= {
        node.name: node.name
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef) and node.name in DOORS
    }
    found = []
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call):
            continue
        target = node.func
        if isinstance(target, ast.Name) and target.id in names:
            found.append((names[target.id], node.lineno))
        elif isinstance(target, ast.Attribute) and target.attr in DOORS:
            found.append((target.attr, node.lineno))
    return found


def test_only_the_scope_makes_what_names_a_table() -> None:
    wrong = [
        f"{module.place}:{line}: calls {name}(…)"
        for module in engine()
        if module.name != KEEPER
        for name, line in calls(module)
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def test_the_scope_makes_each_of_them() -> None:
    keeper = [module for module in engine() if module.name == KEEPER]
    assert {name for module in keeper for name, _ in calls(module)} == DOORS
