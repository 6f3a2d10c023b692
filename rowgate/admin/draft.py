"""The world as one request changes it: edits are tried on a private copy, and kept only as a whole.

# Note [What depends on what]
Dependents are found by trying: an edit is applied, the world is resolved, and what has become
inconsistent by it *is* what depended on the thing that was changed. So there is no second
account of dependencies that could disagree with the resolver. A drop without `cascade` refuses
with that list; one with `cascade` drops what is on it, until nothing new is inconsistent.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import httpx

from rowgate.admin import document as doc
from rowgate.admin.connections import Connections, Connector, close_unused
from rowgate.admin.identity import Index, is_informational, is_stored_query
from rowgate.admin.types import Edit, Generation, OnBroken
from rowgate.base.errors import ApiError
from rowgate.base.json import Json, decode, encode
from rowgate.base.session import Session
from rowgate.catalog.types import Catalog
from rowgate.database.connections.pool import Database
from rowgate.operation.document import Limits
from rowgate.snapshot.types import Inconsistency, Options

Build = Callable[[Json, int, Connections], Awaitable[Generation]]
"""Document, resource version and connections → a resolved generation."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a draft is given to work with: how to resolve and to connect, what calls the user's
    services, the environment that their addresses and headers are read from, what a role's query
    may cost, and for how many seconds a script may run (0: for ever)."""

    build: Build
    connector: Connector
    store: Database
    options: Options
    webhooks: httpx.AsyncClient
    environment: Mapping[str, str]
    limits: Callable[[str], Limits]
    script_timeout: float


class Draft:
    """One request's view of the world, and its changes so far.

    `generation` is the newest state that holds together; `checkpoint` the newest that must be
    kept even if a later command fails, since a database has already changed with it.
    """

    def __init__(
        self, tools: Tools, generation: Generation, connections: Connections, session: Session
    ) -> None:
        self.tools = tools
        self.session = session
        self.generation = generation
        self.connections = connections
        self.checkpoint = (generation, connections)
        self.changed = False
        self._seen = [connections]

    @property
    def catalogs(self) -> Mapping[str, Catalog]:
        """What each reachable source has."""
        return self.generation.catalogs

    def copy(self) -> Json:
        """A private copy of the document."""
        return decode(encode(self.generation.document))

    def database(self, source: str) -> Database:
        """The pool of `source`; raises `ApiError` `not-exists`, or says why it is unreachable."""
        database = self.connections.databases.get(source)
        if database is not None:
            return database
        doc.need_source(self.generation.document, source)
        reason = self.connections.failures.get(source, "connection error")
        raise ApiError(reason, code="postgres-error", path=("args",), status=500)

    async def apply(self, edit: Edit) -> Generation:
        """Apply `edit` as its `on_broken` says; raises `ApiError` and changes nothing where it
        is refused. See Note [What depends on what]."""
        document = self.copy()
        edit.apply(document)
        state = await self._try(document, ())
        if edit.source and self._broken(edit, state[0]):
            state = await self._try(document, (edit.source,))
        self._accept(await self._settle(edit, state))
        self.changed = True
        return self.generation

    async def apply_together(self, edits: Sequence[Edit]) -> bool:
        """Apply `edits` at once, the world being resolved but once; false, and nothing changed,
        where any of them is refused or would be, so that they are to be applied one by one."""
        document = self.copy()
        try:
            for edit in edits:
                edit.apply(document)
        except ApiError:
            return False
        state = await self._try(document, ())
        if new_inconsistencies(self.generation, state[0]):
            return False
        self._accept(state)
        self.changed = True
        return True

    async def introspect(self, sources: Iterable[str]) -> Generation:
        """Read the catalogs of `sources` again and resolve the document anew."""
        self._accept(await self._try(self.generation.document, sources))
        return self.generation

    async def adopt(self, document: Json, source: str, catalog: Catalog) -> None:
        """Take over a document and a source's new catalog, both already checked and committed
        in the source's database: from here on they are kept, whatever follows."""
        connections = self.connections.with_catalog(source, catalog)
        connections = await self.tools.connector.follow(connections, document)
        generation = await self._build(document, connections)
        self._accept((generation, connections))
        self.checkpoint = (generation, connections)
        self.changed = True

    async def preview(self, document: Json, source: str, catalog: Catalog) -> Generation:
        """What `document` would resolve to if `source` had `catalog`; nothing is kept."""
        connections = self.connections.with_catalog(source, catalog)
        return await self._build(document, connections)

    async def _try(self, document: Json, again: Iterable[str]) -> tuple[Generation, Connections]:
        connections = await self.tools.connector.follow(self.connections, document, again)
        self._seen.append(connections)
        return await self._build(document, connections), connections

    async def _build(self, document: Json, connections: Connections) -> Generation:
        return await self.tools.build(document, self.generation.resource_version, connections)

    async def close(self, kept: Connections) -> None:
        """Close every pool that this draft has seen and that `kept` does not have."""
        for connections in self._seen:
            await close_unused(connections, kept)

    def _accept(self, state: tuple[Generation, Connections]) -> None:
        self.generation, self.connections = state

    def _broken(self, edit: Edit, after: Generation) -> bool:
        index = Index(after.document)
        return any(
            edit.subject is not None and index.subject(one) == edit.subject
            for one in after.snapshot.inconsistencies
        )

    async def _settle(
        self, edit: Edit, state: tuple[Generation, Connections]
    ) -> tuple[Generation, Connections]:
        match edit.on_broken:
            case OnBroken.ALLOW:
                return state
            case OnBroken.STRICT:
                _refuse_any(state[0])
                return state
            case OnBroken.REFUSE:
                _refuse_new(edit, new_inconsistencies(self.generation, state[0]), state[0])
                return state
            case OnBroken.DEPENDENTS:
                fresh = new_inconsistencies(self.generation, state[0])
                if fresh:
                    raise dependents_remain(Index(state[0].document), fresh)
                return state
            case OnBroken.CASCADE:
                return await self._cascade(state)

    async def _cascade(
        self, state: tuple[Generation, Connections]
    ) -> tuple[Generation, Connections]:
        while fresh := droppable(new_inconsistencies(self.generation, state[0])):
            document = decode(encode(state[0].document))
            if not drop_all(document, fresh):
                _refuse_new(Edit(lambda _: None), fresh, state[0])
            state = await self._try(document, ())
        return state


def new_inconsistencies(before: Generation, after: Generation) -> tuple[Inconsistency, ...]:
    """What is inconsistent in `after` and was not in `before`; conflicts of inherited roles do
    not count, since they stop nothing."""
    known = {(one.kind, one.name) for one in before.snapshot.inconsistencies}
    return tuple(
        one
        for one in after.snapshot.inconsistencies
        if (one.kind, one.name) not in known and not is_informational(one)
    )


def droppable(inconsistencies: Iterable[Inconsistency]) -> tuple[Inconsistency, ...]:
    """Those of `inconsistencies` that go with what they depend on; stored queries stay, and are
    inconsistent."""
    return tuple(one for one in inconsistencies if not is_stored_query(one))


def drop_all(document: Json, inconsistencies: Iterable[Inconsistency]) -> int:
    """Take the inconsistent objects out of `document`; how many there were to take."""
    index = Index(document)
    found = [index.find(one) for one in inconsistencies]
    dropped = [declared for declared in found if declared is not None]
    for declared in dropped:
        declared.drop()
    return len(dropped)


def dependents_remain(index: Index, broken: Iterable[Inconsistency]) -> ApiError:
    """The refusal to drop something that `broken` depend on."""
    text = "cannot drop due to the following dependent objects: " + dependent_names(index, broken)
    return ApiError(text, code="dependency-error", path=("args",))


def dependent_names(index: Index, broken: Iterable[Inconsistency]) -> str:
    """The objects by their names as dependents, sorted, with commas between."""
    found = [(index.find(one), one.name) for one in broken]
    return ", ".join(sorted({one.dependent if one else name for one, name in found}))


def _refuse_any(after: Generation) -> None:
    broken = [one for one in after.snapshot.inconsistencies if not is_informational(one)]
    if broken:
        raise ApiError(
            "cannot continue due to inconsistent metadata",
            code="unexpected",
            path=("args",),
            internal=Index(after.document).show_all(broken),
        )


def _refuse_new(edit: Edit, fresh: Iterable[Inconsistency], after: Generation) -> None:
    broken = tuple(fresh)
    if not broken:
        return
    index = Index(after.document)
    own = [one for one in broken if edit.subject and index.subject(one) == edit.subject]
    if own:
        raise ApiError(
            ", ".join(one.reason for one in own),
            code="invalid-configuration",
            path=("args",),
            internal=index.show_all(own),
        )
    raise ApiError(
        "cannot continue due to new inconsistent metadata",
        code="unexpected",
        path=("args",),
        internal=index.show_all(broken),
    )


@dataclass(frozen=True, slots=True)
class Task:
    """Work that is more than a change of the document; `run` gives the answer.

    `writes`: it may change the metadata, so that it takes its turn among the writers.
    """

    run: Callable[[Draft], Awaitable[Json]]
    writes: bool = False


Step = Edit | Task


async def run(step: Step, draft: Draft) -> Json:
    """Carry out one step; gives its answer. Raises `ApiError`."""
    match step:
        case Edit():
            await draft.apply(step)
            return step.answer
        case Task():
            return await step.run(draft)
