select coalesce(json_agg(json_build_object('name', t0."name")), '[]'::json)
from "public"."author" as t0
where ((t0."born" > ($1::text)::"pg_catalog"."date") and exists (
    select 1
    from "public"."article" as t1
    where (t1."author_id" = t0."id") and (t1."published_at" < ($2::text)::"pg_catalog"."timestamptz")))
-- $1 = "1816-01-01"
-- $2 = "2021-01-01T00:00:00Z"
