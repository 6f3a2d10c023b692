select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."id" as "id"
  from "public"."author" as t0
  where exists (
    select 1
    from "public"."article" as t1
    where (t1."author_id" = t0."id") and ((t1."editor" = $1::text) and (t1."title" ~~ $2::text)))
  order by t0."id" asc nulls last) as "{}"
-- $1 = "u1"
-- $2 = "%"
