"""The nouns of the administrative API: the world as commands see it, and edits of its document.

A handler reads arguments, and gives an `Edit` of the document or a `Task` (see `draft`); nothing
runs before every command of a request has been read.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from rowgate.base.json import Json
from rowgate.catalog.types import Catalog
from rowgate.metadata.types import Metadata
from rowgate.snapshot.types import Inconsistency, Snapshot

SUCCESS: Json = {"message": "success"}


class Generation(Protocol):
    """What the commands read of the world: the document and all that was made of it."""

    @property
    def document(self) -> Json:
        """The metadata document, not to be changed in place."""

    @property
    def resource_version(self) -> int:
        """The document's version in the store."""

    @property
    def metadata(self) -> Metadata:
        """The document, typed."""

    @property
    def catalogs(self) -> Mapping[str, Catalog]:
        """What each source's database has."""

    @property
    def snapshot(self) -> Snapshot:
        """The resolved world."""


class OnBroken(StrEnum):
    """What happens where an edit would make objects inconsistent that were not."""

    REFUSE = "refuse"
    """The edit is refused."""
    DEPENDENTS = "dependents"
    """The edit is refused, and they are named as dependents of what is dropped."""
    CASCADE = "cascade"
    """They are dropped too."""
    ALLOW = "allow"
    """They become inconsistent."""
    STRICT = "strict"
    """The edit is refused where anything is inconsistent, new or old."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The object that an edit is about, by the kind and name of its inconsistencies."""

    kind: str
    name: str

    def is_of(self, inconsistency: Inconsistency) -> bool:
        """Whether `inconsistency` is this object's."""
        return (self.kind, self.name) == (inconsistency.kind, inconsistency.name)


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of the document: `apply` changes a private copy in place, or raises `ApiError`."""

    apply: Callable[[Json], None]
    subject: Subject | None = None
    on_broken: OnBroken = OnBroken.REFUSE
    source: str | None = None
    """The source that is introspected again where the edit does not resolve."""
    answer: Json = field(default_factory=lambda: SUCCESS)
