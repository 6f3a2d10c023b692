select coalesce(json_agg(r.o), '[]'::json)
from (
  select json_build_object('id', t0."id", 'author', (
      select json_build_object('name', t1."name")
      from "public"."author" as t1
      where (t1."id" = t0."author_id")
      limit 1)) as o
  from "public"."article" as t0
  order by (
    select t1."name"
    from "public"."author" as t1
    where (t1."id" = t0."author_id")
    limit 1) desc nulls first, t0."id" asc nulls last) as r
