select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."id" as "id"
  from "public"."author" as t0
  where (
    select coalesce((count(distinct t1."title") >= $1::"pg_catalog"."int4"), false)
    from "public"."article" as t1
    where (t1."author_id" = t0."id") and (t1."rating" > $2::"pg_catalog"."float8"))
  order by t0."id" asc nulls last) as "{}"
-- $1 = "1"
-- $2 = "4"
