select coalesce(json_agg(r.o), '[]'::json)
from (
  select json_build_object('id', t0."id", 'name', t0."name", 'articles', (
      select coalesce(json_agg(r.o), '[]'::json)
      from (
        select json_build_object('title', t1."title", 'id', t1."id", 'genre', t1."genre") as o
        from "public"."article" as t1
        where (t1."author_id" = t0."id")
        order by t1."id" asc nulls last) as r)) as o
  from "public"."author" as t0
  order by t0."id" asc nulls last) as r
