"""`rowgate metadata`: a directory to a running engine and back, over its own metadata API."""

from collections.abc import Collection, Iterator, Sequence
from http import HTTPStatus
from pathlib import Path

from rowgate.base.json import Json
from rowgate.cli.comparison import as_json, summary, tell
from rowgate.cli.engine import Engine, accepted, sentence
from rowgate.cli.failures import OUTPUT, CommandError
from rowgate.cli.fit import ask, inconsistencies
from rowgate.cli.options import Output
from rowgate.cli.writing import counted, write_json
from rowgate.metadata import directory as files
from rowgate.metadata.diff import Verb, diff
from rowgate.metadata.layout import qualified

FOUND = 1
"""Status of `diff`, `inconsistency list` and the like where there is something."""


def apply(engine: Engine, directory: Path, output: Output, *, allow_inconsistent: bool) -> None:
    """Have the engine read its tables again and replace its metadata by `directory`. Raises
    `CommandError`, with every object and its reason, where objects do not fit the database, unless
    that is allowed; they are listed either way."""
    arguments = _arguments(directory, allow_inconsistent=allow_inconsistent)
    engine.ask("reload_metadata", {"reload_sources": True})
    status, body = engine.send(
        "/v1/metadata", {"type": "replace_metadata", "version": 2, "args": arguments}
    )
    if output is Output.JSON and status != HTTPStatus.OK:
        write_json(body)
        raise SystemExit(FOUND)
    answer = accepted(status, body)
    odd = [sentence(one) for one in answer.get("inconsistent_objects", ())]
    state = engine.ask("get_inconsistent_metadata", {})
    warnings = [sentence(one) for one in state.get("warnings", ())]
    if output is Output.JSON:
        write_json({"inconsistent": odd, "warnings": warnings})
        return
    for reason in odd:
        OUTPUT.print(f"  inconsistent: {reason}", markup=False)
    for reason in warnings:
        OUTPUT.print(f"  warning: {reason}", markup=False)
    rest = f" but for {counted(len(odd), 'object')}" if odd else ""
    OUTPUT.print(f"Metadata applied{rest}.")


def replaced(engine: Engine, directory: Path, *, allow_inconsistent: bool) -> Sequence[str]:
    """Replace the engine's metadata by `directory`; what does not fit is returned as sentences.

    Raises `CommandError` where the engine refuses, `ApiError` where the directory is malformed.
    """
    arguments = _arguments(directory, allow_inconsistent=allow_inconsistent)
    answer = engine.ask("replace_metadata", arguments, version=2)
    return [sentence(one) for one in answer.get("inconsistent_objects", ())]


def _arguments(directory: Path, *, allow_inconsistent: bool) -> Json:
    return {"allow_inconsistent_metadata": allow_inconsistent, "metadata": _loaded(directory)}


def exported(engine: Engine) -> Json:
    """The engine's metadata. Raises `CommandError` where it refuses."""
    return engine.ask("export_metadata", {})


def problems(engine: Engine) -> Sequence[str]:
    """What the engine cannot serve, and what it stores without effect, as sentences."""
    state = engine.ask("get_inconsistent_metadata", {})
    found = (*state.get("inconsistent_objects", ()), *state.get("warnings", ()))
    return [sentence(one) for one in found]


def preview(engine: Engine, directory: Path, output: Output) -> int:
    """Tell what `apply` would change, and what of the directory could not be served; nothing is
    changed. The status is 1 where something could not be served.

    The directory is compared with the databases whose address is known here. Raises as `replaced`
    does, and where such a database does not answer.
    """
    document = _loaded(directory)
    current = exported(engine)
    changes = diff(current, document)
    databases = ask(document)
    unasked = {str(one.get("name")) for one in current.get("sources", ())} - {*databases.catalogs}
    wrong = [f"{one.name}: {one.reason}" for one in inconsistencies(document, databases)]
    wrong += _missing(engine, document, unasked)
    match output:
        case Output.JSON:
            write_json({"changes": as_json(changes), "problems": wrong})
        case Output.TEXT:
            tell(changes)
            for reason in wrong:
                OUTPUT.print(f"  would be inconsistent: {reason}", markup=False)
            OUTPUT.print(f"{summary(changes)} Nothing was applied.")
    return FOUND if wrong else 0


def _missing(engine: Engine, document: Json, names: Collection[str]) -> Iterator[str]:
    """Tracked tables that the databases of the named sources, which the engine alone can reach,
    have not."""
    for source in document.get("sources", ()):
        name = source.get("name")
        if name not in names:
            continue
        there = {qualified(one) for one in engine.ask("pg_get_source_tables", {"source": name})}
        for entry in source.get("tables") or ():
            schema, table = qualified(entry.get("table"))
            if (schema, table) not in there:
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
    warnings = answer.get("warnings") or ()
    match output:
        case Output.JSON:
            told = {"is_consistent": not objects, "inconsistent_objects": list(objects)}
            write_json(told | ({"warnings": list(warnings)} if warnings else {}))
        case Output.TEXT:
            for one in objects:
                OUTPUT.print(f"  {sentence(one)}", markup=False)
            for one in warnings:
                OUTPUT.print(f"  warning: {sentence(one)}", markup=False)
            verb = "is" if len(objects) == 1 else "are"
            count = f"{counted(len(objects), 'object')} {verb} inconsistent."
            OUTPUT.print(f"{done} {count if objects else 'All is consistent.'}".strip())
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
            told = (
                f"Dropped {counted(dropped, 'object')}."
                if dropped
                else "There was nothing to drop."
            )
            OUTPUT.print(told)


def _loaded(directory: Path) -> Json:
    if not directory.is_dir():
        raise CommandError(f"There is no metadata directory {directory}.")
    return files.load(directory)
