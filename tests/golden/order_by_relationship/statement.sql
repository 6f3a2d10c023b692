select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."id" as "id", (case when t0_1."id" is not null then json_build_object('name', t0_1."name") end) as "author"
  from "public"."article" as t0
  left join "public"."author" as t0_1 on (t0_1."id" = t0."author_id")
  order by t0_1."name" desc nulls first, t0."id" asc nulls last) as "{}"
