"""The auth service: who somebody is, and tokens that say so to the engine.

Reading order: `settings`, `keys`, `users`, `tokens`, `passwords`, `attempts`, `families`,
`api_keys`, `bodies`, `caller`, `audit`, `second_factor`, `desk` (the operations), `mail`,
`letters`, `accounts` (those on one's own account), `provider`, `provider_desk`,
`entrance`, `account_routes`, `factor_routes`, `provider_routes`, `routes`, `app`, `__main__`.
"""
