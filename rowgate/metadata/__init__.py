"""What the user declared: Hasura's v3 metadata as a JSON document, as files and as typed values.

Reading order: `types` and `action_types` (the nouns); `shapes` (what every reader needs), `read`
with `read_source`, `read_table`, `read_permission`, `read_action` and `read_service` (document to
typed values); `directory` with `layout`, `files`, `tree`, `writer` and `sdl` (document to files and
back); `store` (document in Postgres).
"""
