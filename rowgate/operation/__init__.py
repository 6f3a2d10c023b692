"""A validated request: fragments merged, directives applied, inputs typed, variables as leaves.

Reading order: `types`, `document`, `values`, `inputs`, `select`, `shape`, `given`.
"""
