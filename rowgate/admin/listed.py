"""Commands about named objects of the whole metadata: actions, remote schemas, cron triggers,
query collections, REST endpoints, inherited roles. One shape each of create, change and drop."""

from collections.abc import Callable
from dataclasses import dataclass

from rowgate.admin import document as doc
from rowgate.admin.arguments import Arguments
from rowgate.admin.document import ARGS, Entry
from rowgate.admin.identity import plain
from rowgate.admin.types import Edit, OnBroken
from rowgate.base.errors import ApiError
from rowgate.base.json import Json


@dataclass(frozen=True, slots=True)
class Kind:
    """A list of the document: where it stands, what its entries are called, which member of an
    entry is its name, and what an entry holds."""

    key: str
    kind: str
    words: str
    keys: tuple[str, ...]
    name: str = "name"

    def missing(self, name: str) -> str:
        """The message about an entry that is not there."""
        return f'{self.words} with name "{name}" does not exist'

    def find(self, document: Json, name: str) -> Entry | None:
        """The entry called `name`."""
        return doc.find(document.get(self.key, []), self.name, name)

    def need(self, document: Json, name: str) -> Entry:
        """The entry called `name`; raises `ApiError` `not-exists`."""
        return doc.need(document.get(self.key, []), self.name, name, self.missing(name))

    def entry(self, given: Arguments) -> Entry:
        """The entry that `given` describes."""
        return given.only(*self.keys)

    def create(self, given: Arguments, *, replace: bool = False) -> Edit:
        """Add the entry that `given` describes; an entry of that name is replaced or refused."""
        name, entry = given.text(self.name), self.entry(given)

        def apply(document: Json) -> None:
            known = self.find(document, name)
            if known is not None and not replace:
                text = f'{self.words} with name "{name}" already exists'
                raise ApiError(text, code="already-exists", path=ARGS)
            if known is not None:
                known.clear()
                known.update(entry)
            else:
                doc.append(document, self.key, entry)

        return Edit(apply, plain(self.kind, name))

    def change(self, name: str, how: Callable[[Entry], None]) -> Edit:
        """Change the entry called `name` in place."""

        def apply(document: Json) -> None:
            how(self.need(document, name))

        return Edit(apply, plain(self.kind, name))

    def drop(self, name: str, on_broken: OnBroken = OnBroken.DEPENDENTS) -> Edit:
        """Take the entry called `name` away."""

        def apply(document: Json) -> None:
            doc.remove(document, self.key, self.need(document, name))

        return Edit(apply, on_broken=on_broken)
