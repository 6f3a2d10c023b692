with "written" as (
  delete from "public"."article" as t0
  where (
    select set_config('hasura.user', $2::text, true) as c) is not null and (t0."rating" < $1::"pg_catalog"."float8")
  returning t0.*)
select json_build_object('affected_rows', (
    select count(*)
    from "written" as t0), 'returning', (
    select coalesce(json_agg(json_build_object('id', t0."id", 'title', t0."title")), '[]'::json)
    from "written" as t0))
-- $1 = "2"
-- $2 = "{\"x-hasura-role\":\"admin\"}"
