"""`rowgate doctor`: what is wrong with machine, project, database or engine, and what to do.

Reading order: `types`, then the examinations `machine`, `project`, `databases` and `engines`;
`examine` makes them all and tells the result.
"""
