"""The auth service: who somebody is, and tokens that say so to the engine.

Reading order: `settings`, `keys`, `users`, `tokens`, `passwords`, `attempts`, `families`,
`api_keys`, `bodies`, `caller`, `desk` (the operations), `routes`, `app`, `__main__`.
"""
