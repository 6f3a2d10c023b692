"""Reading arguments of commands: a wrong shape is refused with the contract's words and path."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rowgate.base.errors import ParseFailed
from rowgate.base.json import Json
from rowgate.base.names import PathStep, QualifiedName

DEFAULT_SOURCE = "default"


def kind_of(value: Json) -> str:
    """The JSON type of `value` as Hasura names it in messages: `Object`, `String`, …"""
    if isinstance(value, bool):
        return "Boolean"
    names = {dict: "Object", list: "Array", str: "String", int: "Number", float: "Number"}
    return names.get(type(value), "Null")


def expect_object(value: Json, path: Sequence[PathStep] = ()) -> dict[str, Json]:
    """`value`, which must be a JSON object."""
    if isinstance(value, dict):
        return value
    raise mismatch("Object", value, path)


def expect_list(value: Json, path: Sequence[PathStep] = ()) -> list[Json]:
    """`value`, which must be a JSON array."""
    if isinstance(value, list):
        return value
    raise mismatch("Array", value, path)


def expect_text(value: Json, path: Sequence[PathStep] = ()) -> str:
    """`value`, which must be a non-empty string."""
    if not isinstance(value, str):
        raise mismatch("String", value, path)
    if not value:
        raise ParseFailed("empty string not allowed", path=path)
    return value


def mismatch(wanted: str, value: Json, path: Sequence[PathStep]) -> ParseFailed:
    """The refusal of a value of the wrong JSON type."""
    text = f"parsing {wanted} failed, expected {wanted}, but encountered {kind_of(value)}"
    return ParseFailed(text, path=path)


def read_name(value: Json, path: Sequence[PathStep] = ()) -> QualifiedName:
    """A table's or function's name: `"t"`, or `{"schema", "name"}` with `public` as the default."""
    if isinstance(value, dict):
        schema = value.get("schema")
        if "name" not in value:
            raise ParseFailed('key "name" not found', path=path)
        name = expect_text(value["name"], (*path, "name"))
        return QualifiedName("public" if schema is None else expect_text(schema, path), name)
    if not isinstance(value, str):
        raise mismatch("Object", value, path)
    return QualifiedName("public", expect_text(value, path))


def write_name(name: QualifiedName) -> dict[str, str]:
    """The canonical form of a qualified name in the metadata document."""
    return {"name": name.name, "schema": name.schema}


@dataclass(frozen=True, slots=True)
class Arguments:
    """The `args` of a command. `path` is where they stand, for the refusals."""

    values: Mapping[str, Json]
    path: tuple[PathStep, ...] = ()

    @classmethod
    def of(cls, value: Json, path: tuple[PathStep, ...] = ()) -> "Arguments":
        """The arguments in `value`; raises `ParseFailed` where it is not an object."""
        return cls(expect_object(value, path), path)

    def has(self, key: str) -> bool:
        """Whether `key` is given and not null."""
        return self.values.get(key) is not None

    def get(self, key: str, default: Json = None) -> Json:
        """The value under `key`; `default` where it is missing or null."""
        value = self.values.get(key)
        return default if value is None else value

    def need(self, key: str) -> Json:
        """The value under `key`, which must be given (null counts as given)."""
        if key not in self.values:
            raise ParseFailed(f'key "{key}" not found', path=self.path)
        return self.values[key]

    def at(self, key: str) -> tuple[PathStep, ...]:
        """The path of `key`."""
        return (*self.path, key)

    def text(self, key: str) -> str:
        """A required non-empty string."""
        return expect_text(self.need(key), self.at(key))

    def text_or_none(self, key: str) -> str | None:
        """A string, or None where it is missing or null."""
        value = self.get(key)
        return None if value is None else expect_text(value, self.at(key))

    def comment(self) -> str | None:
        """`comment`: a string that may be empty, or None."""
        value = self.get("comment")
        if value is not None and not isinstance(value, str):
            raise mismatch("String", value, self.at("comment"))
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        """A boolean."""
        value = self.get(key, default)
        if not isinstance(value, bool):
            text = f"expected Bool, but encountered {kind_of(value)}"
            raise ParseFailed(text, path=self.at(key))
        return value

    def number(self, key: str, default: int) -> int:
        """A non-negative integer."""
        value = self.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise mismatch("Number", value, self.at(key))
        if value < 0:
            raise ParseFailed("unexpected negative value", path=self.at(key))
        return value

    def object(self, key: str) -> dict[str, Json]:
        """A required JSON object."""
        return expect_object(self.need(key), self.at(key))

    def array(self, key: str) -> list[Json]:
        """A required JSON array."""
        return expect_list(self.need(key), self.at(key))

    def texts(self, key: str) -> list[str]:
        """A required array of non-empty strings."""
        items = enumerate(self.array(key))
        return [expect_text(item, (*self.at(key), index)) for index, item in items]

    def table(self, key: str = "table") -> QualifiedName:
        """A required table name."""
        return read_name(self.need(key), self.at(key))

    def source(self) -> str:
        """The source that the command is about, `default` where none is named."""
        return self.text_or_none("source") or DEFAULT_SOURCE

    def inner(self, key: str) -> "Arguments":
        """A required object as arguments of its own."""
        return Arguments(self.object(key), self.at(key))

    def only(self, *keys: str) -> dict[str, Json]:
        """The given ones of `keys` (nulls left out), in the order of `keys`."""
        return {key: self.values[key] for key in keys if self.has(key)}

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)
