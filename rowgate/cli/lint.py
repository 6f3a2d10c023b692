"""`rowgate metadata lint`: the rules of `rowgate.metadata.lint` over a directory.

Rules that need tables, indexes, views and functions are checked where the databases are asked, too.
"""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.text import Text

from rowgate import __version__
from rowgate.base.json import Json
from rowgate.cli.failures import OUTPUT, CommandError
from rowgate.cli.fit import UNFIT, ask, unfit
from rowgate.cli.options import Format
from rowgate.cli.writing import counted, printable, write_json
from rowgate.metadata.directory import located as load
from rowgate.metadata.lint.allowances import locate
from rowgate.metadata.lint.check import RULES
from rowgate.metadata.lint.check import located as found_in
from rowgate.metadata.lint.sarif import sarif
from rowgate.metadata.lint.types import Located, Severity, Subject

FOUND = 1
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


def lint(directory: Path, output: Format, role: str | None, *, ask_databases: bool) -> int:
    """Write the findings; the status is 1 where one is not allowed by a comment.

    `role` is the unauthorized role. Raises `CommandError` where the directory is not there or a
    database does not answer, `ApiError` where the directory cannot be read.
    """
    if not directory.is_dir():
        raise CommandError(f"There is no metadata directory {directory}.")
    document, places = load(directory)
    subject = Subject(document, role or None)
    more: Sequence[Located] = ()
    if ask_databases:
        databases = ask(document)
        subject = replace(
            subject,
            catalogs=databases.catalogs,
            indexes=databases.indexes,
            reaches=databases.reaches,
        )
        more = tuple(locate([*unfit(document, databases)], places))
    found = sorted([*found_in(subject, places), *more], key=lambda one: (one.file, one.line))
    _write(found, output, directory)
    return FOUND if any(one.allowed is None for one in found) else 0


def _write(found: Sequence[Located], output: Format, directory: Path) -> None:
    match output:
        case Format.SARIF:
            base = Path(os.path.relpath(directory)).as_posix()
            write_json(sarif(found, (*RULES, UNFIT), __version__, base))
        case Format.JSON:
            write_json([_as_json(one, directory) for one in found])
        case Format.TEXT:
            _tell(found, directory)


def _as_json(one: Located, directory: Path) -> Json:
    rule = one.finding.rule
    return {
        "rule": rule.name,
        "severity": str(rule.severity),
        "file": (directory / one.file).as_posix(),
        "line": one.line,
        "message": one.finding.message,
        "why": rule.why,
        "fix": rule.fix,
        "allowed": one.allowed,
    }


def _tell(found: Sequence[Located], directory: Path) -> None:
    open_ones = [one for one in found if one.allowed is None]
    for one in open_ones:
        rule = one.finding.rule
        place = f"{(directory / one.file).as_posix()}:{one.line}: "
        line = Text(place).append(f"{rule.severity} {rule.name}", style=_COLOURS[rule.severity])
        OUTPUT.print(line.append(f": {printable(one.finding.message)}", style="default"))
        OUTPUT.print(f"    why: {rule.why}\n    fix: {rule.fix}", markup=False)
    allowed = len(found) - len(open_ones)
    count = counted(len(open_ones), "finding") if open_ones else "No finding"
    OUTPUT.print(f"{count}{f', {allowed} allowed by comments' if allowed else ''}.")
