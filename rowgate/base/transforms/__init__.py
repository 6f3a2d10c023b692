"""Transforms of what a webhook is sent and of what it answers, as the metadata declares them.

In `base` as `webhook` is: whatever calls out may have them. Reading order: `types`, `reading`
(metadata → transforms), `applying` (a request or an answer → another).
"""
