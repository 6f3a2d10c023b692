select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select "public"."author_label"("author_row" => t0.*) as "label"
  from "public"."author" as t0
  order by "public"."author_label"("author_row" => t0.*) desc nulls first) as "{}"
