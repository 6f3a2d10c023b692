select coalesce(json_agg(r.o), '[]'::json)
from (
  select json_build_object('id', t0."id") as o
  from "public"."author" as t0
  where (
    select (count(distinct t1."title") >= ($1::text)::"pg_catalog"."int4")
    from "public"."article" as t1
    where (t1."author_id" = t0."id") and (t1."rating" > ($2::text)::"pg_catalog"."float8"))
  order by t0."id" asc nulls last) as r
-- $1 = "1"
-- $2 = "4"
