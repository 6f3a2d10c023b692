"""docs/settings.md names every variable that is read, and the ranges that the services check."""

import ast
import re

import pytest

from auth.settings import AuthSettings
from service.settings import Environment, SettingsError
from tests.docs.pages import ROOT, codes_in, rows, section, text_of
from tests.docs.sources import SERVICES, modules, packages_of_variables, variables_read

PAGE = ROOT / "docs" / "settings.md"
NOT_OURS = {"LC_ALL", "PATH", "PGPASSWORD"}
"""What the system or another program calls so."""


def test_every_variable_that_is_read_is_documented() -> None:
    named = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", text_of(PAGE)))
    assert variables_read(*packages_of_variables()) - NOT_OURS - named == set()


def test_every_variable_of_the_services_is_read_by_them() -> None:
    read = variables_read(*SERVICES)
    for heading in ("Both services", "The auth service", "The actions service"):
        listed = {codes_in(row[0])[0] for row in rows(section(PAGE, heading))}
        assert listed - read == set()


def test_defaults_and_ranges_are_those_of_the_source() -> None:
    told = {}
    for heading in ("Both services", "The auth service", "The actions service"):
        for row in rows(section(PAGE, heading)):
            if row[2]:
                told[codes_in(row[0])[0]] = (int(codes_in(row[1])[0]), *map(int, row[2].split("–")))
    checked = {}
    for _, tree in modules(*SERVICES):
        for call in re.finditer(r"whole\(\n?\s*'([A-Z_]+)', ([^)]+)\)", ast.unparse(tree)):
            numbers = [_number(one) for one in call[2].split(", ")]
            if len(numbers) == 3 and None not in numbers:
                checked[call[1]] = tuple(numbers)
    assert told == checked


def _number(text: str) -> int | None:
    factors = text.split(" * ")
    if not all(one.strip().isdecimal() for one in factors):
        return None
    product = 1
    for one in factors:
        product *= int(one)
    return product


def test_a_range_is_kept_as_told() -> None:
    """The table is about what the service does: the highest value passes, the next is refused."""
    base = {
        "DATABASE_URL": "postgresql://nowhere",
        "AUTH_PRIVATE_KEY_DIR": "keys",
        "AUTH_ISSUER": "me",
    }
    good = AuthSettings.read(Environment(base | {"AUTH_ACCESS_SECONDS": "900"}))
    assert good.access_seconds == 900
    with pytest.raises(SettingsError, match="AUTH_ACCESS_SECONDS"):
        AuthSettings.read(Environment(base | {"AUTH_ACCESS_SECONDS": "901"}))
