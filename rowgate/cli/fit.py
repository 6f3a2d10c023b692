"""Whether a metadata document fits the tables of its databases, without an engine.

The databases are those whose address is known here; the metadata is resolved as the engine does.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rowgate.admin.connection import Lookup, Wanted, primary
from rowgate.base.errors import ApiError
from rowgate.base.json import Json
from rowgate.base.names import QualifiedName
from rowgate.catalog.indexes import leading_columns
from rowgate.catalog.introspect import introspect
from rowgate.catalog.reach import reach
from rowgate.catalog.types import Catalog, Reach
from rowgate.cli import running
from rowgate.cli.failures import ERRORS, CommandError
from rowgate.database.connections.address import Opener
from rowgate.database.connections.pool import PoolSettings
from rowgate.database.failures import FAILURES, reason
from rowgate.metadata.layout import qualified
from rowgate.metadata.lint.types import Finding, LeadingColumns, Path, Rule, Severity
from rowgate.metadata.read import read
from rowgate.settings import Settings
from rowgate.snapshot.resolve import resolve
from rowgate.snapshot.types import Inconsistency

UNFIT = Rule(
    "does-not-fit",
    Severity.ERROR,
    "The metadata names something that the database has not, or declares it wrongly.",
    "The engine leaves the object out and reports it as inconsistent, so that it is not served.",
    "Correct the name, or change the table with a migration.",
)


@dataclass(slots=True)
class Databases:
    """What the databases of a document's sources have, by source."""

    catalogs: dict[str, Catalog] = field(default_factory=dict)
    indexes: dict[str, LeadingColumns] = field(default_factory=dict)
    reaches: dict[str, Reach] = field(default_factory=dict)


def ask(document: Json) -> Databases:
    """Read the databases whose address is known here; of others, a line on stderr says why not.

    Raises `CommandError` where one does not answer.
    """
    return asyncio.run(_ask_all(document))


def catalog_of(url: str) -> Catalog:
    """What the database at `url` has. Raises `CommandError` where it does not answer."""
    configuration = {"connection_info": {"database_url": url}}
    wanted = primary(configuration, Lookup({}), PoolSettings())
    return asyncio.run(_ask("default", wanted))[0]


def inconsistencies(document: Json, databases: Databases) -> Iterator[Inconsistency]:
    """What of the document the engine could not serve, in the sources that were read."""
    found = resolve(read(document), databases.catalogs, Settings())
    return iter(found.inconsistencies)


def unfit(document: Json, databases: Databases) -> Iterator[Finding]:
    """The same as findings; what cannot even be read is a finding of another rule."""
    malformed = {problem.name for problem in read(document).problems}
    for one in inconsistencies(document, databases):
        if one.name not in malformed:
            path = _path(document, one)
            yield Finding(UNFIT, path, f"{one.name}: {one.reason}", path)


def _path(document: Json, one: Inconsistency) -> Path:
    """Where the object stands: its entry in a list of a source, or the source."""
    for number, source in enumerate(document.get("sources", ())):
        if one.name.endswith(f"source {source.get('name')}"):
            return ("sources", number, *_entry(source, one.name))
    return ()


def _entry(source: Json, text: str) -> Path:
    """Which table or function of a source a text is about."""
    for kind in ("table", "function"):
        for at, entry in enumerate(source.get(f"{kind}s") or ()):
            if f"{kind} {QualifiedName(*qualified(entry.get(kind)))} in source" in text:
                return (f"{kind}s", at)
    return ()


async def _ask_all(document: Json) -> Databases:
    found = Databases()
    environment: Mapping[str, str] = dict(running.values())
    if url := running.database_url():
        environment = {"DATABASE_URL": url, **environment}
    for source in document.get("sources", ()):
        name = str(source.get("name"))
        try:
            wanted = primary(source.get("configuration"), Lookup(environment), PoolSettings())
        except ApiError as error:
            ERRORS.print(f"Source {name} is not asked: {error.message}.", markup=False)
            continue
        answer = await _ask(name, wanted, _enum_tables(source))
        found.catalogs[name], found.indexes[name], found.reaches[name] = answer
    return found


def _enum_tables(source: Json) -> list[QualifiedName]:
    """The tables of a source that are declared as enums: their rows decide whether they fit."""
    return [
        QualifiedName(*qualified(entry.get("table")))
        for entry in source.get("tables") or ()
        if entry.get("is_enum")
    ]


async def _ask(
    name: str, wanted: Wanted, enum_tables: Sequence[QualifiedName] = ()
) -> tuple[Catalog, LeadingColumns, Reach]:
    try:
        connection = await Opener(wanted.address, wanted.settings.terms()).open()
    except (ApiError, *FAILURES) as error:
        text = f"The database of source {name} does not answer: {reason(error)}."
        raise CommandError(text) from None
    try:
        indexes, reached = await leading_columns(connection), await reach(connection)
        return await introspect(connection, enum_tables), indexes, reached
    finally:
        await connection.close()
