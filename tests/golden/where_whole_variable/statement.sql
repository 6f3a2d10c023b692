select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."id" as "id"
  from "public"."article" as t0
  where (((t0."id" = $1::"pg_catalog"."int4") or exists (
        select 1
        from "public"."author" as t1
        where (t1."id" = t0."author_id") and (t1."name" ~~* $2::text))) and (t0."views" > $3::"pg_catalog"."int8"))
  order by t0."id" asc nulls last) as "{}"
-- $1 = "5"
-- $2 = "%A%"
-- $3 = "0"
