"""The only place that writes SQL: plans rendered to statements, every value a parameter.

Keywords are lower case, every identifier is quoted by one function, aliases are `t0, t1, …` by
depth, so that equal shapes give equal text. Reading order: `types`, `names`, `parameters`,
`conditions`, `rows`, `outputs`, `connections`, `writes`, `render`,
`batch`, `natives`.
"""
