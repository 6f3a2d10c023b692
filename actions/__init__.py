"""The actions service: what the engine cannot declare. Sign-in passed on, animals' photos,
and a package each of agenda, clinic, gallery and reports.

Reading order: `settings`, `calls` (the engine's envelope), `signing_in`, `bearer`, `picture`,
`storage` (S3), `ledger` (rows and intentions), `photos` (the operations), `sweeper` (the deletion
queue), `routes`, `app`, `__main__`.
"""
