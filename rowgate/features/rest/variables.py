"""A call's path, query string and body → the variables of the stored operation."""

from urllib.parse import parse_qsl

from rowgate.base.errors import ApiError
from rowgate.base.json import Json, decode
from rowgate.base.names import is_graphql_name
from rowgate.features.rest.types import Matched, RestCall
from rowgate.snapshot.types import StoredVariable

_FIELDS = 1_000
"""How many parameters a query string may hold."""
_BOOLEANS = frozenset(("Boolean", "Bool"))
_NUMBERS = frozenset(("Int", "Float", "Number", "Double", "float8", "numeric"))


def variables(matched: Matched, call: RestCall) -> dict[str, Json]:
    """The variables that `call` gives: the body's, then the query string's, then the path's, where
    the later wins. Raises `ApiError` `bad-request` for one that the operation does not declare and
    for a list in the URL, `invalid-json` where the body is not JSON."""
    declared = matched.endpoint.variables
    given: dict[str, Json] = _of_body(call.body)
    texts = {**_of_query(call.query), **matched.values}
    names = [name for name in {**given, **texts} if is_graphql_name(name)]
    for name in names:
        if name not in declared:
            raise ApiError(f"Unexpected variable {name}")
    return {
        name: _of_text(name, texts[name], declared[name]) if name in texts else given[name]
        for name in names
    }


def _of_body(body: bytes) -> dict[str, Json]:
    if not body.strip():
        return {}
    value = decode(body)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ApiError("expecting an object as the request's body")
    return value


def _of_query(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_FIELDS)
    except ValueError:
        text = f"the query string holds more than {_FIELDS} parameters"
        raise ApiError(text) from None
    return dict(pairs)


def _of_text(name: str, text: str, declared: StoredVariable) -> Json:
    if declared.is_list:
        raise ApiError(
            "List variables are not currently supported in URL or Query parameters. (Variable "
            f'{name}, with value "{text}")'
        )
    if text == "" and declared.type == "Boolean":
        return True
    if text == "" and declared.nullable:
        return None
    return _typed(text, declared.type)


def _typed(text: str, type_: str) -> Json:
    """A boolean or a number where the type wants one and the text is one, else the text."""
    if type_ not in _BOOLEANS | _NUMBERS:
        return text
    try:
        value = decode(text)
    except ApiError:
        return text
    if isinstance(value, bool):
        return value if type_ in _BOOLEANS else text
    return value if isinstance(value, int | float) and type_ in _NUMBERS else text
