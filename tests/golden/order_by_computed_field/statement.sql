select coalesce(json_agg(r.o), '[]'::json)
from (
  select json_build_object('label', "public"."author_label"("author_row" => t0.*)) as o
  from "public"."author" as t0
  order by "public"."author_label"("author_row" => t0.*) desc nulls first) as r
