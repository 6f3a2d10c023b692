"""Alembic's environment and revisions; apart because Alembic loads these files by path."""
