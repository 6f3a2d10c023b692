select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select 'author'::text as "__typename", t0."id" as "id", t0."name" as "called", t0."born" as "born", t0."rating" as "rating", t0."nicknames" as "nicknames"
  from "public"."author" as t0
  order by t0."id" asc nulls last
  limit $1::"pg_catalog"."int8"
  offset $2::"pg_catalog"."int8") as "{}"
-- $1 = "2"
-- $2 = "1"
