"""Comments that allow a finding: `# lint: allow RULE, RULE (why)`.

Such a comment counts on the finding's own line, on comment lines right above it or above the entry
around it (`- role: …`), and at the head of the file, where it counts for the whole file. The reason
must be given: what was thought through can be said in a few words.
"""

import re
from collections.abc import Iterator, Sequence

from rowgate.metadata.lint.types import Finding, Located
from rowgate.metadata.places import Places

_ALLOWANCE = re.compile(r"#\s*lint:\s*allow\s+([\w,\s-]+?)\s*\((.+)\)\s*$")


def locate(findings: Sequence[Finding], places: Places) -> Iterator[Located]:
    """The findings with their files and lines, and the reasons that allow them."""
    texts: dict[str, list[str]] = {}
    for finding in findings:
        spot, entry = places.spot(finding.path), places.spot(finding.entry)
        lines = texts.setdefault(spot.file, places.lines(spot.file))
        near = [spot.line, entry.line] if entry.file == spot.file else [spot.line]
        reason = _reason(finding.rule.name, lines, near)
        yield Located(finding, spot.file, spot.line, reason)


def _reason(rule: str, lines: Sequence[str], near: Sequence[int]) -> str | None:
    for text in (*_head(lines), *(one for line in near for one in _around(lines, line))):
        match = _ALLOWANCE.search(text)
        if match and rule in re.split(r"[,\s]+", match.group(1)):
            return match.group(2)
    return None


def _head(lines: Sequence[str]) -> Iterator[str]:
    for text in lines:
        if not text.strip().startswith("#"):
            return
        yield text


def _around(lines: Sequence[str], line: int) -> Iterator[str]:
    """The line itself, and the comment lines right above it."""
    if not 0 < line <= len(lines):
        return
    yield lines[line - 1]
    for text in reversed(lines[: line - 1]):
        if not text.strip().startswith("#"):
            return
        yield text
