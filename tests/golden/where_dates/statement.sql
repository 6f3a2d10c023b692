select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."name" as "name"
  from "public"."author" as t0
  where ((t0."born" > $1::"pg_catalog"."date") and exists (
      select 1
      from "public"."article" as t1
      where (t1."author_id" = t0."id") and (t1."published_at" < $2::"pg_catalog"."timestamptz")))) as "{}"
-- $1 = "1816-01-01"
-- $2 = "2021-01-01T00:00:00Z"
