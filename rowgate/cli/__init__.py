"""The commands `rowgate` and `graphql-engine`, apart since no other room may print or exit.

Reading order: `failures`, `flags`, `serve`, `metadata`, `migrate`, then `development`, which is
what `rowgate run` and `rowgate reset` do.
"""

from rowgate.cli.application import main

__all__ = ["main"]
