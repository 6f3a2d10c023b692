"""What every command that speaks with an engine has: the engine, and for whom it writes.

One decorator gives such commands their three options, so that they are the same everywhere.
"""

import functools
import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rowgate.cli.failures import told_in_one_sentence
from rowgate.cli.options import Endpoint, Output, Secret, Written

if TYPE_CHECKING:
    from rowgate.cli.engine import Engine

_OPTIONS = {"endpoint": (Endpoint, None), "admin_secret": (Secret, ""), "output": (Written, "text")}


@dataclass(frozen=True, slots=True)
class Desk:
    """The engine that is spoken with, and how the answer is written."""

    engine: "Engine"
    output: Output


def with_desk(trouble: int = 1) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a command, whose first parameter is a `Desk`, the options --endpoint, --admin-secret
    and --output in its place. What it refuses is one sentence and the status `trouble`."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = list(inspect.signature(command).parameters.values())[1:]

        @functools.wraps(command)
        def called(endpoint: str | None, admin_secret: str, output: Output, **rest: Any) -> None:
            with told_in_one_sentence(trouble):
                engine_at = importlib.import_module("rowgate.cli.engine").engine_at
                command(Desk(engine_at(endpoint, admin_secret), Output(output)), **rest)

        added = [
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
            )
            for name, (annotation, default) in _OPTIONS.items()
        ]
        parameters = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own] + added
        called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        called.__annotations__ = {one.name: one.annotation for one in parameters}
        return called

    return decorate
