"""The documentation as data: pages, headings, links, tables and fenced blocks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>[^`\n]*)\n(?P<body>.*?)^(?P=indent)```$", re.M | re.S
)
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.M)
_LINK = re.compile(r"(?<!!)\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`[^`\n]+`")


@dataclass(frozen=True)
class Block:
    """A fenced block: its page, the line it begins on, what stands after the fence, its text."""

    page: Path
    line: int
    info: str
    text: str

    @property
    def language(self) -> str:
        """The first word after the fence; empty where there is none."""
        return self.info.split(maxsplit=1)[0] if self.info else ""

    @property
    def place(self) -> str:
        """`page:line`, for messages and names of tests."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def options(self) -> dict[str, str]:
        """The `name=value` words after the language."""
        words = self.info.split()[1:]
        return dict(word.split("=", 1) for word in words if "=" in word)


@cache
def pages() -> tuple[Path, ...]:
    """Every page that is for readers of the repository."""
    top = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    return (*top, *sorted((ROOT / "docs").rglob("*.md")))


def guides() -> tuple[Path, ...]:
    """The pages that are run from top to bottom, in a project of their own."""
    return tuple(page for page in pages() if page.parent.name == "guides")


@cache
def text_of(page: Path) -> str:
    """A page's whole text."""
    return page.read_text()


def prose_of(page: Path) -> str:
    """A page's text, fenced blocks left out."""
    return _FENCE.sub("", text_of(page))


@cache
def blocks(page: Path) -> tuple[Block, ...]:
    """The fenced blocks of a page, in order."""
    text = text_of(page)
    return tuple(
        Block(page, text.count("\n", 0, one.start()) + 1, one["info"].strip(), _dedented(one))
        for one in _FENCE.finditer(text)
    )


def _dedented(fence: "re.Match[str]") -> str:
    indent = fence["indent"]
    return "".join(line.removeprefix(indent) for line in fence["body"].splitlines(keepends=True))


def all_blocks() -> Iterator[Block]:
    """The fenced blocks of all pages."""
    for page in pages():
        yield from blocks(page)


def anchors(page: Path) -> set[str]:
    """The fragments that a page's headings answer to."""
    return {anchor(heading) for heading in _HEADING.findall(prose_of(page))}


def anchor(heading: str) -> str:
    """The fragment of a heading, as the usual forges make it.

    >>> anchor("A0. Endpoints, `code` and errors")
    'a0-endpoints-code-and-errors'
    """
    plain = re.sub(r"[^\w\- ]", "", heading.lower().replace("`", ""))
    return plain.replace(" ", "-")


def links(page: Path) -> list[str]:
    """The targets of a page's links; what stands in code is none."""
    return _LINK.findall(_CODE.sub("", prose_of(page)))


def section(page: Path, heading: str) -> str:
    """The text below a heading, up to the next of the same or a higher level."""
    found = re.search(rf"^(#+) +{re.escape(heading)} *$", text_of(page), re.M)
    assert found is not None, f"{page.name} has no heading {heading!r}"
    rest = text_of(page)[found.end() :]
    end = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.M)
    return rest[: end.start()] if end else rest


def rows(text: str) -> list[list[str]]:
    """The cells of every row of the tables in `text`, heads and rules left out."""
    lines = text.splitlines()
    found = []
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if not line.startswith("|") or _is_rule(line) or _is_rule(following):
            continue
        cells = re.split(r"(?<!\\)\|", line.strip().strip("|"))
        found.append([cell.strip().replace("\\|", "|") for cell in cells])
    return found


def _is_rule(line: str) -> bool:
    """Whether it is the rule below a table's head."""
    return line.startswith("|") and set(line) <= set("|-: ")


def codes_in(cell: str) -> list[str]:
    """What stands in backquotes in a cell."""
    return re.findall(r"`([^`]+)`", cell)
