select coalesce(json_agg(r.o), '[]'::json)
from (
  select json_build_object('__typename', 'author'::text, 'id', t0."id", 'called', t0."name", 'born', t0."born", 'rating', t0."rating", 'nicknames', t0."nicknames") as o
  from "public"."author" as t0
  order by t0."id" asc nulls last
  limit ($1::text)::"pg_catalog"."int8"
  offset ($2::text)::"pg_catalog"."int8") as r
-- $1 = "2"
-- $2 = "1"
