BEGIN;

select set_config('hasura.user', $1::text, true) as c
-- $1 = "{\"x-hasura-role\":\"admin\"}"

select coalesce(json_agg(r.o), '[]'::json)
from (
  select json_build_object('id', t0."id", 'published', t0."published") as o
  from "public"."publish_articles"("of_author" => ($1::text)::"pg_catalog"."int4") as t0
  order by t0."id" asc nulls last) as r
-- $1 = "1"

COMMIT;
