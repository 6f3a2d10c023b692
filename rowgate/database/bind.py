"""A request's variables and session → the arguments of a statement, all as texts."""

from collections.abc import Mapping, Sequence

from rowgate.algebra.types import Constant, SessionValue, Value, Variable, WholeSession
from rowgate.base.errors import ApiError, ValidationFailed
from rowgate.base.json import Json, encode_text
from rowgate.base.session import Session
from rowgate.catalog.types import PgType, TypeKind
from rowgate.sql.types import Given, GivenCount, GivenRows

Argument = str | None | list[str | None]


def arguments(
    binders: Sequence[Value],
    variables: Mapping[str, Json],
    session: Session,
    given: Given | None = None,
) -> list[Argument]:
    """The argument of every binder; raises `ApiError` for a session variable that is missing and
    for a variable that does not fit its type."""
    return [
        text_of(_variable(one, variables), one.type)
        if type(one) is Variable and not one.as_array
        else _argument(one, variables, session, given)
        for one in binders
    ]


def _argument(
    binder: Value,
    variables: Mapping[str, Json],
    session: Session,
    given: Given | None,
) -> Argument:
    match binder:
        case Variable():
            return _encoded(_variable(binder, variables), binder)
        case SessionValue():
            return _session_value(binder, session)
        case Constant():
            return _encoded(binder.value, binder)
        case WholeSession():
            return encode_text({**session.variables, "x-hasura-role": session.role})
        case GivenRows() if given is not None:
            return given.rows
        case GivenCount() if given is not None:
            return str(given.affected)
    raise AssertionError(binder)


def _variable(binder: Variable, variables: Mapping[str, Json]) -> Json:
    value: Json = variables
    for step in binder.path:
        value = value[step]
    return value if binder.check is None else binder.check(value)


def _session_value(binder: SessionValue, session: Session) -> Argument:
    value = session.role if binder.name == "x-hasura-role" else session.variables.get(binder.name)
    if value is None:
        raise ApiError(f'missing session variable: "{binder.name}"', code="not-found")
    return array_elements(value) if binder.as_array else value


def _encoded(value: Json, binder: Variable | Constant) -> Argument:
    if binder.as_array:
        items = value if isinstance(value, list) else [value]
        return [text_of(one, binder.type) for one in items]
    return text_of(value, binder.type)


def text_of(value: Json, type_: PgType) -> str | None:
    """A JSON value as the text that Postgres reads as `type_`; None for null.

    >>> text_of([1, None, "a"], PgType("pg_catalog", "_text", TypeKind.ARRAY))
    '{"1",NULL,"a"}'
    """
    if value is None:
        return None
    if type_.name in ("json", "jsonb"):
        return encode_text(value)
    match value:
        case str():
            return str(value)
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case list() if type_.kind is TypeKind.ARRAY or type_.base is not None:
            return _array_literal(value, type_)
    if isinstance(value, list) and type_.kind is TypeKind.BASE and type_.is_builtin:
        raise ValidationFailed(f"expected a value of type '{type_.name}', but found a list")
    return encode_text(value)


def _array_literal(items: list[Json], type_: PgType) -> str:
    element = type_.base or type_
    parts = []
    for one in items:
        if isinstance(one, list):
            parts.append(_array_literal(one, type_))
            continue
        parts.append(_quoted(text_of(one, element)))
    return "{" + ",".join(parts) + "}"


def array_literal(items: list[str | None]) -> str:
    """Texts as the literal that Postgres reads as an array of them.

    >>> array_literal(["a", None])
    '{"a",NULL}'
    """
    return "{" + ",".join(_quoted(one) for one in items) + "}"


def encoded(arguments: Sequence[Argument]) -> list[bytes | None]:
    """Arguments as Postgres reads them, arrays as their literals. Raises `UnicodeEncodeError` for
    one that is no text."""
    return [
        None if one is None else (one if isinstance(one, str) else array_literal(one)).encode()
        for one in arguments
    ]


def _quoted(text: str | None) -> str:
    if text is None:
        return "NULL"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def array_elements(literal: str) -> list[str | None]:
    """The elements of a Postgres array literal of one dimension; raises `ApiError`
    `data-exception` where it is none.

    >>> array_elements('{1,"a,b",NULL}')
    ['1', 'a,b', None]
    """
    text = literal.strip()
    if len(text) < 2 or text[0] != "{" or text[-1] != "}":
        raise ApiError("malformed array literal in a session variable", code="data-exception")
    elements: list[str | None] = []
    rest = text[1:-1]
    while rest.strip():
        element, rest = _element(rest)
        elements.append(element)
    return elements


def _element(rest: str) -> tuple[str | None, str]:
    rest = rest.lstrip()
    if not rest.startswith('"'):
        element, _, after = rest.partition(",")
        element = element.strip()
        if "{" in element or "}" in element or '"' in element:
            raise ApiError("malformed array literal in a session variable", code="data-exception")
        return (None if element.upper() == "NULL" else element), after
    at, made = 1, []
    while at < len(rest) and rest[at] != '"':
        at += rest[at] == "\\"
        made.append(rest[at : at + 1])
        at += 1
    after = rest[at + 1 :].lstrip()
    if at >= len(rest) or (after and not after.startswith(",")):
        raise ApiError("malformed array literal in a session variable", code="data-exception")
    return "".join(made), after[1:]
