select coalesce(json_agg(r.o), '[]'::json)
from (
  select json_build_object('id', t0."id") as o
  from "public"."author" as t0
  order by (
    select count(*)
    from "public"."article" as t1
    where (t1."author_id" = t0."id")) desc nulls first, (
    select max(t1."rating")
    from "public"."article" as t1
    where (t1."author_id" = t0."id")) asc nulls last, t0."id" asc nulls last) as r
