"""The administrative API: commands that change or describe metadata, SQL from admins, rows of v1.

A command's arguments are read into an `Edit` of the metadata document or a `Task`; a `Draft` of the
world takes them one after another, and is kept as a whole or not at all.

Reading order: `types`, `arguments`, `document` (the ground); `connection`, `native_checks`,
`connections`, `identity`, `draft` (a change of the world); `tables`, `permissions`,
`relationships`, `functions`, `natives`, `sources`, `listed`, `transforms`, `webhooks`,
`collections`, `options`, `whole` (commands by family); `records`, `event_log`, `event_cleanup`,
`scheduled` (events); `introspection` (of remote schemas); `statements`, `script`, `boolexp`,
`renames`, `run_sql` (SQL, and the metadata that follows it); `rows` (data); `commands`, `request`,
`api` (the endpoints); `config`, `pg_dump`, `explain`.
"""

from rowgate.admin.api import metadata_api, query_api_v1, query_api_v2
from rowgate.admin.config import config_api
from rowgate.admin.explain import explain_api
from rowgate.admin.pg_dump import pg_dump_api

__all__ = [
    "config_api",
    "explain_api",
    "metadata_api",
    "pg_dump_api",
    "query_api_v1",
    "query_api_v2",
]
