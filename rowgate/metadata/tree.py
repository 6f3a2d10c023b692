"""The files of one metadata directory, followed through their includes and never out of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from rowgate.base.errors import ParseFailed
from rowgate.base.json import Json
from rowgate.base.names import PathStep
from rowgate.metadata.files import Source, include_of, key_of, line_of, parse, plain
from rowgate.metadata.layout import may_include

T = TypeVar("T")
DocumentPath = tuple[PathStep, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node stands: its file, its line if known, and the files that led there."""

    file: Path
    line: int | None = None
    opened: tuple[Path, ...] = ()


class Tree:
    """Reads the files of a directory, each once. `included` are the files that includes led to."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.included: set[Path] = set()
        self._sources: dict[Path, Source] = {}

    def text(self, file: Path) -> str | None:
        """The text of a file, None where there is none; raises `ParseFailed` where it cannot be
        read as UTF-8."""
        try:
            return file.read_bytes().decode()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise ParseFailed(f"{self.name(file)}: {error}") from None

    def source(self, file: Path) -> Source | None:
        """The parsed file, None where there is none; raises `ParseFailed` where it is no YAML."""
        if file not in self._sources:
            text = self.text(file)
            if text is None:
                return None
            self._sources[file] = parse(self.name(file), text)
        return self._sources[file]

    def name(self, file: Path) -> str:
        """The file's name below the directory."""
        return file.relative_to(self.root).as_posix()

    def content(self, file: Path, path: DocumentPath) -> Json:
        """What the file holds with all includes followed, standing at `path` of the document;
        None where there is no file. Raises `ParseFailed` with file and line."""
        source = self.source(file)
        return None if source is None else self.expand(source.tree, path, Place(file))

    def expand(self, node: Any, path: DocumentPath, place: Place) -> Json:
        """The JSON value of a node with all includes followed; raises `ParseFailed`."""
        target = self.target(node, path, place)
        if target is not None:
            return self._included(target, path, place)
        if isinstance(node, Mapping):
            return {
                self._sure(key_of, key, place): self.expand(
                    value, (*path, str(key)), self._inside(place, node, key)
                )
                for key, value in node.items()
            }
        if isinstance(node, list):
            return [
                self.expand(value, (*path, index), self._inside(place, node, index))
                for index, value in enumerate(node)
            ]
        return self._sure(plain, node, place)

    def target(self, node: Any, path: DocumentPath, place: Place) -> Path | None:
        """The file that a node includes, None where it includes none; raises `ParseFailed` where
        it would lead out of the directory, which no link may do either."""
        text = include_of(node)
        if text is None or (isinstance(node, str) and not may_include(path)):
            return None
        file = (place.file.parent / text).resolve()
        if not file.is_relative_to(self.root):
            raise self._failure(place, f"the include {text} leads out of the metadata directory")
        return file

    def _included(self, file: Path, path: DocumentPath, place: Place) -> Json:
        opened = (*place.opened, place.file)
        if file in opened:
            raise self._failure(place, f"{self.name(file)} includes itself")
        self.included.add(file)
        found = self.text(file) if is_text(file) else self.source(file)
        match found:
            case None:
                raise self._failure(place, f"there is no file {self.name(file)} to include")
            case str():
                return found
            case Source():
                return self.expand(found.tree, path, Place(file, None, opened))

    def _sure(self, read: Callable[[Any], T], node: Any, place: Place) -> T:
        try:
            return read(node)
        except ValueError as error:
            raise self._failure(place, str(error)) from None

    def _inside(self, place: Place, parent: Any, key: Any) -> Place:
        return Place(place.file, line_of(parent, key) or place.line, place.opened)

    def _failure(self, place: Place, reason: str) -> ParseFailed:
        line = "" if place.line is None else f":{place.line}"
        return ParseFailed(f"{self.name(place.file)}{line}: {reason}")


def is_text(file: Path) -> bool:
    """Whether an include of the file stands for its text, not for what YAML makes of it."""
    return file.suffix in (".graphql", ".gql")
