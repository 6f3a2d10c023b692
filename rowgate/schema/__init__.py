"""A role's GraphQL schema: types and fields, each field carrying its *meaning* for the planner.

Types are built when they are first reached, so a role costs nothing until it asks. Reading order:
`types`, `meanings`, `scalars`, `build`, `rows`, `filters`, `ordering`, `aggregates`, `mutations`,
`functions`, `natives`, `actions`, `relay`, `roots`.
"""
