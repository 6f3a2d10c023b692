select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."id" as "id"
  from "public"."article" as t0
  left join "public"."author" as t0_1 on (t0_1."id" = t0."author_id")
  order by t0."published" desc nulls first, t0_1."name" asc nulls last, t0."id" asc nulls last) as "{}"
