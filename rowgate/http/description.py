"""The version that the engine tells, ours and the one whose contract is kept."""

from rowgate import __version__

SPOKEN = "2.48.0"
"""The Hasura version whose contract is kept; clients choose their behaviour by it."""


def version() -> str:
    """The version as clients of Hasura read it, ours as its build part."""
    return f"v{SPOKEN}+rowgate.{__version__}"
