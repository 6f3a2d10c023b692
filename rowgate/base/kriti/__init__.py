"""Kriti, the template language of Hasura's webhooks: JSON with lookups, conditions and loops.

In `base`, since actions, triggers and commands use it and none of them may import another. A
template is the user's own and what it is filled with is a client's, so that everything is bounded:
nesting, steps, and the size of what comes out.

Reading order: `types` (what a template is made of, failures), `scanner`, `parser` (text →
template), `budget`, `functions`, `evaluation` (template → JSON).
"""
