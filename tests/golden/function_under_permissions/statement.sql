select coalesce(json_agg(r.o), '[]'::json)
from (
  select json_build_object('id', t0."id", 'title', t0."title") as o
  from "public"."search_articles"("word" => $1::text) as t0
  where (t0."published" = ($2::text)::"pg_catalog"."bool")
  order by t0."id" asc nulls last
  limit 2) as r
-- $1 = "e"
-- $2 = "true"
