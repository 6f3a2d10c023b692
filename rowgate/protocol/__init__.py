"""uvicorn's HTTP protocol with limits: what the engine and the services speak on their own ports.

Imports nothing of the engine, and is the one thing of it that `service/` imports. Reading order:
`limits`, `limited`.
"""
