BEGIN;

select set_config('hasura.user', $1::text, true) as c
-- $1 = "{\"x-hasura-role\":\"admin\"}"

select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."id" as "id", t0."published" as "published"
  from "public"."publish_articles"("of_author" => $1::"pg_catalog"."int4") as t0
  order by t0."id" asc nulls last) as "{}"
-- $1 = "1"

COMMIT;
