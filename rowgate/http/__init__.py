"""HTTP and WebSockets: from bytes on the wire to the work behind a path, and back.

Reading order: `types` (the nouns, and the work as it is handed in), `session` (who asks),
`exchange` (bytes in and out), `origins` (which sites' scripts may call), `entrance`
(what all routes share), `graphql` (the hot route; `departures`: clients that leave it),
`routes` (every other path), `console` (the web console's files), `websocket`, `application`.
"""
