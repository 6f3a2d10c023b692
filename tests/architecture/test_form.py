"""The form of the source: sizes, parameters, nesting, docstrings, names, what is committed."""

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.architecture.source import ROOT, Function, Module, functions, modules

LONGEST_FILE = 400
LONGEST_FUNCTION = 40
MOST_PARAMETERS = 5
DEEPEST = 3
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
EMPTY_ENDINGS = ("Manager", "Info", "Impl", "Helper", "Util", "Utils")
BLOCKS = (ast.For, ast.AsyncFor, ast.While, ast.If, ast.With, ast.AsyncWith, ast.Try, ast.Match)
GENERATED = "db.migrations.versions."
FOREIGN = re.compile(
    "|".join(
        (
            r"pypi\.o" + r"rg",
            r"pythonhosted\.o" + r"rg",
            r"registry\.npmj" + r"s",
            r"/wo" + r"rk/",
            r"/ro" + r"ot/",
            r"/home/[a-z]+/",
            r"/opt/whe" + r"els",
        )
    )
)


def test_no_file_is_longer_than_it_may_be() -> None:
    lengths = {module.place: module.text.count("\n") for module in modules()}
    assert {place: n for place, n in lengths.items() if n > LONGEST_FILE} == {}


def test_no_function_is_longer_than_it_may_be() -> None:
    wrong = [
        f"{module.place}:{node.lineno}: {name} has {length(node)} lines"
        for module in modules()
        if not module.name.startswith(GENERATED)
        for name, node in functions(module)
        if length(node) > LONGEST_FUNCTION
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def length(node: Function) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_function_has_more_parameters_than_it_may() -> None:
    wrong = [
        f"{module.place}:{node.lineno}: {name} has {parameters(node)}"
        for module in modules()
        for name, node in functions(module)
        if node.name not in {"__init__", "__exit__", "__aexit__"}
        and parameters(node) > MOST_PARAMETERS
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def parameters(node: Function) -> int:
    every = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    return len([one for one in every if one.arg not in {"self", "cls"}])


def test_nothing_is_nested_deeper_than_it_may_be() -> None:
    wrong = [
        f"{module.place}:{node.lineno}: {name} nests {deep}"
        for module in modules()
        for name, node in functions(module)
        if (deep := depth(node)) > DEEPEST
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def depth(node: ast.AST) -> int:
    """How many blocks stand inside each other; `elif` stands beside its `if`."""
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        is_elif = isinstance(node, ast.If) and isinstance(child, ast.If) and child in node.orelse
        own = 1 if isinstance(child, BLOCKS) and not is_elif else 0
        deepest = max(deepest, own + depth(child))
    return deepest


def test_every_module_and_every_public_thing_is_described() -> None:
    wrong = [
        f"{module.place}: {name}"
        for module in modules()
        if not module.name.startswith(GENERATED)
        for name in undescribed(module)
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def undescribed(module: Module) -> Iterator[str]:
    if not ast.get_docstring(module.tree):
        yield "the module"
    for node in module.tree.body:
        yield from _undescribed(node)


def _undescribed(node: ast.stmt) -> Iterator[str]:
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return
    if node.name.startswith("_"):
        return
    if not ast.get_docstring(node):
        yield node.name
    if isinstance(node, ast.ClassDef):
        overloads = {"overload", "override", "setter"}
        for inner in node.body:
            marks = {_mark(one) for one in getattr(inner, "decorator_list", ())}
            if not marks & overloads:
                yield from (f"{node.name}.{name}" for name in _undescribed(inner))


def _mark(decorator: ast.expr) -> str:
    return decorator.attr if isinstance(decorator, ast.Attribute) else getattr(decorator, "id", "")


def test_names_say_something() -> None:
    wrong = [
        module.place for module in modules() if EMPTY_NAMES & set(module.name.lower().split("."))
    ]
    wrong += [
        f"{module.place}: {node.name}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef) and node.name.endswith(EMPTY_ENDINGS)
    ]
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.fixture(scope="module")
def committed() -> list[str]:
    """The files under version control, relative to the root."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout")
    answer = subprocess.run(
        ("git", "ls-files", "-z"), cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [name for name in answer.stdout.split("\0") if name]


def test_no_host_of_a_registry_and_no_path_of_a_machine_is_committed(committed: list[str]) -> None:
    wrong = []
    for name in committed:
        path = ROOT / name
        if not path.is_file() or b"\0" in (content := path.read_bytes()):
            continue
        found = FOREIGN.search(content.decode("utf-8", "replace"))
        if found and "console_static" not in name:
            wrong.append(f"{name}: {found.group()}")
    assert not wrong, "\n" + "\n".join(wrong)


def test_locked_requirements_name_no_place_to_fetch_from() -> None:
    for file in (ROOT / "requirements").glob("*.txt"):
        assert "://" not in file.read_text()
        assert "--hash=sha256:" in file.read_text()


def test_no_secret_and_no_state_is_committed(committed: list[str]) -> None:
    hidden = {".env", ".rowgate", ".venv", "node_modules"}
    assert [name for name in committed if hidden & set(name.split("/"))] == []
