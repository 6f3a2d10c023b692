"""From a request's headers to its session or a refusal; the only judge of who asks.

Reading order: `gate` (the order of decisions), `secret`, `locations` (where a token stands),
`tokens` (a token's signature and times), `claims` (what it says about roles), `jsonpath`, `keys`
(what a signature is checked with), `key_source` (keys behind a URL), `webhook`,
`outbound` (the requests that both make).
"""

from rowgate.http.session.gate import Gate, Identity

__all__ = ["Gate", "Identity"]
