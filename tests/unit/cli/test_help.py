"""Every command says what it does and shows how it is called."""

import re
import shlex
from collections.abc import Iterator
from typing import Any

import typer
from typer.testing import CliRunner

from rowgate.cli.application import application

NEW = {"run", "serve", "version", "reset", "init", "seed", "console", "explain", "doctor", "query"}


def leaves(command: Any, name: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with the words that call it."""
    children = getattr(command, "commands", None)
    if children is None:
        yield name, command
        return
    for child, found in children.items():
        yield from leaves(found, (*name, child))


COMMANDS = dict(leaves(typer.main.get_command(application)))


def test_the_commands_are_there() -> None:
    assert {words[0] for words in COMMANDS} == NEW | {"metadata", "migrate"}
    below = {" ".join(words[1:]) for words in COMMANDS if words[0] == "metadata"}
    assert below == {"apply", "export", "diff", "lint", "reload"} | {
        "inconsistency list",
        "inconsistency drop",
    }
    below = {words[1] for words in COMMANDS if words[0] == "migrate"}
    assert below == {"create", "up", "down", "status", "history"}


def test_every_command_has_help_and_examples_that_parse() -> None:
    for words, command in COMMANDS.items():
        if words == ("serve",):
            continue
        assert command.help, words
        lines = re.findall(r"rowgate .*", command.epilog or "")
        assert lines, words
        for line in lines:
            called = shlex.split(line.split(" | ")[0].split(" > ")[0])
            assert tuple(called[1 : len(words) + 1]) == words
            command.make_context("x", called[len(words) + 1 :])


def test_help_is_shown_by_the_entry_point() -> None:
    for words in COMMANDS:
        answer = CliRunner().invoke(application, [*words, "--help"])
        assert answer.exit_code == 0, (words, answer.output)


def test_an_output_that_is_none_is_refused() -> None:
    answer = CliRunner().invoke(application, ["metadata", "lint", "--output", "xml"])
    assert answer.exit_code == 2
