"""One request, top to bottom; the entry is `entry`.

Reading order: `types`, `entry`, `preparing`, `running`.
"""

from rowgate.pipeline.entry import graphql, run_operation, run_stored
from rowgate.pipeline.types import Answer, Endpoint, Engine, GraphQLRequest

__all__ = [
    "Answer",
    "Endpoint",
    "Engine",
    "GraphQLRequest",
    "graphql",
    "run_operation",
    "run_stored",
]
