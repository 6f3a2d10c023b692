"""Where each part of a metadata document stands: file and line, for those who have to mend it.

Apart from `directory`, since reading and writing need no places; only checks do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rowgate.base.json import Json
from rowgate.metadata.layout import VERSION_FILE
from rowgate.metadata.tree import DocumentPath, Place, Tree


class PlacedTree(Tree):
    """A tree that remembers where each value came from; `places` is by path of the document."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.places: dict[DocumentPath, Place] = {}

    def expand(self, node: Any, path: DocumentPath, place: Place) -> Json:
        """As `Tree.expand`; an included file's own place wins over that of the include."""
        self.places[path] = place
        return super().expand(node, path, place)


@dataclass(frozen=True, slots=True)
class Spot:
    """A line, from 1, of a file that is named relative to the metadata directory."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Places:
    """The places of a directory's document, and the lines of its files."""

    root: Path
    places: Mapping[DocumentPath, Place]

    def spot(self, path: DocumentPath) -> Spot:
        """Where the value at `path` stands, or the nearest part around it that has a place."""
        for length in range(len(path), 0, -1):
            place = self.places.get(path[:length])
            if place is not None:
                name = place.file.relative_to(self.root).as_posix()
                return Spot(name, place.line or 1)
        return Spot(VERSION_FILE, 1)

    def lines(self, file: str) -> list[str]:
        """The lines of a file of the directory; none where it cannot be read as text."""
        try:
            return (self.root / file).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return []
