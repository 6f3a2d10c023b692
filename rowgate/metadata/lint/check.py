"""Runs every rule over a document, or over a directory with files and lines."""

from collections.abc import Iterator, Sequence

from rowgate.metadata.lint import bypass, cost, ownership, roles, secrets
from rowgate.metadata.lint.allowances import locate
from rowgate.metadata.lint.types import Check, Finding, Located, Rule, Severity, Subject
from rowgate.metadata.places import Places
from rowgate.metadata.read import read

MALFORMED = Rule(
    "malformed",
    Severity.ERROR,
    "A part of the metadata cannot be read.",
    "The engine leaves it out and reports it as inconsistent, so that nothing is served by it.",
    "Correct the key or the value that the message names.",
)
RULES: tuple[Rule, ...] = (
    MALFORMED,
    *ownership.RULES,
    *secrets.RULES,
    *roles.RULES,
    *bypass.RULES,
    *cost.RULES,
)
_CHECKS: tuple[Check, ...] = (
    *(ownership.check, secrets.check, roles.check, bypass.check, cost.check),
)


def findings(subject: Subject) -> Sequence[Finding]:
    """What breaks a rule, in the order of the document."""
    found = [*_malformed(subject), *(one for check in _CHECKS for one in check(subject))]
    return sorted(found, key=lambda one: [(isinstance(step, str), step) for step in one.path])


def _malformed(subject: Subject) -> Iterator[Finding]:
    for problem in read(subject.document).problems:
        yield Finding(MALFORMED, problem.path, f"{problem.reason}.", problem.path[:-1])


def located(subject: Subject, places: Places) -> Sequence[Located]:
    """What breaks a rule in a directory, by file and line; what a comment allows is among it."""
    found = locate(findings(subject), places)
    return sorted(found, key=lambda one: (one.file, one.line, one.finding.rule.name))
