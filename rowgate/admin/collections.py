"""Commands about stored operations: collections, the allow list, REST endpoints."""

from collections.abc import Iterator

import graphql

from rowgate.admin import document as doc
from rowgate.admin.arguments import Arguments
from rowgate.admin.document import ARGS, Entry
from rowgate.admin.identity import plain
from rowgate.admin.listed import Kind
from rowgate.admin.types import Edit
from rowgate.base.errors import ApiError, NotFound, ParseFailed
from rowgate.base.json import Json
from rowgate.base.names import PathStep

COLLECTIONS = Kind(
    "query_collections", "query_collection", "query collection", ("name", "definition", "comment")
)
ENDPOINTS = Kind(
    "rest_endpoints",
    "endpoint",
    "endpoint",
    ("name", "url", "methods", "definition", "comment"),
)
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})


def create_query_collection(arguments: Json) -> Edit:
    """`create_query_collection {name, definition: {queries: [{name, query}]}, comment}`."""
    given = Arguments.of(arguments)
    given.text("name")
    definition = given.inner("definition")
    seen: set[str] = set()
    for index, item in enumerate(definition.array("queries")):
        path = (*definition.at("queries"), index)
        query = Arguments.of(item, path)
        name = query.text("name")
        _check_query(query.text("query"), query.at("query"))
        if name in seen:
            raise ParseFailed(f"duplicate query name: {name}", path=path)
        seen.add(name)
    return COLLECTIONS.create(given)


def _check_query(text: str, path: tuple[PathStep, ...]) -> None:
    try:
        graphql.parse(text, no_location=True, max_tokens=15_000)
    except (graphql.GraphQLError, RecursionError):
        raise ParseFailed("not a valid graphql query", path=path) from None


def rename_query_collection(arguments: Json) -> Edit:
    """`rename_query_collection {name, new_name}`; allow list and endpoints follow."""
    given = Arguments.of(arguments)
    name, new = given.text("name"), given.text("new_name")

    def apply(document: Json) -> None:
        collection = COLLECTIONS.need(document, name)
        if COLLECTIONS.find(document, new) is not None:
            text = f'query collection with name "{new}" already exists'
            raise ApiError(text, code="already-exists", path=ARGS)
        collection["name"] = new
        for owner, key in _references(document, name):
            owner[key] = new

    return Edit(apply, plain("query_collection", new))


def _references(document: Json, collection: str) -> Iterator[tuple[Entry, str]]:
    """Where `collection` is named: on the allow list, in REST endpoints."""
    for entry in document.get("allowlist", []):
        if entry.get("collection") == collection:
            yield entry, "collection"
    for endpoint in document.get("rest_endpoints", []):
        query = endpoint["definition"]["query"]
        if query.get("collection_name") == collection:
            yield query, "collection_name"


def drop_query_collection(arguments: Json) -> Edit:
    """`drop_query_collection {collection, cascade}`; `cascade` takes it off the allow list."""
    given = Arguments.of(arguments)
    name, cascade = given.text("collection"), given.flag("cascade")

    def apply(document: Json) -> None:
        collection = COLLECTIONS.need(document, name)
        for endpoint in document.get("rest_endpoints", []):
            if endpoint["definition"]["query"].get("collection_name") == name:
                text = f"cannot drop due to the following dependent objects: endpoint {name}"
                raise ApiError(text, code="dependency-error", path=ARGS)
        allowed = doc.find(document.get("allowlist", []), "collection", name)
        if allowed is not None:
            if not cascade:
                text = f'query collection with name "{name}" is present in the allowlist; '
                raise ApiError(text + "cannot proceed to drop", code="dependency-error", path=ARGS)
            doc.remove(document, "allowlist", allowed)
        doc.remove(document, "query_collections", collection)

    return Edit(apply)


def add_query_to_collection(arguments: Json) -> Edit:
    """`add_query_to_collection {collection_name, query_name, query}`."""
    given = Arguments.of(arguments)
    collection, name = given.text("collection_name"), given.text("query_name")
    query = given.text("query")
    _check_query(query, given.at("query"))

    def change(entry: Entry) -> None:
        queries = entry["definition"].setdefault("queries", [])
        if doc.find(queries, "name", name) is not None:
            text = f'query with name "{name}" already exists in collection "{collection}"'
            raise ApiError(text, code="already-exists", path=ARGS)
        queries.append({"name": name, "query": query})

    return COLLECTIONS.change(collection, change)


def drop_query_from_collection(arguments: Json) -> Edit:
    """`drop_query_from_collection {collection_name, query_name}`."""
    given = Arguments.of(arguments)
    collection, name = given.text("collection_name"), given.text("query_name")

    def apply(document: Json) -> None:
        definition = COLLECTIONS.need(document, collection)["definition"]
        query = doc.find(definition.get("queries", []), "name", name)
        if query is None:
            text = f'query with name "{name}" not found in collection "{collection}"'
            raise NotFound(text, path=ARGS)
        _refuse_served(document, collection, name)
        definition["queries"] = [one for one in definition["queries"] if one is not query]

    return Edit(apply)


def _refuse_served(document: Json, collection: str, query: str) -> None:
    wanted = {"collection_name": collection, "query_name": query}
    for endpoint in document.get("rest_endpoints", []):
        if endpoint["definition"]["query"] == wanted:
            text = "cannot drop due to the following dependent objects: endpoint "
            raise ApiError(text + endpoint["name"], code="dependency-error", path=ARGS)


def _scope(given: Arguments) -> Json:
    if not given.has("scope"):
        return {"global": True}
    scope = given.inner("scope")
    if scope.flag("global"):
        return {"global": True}
    return {"global": False, "roles": scope.texts("roles")}


def add_collection_to_allowlist(arguments: Json) -> Edit:
    """`add_collection_to_allowlist {collection, scope}`; one that is on it stays as it is."""
    given = Arguments.of(arguments)
    name, scope = given.text("collection"), _scope(given)

    def apply(document: Json) -> None:
        COLLECTIONS.need(document, name)
        if doc.find(document.get("allowlist", []), "collection", name) is None:
            doc.append(document, "allowlist", {"collection": name, "scope": scope})

    return Edit(apply)


def _need_allowed(document: Json, name: str) -> Entry:
    entry = doc.find(document.get("allowlist", []), "collection", name)
    if entry is None:
        raise NotFound(f'collection "{name}" doesn\'t exist in allowlist', path=ARGS)
    return entry


def drop_collection_from_allowlist(arguments: Json) -> Edit:
    """`drop_collection_from_allowlist {collection}`."""
    name = Arguments.of(arguments).text("collection")

    def apply(document: Json) -> None:
        doc.remove(document, "allowlist", _need_allowed(document, name))

    return Edit(apply)


def update_scope_of_collection_in_allowlist(arguments: Json) -> Edit:
    """`update_scope_of_collection_in_allowlist {collection, scope}`."""
    given = Arguments.of(arguments)
    name = given.text("collection")
    given.need("scope")
    scope = _scope(given)

    def apply(document: Json) -> None:
        _need_allowed(document, name)["scope"] = scope

    return Edit(apply)


def create_rest_endpoint(arguments: Json) -> Edit:
    """`create_rest_endpoint {name, url, methods, definition: {query: {collection_name,
    query_name}}, comment}`; one that cannot be served is an inconsistency, so that it is refused
    as `invalid-configuration`."""
    given = Arguments.of(arguments)
    given.text("url")
    methods = given.texts("methods")
    unknown = sorted(set(methods) - _METHODS)
    if unknown:
        raise ParseFailed(f"unknown method {unknown[0]}", path=given.at("methods"))
    query = given.inner("definition").inner("query")
    collection, name = query.text("collection_name"), query.text("query_name")
    edit = ENDPOINTS.create(given)

    def apply(document: Json) -> None:
        stored = COLLECTIONS.need(document, collection)["definition"].get("queries", [])
        doc.need(stored, "name", name, f'query with name "{name}" does not exist')
        edit.apply(document)

    return Edit(apply, edit.subject)


def drop_rest_endpoint(arguments: Json) -> Edit:
    """`drop_rest_endpoint {name}`."""
    return ENDPOINTS.drop(Arguments.of(arguments).text("name"))
