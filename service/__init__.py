"""What the auth and the actions service share, and nothing else: they meet here and on the wire.

Reading order: `settings`, `failures`, `logs`, `database`, `edge`, `application`, `process`.
"""
