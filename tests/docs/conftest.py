"""The run that examples are tried on; apart from the walk-throughs' own, since examples write."""

from tests.e2e.conftest import chat, run, sentry

__all__ = ["chat", "run", "sentry"]
