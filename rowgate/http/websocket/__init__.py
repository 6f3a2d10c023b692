"""GraphQL over WebSockets: two sub-protocols over one connection's rules.

Reading order: `types` (what is said in either protocol), `legacy` and `transport` (how each says
it), `operations` (what kind a document is), `polling` (live queries), `channel` (bounded sending),
`connection` (a socket's life), `hub` (all sockets).
"""
