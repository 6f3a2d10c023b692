"""The parts of the documentation that are made from the source: between marks in the pages.

`ROWGATE_REWRITE_DOCS=1 pytest tests/docs` writes them anew.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from rowgate.admin import commands
from rowgate.cli.development.manifest import FILE, read
from rowgate.cli.development.project import port_variable, secret_names
from rowgate.settings import Settings
from rowgate.settings.declaration import Declaration, declared_by
from rowgate.settings.reading import ONLY_REPORTED, WITHOUT_EFFECT
from tests.docs.pages import ROOT

KNOWN_FAILURES = ROOT / "tests" / "conformance" / "known-failures.txt"
RECORDED_CASES = 345
_MARK = re.compile(r"(<!-- generated: ([a-z-]+) -->\n)(.*?)(<!-- end -->)", re.S)


def made(page: Path) -> str:
    """The text of `page` as it should be."""
    return _MARK.sub(lambda one: f"{one[1]}{PARTS[one[2]]()}{one[4]}", page.read_text())


def has_marks(page: Path) -> bool:
    """Whether a part of `page` is made here."""
    return _MARK.search(page.read_text()) is not None


def settings() -> str:
    """The engine's settings: one row a setting."""
    rows = [_setting(one) for one in declared_by(Settings)]
    return _table(("variable", "flag", "default", "meaning"), rows)


def _setting(one: Declaration) -> tuple[str, ...]:
    variables = "<br>".join(f"`{origin.variable}`" for origin in one.origins)
    flags = "<br>".join(f"`--{origin.flag}`" for origin in one.origins)
    return (variables, flags, _shown(one.default), one.meaning)


def _shown(default: object) -> str:
    match default:
        case None | "" | ():
            return ""
        case bool():
            return f"`{str(default).lower()}`"
        case frozenset():
            return ", ".join(f"`{word}`" for word in sorted(default))
        case float():
            return f"`{default:g}`"
    return f"`{default}`"


def without_effect() -> str:
    """Hasura's variables that change nothing here."""
    declared = {origin.variable for one in declared_by(Settings) for origin in one.origins}
    return _list(sorted(WITHOUT_EFFECT - declared))


def only_reported() -> str:
    """Settings that are told and not obeyed."""
    return _list(sorted(ONLY_REPORTED))


def ports() -> str:
    """The ports of `rowgate run` in the reference application."""
    found = read(ROOT / FILE).ports.items()
    rows = [(f"`{port_variable(name)}`", f"`{port}`", name) for name, port in found]
    return _table(("variable", "default", "process"), rows)


def secrets() -> str:
    """The secrets that a first start of the reference application makes."""
    return _list(secret_names(read(ROOT / FILE)))


def metadata_commands() -> str:
    """The commands of `/v1/metadata`."""
    postgres = [f"pg_{name}" for name in sorted(commands.POSTGRES)]
    general = sorted({*commands.GENERAL, *commands.VERSIONED})
    return (
        "Of one source (known without the prefix as well):\n\n"
        f"{_list(postgres)}\nOf everything else:\n\n{_list(general)}"
    )


def conformance() -> str:
    """How many recorded cases hold."""
    failing = KNOWN_FAILURES.read_text().split()
    listed = "".join(f"* `{name}`\n" for name in failing)
    holds = f"**{RECORDED_CASES - len(failing)} of {RECORDED_CASES} cases hold.**"
    return f"{holds}" + (f" The others:\n\n{listed}" if failing else "\n")


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _list(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) + "\n"


PARTS: Mapping[str, Callable[[], str]] = {
    "settings": settings,
    "without-effect": without_effect,
    "only-reported": only_reported,
    "ports": ports,
    "secrets": secrets,
    "metadata-commands": metadata_commands,
    "conformance": conformance,
}
