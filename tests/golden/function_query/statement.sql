select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."id" as "id", t0."title" as "title", (
    select json_build_object('name', t1."name")
    from "public"."author" as t1
    where (t1."id" = t0."author_id")
    limit 1) as "author"
  from "public"."search_articles"("word" => $1::text) as t0
  where (t0."id" > $2::"pg_catalog"."int4")
  order by t0."id" desc nulls first
  limit $3::"pg_catalog"."int8") as "{}"
-- $1 = "e"
-- $2 = "1"
-- $3 = "2"
