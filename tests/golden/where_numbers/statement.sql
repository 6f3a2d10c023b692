select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."id" as "id", t0."views" as "views"
  from "public"."article" as t0
  where ((t0."id" = any($1::"pg_catalog"."int4"[])) and (t0."id" <> all($2::"pg_catalog"."int4"[])) and (t0."rating" >= $3::"pg_catalog"."float8") and (t0."rating" < $4::"pg_catalog"."float8") and (t0."views" = $5::"pg_catalog"."int8") and (t0."views" <> $6::"pg_catalog"."int8"))) as "{}"
-- $1 = ["1", "2", "3"]
-- $2 = ["7", "8"]
-- $3 = "3"
-- $4 = "5.5"
-- $5 = "9007199254740993"
-- $6 = "3"
