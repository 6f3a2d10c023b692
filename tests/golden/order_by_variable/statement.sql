select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."id" as "id"
  from "public"."article" as t0
  order by t0."published" desc nulls first, (
    select t1."name"
    from "public"."author" as t1
    where (t1."id" = t0."author_id")
    limit 1) asc nulls last, t0."id" asc nulls last) as "{}"
