"""What Postgres has: facts read from its catalogue, without any wish of the user.

Reading order: `types` (the nouns), `introspect` (reads them), `kinds` (Postgres' one-letter codes
and its graph of types), `origins` (which columns of views are expressions); `indexes` and `reach`,
for checks. The queries stand in the `.sql` files, one a kind of object.
"""
