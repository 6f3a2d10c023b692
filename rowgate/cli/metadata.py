"""`rowgate metadata`: a directory to a running engine and back, over its own metadata API."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from rowgate.base.json import Json
from rowgate.cli.comparison import as_json, summary, tell
from rowgate.cli.engine import Engine
from rowgate.cli.failures import OUTPUT, CommandError
from rowgate.cli.options import Output
from rowgate.cli.writing import write_json
from rowgate.metadata import directory as files
from rowgate.metadata.diff import Change, Verb, diff
from rowgate.metadata.layout import qualified
from rowgate.metadata.read import read

FOUND = 1
"""Status of `diff`, `inconsistency list` and the like where there is something."""


def apply(engine: Engine, directory: Path, output: Output, *, allow_inconsistent: bool) -> None:
    """Replace the engine's metadata by `directory`. Raises `CommandError` where objects of it do
    not fit the database, unless that is allowed; they are listed either way."""
    odd = replaced(engine, directory, allow_inconsistent=allow_inconsistent)
    if output is Output.JSON:
        write_json({"inconsistent": list(odd)})
        return
    for reason in odd:
        OUTPUT.print(f"  inconsistent: {reason}", markup=False)
    OUTPUT.print(
        "Metadata applied." if not odd else f"Metadata applied but for {len(odd)} objects."
    )


def replaced(engine: Engine, directory: Path, *, allow_inconsistent: bool) -> Sequence[str]:
    """Replace the engine's metadata by `directory`; what does not fit is returned as sentences.

    Raises `CommandError` where the engine refuses, `ApiError` where the directory is malformed.
    """
    arguments = {
        "allow_inconsistent_metadata": allow_inconsistent,
        "metadata": _loaded(directory),
    }
    answer = engine.ask("replace_metadata", arguments, version=2)
    return [_sentence(one) for one in answer.get("inconsistent_objects", ())]


def preview(engine: Engine, directory: Path, output: Output) -> int:
    """Tell what `apply` would change, and what of the directory could not be served; nothing is
    changed. The status is 1 where something could not be served.

    Raises as `replaced` does.
    """
    document = _loaded(directory)
    current = engine.ask("export_metadata", {})
    changes = diff(current, document)
    known = {str(source.get("name")) for source in current.get("sources", ())}
    wrong = [*_unreadable(document), *_missing(engine, document, known)]
    match output:
        case Output.JSON:
            write_json({"changes": as_json(changes), "problems": wrong})
        case Output.TEXT:
            tell(changes)
            for reason in wrong:
                OUTPUT.print(f"  would be inconsistent: {reason}", markup=False)
            OUTPUT.print(f"{summary(changes)} Nothing was applied.")
    return FOUND if wrong else 0


def _unreadable(document: Json) -> Iterator[str]:
    for problem in read(document).problems:
        yield f"{problem.kind} {problem.name}: {problem.reason}".replace(" :", ":")


def _missing(engine: Engine, document: Json, known: Collection[str]) -> Iterator[str]:
    """Tracked tables that are not in the databases of the engine's own sources, `known`."""
    for source in document.get("sources", ()):
        name = source.get("name")
        if name not in known:
            continue
        found = engine.ask("pg_get_source_tables", {"source": name})
        there = {qualified(one) for one in found}
        for entry in source.get("tables") or ():
            if qualified(entry.get("table")) not in there:
                schema, table = qualified(entry.get("table"))
                yield f"table {schema}.{table} in source {name}: no such table exists"


def export(engine: Engine, directory: Path) -> None:
    """Write the engine's metadata into `directory`; files that say the same keep their bytes."""
    files.save(engine.ask("export_metadata", {}), directory)
    OUTPUT.print(f"Metadata exported to {directory}.", markup=False)


def differences(engine: Engine, directory: Path, output: Output) -> int:
    """Tell what `apply` would change; the status is 1 where that is anything.

    Raises as `replaced` does.
    """
    changes = diff(engine.ask("export_metadata", {}), _loaded(directory))
    match output:
        case Output.JSON:
            write_json(as_json(changes))
        case Output.TEXT:
            tell(changes)
            OUTPUT.print(summary(changes))
    return FOUND if changes else 0


def reload(engine: Engine, output: Output) -> int:
    """Have the engine read its databases and remote schemas again; the status is 1 where something
    is inconsistent. Raises `CommandError` where it refuses."""
    arguments = {"reload_sources": True, "reload_remote_schemas": True}
    engine.ask("reload_metadata", arguments)
    odd = engine.ask("get_inconsistent_metadata", {})
    return _tell_inconsistent(odd, output, "Metadata reloaded.")


def inconsistent(engine: Engine, output: Output) -> int:
    """List what of the metadata the engine cannot serve; the status is 1 where there is any.

    Raises `CommandError` where it refuses."""
    return _tell_inconsistent(engine.ask("get_inconsistent_metadata", {}), output, "")


def _tell_inconsistent(answer: Json, output: Output, done: str) -> int:
    objects = answer.get("inconsistent_objects") or ()
    match output:
        case Output.JSON:
            write_json({"is_consistent": not objects, "inconsistent_objects": list(objects)})
        case Output.TEXT:
            for one in objects:
                OUTPUT.print(f"  {_sentence(one)}", markup=False)
            count = f"{len(objects)} objects are inconsistent." if objects else "All is consistent."
            OUTPUT.print(f"{done} {count}".strip())
    return FOUND if objects else 0


def drop_inconsistent(engine: Engine, output: Output) -> None:
    """Take what cannot be served out of the engine's metadata, and tell what that was.

    Raises `CommandError` where it refuses."""
    before = engine.ask("export_metadata", {})
    engine.ask("drop_inconsistent_metadata", {})
    changes = diff(before, engine.ask("export_metadata", {}))
    match output:
        case Output.JSON:
            write_json(as_json(changes))
        case Output.TEXT:
            tell(changes)
            dropped = sum(change.verb is Verb.REMOVED for change in changes)
            OUTPUT.print(f"Dropped {dropped} objects." if dropped else "There was nothing to drop.")


def suggested(directory: Path, changes: Sequence[Change], document: Json, *, write: bool) -> None:
    """Tell the changes that new tables suggest, and write them where asked to.

    Raises `ApiError` where the directory cannot be written."""
    if not changes:
        OUTPUT.print("It suggests no change of the metadata.")
        return
    OUTPUT.print("\nThe metadata that it suggests (permissions are yours to add):")
    tell(changes)
    if write:
        files.save(document, directory)
        OUTPUT.print(f"Written to {directory}; `rowgate metadata apply` makes it so.", markup=False)
    else:
        OUTPUT.print("Not written: `--apply` does.")


def _loaded(directory: Path) -> Json:
    if not directory.is_dir():
        raise CommandError(f"There is no metadata directory {directory}.")
    return files.load(directory)


def _sentence(one: Json) -> str:
    name = one.get("name") or ""
    reason = one.get("reason") or one.get("message") or ""
    return f"{one.get('type', '')} {name}: {reason}".strip()
