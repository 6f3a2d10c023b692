"""The permission oracle: what a role must be answered, worked out row by row in Python.

It is written from the contract and from the documentation of Postgres alone and shares no code
with the engine: each rule names the section or the page that it follows. Conditions are judged in
three-valued logic (`logic`, `operators`), on the rows of a `World` as one session sees them
(`view`); on top of it stand reads (`reads`, `relay`) and writes (`inserts`, `writes`).
"""
