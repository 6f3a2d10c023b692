"""The commands `rowgate` and `graphql-engine`, apart since no other room may print or exit.

Reading order: `application` with `metadata_commands` and `migrate_commands` (names and options);
`failures`, `options`, `writing` and `desk`, which they share; `running` and `engine`, with whom
they speak; then a module a command: `serve` with `flags`, `metadata` with `comparison`, `lint`,
`migrate` with `revision`, `scaffold` (`init`), `seed`, `console`, `explain`, `doctor`, and
`development`, which is what `rowgate run` and `rowgate reset` do.
"""

from rowgate.cli.application import main

__all__ = ["main"]
