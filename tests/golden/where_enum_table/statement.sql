select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."id" as "id", t0."genre" as "genre"
  from "public"."article" as t0
  where (t0."genre" = any($1::text[]))
  order by t0."id" asc nulls last) as "{}"
-- $1 = ["news", "essay"]
