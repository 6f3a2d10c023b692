"""Who may import whom: downwards only, nouns between core packages, processes never."""

import ast

from tests.architecture.source import Module, engine, imports, modules

ORDER = (
    "base settings protocol catalog algebra metadata snapshot schema operation plan sql database "
    "response features admin http generation world pipeline app cli"
).split()
RANK = {name: rank for rank, name in enumerate(ORDER)}
CORE = ORDER[ORDER.index("catalog") : ORDER.index("response") + 1]
PROCESSES = ("rowgate", "auth", "actions")
SPOKEN = "rowgate.protocol."
"""The HTTP protocol with limits: not of the engine alone, and of no use to it alone."""
ANYWHERE = ("base", "settings")


def room(name: str) -> str:
    """`rowgate.plan.scope` is of the room `plan`; the package itself and `__main__` of none."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 and parts[1] != "__main__" else ""


def edges() -> list[tuple[Module, str, str, int]]:
    """Imports between different rooms of the engine: module, its room, what it imports, line."""
    return [
        (module, room(module.name), name, line)
        for module in engine()
        for name, line in imports(module)
        if name.startswith("rowgate.") and room(name) != room(module.name) != ""
    ]


def test_every_room_has_its_place_in_the_order() -> None:
    known = {*ORDER, "postgres", ""}
    assert {room(module.name) for module in engine()} <= known


def test_imports_point_downwards() -> None:
    wrong = [
        f"{module.place}:{line}: {here} may not import {name}"
        for module, here, name, line in edges()
        if here in RANK and room(name) in RANK and RANK[room(name)] > RANK[here]
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def test_the_launcher_knows_nothing_of_the_engine_and_only_commands_know_it() -> None:
    wrong = [
        f"{module.place}:{line}: {here} may not import {name}"
        for module, here, name, line in edges()
        if (here == "postgres" and room(name) != "base")
        or (room(name) == "postgres" and here != "cli")
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def test_between_core_rooms_only_nouns_are_imported() -> None:
    by_name = {module.name: module for module in engine()}
    wrong = [
        f"{module.place}:{line}: {name} has verbs; they meet above the core"
        for module, here, name, line in edges()
        if here in CORE and room(name) not in ANYWHERE and not only_nouns(by_name[name])
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def only_nouns(module: Module) -> bool:
    """Whether a module is `types`, or has no function outside its classes."""
    if module.name.endswith(".types"):
        return True
    verbs = (ast.FunctionDef, ast.AsyncFunctionDef)
    return module.path.name != "__init__.py" and not any(
        isinstance(node, verbs) for node in module.tree.body
    )


def test_no_feature_imports_another() -> None:
    wrong = [
        f"{module.place}:{line}: imports {name}"
        for module in engine()
        if room(module.name) == "features" and module.name.count(".") > 1
        for name, line in imports(module)
        if name.startswith("rowgate.features.") and name.split(".")[2] != module.name.split(".")[2]
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def test_processes_never_import_each_other() -> None:
    allowed = {
        "rowgate": {"rowgate"},
        "auth": {"auth", "service", "db"},
        "actions": {"actions", "service", "db"},
        "service": {"service"},
        "db": {"db"},
    }
    tops = set(allowed)
    wrong = [
        f"{module.place}:{line}: imports {name}"
        for module in modules()
        for name, line in imports(module)
        if name.split(".")[0] in tops - allowed[module.name.split(".")[0]]
        and not (module.name == "service.process" and name.startswith(SPOKEN))
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def test_what_all_processes_speak_imports_nothing_of_theirs() -> None:
    wrong = [
        f"{module.place}:{line}: imports {name}"
        for module in engine()
        if module.name.startswith(SPOKEN)
        for name, line in imports(module)
        if name.startswith("rowgate.") and not name.startswith(SPOKEN)
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def test_imports_are_absolute_and_at_the_top() -> None:
    wrong = []
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ImportFrom) and node.level:
                wrong.append(f"{module.place}:{node.lineno}: relative import")
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                wrong += [
                    f"{module.place}:{inner.lineno}: import inside {node.name}"
                    for inner in ast.walk(node)
                    if isinstance(inner, ast.Import | ast.ImportFrom)
                ]
    assert not wrong, "\n" + "\n".join(wrong)
