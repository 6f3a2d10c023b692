select coalesce(json_agg(r.o), '[]'::json)
from (
  select distinct on (t0."author_id") json_build_object('author_id', t0."author_id", 'title', t0."title") as o
  from "public"."article" as t0
  order by t0."author_id" asc nulls last, t0."rating" desc nulls last) as r
