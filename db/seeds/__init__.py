"""Rows to start with: people who can sign in, stores and animals. Sowing twice changes nothing.

Reading order: `rows`, `sow`, `__main__` (`python -m db.seeds`).
"""
