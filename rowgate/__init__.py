"""Rowgate: a GraphQL API over Postgres that is declared, not written."""

__version__ = "0.1.0"
