"""What every other room stands on: errors, names, JSON, the session.

Reading order: `errors`, `names`, `json`, `session`, `observation`.
"""
