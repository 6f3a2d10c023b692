select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."id" as "id", t0."title" as "title", t0."rating" as "rating", (
    select json_build_object('name', t1."name")
    from "public"."author" as t1
    where (t1."id" = t0."author_id") and exists (
      select 1
      from "public"."article" as t2
      where (t2."author_id" = t1."id") and (t2."published" = $1::"pg_catalog"."bool"))
    limit 1) as "author"
  from "public"."article" as t0
  where (t0."published" = $1::"pg_catalog"."bool")
  order by t0."rating" desc nulls last, t0."id" asc nulls last
  limit 2) as "{}"
-- $1 = "true"
