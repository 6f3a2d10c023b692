"""RESTified operations: stored GraphQL behind a URL, and the OpenAPI document of all of them.

Reading order: `types`, `reading`, `match`, `variables`; `openapi` and what it is made of,
`selections` and `components`.
"""
