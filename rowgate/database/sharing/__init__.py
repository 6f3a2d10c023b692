"""Quick statements on connections that several requests share at once.

Reading order: `quick` (what is known of a statement), `link` (one connection that carries several),
`express` (which link carries what, and when). A link speaks Postgres' protocol past the driver, for
who has a connection alone as well.
"""
