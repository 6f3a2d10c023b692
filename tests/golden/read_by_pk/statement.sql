select row_to_json("{}")
from (
  select t0."id" as "id", t0."title" as "title", t0."published_at" as "published_at", t0."views" as "views", t0."details" as "details"
  from "public"."article" as t0
  where (t0."id" = ($1::text)::"pg_catalog"."int4")) as "{}"
-- $1 = "1"
