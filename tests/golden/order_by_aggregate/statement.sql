select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."id" as "id"
  from "public"."author" as t0
  order by (
    select count(*)
    from "public"."article" as t1
    where (t1."author_id" = t0."id")) desc nulls first, (
    select max(t1."rating")
    from "public"."article" as t1
    where (t1."author_id" = t0."id")) asc nulls last, t0."id" asc nulls last) as "{}"
