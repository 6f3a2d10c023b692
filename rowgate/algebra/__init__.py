"""Conditions and values: the one language that permissions and requests share.

A permission's filter and a request's `where` become the same `Condition`s, so that they can be
conjoined, and so that one renderer turns both into SQL.

Reading order: `types`, `narrowing` (a request's condition behind a role's filter).
"""
