select coalesce(json_agg(r.o), '[]'::json)
from (
  select json_build_object('id', t0."id") as o
  from "public"."article" as t0
  where (((t0."id" > ($1::text)::"pg_catalog"."int4") and (t0."id" <= ($2::text)::"pg_catalog"."int4")) or (not (t0."published" = ($3::text)::"pg_catalog"."bool")) or ((t0."title" = $4::text) and (t0."body" <> $5::text)))
  order by t0."id" asc nulls last) as r
-- $1 = "1"
-- $2 = "3"
-- $3 = "false"
-- $4 = "Orphan"
-- $5 = "x"
