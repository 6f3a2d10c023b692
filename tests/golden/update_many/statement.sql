BEGIN;

with "written" as (
  update "public"."article" as t0
  set "title" = $1::text
  where (
    select set_config('hasura.user', $3::text, true) as c) is not null and (t0."id" = $2::"pg_catalog"."int4")
  returning t0.*)
select json_build_object('affected_rows', (
    select count(*)
    from "written" as t0), 'returning', (
    select coalesce(json_agg(json_build_object('id', t0."id", 'title', t0."title", 'views', t0."views")), '[]'::json)
    from "written" as t0))
-- $1 = "One"
-- $2 = "1"
-- $3 = "{\"x-hasura-role\":\"admin\"}"

with "written" as (
  update "public"."article" as t0
  set "views" = t0."views" + $1::"pg_catalog"."int8"
  where (
    select set_config('hasura.user', $3::text, true) as c) is not null and (t0."id" = any($2::"pg_catalog"."int4"[]))
  returning t0.*)
select json_build_object('affected_rows', (
    select count(*)
    from "written" as t0), 'returning', (
    select coalesce(json_agg(json_build_object('id', t0."id", 'title', t0."title", 'views', t0."views")), '[]'::json)
    from "written" as t0))
-- $1 = "10"
-- $2 = ["2", "3"]
-- $3 = "{\"x-hasura-role\":\"admin\"}"

COMMIT;
