with "written" as (
  update "public"."article" as t0
  set "body" = null, "genre" = $1::text, "views" = t0."views" + $2::"pg_catalog"."int8"
  where (
    select set_config('hasura.user', $4::text, true) as c) is not null and (t0."author_id" = $3::"pg_catalog"."int4")
  returning t0.*)
select json_build_object('affected_rows', (
    select count(*)
    from "written" as t0), 'returning', (
    select coalesce(json_agg(json_build_object('id', t0."id", 'title', t0."title", 'body', t0."body", 'views', t0."views")), '[]'::json)
    from "written" as t0))
-- $1 = "essay"
-- $2 = "3"
-- $3 = "2"
-- $4 = "{\"x-hasura-role\":\"admin\"}"
