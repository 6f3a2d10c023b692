"""Commands about single settings of the metadata: limits, introspection, telemetry, TLS, roles."""

from collections.abc import Mapping

from rowgate.admin import document as doc
from rowgate.admin.arguments import Arguments, expect_object
from rowgate.admin.document import ARGS
from rowgate.admin.identity import plain
from rowgate.admin.listed import Kind
from rowgate.admin.permissions import Read
from rowgate.admin.types import Edit, OnBroken, Subject
from rowgate.base.errors import ApiError, ParseFailed
from rowgate.base.json import Json

INHERITED_ROLES = Kind(
    "inherited_roles", "inherited_role", "inherited role", ("role_name", "role_set"), "role_name"
)


def set_member(key: str) -> Read:
    """The reader of a command whose arguments are the whole of the document's member `key`."""

    def read(arguments: Json) -> Edit:
        value = expect_object(arguments)

        def apply(document: Json) -> None:
            document[key] = value

        return Edit(apply, Subject(key, key))

    return read


def remove_member(key: str) -> Read:
    """The reader of a command that takes the document's member `key` away."""

    def read(arguments: Json) -> Edit:
        expect_object(arguments or {})

        def apply(document: Json) -> None:
            document.pop(key, None)

        return Edit(apply)

    return read


def set_introspection_options(arguments: Json) -> Edit:
    """`set_graphql_schema_introspection_options {disabled_for_roles}`."""
    roles = Arguments.of(arguments).texts("disabled_for_roles")

    def apply(document: Json) -> None:
        document["graphql_schema_introspection"] = {"disabled_for_roles": roles}

    return Edit(apply)


def set_query_tags(arguments: Json) -> Edit:
    """`set_query_tags {source, query_tags}`."""
    given = Arguments.of(arguments)
    source = given.text_or_none("source") or given.text("source_name")
    tags = given.object("query_tags")

    def apply(document: Json) -> None:
        doc.need_source(document, source)["query_tags"] = tags

    return Edit(apply, plain("source", source))


def set_opentelemetry_status(arguments: Json) -> Edit:
    """`set_opentelemetry_status`: `"enabled"` or `"disabled"`."""
    given = arguments
    if isinstance(arguments, dict):
        given = Arguments.of(arguments).text("opentelemetry_status")
    if given not in ("enabled", "disabled"):
        raise ParseFailed("expected one of enabled, disabled", path=())

    def apply(document: Json) -> None:
        document.setdefault("opentelemetry", {})["status"] = given

    return Edit(apply, Subject("opentelemetry", "opentelemetry"))


def add_host_to_tls_allowlist(arguments: Json) -> Edit:
    """`add_host_to_tls_allowlist {host, suffix, permissions}`."""
    given = Arguments.of(arguments)
    entry = {"host": given.text("host")} | given.only("suffix", "permissions")

    def apply(document: Json) -> None:
        hosts = document.setdefault("network", {}).setdefault("tls_allowlist", [])
        if any(_same_host(one, entry) for one in hosts):
            text = f"the host {entry['host']} is already present in the allowlist"
            raise ApiError(text, code="already-exists", path=ARGS)
        hosts.append(entry)

    return Edit(apply)


def drop_host_from_tls_allowlist(arguments: Json) -> Edit:
    """`drop_host_from_tls_allowlist {host, suffix}`."""
    given = Arguments.of(arguments)
    entry = {"host": given.text("host")} | given.only("suffix")

    def apply(document: Json) -> None:
        network = document.get("network") or {}
        known = [one for one in network.get("tls_allowlist", []) if _same_host(one, entry)]
        if not known:
            text = f"the host {entry['host']} isn't present in the allowlist"
            raise ApiError(text, code="not-exists", path=ARGS)
        doc.remove(network, "tls_allowlist", known[0])

    return Edit(apply)


def _same_host(one: Mapping[str, Json], other: Mapping[str, Json]) -> bool:
    return (one.get("host"), one.get("suffix")) == (other.get("host"), other.get("suffix"))


def add_inherited_role(arguments: Json) -> Edit:
    """`add_inherited_role {role_name, role_set}`; raises where roles would inherit in a circle."""
    given = Arguments.of(arguments)
    name = given.text("role_name")
    given.texts("role_set")
    edit = INHERITED_ROLES.create(given)

    def apply(document: Json) -> None:
        edit.apply(document)
        roles = {one["role_name"]: one["role_set"] for one in document["inherited_roles"]}
        if _reaches(name, name, roles):
            text = f'found cycle(s) in roles: ["{name}"]'
            raise ApiError(text, code="cyclic-dependency", path=ARGS)

    return Edit(apply, edit.subject)


def _reaches(start: str, goal: str, roles: Mapping[str, list[str]]) -> bool:
    waiting, seen = list(roles.get(start, ())), set[str]()
    while waiting:
        role = waiting.pop()
        if role == goal:
            return True
        if role not in seen:
            seen.add(role)
            waiting += roles.get(role, ())
    return False


def drop_inherited_role(arguments: Json) -> Edit:
    """`drop_inherited_role {role_name}`."""
    name = Arguments.of(arguments).text("role_name")
    return INHERITED_ROLES.drop(name, OnBroken.REFUSE)
