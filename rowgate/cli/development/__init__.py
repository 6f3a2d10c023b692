"""What `rowgate run` starts, in which order, and how all of it ends.

Stands apart from the engine, which it starts as any other process. Reading order: `project`
(folders, ports, secrets), `children` (one process), `database`, `object_store`, `environments`
(what each process is told), `supervisor`, `report`, `reset`.
"""
