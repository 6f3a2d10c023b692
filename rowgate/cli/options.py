"""The options that several commands share, with their help."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

METADATA = Path("metadata")


class Output(StrEnum):
    """For whom a command writes: people, or programs."""

    TEXT = "text"
    JSON = "json"


class Format(StrEnum):
    """For whom findings are written: people, programs, or code hosts and editors."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


class Template(StrEnum):
    """What a new project starts from."""

    EMPTY = "empty"
    SHELTER = "shelter"


Endpoint = Annotated[
    str | None,
    typer.Option(
        envvar="HASURA_GRAPHQL_ENDPOINT",
        metavar="URL",
        help="where the engine answers; the run of this folder, or http://127.0.0.1:8080",
        show_default=False,
    ),
]
Secret = Annotated[
    str,
    typer.Option(
        envvar="HASURA_GRAPHQL_ADMIN_SECRET",
        help="its admin secret; that of .env for an engine on this machine",
        show_default=False,
    ),
]
Folder = Annotated[Path, typer.Option(help="the metadata directory")]
Written = Annotated[Output, typer.Option("--output", "-o", help="for people or for programs")]

Findings = Annotated[Format, typer.Option("--output", "-o", help="how findings are written")]


def examples(*lines: str) -> str:
    """The end of a command's help: lines to copy."""
    return "Examples:\n\n" + "\n\n".join(f"  {line}" for line in lines)
