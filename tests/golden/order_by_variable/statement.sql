select coalesce(json_agg(r.o), '[]'::json)
from (
  select json_build_object('id', t0."id") as o
  from "public"."article" as t0
  order by t0."published" desc nulls first, (
    select t1."name"
    from "public"."author" as t1
    where (t1."id" = t0."author_id")
    limit 1) asc nulls last, t0."id" asc nulls last) as r
