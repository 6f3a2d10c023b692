"""Commands about native queries and logical models."""

from collections.abc import Callable

from rowgate.admin import document as doc
from rowgate.admin.arguments import Arguments, expect_object
from rowgate.admin.document import ARGS, Entry
from rowgate.admin.draft import Draft, Task
from rowgate.admin.identity import of_model, of_source
from rowgate.admin.permissions import Read
from rowgate.admin.types import Edit, OnBroken
from rowgate.base.errors import ApiError, NotFound
from rowgate.base.json import Json

_QUERY_KEYS = (
    "root_field_name",
    "type",
    "code",
    "arguments",
    "returns",
    "description",
    "comment",
    "object_relationships",
    "array_relationships",
)


def track_native_query(arguments: Json) -> Edit:
    """`track_native_query {source, root_field_name, code, arguments, returns, …}`."""
    given = Arguments.of(arguments)
    name = given.text("root_field_name")
    given.text("code")
    given.need("returns")
    return _track(given, ("native_queries", "native_query", "Native query"), name, _QUERY_KEYS)


def track_logical_model(arguments: Json) -> Edit:
    """`track_logical_model {source, name, fields, description}`."""
    given = Arguments.of(arguments)
    name = given.text("name")
    given.array("fields")
    keys = ("name", "fields", "description", "select_permissions")
    return _track(given, ("logical_models", "logical_model", "Logical model"), name, keys)


def _track(given: Arguments, kind: tuple[str, str, str], name: str, keys: tuple[str, ...]) -> Edit:
    key, singular, words = kind
    source, member = given.source(), _member(key)
    entry: Entry = given.only(*keys)

    def apply(document: Json) -> None:
        owner = doc.need_source(document, source)
        if doc.find(owner.get(key, []), member, name) is not None:
            text = f"{words} '{name}' is already tracked."
            raise ApiError(text, code="already-tracked", path=ARGS)
        doc.append(owner, key, entry)

    return Edit(apply, of_source(source, singular, name))


def _member(key: str) -> str:
    return "root_field_name" if key == "native_queries" else "name"


def untrack(key: str, words: str) -> Read:
    """The reader of `untrack_native_query {source, root_field_name}` or
    `untrack_logical_model {source, name}`."""

    def read(arguments: Json) -> Edit:
        given = Arguments.of(arguments)
        source, name = given.source(), given.text(_member(key))

        def apply(document: Json) -> None:
            owner = doc.need_source(document, source)
            entry = doc.find(owner.get(key, []), _member(key), name)
            if entry is None:
                raise NotFound(f'{words} "{name}" not found in source "{source}".', path=ARGS)
            doc.remove(owner, key, entry)

        return Edit(apply, on_broken=OnBroken.DEPENDENTS)

    return read


def get_all(key: str) -> Callable[[Json], Task]:
    """The reader of `get_native_query {source}` and `get_logical_model {source}`."""

    def read(arguments: Json) -> Task:
        source = Arguments.of(arguments).source()

        async def run(draft: Draft) -> Json:
            return doc.need_source(draft.generation.document, source).get(key, [])

        return Task(run)

    return read


def create_select_permission(arguments: Json) -> Edit:
    """`create_logical_model_select_permission {source, name, role, permission, comment}`."""
    given = Arguments.of(arguments)
    source, name, role = given.source(), given.text("name"), given.text("role")
    permission = expect_object(given.need("permission"), given.at("permission"))
    entry = {"role": role, "permission": permission} | given.only("comment")

    def apply(document: Json) -> None:
        model = _need_model(document, source, name)
        if doc.find(model.get("select_permissions", []), "role", role) is not None:
            text = f'select permission already defined on logical model "{name}" with role "{role}"'
            raise ApiError(text, code="already-exists", path=ARGS)
        doc.append(model, "select_permissions", entry)

    return Edit(apply, of_model(source, name, "select_permission", role))


def drop_select_permission(arguments: Json) -> Edit:
    """`drop_logical_model_select_permission {source, name, role}`."""
    given = Arguments.of(arguments)
    source, name, role = given.source(), given.text("name"), given.text("role")

    def apply(document: Json) -> None:
        model = _need_model(document, source, name)
        text = f'select permission on logical model "{name}" for role "{role}" does not exist'
        entry = doc.need(model.get("select_permissions", []), "role", role, text)
        doc.remove(model, "select_permissions", entry)

    return Edit(apply)


def _need_model(document: Json, source: str, name: str) -> Entry:
    models = doc.need_source(document, source).get("logical_models", [])
    entry = doc.find(models, "name", name)
    if entry is None:
        raise NotFound(f'Logical model "{name}" not found in source "{source}".', path=ARGS)
    return entry
