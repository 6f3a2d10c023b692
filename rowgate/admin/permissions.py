"""Commands about what a role may do with a table: create, drop, comment."""

from collections.abc import Callable

from rowgate.admin import document as doc
from rowgate.admin.arguments import Arguments, expect_object
from rowgate.admin.document import ARGS
from rowgate.admin.identity import of_table
from rowgate.admin.types import Edit, OnBroken
from rowgate.base.errors import ApiError, ParseFailed
from rowgate.base.json import Json
from rowgate.base.session import ADMIN

KINDS = doc.PERMISSION_KINDS

Read = Callable[[Json], Edit]


def create(kind: str) -> Read:
    """The reader of `create_<kind>_permission {source, table, role, permission, comment}`."""

    def read(arguments: Json) -> Edit:
        given = Arguments.of(arguments)
        source, name, role = given.source(), given.table(), given.text("role")
        permission = expect_object(given.need("permission"), given.at("permission"))
        entry = {"role": role, "permission": permission} | given.only("comment")

        def apply(document: Json) -> None:
            table = doc.need_table(document, source, name)
            known = doc.find(table.get(f"{kind}_permissions", []), "role", role)
            if role == ADMIN or known is not None:
                text = f'{kind} permission already defined on table "{name}" with role "{role}"'
                raise ApiError(text, code="already-exists", path=ARGS)
            doc.append(table, f"{kind}_permissions", entry)

        subject = of_table(source, name, f"{kind}_permission", role)
        return Edit(apply, subject, source=source)

    return read


def drop(kind: str) -> Read:
    """The reader of `drop_<kind>_permission {source, table, role}`."""

    def read(arguments: Json) -> Edit:
        given = Arguments.of(arguments)
        source, name, role = given.source(), given.table(), given.text("role")

        def apply(document: Json) -> None:
            table = doc.need_table(document, source, name)
            known = doc.find(table.get(f"{kind}_permissions", []), "role", role)
            if known is None:
                text = f'{kind} permission on "{name}" for role "{role}" does not exist'
                raise ApiError(text, code="permission-denied", path=ARGS)
            doc.remove(table, f"{kind}_permissions", known)

        return Edit(apply, on_broken=OnBroken.REFUSE)

    return read


def set_comment(arguments: Json) -> Edit:
    """`set_permission_comment {source, table, role, type, comment}`."""
    given = Arguments.of(arguments)
    source, name, role, kind = given.source(), given.table(), given.text("role"), given.text("type")
    if kind not in doc.PERMISSION_KINDS:
        choices = ", ".join(doc.PERMISSION_KINDS)
        raise ParseFailed(f"type must be one of {choices}", path=given.at("type"))
    comment = given.comment()

    def apply(document: Json) -> None:
        table = doc.need_table(document, source, name)
        text = f'{kind} permission on "{name}" for role "{role}" does not exist'
        entry = doc.need(table.get(f"{kind}_permissions", []), "role", role, text)
        doc.put(entry, "comment", comment)

    return Edit(apply)
