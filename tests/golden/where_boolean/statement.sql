select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."id" as "id"
  from "public"."article" as t0
  where (((t0."id" > $1::"pg_catalog"."int4") and (t0."id" <= $2::"pg_catalog"."int4")) or (not (t0."published" = $3::"pg_catalog"."bool")) or ((t0."title" = $4::text) and (t0."body" <> $5::text)))
  order by t0."id" asc nulls last) as "{}"
-- $1 = "1"
-- $2 = "3"
-- $3 = "false"
-- $4 = "Orphan"
-- $5 = "x"
