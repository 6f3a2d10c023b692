"""Reading Hasura's server flags, which mix switches, `--name value` and `--name=value`.

Apart because the set of flags is the table of settings, not a function's signature.
"""

import textwrap
from collections.abc import Sequence

from rowgate.settings import SettingsError
from rowgate.settings.declaration import Declaration
from rowgate.settings.values import switch

Flags = dict[str, str | bool | None]


def parsed(arguments: Sequence[str], declared: Sequence[Declaration]) -> Flags:
    """The flags of a command line by name without dashes; a bare switch is `True`.

    A word after a switch is its value only where it reads as a boolean. Raises `SettingsError` for
    a word that belongs to no flag, and for a flag that lacks its value.

    >>> parsed(["--server-port", "80", "--enable-telemetry=false"], ())
    {'server-port': '80', 'enable-telemetry': 'false'}
    """
    switches = {o.flag for one in declared for o in one.origins if o.parse is switch}
    flags: Flags = {}
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            raise SettingsError(f"{word!r} belongs to no flag; `serve --help` lists the flags.")
        name, equals, value = word[2:].partition("=")
        if equals:
            flags[name] = value
        elif rest and _is_value(rest[0], name in switches):
            flags[name] = rest.pop(0)
        elif name in switches or _is_bare_switch(name):
            flags[name] = True
        else:
            raise SettingsError(f"--{name} needs a value.")
    return flags


def _is_value(word: str, of_switch: bool) -> bool:  # noqa: FBT001 - a fact, not a choice
    if not of_switch:
        return not word.startswith("--")
    try:
        switch(word)
    except ValueError:
        return False
    return True


def _is_bare_switch(name: str) -> bool:
    """Flags of Hasura's that are not declared here and stand alone."""
    return name.startswith(("enable-", "disable-", "use-"))


_INTRODUCTION = """\
Usage: rowgate serve [--FLAG VALUE | --FLAG=VALUE | --FLAG]...

Serves GraphQL until SIGTERM. Every flag is a variable of the environment as well; the flag counts.

Examples:
  rowgate serve --database-url postgresql://me@db.example/shop --server-port 8080
  HASURA_GRAPHQL_ADMIN_SECRET=... rowgate serve --enable-console
"""


def described(declared: Sequence[Declaration]) -> str:
    """The text that `serve --help` prints: every flag with its variable, default and meaning, no
    name cut, whatever the width of the terminal."""
    lines = [_INTRODUCTION]
    for one in declared:
        for origin in one.origins:
            default = _shown(one.default)
            lines.append(f"--{origin.flag}")
            lines.append(f"    {origin.variable}{f' (default: {default})' if default else ''}")
            lines.append(
                textwrap.fill(one.meaning, 80, initial_indent="    ", subsequent_indent="    ")
            )
    return "\n".join(lines)


def _shown(default: object) -> str:
    match default:
        case None | "" | ():
            return ""
        case bool():
            return str(default).lower()
        case frozenset():
            return ",".join(sorted(default))
        case _:
            return str(default)
