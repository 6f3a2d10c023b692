"""What could not be honoured: each object is attempted on its own, the rest is served."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from rowgate.base.errors import ApiError
from rowgate.base.json import Json
from rowgate.snapshot.types import Inconsistency

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Subject:
    """The object that is being resolved, as an inconsistency names it."""

    kind: str
    name: str
    definition: Json = None


@dataclass(slots=True)
class Attempts:
    """Runs attempts and keeps the reasons of those that failed."""

    found: list[Inconsistency] = field(default_factory=list)

    def attempt(
        self, subject: Subject, make: Callable[..., Result], *arguments: object
    ) -> Result | None:
        """What `make` gives; None where it refuses, and the reason is kept."""
        try:
            return make(*arguments)
        except ApiError as error:
            self.tell(subject, f"Inconsistent object: {error.message}")
            return None

    def about(self, name: str) -> bool:
        """Whether something was told of the object of that name, or of one inside it."""
        return any(one.name.endswith(name) for one in self.found)

    def tell(self, subject: Subject, reason: str) -> None:
        """Keep a reason."""
        self.found.append(Inconsistency(subject.kind, subject.name, reason, subject.definition))


@contextmanager
def inside(where: str) -> Iterator[None]:
    """Say where a refusal happened, in front of its message."""
    try:
        yield
    except ApiError as error:
        raise ApiError(f"{where}: {error.message}") from None
