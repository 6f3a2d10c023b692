"""A validated operation → what to read and write, every row under its role's permission.

`scope` is the one door: nothing else makes `Rows`, `Insert`, `Update` or `Delete`.
Reading order: `origins`, `types`, `scope`, `values`, `where`, `ordering`, `natives`, `outputs`,
`aggregates`, `reads`, `validation`, `inserts`, `writes`, `relay`.
"""
