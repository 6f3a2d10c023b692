with "written" as (
  delete from "public"."article" as t0
  where (
    select set_config('hasura.user', $2::text, true) as c) is not null and (t0."editor" = $1::text)
  returning t0.*)
select json_build_object('affected_rows', (
    select count(*)
    from "written" as t0), 'returning', (
    select coalesce(json_agg(json_build_object('id', t0."id")), '[]'::json)
    from "written" as t0))
-- $1 = "u1"
-- $2 = "{\"x-hasura-user-id\":\"u1\",\"x-hasura-role\":\"editor\"}"
