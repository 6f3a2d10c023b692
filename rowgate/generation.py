"""One state of the world with everything computed from it: schemas, operations, programs.

Caches live in the generation they were computed from, so there is nothing to invalidate: a change
of the world is a new generation, and the old one goes when its last request ends.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from typing import Generic, TypeVar

import graphql

from rowgate.base.apart import Apart
from rowgate.base.json import Json
from rowgate.base.session import ADMIN
from rowgate.catalog.types import Catalog
from rowgate.features import federation
from rowgate.features.allowlist import allowed
from rowgate.features.introspection import translate
from rowgate.features.stored_queries import misfits
from rowgate.metadata.types import Metadata
from rowgate.operation.document import Document
from rowgate.schema.roots import expose
from rowgate.schema.types import RoleSchema
from rowgate.snapshot.types import Options, Snapshot

Value = TypeVar("Value")
_DOCUMENTS = 4_000
_PROGRAMS = 64
_INTROSPECTED = 32 * 1024 * 1024
"""Bytes of introspection answers that are kept."""
_NOBODY = ""
"""The role under which all roles that no permission names share a schema."""


class Bounded(Generic[Value]):
    """A memo table of limited size; the least recently used goes first. `weigh` tells how much of
    the limit a value takes; without it each takes one."""

    __slots__ = ("_limit", "_made", "_weigh", "_weight")

    def __init__(self, limit: int, weigh: Callable[[Value], int] | None = None) -> None:
        self._limit = limit
        self._weigh = weigh or (lambda _: 1)
        self._weight = 0
        self._made: OrderedDict[Hashable, Value] = OrderedDict()

    def get(self, key: Hashable) -> Value | None:
        """What is kept under `key`."""
        found = self._made.get(key)
        if found is not None:
            self._made.move_to_end(key)
        return found

    def put(self, key: Hashable, value: Value) -> None:
        """Keep `value` under `key`."""
        before = self._made.pop(key, None)
        self._weight += self._weigh(value) - (0 if before is None else self._weigh(before))
        self._made[key] = value
        while self._weight > self._limit:
            _, gone = self._made.popitem(last=False)
            self._weight -= self._weigh(gone)

    def __len__(self) -> int:
        return len(self._made)


class Prepared:
    """A document and the programs made of it, by the shape of the variables."""

    __slots__ = ("document", "programs", "schema")

    def __init__(self, document: Document, schema: "SchemaKey") -> None:
        self.document = document
        self.schema = schema
        self.programs: Bounded[object] = Bounded(_PROGRAMS)


SchemaKey = tuple[str, bool, bool]
"""Role, whether it is Relay's schema, whether backend-only permissions count."""


class Generation:
    """A snapshot, what it was made of, and its memo tables."""

    def __init__(
        self,
        document: Json,
        resource_version: int,
        metadata: Metadata,
        catalogs: Mapping[str, Catalog],
        snapshot: Snapshot,
        settings: Options,
    ) -> None:
        self.document = document
        self.resource_version = resource_version
        self.metadata = metadata
        self.catalogs = catalogs
        self.snapshot = snapshot
        self.settings = settings
        self.prepared: Bounded[Prepared] = Bounded(_DOCUMENTS)
        self.allowed = allowed(metadata)
        self._named = frozenset(
            {*snapshot.roles, *snapshot.inherited_roles, *snapshot.introspection_disabled_for}
        ).union(*(entry.roles or () for entry in metadata.allowlist))
        self.introspected: Bounded[bytes] = Bounded(_INTROSPECTED, len)
        self.reading = Apart.reading()
        self.introspecting = Apart.introspecting()
        self._schemas: dict[SchemaKey, RoleSchema] = {}
        self._translated: dict[SchemaKey, graphql.GraphQLSchema] = {}
        self._sdl: dict[SchemaKey, str] = {}

    def with_stored_queries_checked(self) -> "Generation":
        """The same, stored queries that do not fit its schema among what is inconsistent. To be
        asked before it is served."""
        if self.metadata.query_collections:
            found = tuple(misfits(self.metadata, self.schema((ADMIN, False, False))))
            told = (*self.snapshot.inconsistencies, *found)
            self.snapshot = replace(self.snapshot, inconsistencies=told)
        return self

    def known(self, role: str) -> str:
        """`role`, or the name that all roles share that the metadata does not name."""
        return role if role == ADMIN or role in self._named else _NOBODY

    def schema(self, key: SchemaKey) -> RoleSchema:
        """The schema under `key`, whose role is one that `known` gave."""
        found = self._schemas.get(key)
        if found is None:
            role, relay, backend_only = key
            found = self._schemas[key] = expose(
                self.snapshot, role, self.settings, relay=relay, backend_only=backend_only
            )
        return found

    def translated(self, key: SchemaKey) -> graphql.GraphQLSchema:
        """The schema under `key` for introspection."""
        found = self._translated.get(key)
        if found is None:
            found = self._translated[key] = translate(self.schema(key))
        return found

    def sdl(self, key: SchemaKey, keys: federation.Keys) -> str:
        """The schema under `key` as text for a federation gateway; `keys` follow from `key`."""
        found = self._sdl.get(key)
        if found is None:
            found = self._sdl[key] = federation.describe(self.translated(key), keys)
        return found
