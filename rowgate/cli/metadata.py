"""`rowgate metadata`: a directory to a running engine and back, over its own metadata API."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from rowgate.base.json import Json
from rowgate.cli.failures import OUTPUT, CommandError
from rowgate.metadata import directory as files


@dataclass(frozen=True, slots=True)
class Engine:
    """A running engine: its base URL, and the admin secret it was started with, if any."""

    endpoint: str
    admin_secret: str

    def ask(self, kind: str, arguments: Json, version: int = 1) -> Json:
        """The answer of the metadata API. Raises `CommandError` where it refuses or is away."""
        url = self.endpoint.rstrip("/") + "/v1/metadata"
        headers = {"x-hasura-admin-secret": self.admin_secret} if self.admin_secret else {}
        request = {"type": kind, "version": version, "args": arguments}
        try:
            answer = httpx.post(url, json=request, headers=headers, timeout=120)
            body = answer.json()
        except httpx.HTTPError as error:
            raise CommandError(f"No engine answers at {url}: {error}.") from None
        except ValueError:
            raise CommandError(f"{url} does not answer as an engine does.") from None
        if answer.status_code != httpx.codes.OK:
            raise CommandError(f"The engine refused: {body.get('error', body)}.")
        return body


def apply(engine: Engine, directory: Path, *, allow_inconsistent: bool) -> None:
    """Replace the engine's metadata by `directory`. Raises `CommandError` where objects of it do
    not fit the database, unless that is allowed; they are listed either way."""
    odd = replaced(engine, directory, allow_inconsistent=allow_inconsistent)
    for reason in odd:
        OUTPUT.print(f"  inconsistent: {reason}", markup=False)
    OUTPUT.print(
        "Metadata applied." if not odd else f"Metadata applied but for {len(odd)} objects."
    )


def replaced(engine: Engine, directory: Path, *, allow_inconsistent: bool) -> Sequence[str]:
    """Replace the engine's metadata by `directory`; what does not fit is returned as sentences.

    Raises `CommandError` where the engine refuses, `ApiError` where the directory is malformed.
    """
    if not directory.is_dir():
        raise CommandError(f"There is no metadata directory {directory}.")
    arguments = {
        "allow_inconsistent_metadata": allow_inconsistent,
        "metadata": files.load(directory),
    }
    answer = engine.ask("replace_metadata", arguments, version=2)
    return [
        f"{one.get('type')} {one.get('name', '')}: {one.get('reason')}"
        for one in answer.get("inconsistent_objects", ())
    ]


def export(engine: Engine, directory: Path) -> None:
    """Write the engine's metadata into `directory`; files that say the same keep their bytes."""
    files.save(engine.ask("export_metadata", {}), directory)
    OUTPUT.print(f"Metadata exported to {directory}.")
