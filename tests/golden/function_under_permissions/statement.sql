select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."id" as "id", t0."title" as "title"
  from "public"."search_articles"("word" => $1::text) as t0
  where (t0."published" = $2::"pg_catalog"."bool")
  order by t0."id" asc nulls last
  limit 2) as "{}"
-- $1 = "e"
-- $2 = "true"
