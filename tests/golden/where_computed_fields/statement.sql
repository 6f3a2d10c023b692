select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."id" as "id"
  from "public"."author" as t0
  where (("public"."author_label"("author_row" => t0.*) ~~ $1::text) and exists (
      select 1
      from "public"."author_published"("author_row" => t0.*) as t1
      where (t1."rating" > $2::"pg_catalog"."float8")))) as "{}"
-- $1 = "%#2"
-- $2 = "1"
