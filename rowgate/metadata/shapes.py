"""How any piece of the document is read: by key, strictly, complaining where it stands.

Apart from the readers, which then say only which keys an object has and what they mean.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from rowgate.base.json import Json
from rowgate.base.names import PathStep, QualifiedName
from rowgate.metadata.types import Problem

T = TypeVar("T")
Path = tuple[PathStep, ...]


class Misfit(Exception):
    """A value that does not have the shape of its place: where, and what is wrong."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(reason)
        self.path = path
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Label:
    """What the objects of a list are called in a report: `select_permission user in table t in
    source s` has kind `select_permission`, key `role` and `within` the rest."""

    kind: str
    key: str = "name"
    within: str = ""

    def name(self, value: Json) -> str:
        """The name of one object of the list, as far as it can be told."""
        own = value.get(self.key) if isinstance(value, Mapping) else None
        if isinstance(own, Mapping):
            own = QualifiedName(str(own.get("schema", "public")), str(own.get("name", "")))
        return f"{self.kind}{'' if own is None else f' {own}'}{self.within}"


@dataclass(frozen=True, slots=True)
class Problems:
    """Collects what cannot be honoured, while reading goes on with the rest. `known` keeps what
    was read without a problem, by the bytes of its JSON and where it stands."""

    found: list[Problem] = field(default_factory=list)
    known: dict[tuple[str, bytes], object] = field(default_factory=dict)

    def add(self, label: Label, definition: Json, misfit: Misfit) -> None:
        """Notes that the object `definition`, called by `label`, is left out."""
        self.found.append(
            Problem(misfit.path, misfit.reason, label.kind, label.name(definition), definition)
        )

    def each(
        self, parent: "Node", key: str, label: Label, read: Callable[["Node"], T]
    ) -> tuple[T, ...]:
        """What `read` makes of each object of the list `parent[key]` (absent and null: none).

        An object that does not fit, or whose name was there before, is noted and left out. Raises
        `Misfit` where the value is no list.
        """
        known: set[str] = set()
        kept: list[T] = []
        for index, value in enumerate(parent.values(key)):
            path = (*parent.path, key, index)
            name = label.name(value)
            try:
                if name in known:
                    raise Misfit(path, f"multiple definitions for {name}")
                node = Node(value, path, name)
                result = read(node)
                node.close()
            except Misfit as misfit:
                self.add(label, value, misfit)
            else:
                known.add(name)
                kept.append(result)
        return tuple(kept)

    def one(self, parent: "Node", key: str, label: Label, read: Callable[["Node"], T]) -> T | None:
        """What `read` makes of the object `parent[key]`; None where it is absent or unfit."""
        value = parent.json(key)
        if value is None:
            return None
        try:
            node = Node(value, (*parent.path, key), key)
            result = read(node)
            node.close()
        except Misfit as misfit:
            self.add(label, value, misfit)
            return None
        return result


class Node:
    """A JSON object under reading; remembers which keys were asked for.

    Every method that takes a key raises `Misfit` where the value has another shape. Null counts as
    absent, as in Hasura.
    """

    __slots__ = ("_asked", "path", "title", "value")

    def __init__(self, value: Json, path: Path, title: str) -> None:
        if not isinstance(value, dict):
            raise Misfit(path, f"expected an object for {title}, but found {kind_of(value)}")
        self.value: dict[str, Json] = value
        self.path = path
        self.title = title
        self._asked: set[str] = set()

    def close(self) -> None:
        """Raises `Misfit` where the object has a key that nobody asked for."""
        for key in self.unknown():
            raise Misfit((*self.path, key), f"unknown key '{key}' in {self.title}")

    def skip(self) -> None:
        """Count every key as asked for: the object was read before."""
        self._asked.update(self.value)

    def unknown(self) -> tuple[str, ...]:
        """The keys that nobody asked for."""
        return tuple(key for key in self.value if key not in self._asked)

    def json(self, key: str) -> Json:
        """The value as it is, or None."""
        self._asked.add(key)
        return self.value.get(key)

    def has(self, key: str) -> bool:
        """Whether the key is there and not null."""
        return self.json(key) is not None

    def wrong(self, key: str, expected: str) -> Misfit:
        """The complaint that the value of `key` is not what is `expected`."""
        found = kind_of(self.value.get(key))
        reason = f"expected {expected} for '{key}' in {self.title}, but found {found}"
        return Misfit((*self.path, key), reason)

    def maybe_text(self, key: str) -> str | None:
        """A text that may be absent."""
        value = self.json(key)
        if value is None or isinstance(value, str):
            return value
        raise self.wrong(key, "a string")

    def text(self, key: str) -> str:
        """A text that must be there and may be empty."""
        value = self.maybe_text(key)
        if value is None:
            raise Misfit(self.path, f"key '{key}' not found in {self.title}")
        return value

    def name(self, key: str) -> str:
        """A text that must be there and not empty."""
        value = self.text(key)
        if not value:
            raise Misfit((*self.path, key), "empty string not allowed")
        return value

    def choice(self, key: str, choices: Collection[str], default: str) -> str:
        """One of `choices`; `default` where it is absent."""
        value = self.maybe_text(key)
        if value is None:
            return default
        if value not in choices:
            raise self.wrong(key, "one of " + ", ".join(choices))
        return value

    def maybe_flag(self, key: str) -> bool | None:
        """A boolean that may be absent."""
        value = self.json(key)
        if value is None or isinstance(value, bool):
            return value
        raise self.wrong(key, "a boolean")

    def flag(self, key: str) -> bool:
        """A boolean; absent means false."""
        return bool(self.maybe_flag(key))

    def maybe_count(self, key: str) -> int | None:
        """A whole number of at least 0 that may be absent."""
        value = self.json(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.wrong(key, "a non-negative integer")
        return value

    def values(self, key: str) -> list[Json]:
        """The items of a list; absent means none."""
        value = self.json(key)
        if value is None:
            return []
        if isinstance(value, list):
            return value
        raise self.wrong(key, "a list")

    def maybe_texts(self, key: str) -> tuple[str, ...] | None:
        """A list of texts that may be absent."""
        return self.texts(key) if self.has(key) else None

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; absent means none."""
        values = self.values(key)
        if any(not isinstance(value, str) for value in values):
            raise self.wrong(key, "a list of strings")
        return tuple(values)

    def object(self, key: str) -> dict[str, Json]:
        """An object whose keys are not ours to know; absent means empty."""
        value = self.json(key)
        if value is None:
            return {}
        if isinstance(value, dict):
            return value
        raise self.wrong(key, "an object")

    def text_map(self, key: str) -> dict[str, str]:
        """An object of texts; absent means empty."""
        value = self.object(key)
        if any(not isinstance(item, str) for item in value.values()):
            raise self.wrong(key, "an object of strings")
        return value

    def required(self, key: str) -> Json:
        """A value that must be there, whatever its shape."""
        if not self.has(key):
            raise Misfit(self.path, f"key '{key}' not found in {self.title}")
        return self.value[key]

    def inner(self, key: str, read: Callable[["Node"], T]) -> T:
        """What `read` makes of the object at `key`, which must be there."""
        node = Node(self.required(key), (*self.path, key), f"'{key}' of {self.title}")
        result = read(node)
        node.close()
        return result

    def maybe_inner(self, key: str, read: Callable[["Node"], T], default: T) -> T:
        """What `read` makes of the object at `key`, or `default`."""
        return self.inner(key, read) if self.has(key) else default

    def inners(self, key: str, read: Callable[["Node"], T]) -> tuple[T, ...]:
        """What `read` makes of each object of a list; one that does not fit spoils the whole."""
        results = []
        for index, value in enumerate(self.values(key)):
            node = Node(value, (*self.path, key, index), f"'{key}' of {self.title}")
            results.append(read(node))
            node.close()
        return tuple(results)

    def mapped(self, key: str, read: Callable[["Node"], T]) -> dict[str, T]:
        """What `read` makes of each value of an object of objects; absent means empty."""
        results = {}
        for name, value in self.object(key).items():
            node = Node(value, (*self.path, key, name), f"'{name}' of {self.title}")
            results[name] = read(node)
            node.close()
        return results

    def only(self, *keys: str) -> dict[str, Json]:
        """The object as it is, once it is known to have no key but these."""
        self._asked.update(keys)
        self.close()
        return self.value

    def qualified(self, key: str) -> QualifiedName:
        """A table's or function's name, which must be there: `"t"` or `{schema, name}`."""
        value = self.required(key)
        if isinstance(value, str) and value:
            return QualifiedName("public", value)
        if not isinstance(value, dict):
            raise self.wrong(key, "a name or an object of schema and name")
        return self.inner(
            key,
            lambda node: QualifiedName(node.maybe_text("schema") or "public", node.name("name")),
        )


def kind_of(value: Json) -> str:
    """What a JSON value is, in words: `a string`, `null`, …"""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case str():
            return "a string"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "an object"
