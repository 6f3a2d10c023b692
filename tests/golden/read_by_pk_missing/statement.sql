select row_to_json("{}")
from (
  select t0."id" as "id"
  from "public"."author" as t0
  where (t0."id" = ($1::text)::"pg_catalog"."int4")) as "{}"
-- $1 = "99"

select row_to_json("{}")
from (
  select t0."name" as "name"
  from "public"."tag" as t0
  where (t0."id" = ($1::text)::"pg_catalog"."int4")) as "{}"
-- $1 = "1"
