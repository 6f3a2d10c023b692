"""The project's source as syntax trees, parsed once for all architecture tests."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("rowgate", "service", "auth", "actions", "db")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Module:
    """A source file: its dotted name, text and tree."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def place(self) -> str:
        """The path as messages show it."""
        return str(self.path.relative_to(ROOT))


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the product and the reference application."""
    return tuple(
        _parsed(path)
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if "node_modules" not in path.parts
    )


@cache
def engine() -> tuple[Module, ...]:
    """Every module of the engine."""
    return tuple(module for module in modules() if module.name.split(".")[0] == "rowgate")


def _parsed(path: Path) -> Module:
    text = path.read_text()
    parts = path.relative_to(ROOT).with_suffix("").parts
    name = ".".join(part for part in parts if part != "__init__")
    return Module(name, path, text, ast.parse(text, str(path)))


def imports(module: Module) -> Iterator[tuple[str, int]]:
    """Every module that is imported, wherever the statement stands, with its line.

    `from a import b` counts as `a.b` where that is a module of ours, otherwise as `a`.
    """
    names = {one.name for one in modules()}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            for alias in node.names:
                full = f"{base}.{alias.name}"
                yield (full if full in names else base), node.lineno


def functions(module: Module) -> Iterator[tuple[str, Function]]:
    """Every function and method with its dotted name inside the module."""
    yield from _functions(module.tree, "")


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{prefix}{child.name}", child
            yield from _functions(child, f"{prefix}{child.name}.")
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{prefix}{child.name}.")
        else:
            yield from _functions(child, prefix)
