"""The actions service: what the engine cannot declare. Sign-in passed on, and animals' photos.

Reading order: `settings`, `calls` (the engine's envelope), `signing_in`, `picture`,
`storage` (S3), `ledger` (rows and intentions), `photos` (the operations), `sweeper` (the deletion
queue), `routes`, `app`, `__main__`.
"""
