"""Identifiers, type names and fixed texts as SQL: the one function that quotes, and its kin."""

from rowgate.base.names import QualifiedName
from rowgate.catalog.types import PgType, TypeKind


def quote(name: str) -> str:
    """An identifier, quoted.

    >>> quote('a"b')
    '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'


def qualified(name: QualifiedName) -> str:
    """A schema-qualified identifier, quoted."""
    return f"{quote(name.schema)}.{quote(name.name)}"


def literal(text: str) -> str:
    """A text constant: response keys and type names, which are GraphQL names, and nothing that a
    request sends.

    >>> literal("a'b")
    "'a''b'"
    """
    body = text.replace("'", "''")
    return f"E'{body}'".replace("\\", "\\\\") if "\\" in text else f"'{body}'"


def type_name(type_: PgType) -> str:
    """A type, schema-qualified."""
    if type_.kind is TypeKind.ARRAY and type_.base is not None:
        return f"{type_name(type_.base)}[]"
    return f"{quote(type_.schema)}.{quote(type_.name)}"


def is_spatial(type_: PgType) -> bool:
    """Whether a type is one of PostGIS'."""
    return not type_.is_builtin and type_.name in ("geometry", "geography", "raster")


def function_in(type_: PgType, name: str) -> str:
    """A function of the extension that a type belongs to (PostGIS beside `geometry`)."""
    return f"{quote(type_.schema)}.{quote(name)}"
