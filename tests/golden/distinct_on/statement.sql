select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select distinct on (t0."author_id") t0."author_id" as "author_id", t0."title" as "title"
  from "public"."article" as t0
  order by t0."author_id" asc nulls last, t0."rating" desc nulls last) as "{}"
