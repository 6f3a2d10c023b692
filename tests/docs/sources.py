"""What the source says that the documentation must say too: error codes, variables, commands."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rowgate.base import errors
from tests.docs.pages import ROOT

ENGINE = ("rowgate",)
SERVICES = ("auth", "actions", "service")
_CODE = re.compile(r"[a-z]+(-[a-z]+)+|unexpected|conflict|timeout|busy|overloaded")
_VARIABLE = re.compile(r"\A[A-Z][A-Z0-9_]{2,}\Z")
_READERS = frozenset({"text", "whole", "secret", "get"})


@dataclass(frozen=True)
class Coded:
    """An error code where it stands, and the HTTP status that goes with it, where that is plain."""

    code: str
    status: int | None
    place: str


@cache
def modules(*packages: str) -> tuple[tuple[str, ast.Module], ...]:
    """The syntax trees of packages, by path below the root."""
    files = [file for package in packages for file in sorted((ROOT / package).rglob("*.py"))]
    return tuple((str(file.relative_to(ROOT)), ast.parse(file.read_text())) for file in files)


def engine_codes() -> list[Coded]:
    """Every code that the engine's source gives to an error."""
    return [
        one
        for path, tree in modules(*ENGINE)
        for one in (*_of_calls(path, tree), *_of_classes(path, tree), *_of_tables(path, tree))
    ]


def _of_calls(path: str, tree: ast.Module) -> Iterator[Coded]:
    constants = _constants(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        given = {one.arg: one.value for one in node.keywords}
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name == "denied" and node.args:
            given["code"] = node.args[0]
        kind = getattr(errors, name, None)
        if "code" not in given and isinstance(kind, type) and issubclass(kind, errors.ApiError):
            yield Coded(kind.code, _status(given.get("status"), name), f"{path}:{node.lineno}")
        for code in _texts(given.get("code"), constants):
            yield Coded(code, _status(given.get("status"), name), f"{path}:{node.lineno}")


def _texts(node: ast.AST | None, constants: dict[str, str]) -> Iterator[str]:
    for one in ast.walk(node) if node is not None else ():
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            if _CODE.fullmatch(one.value):
                yield one.value
        elif isinstance(one, ast.Name) and one.id in constants:
            yield constants[one.id]


def _status(given: ast.expr | None, name: str) -> int | None:
    if isinstance(given, ast.Constant) and isinstance(given.value, int):
        return given.value
    kind = getattr(errors, name, None)
    if given is None and isinstance(kind, type) and issubclass(kind, errors.ApiError):
        return kind.status
    return None


def _constants(tree: ast.Module) -> dict[str, str]:
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value.value, str)
    }


def _of_classes(path: str, tree: ast.Module) -> Iterator[Coded]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef):
            continue
        for item in node.body:
            if isinstance(item, ast.Assign) and ast.unparse(item.targets[0]) == "code":
                assert isinstance(item.value, ast.Constant)
                kind = getattr(errors, node.name, None)
                yield Coded(str(item.value.value), getattr(kind, "status", None), path)


def _of_tables(path: str, tree: ast.Module) -> Iterator[Coded]:
    """Pairs of message and code in a module's tables of failures."""
    if path != "rowgate/database/failures.py":
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            for value in node.values:
                if isinstance(value, ast.Tuple) and len(value.elts) == 2:
                    for code in _texts(value.elts[1], {}):
                        yield Coded(code, None, path)


def service_codes() -> list[Coded]:
    """Every code that the services' source gives to a refusal."""
    found: list[Coded] = []
    for path, tree in modules(*SERVICES):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                found += _of_refusal(path, node)
        for node in tree.body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_CODES":
                numbered: dict[int, str] = ast.literal_eval(node.value)
                found += [Coded(code, status, path) for status, code in numbered.items()]
    return found


def _of_refusal(path: str, node: ast.Call) -> Iterator[Coded]:
    assert isinstance(node.func, ast.Name)
    place = f"{path}:{node.lineno}"
    match node.func.id, node.args:
        case "Refusal", [ast.Constant(value=int(status)), ast.Constant(value=str(code)), *_]:
            yield Coded(code, status, place)
        case "busy", [ast.Constant(value=str(code)), *_]:
            yield Coded(code, 503, place)


def variables_read(*packages: str) -> set[str]:
    """The environment variables that the source looks up by a plain name."""
    found: set[str] = set()
    for _, tree in modules(*packages):
        for node in ast.walk(tree):
            found.update(_looked_up(node))
    return found


def _looked_up(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Call(
            func=ast.Attribute(attr=name) | ast.Name(id=name),
            args=[ast.Constant(value=str(text)), *_],
        ) if name in _READERS:
            yield from _VARIABLE.findall(text)
        case ast.Subscript(slice=ast.Constant(value=str(text))):
            yield from _VARIABLE.findall(text)
    if isinstance(node, ast.Call):
        for one in node.keywords:
            if one.arg == "envvar" and isinstance(one.value, ast.Constant):
                yield str(one.value.value)


def make_targets() -> set[str]:
    """The targets of the Makefile that are for people."""
    text = (ROOT / "Makefile").read_text()
    return set(re.findall(r"^([a-z-]+):.*## ", text, re.M))


def packages_of_variables() -> tuple[str, ...]:
    """Where variables are read."""
    return (*ENGINE, *SERVICES, "db")


def source_files(*packages: str) -> list[Path]:
    """The Python files of packages."""
    return [ROOT / path for path, _ in modules(*packages)]
