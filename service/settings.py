"""Reading the environment: every mistake is one sentence that names the variable."""

from collections.abc import Mapping
from dataclasses import dataclass


class SettingsError(Exception):
    """A variable that is missing or makes no sense; the text names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Environment:
    """Typed look-ups in a process environment."""

    values: Mapping[str, str]

    def text(self, name: str, default: str | None = None) -> str:
        """The variable's text; an empty one counts as not set. Raises `SettingsError` where there
        is neither a value nor a default."""
        value = self.values.get(name) or default
        if value is None:
            raise SettingsError(f"{name} is not set; this service cannot start without it.")
        return value

    def secret(self, name: str) -> str:
        """A secret of at least 16 characters. Raises `SettingsError`, never with its value."""
        value = self.text(name)
        if len(value) < 16:
            raise SettingsError(f"{name} is too short; give it at least 16 random characters.")
        return value

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number within `least` and `most`. Raises `SettingsError` otherwise."""
        given = self.values.get(name)
        if not given:
            return default
        if not given.isascii() or not given.isdigit() or not least <= int(given) <= most:
            raise SettingsError(f"{name} must be a whole number from {least} to {most}.")
        return int(given)
