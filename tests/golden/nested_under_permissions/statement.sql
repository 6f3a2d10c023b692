select coalesce(json_agg(r.o), '[]'::json)
from (
  select json_build_object('id', t0."id", 'name', t0."name", 'label', "public"."author_label"("author_row" => t0.*), 'articles', (
      select coalesce(json_agg(r.o), '[]'::json)
      from (
        select json_build_object('title', t1."title") as o
        from "public"."article" as t1
        where (t1."author_id" = t0."id") and (t1."published" = ($1::text)::"pg_catalog"."bool")
        order by t1."id" asc nulls last
        limit 2) as r)) as o
  from "public"."author" as t0
  where exists (
    select 1
    from "public"."article" as t1
    where (t1."author_id" = t0."id") and (t1."published" = ($1::text)::"pg_catalog"."bool"))
  order by t0."id" asc nulls last) as r
-- $1 = "true"
