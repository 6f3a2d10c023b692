select coalesce(json_agg(r.o), '[]'::json)
from (
  select json_build_object('id', t0."id") as o
  from "public"."author" as t0
  where exists (
    select 1
    from "public"."article" as t1
    where (t1."author_id" = t0."id") and ((t1."editor" = $1::text) and (t1."title" ~~ $2::text)))
  order by t0."id" asc nulls last) as r
-- $1 = "u1"
-- $2 = "%"
