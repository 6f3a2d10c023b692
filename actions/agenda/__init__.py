"""The agenda: events whose date and time are written as people write them.

Reading order: `reading`, `events`, `routes`.
"""
