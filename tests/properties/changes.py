"""Random mutations of a role."""

from dataclasses import dataclass

from tests.properties.choices import Choices
from tests.properties.documents import Field
from tests.properties.expressions import Name, Writer
from tests.properties.model import HOSTILE_TEXTS, VALUES, Column, Json, Table, World
from tests.properties.reads import Reader

KINDS = ("insert", "insert_one", "update", "update_by_pk", "update_many", "delete", "delete_by_pk")
OPERATION = {kind: kind.split("_", maxsplit=1)[0] for kind in KINDS}


@dataclass
class Changer:
    """Writes mutation fields for a role."""

    choices: Choices
    world: World
    role: str

    def root(self) -> Field:
        """A root field; now and then one that the role does not have."""
        options = [
            (table, kind)
            for table in self.world.tables.values()
            for kind in KINDS
            if self.choices.chance(2) or self.has(table, kind)
        ]
        if not options:
            options = [(next(iter(self.world.tables.values())), "delete")]
        table, kind = self.choices.one(options)
        suffix = {"insert_one": "_one", "update_many": "_many"}.get(kind, "")
        suffix = "_by_pk" if kind.endswith("by_pk") else suffix
        made = Field(kind, table.name, f"{OPERATION[kind]}_{table.name}{suffix}")
        made.arguments = self._arguments(kind, table)
        made.selection = self._response(kind, table)
        return made

    def has(self, table: Table, kind: str) -> bool:
        """Whether the role's schema has the field."""
        rule = self.world.write(self.role, table.name, OPERATION[kind])
        if rule is None or (kind[:6] in ("insert", "update") and not self._columns(table, kind)):
            return False
        if kind == "insert_one":
            return bool(self.world.selects(self.role, table.name))
        return not kind.endswith("by_pk") or "id" in self.world.columns(self.role, table.name)

    def _columns(self, table: Table, kind: str) -> list[str]:
        rule = self.world.write(self.role, table.name, OPERATION[kind])
        return [name for name in rule.columns if name not in rule.presets] if rule else []

    def _where(self, table: Table) -> Json:
        if self.choices.chance(25):
            return {}
        return Writer(self.choices, self.world, self.role).expression(table, 2)

    def _arguments(self, kind: str, table: Table) -> dict[str, Json]:
        match kind:
            case "insert" | "insert_one":
                return self._insert(kind, table)
            case "update":
                return {"where": self._where(table), **self._changes(table)}
            case "update_by_pk":
                return {"pk_columns": {"id": self._id()}, **self._changes(table)}
            case "update_many":
                count = self.choices.one((1, 2))
                updates = [
                    {"where": self._where(table), **self._changes(table)} for _ in range(count)
                ]
                return {"updates": updates}
            case "delete":
                return {"where": self._where(table)}
        return {"id": self._id()}

    def _id(self) -> int:
        return self.choices.integer(0, 9)

    def _value(self, table: Table, column: Column) -> Json:
        if column.name == "u":
            return self.choices.one((20, 21, 1, 2, None))
        if any(key.column == column.name for key in table.foreign_keys):
            return self.choices.one((0, 1, 2, 1, 9, None))
        if self.choices.chance(5):
            return None
        if column.type == "text" and self.choices.chance(10):
            return self.choices.one(HOSTILE_TEXTS)
        return self.choices.one(VALUES[column.type])

    # --- inserts

    def _insert(self, kind: str, table: Table) -> dict[str, Json]:
        conflicts = self.choices.chance(35)
        if not conflicts and self.choices.chance(35):
            data = self._object(table, 30, set())
            self._relatives(table, data)
            return {"object": data} if kind == "insert_one" else {"objects": [data]}
        first = self.choices.one((30, 0)) if conflicts else 30
        count = 1 if kind == "insert_one" else self.choices.one((1, 2, 3))
        objects = [self._object(table, first + at, set()) for at in range(count)]
        if not conflicts and self.choices.chance(10):
            objects.append(self._object(table, 1, set()))
            count += 1
        made: dict[str, Json] = {"objects": objects}
        if kind == "insert_one":
            made = {"object": objects[-1]}
        if conflicts:
            made["on_conflict"] = self._conflict(table)
        return made

    def _object(self, table: Table, number: int, determined: set[str]) -> dict[str, Json]:
        made: dict[str, Json] = {}
        names = self._columns(table, "insert")
        if self.choices.chance(3):
            names = list(table.columns)
        for name in names:
            if name in determined:
                continue
            if name == "id":
                made[name] = number
            elif self.choices.chance(75) or not table.columns[name].nullable:
                made[name] = self._value(table, table.columns[name])
        return made

    def _relatives(self, table: Table, data: dict[str, Json]) -> None:
        for one in table.relationships.values():
            target = self.world.tables[one.target]
            if not self.has(target, "insert") or not self.choices.chance(50):
                continue
            if one.is_array:
                data[one.name] = {"data": [self._object(target, 40, {one.theirs})]}
            else:
                data.pop(one.ours, None)
                data[one.name] = {"data": self._object(target, 50, set())}

    def _conflict(self, table: Table) -> Json:
        names = ["id", "u"] if "u" in table.columns else ["id"]
        chosen = self.choices.one(names)
        suffix = "pkey" if chosen == "id" else "u_key"
        columns = [] if chosen == "u" else self._columns(table, "update")
        columns = [Name(name) for name in columns if name != "u" and self.choices.chance(60)]
        made = {"constraint": Name(f"{table.name}_{suffix}"), "update_columns": columns}
        if self.choices.chance(40):
            made["where"] = self._where(table)
        return made

    # --- updates

    def _changes(self, table: Table) -> dict[str, Json]:
        made: dict[str, Json] = {}
        names = self._columns(table, "update") or ["c0"]
        for name in self.choices.some(names, 50) or [self.choices.one(names)]:
            operator, value = self._change(table, table.columns[name])
            made.setdefault(operator, {})[name] = value
        return made

    def _change(self, table: Table, column: Column) -> tuple[str, Json]:
        plain = column.name.startswith("c")
        if column.type == "int4" and plain and self.choices.chance(40):
            return "_inc", self.choices.integer(-2, 2)
        if column.type == "float8" and self.choices.chance(40):
            return "_inc", self.choices.one((0.5, -1.5))
        if column.type == "jsonb" and self.choices.chance(60):
            value = self.choices.one(VALUES["jsonb"])
            options: tuple[tuple[str, Json], ...] = (
                ("_append", value),
                ("_prepend", value),
                ("_delete_key", "a"),
                ("_delete_elem", self.choices.integer(-2, 1)),
                ("_delete_at_path", ["a", "b"]),
            )
            return self.choices.one(options)
        return "_set", self._value(table, column)

    def _response(self, kind: str, table: Table) -> list[Field]:
        readable = bool(self.world.selects(self.role, table.name))
        reader = Reader(self.choices, self.world, self.role)
        if kind == "insert_one" or kind.endswith("by_pk"):
            return reader.selection(table, 1) if readable else [Field("typename", "", "__typename")]
        made = [Field("affected", table.name, "affected_rows")]
        if readable and self.choices.chance(70):
            inner = reader.selection(table, 1)
            made.append(Field("returning", table.name, "returning", {}, inner))
        return made
