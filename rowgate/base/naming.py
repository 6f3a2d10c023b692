"""GraphQL names from Postgres names: affixes, and Hasura's two naming conventions."""

from dataclasses import dataclass

from rowgate.base.names import QualifiedName, is_graphql_name


@dataclass(frozen=True, slots=True)
class Naming:
    """How names are made in one source: affixes, namespace, convention."""

    root_namespace: str | None = None
    root_prefix: str = ""
    root_suffix: str = ""
    type_prefix: str = ""
    type_suffix: str = ""
    camel: bool = False


def base_name(table: QualifiedName) -> str | None:
    """A table's GraphQL base name; None where it cannot be one.

    >>> base_name(QualifiedName("public", "author")), base_name(QualifiedName("s", "a"))
    ('author', 's_a')
    """
    name = table.name if table.schema == "public" else f"{table.schema}_{table.name}"
    return name if is_graphql_name(name) else None


def camel_case(text: str) -> str:
    """`insert_author_one` → `insertAuthorOne`; leading underscores stay.

    >>> camel_case("insert_author_one"), camel_case("_and")
    ('insertAuthorOne', '_and')
    """
    stripped = text.lstrip("_")
    head, *tail = stripped.split("_") if stripped else [""]
    joined = head + "".join(part[:1].upper() + part[1:] for part in tail)
    return text[: len(text) - len(stripped)] + joined


def pascal_case(text: str) -> str:
    """`author_bool_exp` → `AuthorBoolExp`.

    >>> pascal_case("author_bool_exp")
    'AuthorBoolExp'
    """
    camel = camel_case(text)
    return camel[:1].upper() + camel[1:]


def field_name(naming: Naming, text: str) -> str:
    """A field or argument name by the source's convention."""
    return camel_case(text) if naming.camel else text


def root_field(naming: Naming, text: str) -> str:
    """A root field's name, affixes included."""
    return f"{naming.root_prefix}{field_name(naming, text)}{naming.root_suffix}"


def type_name(naming: Naming, text: str) -> str:
    """A type's name, affixes included."""
    text = pascal_case(text) if naming.camel else text
    return f"{naming.type_prefix}{text}{naming.type_suffix}"


def enum_value(naming: Naming, text: str) -> str:
    """An enum value's name by the source's convention."""
    return text.upper() if naming.camel else text
