"""A rule, a finding of it, and what rules look at."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from rowgate.base.json import Json
from rowgate.base.names import PathStep, QualifiedName
from rowgate.catalog.types import Catalog, Reach

Path = tuple[PathStep, ...]
LeadingColumns = Mapping[QualifiedName, frozenset[str]]
"""By table, the columns that some index begins with."""


class Severity(StrEnum):
    """How much a finding matters; the names are SARIF's levels."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for what matters most."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Rule:
    """What is looked for (`summary`), why it matters, and how it is mended."""

    name: str
    severity: Severity
    summary: str
    why: str
    fix: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A place of the document that breaks a rule. `entry` is the path of the object around it, in
    front of which a comment may allow it."""

    rule: Rule
    path: Path
    message: str
    entry: Path


@dataclass(frozen=True, slots=True)
class Located:
    """A finding in its file, whose name is relative to the metadata directory. `allowed` is the
    reason that a comment gives for it; None where nothing allows it."""

    finding: Finding
    file: str
    line: int
    allowed: str | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What is checked: the document; by source, what its database has, where that is known; and
    the role of requests without a token."""

    document: Json
    unauthorized_role: str | None = None
    catalogs: Mapping[str, Catalog] = field(default_factory=dict)
    indexes: Mapping[str, LeadingColumns] = field(default_factory=dict)
    reaches: Mapping[str, Reach] = field(default_factory=dict)


Check = Callable[[Subject], Iterator[Finding]]
