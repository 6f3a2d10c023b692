"""Corrections of what Alembic's autogenerate finds: schemas, renames, its own version table.

`Corrections` is given to Alembic as `process_revision_directives`; Alembic knows a renamed column
only as one that is dropped and another that is added.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Dialect, Table, inspect
from sqlalchemy.dialects import postgresql

from rowgate.base.names import QualifiedName
from rowgate.cli.failures import CommandError
from rowgate.cli.renaming import RenameColumn, RenameTable

_VERSIONS = "alembic_version"
_DIALECT: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Rename:
    """A column, or a table where `column` is empty, and its new name."""

    table: QualifiedName
    column: str
    to: str

    def __str__(self) -> str:
        place = f"{self.table}.{self.column}" if self.column else str(self.table)
        return f"{place} to {self.to}"


def rename_of(text: str) -> Rename:
    """`table.column=name`, `schema.table.column=name`, or `schema.table=name` for a table: which of
    the last two it is, the models tell. Raises `CommandError` for anything else."""
    old, equals, new = text.partition("=")
    parts = old.split(".")
    if not equals or not new.isidentifier() or not 1 <= len(parts) <= 3 or not all(parts):
        raise CommandError(
            f"--rename {text!r} is not of the form TABLE.COLUMN=NAME or TABLE=NAME, where TABLE "
            "may have its schema before it."
        )
    match parts:
        case [table]:
            return Rename(QualifiedName("public", table), "", new)
        case [table, column]:
            return Rename(QualifiedName("public", table), column, new)
        case _:
            return Rename(QualifiedName(parts[0], parts[1]), parts[2], new)


@dataclass(slots=True)
class Corrections:
    """What is corrected. `wanted` are renames that the user named; `agreed` is asked about those
    that look like one. Afterwards `made` holds the renames, `doubtful` those that nobody agreed
    to."""

    wanted: Sequence[Rename]
    agreed: Callable[[Rename], bool]
    made: list[Rename] = field(default_factory=list)
    doubtful: list[Rename] = field(default_factory=list)
    require_change: bool = True

    def __call__(self, context: MigrationContext, _revision: object, directives: list[Any]) -> None:
        """Alembic's `process_revision_directives`."""
        script = directives[0]
        up = script.upgrade_ops
        up.ops = [one for one in up.ops if not _is_of_versions(one)]
        first = [*self._renamed_tables(up), *self._renamed_columns(up)]
        self._require_all()
        down = up.reverse()
        down.ops = [*(one.reverse() for one in reversed(first)), *down.ops]
        up.ops = [*_missing_schemas(context, up.ops), *first, *up.ops]
        script.downgrade_ops = down
        if self.require_change and not up.ops:
            raise CommandError(
                "The models and the database do not differ. `--empty` writes a migration to fill "
                "in by hand."
            )

    def _renamed_columns(self, up: ops.UpgradeOps) -> list[RenameColumn]:
        """The renames of columns; what they stand for is taken out of `up`."""
        found = []
        for group in [one for one in up.ops if isinstance(one, ops.ModifyTableOps)]:
            for old, new in self._column_pairs(group):
                rest = [one for one in group.ops if one not in (old, new)]
                group.ops = [*_altered(group, old, new), *rest]
                name = str(new.column.name)
                found.append(RenameColumn(group.schema, group.table_name, old.column_name, name))
        up.ops = [one for one in up.ops if getattr(one, "ops", None) != []]
        return found

    def _column_pairs(
        self, group: ops.ModifyTableOps
    ) -> list[tuple[ops.DropColumnOp, ops.AddColumnOp]]:
        table = QualifiedName(group.schema or "public", group.table_name)
        added = [one for one in group.ops if isinstance(one, ops.AddColumnOp)]
        found = []
        for old in [one for one in group.ops if isinstance(one, ops.DropColumnOp)]:
            pair = next((new for new in added if self._is_renamed(table, old, new)), None)
            if pair:
                added.remove(pair)
                found.append((old, pair))
        return found

    def _is_renamed(
        self, table: QualifiedName, old: ops.DropColumnOp, new: ops.AddColumnOp
    ) -> bool:
        rename = Rename(table, str(old.column_name), str(new.column.name))
        is_alike = _type(old.to_column()) == _type(new.column)
        return self._is_made(rename, wanted=rename in self.wanted, alike=is_alike)

    def _renamed_tables(self, up: ops.UpgradeOps) -> list[RenameTable]:
        """The renames of tables; what they stand for is taken out of `up`."""
        found = []
        created = [one for one in up.ops if isinstance(one, ops.CreateTableOp)]
        for old in [one for one in up.ops if isinstance(one, ops.DropTableOp)]:
            new = next((one for one in created if self._is_renamed_table(old, one)), None)
            if new:
                created.remove(new)
                up.ops = [one for one in up.ops if one not in (old, new)]
                found.append(RenameTable(old.schema, old.table_name, new.table_name))
        return found

    def _is_renamed_table(self, old: ops.DropTableOp, new: ops.CreateTableOp) -> bool:
        if (old.schema or "public") != (new.schema or "public"):
            return False
        rename = Rename(
            QualifiedName(old.schema or "public", old.table_name), "", str(new.table_name)
        )
        is_alike = _columns(old.to_table()) == _columns(new.to_table())
        return self._is_made(rename, wanted=self._is_wanted(rename), alike=is_alike)

    def _is_made(self, rename: Rename, *, wanted: bool, alike: bool) -> bool:
        if wanted or (alike and self._agreed(rename)):
            self.made.append(rename)
            return True
        return False

    def _agreed(self, rename: Rename) -> bool:
        if self._contradicts(rename):
            return False
        if self.agreed(rename):
            return True
        self.doubtful.append(rename)
        return False

    def _is_wanted(self, rename: Rename) -> bool:
        """Whether a table's rename was named; `--rename s.t=n` reads as a column of `public.s`."""
        written = QualifiedName("public", rename.table.schema)
        return rename in self.wanted or Rename(written, rename.table.name, rename.to) in self.wanted

    def _contradicts(self, rename: Rename) -> bool:
        """Whether another rename from or to the same name was asked for."""
        return any(
            one.table == rename.table and (one.column == rename.column or one.to == rename.to)
            for one in self.wanted
        )

    def _require_all(self) -> None:
        for one in self.wanted:
            tables = [made for made in self.made if not made.column and self._is_wanted(made)]
            if one not in self.made and not tables:
                raise CommandError(
                    f"--rename: the models do not rename {one}: there must be the old name in the "
                    "database and the new one in the models, and not the other way round."
                )


def _is_of_versions(op: ops.MigrateOperation) -> bool:
    """Whether an operation is about Alembic's own table, which is no model."""
    return getattr(op, "table_name", None) == _VERSIONS


def _missing_schemas(
    context: MigrationContext, found: Iterable[ops.MigrateOperation]
) -> list[ops.MigrateOperation]:
    """Statements that make the schemas of new tables, where the database lacks them."""
    assert context.connection is not None
    there = set(inspect(context.connection).get_schema_names())
    wanted = [one.schema for one in found if isinstance(one, ops.CreateTableOp) and one.schema]
    return [
        ops.ExecuteSQLOp(f"create schema if not exists {_quoted(name)}")
        for name in dict.fromkeys(wanted)
        if name not in there
    ]


def _quoted(name: str) -> str:
    return _DIALECT.identifier_preparer.quote(name)


def _altered(
    group: ops.ModifyTableOps, old: ops.DropColumnOp, new: ops.AddColumnOp
) -> list[ops.MigrateOperation]:
    """How a renamed column is changed besides: its type, its nullability, its default."""
    before, after = old.to_column(), new.column
    changes: dict[str, Any] = {}
    if _type(before) != _type(after):
        changes["modify_type"] = after.type
    if before.nullable != after.nullable:
        changes["modify_nullable"] = after.nullable
    if _default(before) != _default(after):
        changes["modify_server_default"] = after.server_default
    if not changes:
        return []
    return [
        ops.AlterColumnOp(
            group.table_name,
            str(after.name),
            schema=group.schema,
            existing_type=before.type,
            existing_nullable=before.nullable,
            existing_server_default=before.server_default,
            **changes,
        )
    ]


def _type(column: Column[Any]) -> str:
    return str(column.type.compile(_DIALECT))


def _default(column: Column[Any]) -> str:
    default = getattr(column.server_default, "arg", None)
    return str(getattr(default, "text", default))


def _columns(table: Table) -> list[tuple[str, str]]:
    """Names and types of a table's columns, in any order."""
    return sorted((str(one.name), _type(one)) for one in table.columns)
