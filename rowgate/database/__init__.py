"""Running statements: connections, arguments, transactions, and what a failure means.

Entered by one function each: `run.fetch` takes a statement and its arguments and gives bytes.
Reading order: `bind`, `run`, `failures`; `connections`; `sharing`, for what is quick; `replicas`.
"""
