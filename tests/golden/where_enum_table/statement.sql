select coalesce(json_agg(r.o), '[]'::json)
from (
  select json_build_object('id', t0."id", 'genre', t0."genre") as o
  from "public"."article" as t0
  where (t0."genre" = any(($1::text[])::"pg_catalog"."text"[]))
  order by t0."id" asc nulls last) as r
-- $1 = ["news", "essay"]
