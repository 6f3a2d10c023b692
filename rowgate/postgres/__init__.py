"""A Postgres server that development and tests start by themselves, as a direct child process.

Stands apart because it knows nothing of GraphQL: it finds programs, initialises a data directory,
starts, recovers and stops. Reading order: `binaries`, `remnants`, `ports`, `server`.
"""

from rowgate.postgres.binaries import LauncherError
from rowgate.postgres.server import EmbeddedPostgres

__all__ = ["EmbeddedPostgres", "LauncherError"]
