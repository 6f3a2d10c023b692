"""Measures the engine beside its peers and the limit: ratios within one run, never alone.

Reading order: `operations` (what is asked), `install`, `servers` (who answers), `measure`,
`report`, and `__main__`; `schema_scale` and `stages` are measurements of their own.
"""
