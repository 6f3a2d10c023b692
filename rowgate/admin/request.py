"""From a request's body to steps: every command is found and its arguments are read before any
of them runs, so that a misspelt one in a bulk leaves nothing half done."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from rowgate.admin import commands
from rowgate.admin.arguments import Arguments, expect_list, expect_object
from rowgate.admin.draft import Step, Task
from rowgate.base.errors import ApiError, ParseFailed
from rowgate.base.json import Json
from rowgate.base.names import PathStep

Path = tuple[PathStep, ...]


class Endpoint(StrEnum):
    """Which of the three doors a request came through; each knows its own commands."""

    METADATA = "/v1/metadata"
    QUERY_V1 = "/v1/query"
    QUERY_V2 = "/v2/query"


class BulkKind(StrEnum):
    """How the commands of a bulk hang together."""

    STOP = "bulk"
    KEEP_GOING = "bulk_keep_going"
    ATOMIC = "bulk_atomic"
    CONCURRENT = "concurrent_bulk"


@dataclass(frozen=True, slots=True)
class Single:
    """One command. `for_everyone`: other roles than admin may send it."""

    name: str
    step: Step
    for_everyone: bool = False

    @property
    def writes(self) -> bool:
        """Whether it may change the metadata."""
        return not isinstance(self.step, Task) or self.step.writes


@dataclass(frozen=True, slots=True)
class Bulk:
    """Several commands."""

    kind: BulkKind
    items: "tuple[Single | Bulk, ...]"

    @property
    def writes(self) -> bool:
        """Whether any of them may change the metadata."""
        return any(item.writes for item in self.items)


Command = Single | Bulk


@dataclass(frozen=True, slots=True)
class Request:
    """A command, and the version of the metadata that it was written for, if it says so."""

    command: Command
    resource_version: int | None = None


_ATOMIC = frozenset(
    {
        "create_object_relationship",
        "create_array_relationship",
        "drop_relationship",
        "delete_remote_relationship",
        "track_native_query",
        "untrack_native_query",
        "track_logical_model",
        "untrack_logical_model",
    }
)
_DEPTH = 8
_BULKS: Mapping[Endpoint, frozenset[BulkKind]] = {
    Endpoint.METADATA: frozenset({BulkKind.STOP, BulkKind.KEEP_GOING, BulkKind.ATOMIC}),
    Endpoint.QUERY_V1: frozenset({BulkKind.STOP}),
    Endpoint.QUERY_V2: frozenset({BulkKind.STOP, BulkKind.CONCURRENT}),
}


def read(body: Json, endpoint: Endpoint) -> Request:
    """The request in `body`; raises `ParseFailed` where a command or an argument is unknown."""
    value = expect_object(body)
    version = value.get("resource_version")
    if version is not None and (isinstance(version, bool) or not isinstance(version, int)):
        raise ParseFailed("expected an integer", path=("resource_version",))
    return Request(_Reader(endpoint).command(value, (), 0), version)


def singles(command: Command) -> Iterator[Single]:
    """Every single command in `command`."""
    match command:
        case Single():
            yield command
        case Bulk():
            for item in command.items:
                yield from singles(item)


class _Reader:
    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def command(self, value: Json, path: Path, depth: int) -> Command:
        given = Arguments.of(value, path)
        name = given.text("type")
        version = self._version(given)
        if name in set(BulkKind) and BulkKind(name) in _BULKS[self._endpoint]:
            return self._bulk(BulkKind(name), given, depth)
        plain = self._plain_name(name)
        arguments = value.get("args")
        try:
            step = self._step(plain, arguments, version)
        except ApiError as error:
            raise error.under(*path) from None
        return Single(plain, step, plain in commands.DATA)

    def _version(self, given: Arguments) -> int:
        version = given.get("version", 1)
        if version not in (1, 2) or isinstance(version, bool):
            text = f"expected 1 or 2, encountered {version}"
            raise ParseFailed(text, path=given.at("version"))
        return int(version)

    def _bulk(self, kind: BulkKind, given: Arguments, depth: int) -> Bulk:
        if depth >= _DEPTH:
            raise ParseFailed("bulks are nested too deeply", path=given.path)
        items = expect_list(given.need("args"), given.at("args"))
        read = tuple(
            self.command(item, (*given.at("args"), index), depth + 1)
            for index, item in enumerate(items)
        )
        self._check_bulk(kind, read)
        return Bulk(kind, read)

    def _check_bulk(self, kind: BulkKind, items: tuple[Command, ...]) -> None:
        names = {one.name for item in items for one in singles(item)}
        if kind is BulkKind.ATOMIC and not names <= _ATOMIC:
            text = "Bulk atomic does not support this command"
            raise ApiError(text, code="not-supported", path=("args",), status=500)
        if kind is BulkKind.CONCURRENT and any(item.writes for item in items):
            text = "Only read-only queries are allowed in a concurrent_bulk"
            raise ApiError(text, code="bad-request", path=("args",))

    def _plain_name(self, name: str) -> str:
        """The name without its prefix: `pg_track_table` and `track_table` are one command."""
        for prefix in commands.PREFIXES:
            rest = name.removeprefix(prefix)
            if rest != name and (rest in commands.POSTGRES or rest in self._unprefixed()):
                return rest
        return commands.OLDER_NAMES.get(name, name)

    def _unprefixed(self) -> set[str]:
        return {*commands.DATA, *commands.SQL}

    def _step(self, name: str, arguments: Json, version: int) -> Step:
        if self._endpoint is not Endpoint.METADATA:
            if name in commands.DATA:
                return commands.DATA[name](arguments)
            if name in commands.SQL:
                return commands.SQL[name](arguments)
        if self._endpoint is not Endpoint.QUERY_V2:
            if name in commands.VERSIONED:
                return commands.VERSIONED[name](arguments, version)
            reader = commands.POSTGRES.get(name) or commands.GENERAL.get(name)
            if reader is not None:
                return reader(arguments)
        text = f'unknown command "{name}" for {self._endpoint}'
        raise ParseFailed(text, path=("type",))
