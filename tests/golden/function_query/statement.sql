select coalesce(json_agg(r.o), '[]'::json)
from (
  select json_build_object('id', t0."id", 'title', t0."title", 'author', (
      select json_build_object('name', t1."name")
      from "public"."author" as t1
      where (t1."id" = t0."author_id")
      limit 1)) as o
  from "public"."search_articles"("word" => $1::text) as t0
  where (t0."id" > ($2::text)::"pg_catalog"."int4")
  order by t0."id" desc nulls first
  limit ($3::text)::"pg_catalog"."int8") as r
-- $1 = "e"
-- $2 = "1"
-- $3 = "2"
