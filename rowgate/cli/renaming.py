"""The operations "rename a column" and "rename a table" as autogenerate can write them.

Alembic can run both, and its autogenerate can write neither of them with a way back.
"""

from dataclasses import dataclass
from typing import Any

from alembic.autogenerate import renderers
from alembic.operations.ops import MigrateOperation


@dataclass
class RenameColumn(MigrateOperation):
    """Renames a column, and back."""

    schema: str | None
    table: str
    old: str
    new: str

    def reverse(self) -> "RenameColumn":
        """The way back."""
        return RenameColumn(self.schema, self.table, self.new, self.old)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """As Alembic tells differences."""
        return ("rename_column", self.schema, self.table, self.old, self.new)


@dataclass
class RenameTable(MigrateOperation):
    """Renames a table within its schema, and back."""

    schema: str | None
    old: str
    new: str

    def reverse(self) -> "RenameTable":
        """The way back."""
        return RenameTable(self.schema, self.new, self.old)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """As Alembic tells differences."""
        return ("rename_table", self.schema, self.old, self.new)


@renderers.dispatch_for(RenameColumn)
def _write_column(_context: object, op: RenameColumn) -> str:
    words = [repr(op.table), repr(op.old), f"new_column_name={op.new!r}", *_schema(op.schema)]
    return f"op.alter_column({', '.join(words)})"


@renderers.dispatch_for(RenameTable)
def _write_table(_context: object, op: RenameTable) -> str:
    return f"op.rename_table({', '.join([repr(op.old), repr(op.new), *_schema(op.schema)])})"


def _schema(name: str | None) -> list[str]:
    return [f"schema={name!r}"] if name else []
