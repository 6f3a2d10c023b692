"""Connections to one Postgres: where it is, how it is reached, who has one for how long.

Reading order: `address`, `tls`, `codecs`, `pool`.
"""
